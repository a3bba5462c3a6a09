//! The orderly end of a server.

use std::{
    fmt,
    future::{Future, pending},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use hybi::CloseCode;
use tokio::sync::watch;

/// The orderly end of a server: its connections are closed, and no new ones are accepted.
///
/// ```no_run
/// use std::time::Duration;
/// use hybi_tokio::{Acceptor, Shutdown, hybi::{CloseCode, Origins}};
///
/// # async fn run(acceptor: Acceptor) {}
/// # async fn signal() {}
/// # async fn serve() {
/// let shutdown = Shutdown::new();
/// let acceptor = Acceptor::new(Origins::same_host().or_no_browser()).shutdown(&shutdown);
/// tokio::select! {
///     () = run(acceptor) => {}
///     () = signal() => {
///         shutdown.begin(CloseCode::GOING_AWAY);
///         // A peer may take up to its deadline for closing. Do not wait longer than this:
///         let _ = tokio::time::timeout(Duration::from_secs(15), shutdown.ended()).await;
///     }
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Shutdown(Arc<watch::Sender<Option<CloseCode>>>);

impl Shutdown {
    /// A shutdown that has not begun.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }

    /// Begins it. Each open connection sends a Close with this code as soon as the application waits for it:
    /// in [`next`](crate::WebSocket::next), or in a method that sends, for room. New requests get a response
    /// with status 503.
    ///
    /// [`GOING_AWAY`](CloseCode::GOING_AWAY) says that the server goes down, and
    /// [`SERVICE_RESTART`](CloseCode::SERVICE_RESTART) that the client may connect again soon.
    pub fn begin(&self, code: CloseCode) {
        self.0.send_if_modified(|state| state.replace(code).is_none());
    }

    /// Waits until all connections, and all requests that are not answered yet, have ended.
    pub async fn ended(&self) {
        self.0.closed().await;
    }

    pub(crate) fn join(&self) -> Member {
        Member::new(self.0.subscribe())
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

/// A connection that ends with its server. While it exists, the server waits for it.
pub(crate) struct Member {
    state: watch::Receiver<Option<CloseCode>>,
    begun: Pin<Box<dyn Future<Output = CloseCode> + Send + Sync>>,
    was_told: bool,
}

impl Member {
    fn new(state: watch::Receiver<Option<CloseCode>>) -> Self {
        let mut begun = state.clone();
        let begun = Box::pin(async move {
            let state = begun.wait_for(Option::is_some).await.map(|state| *state);
            match state {
                Ok(Some(code)) => code,
                // The `Shutdown` was dropped before it began.
                _ => pending().await,
            }
        });
        Self { state, begun, was_told: false }
    }

    /// Waits until the shutdown begins. It is ready once.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<CloseCode> {
        if self.was_told {
            return Poll::Pending;
        }
        let code = ready!(self.begun.as_mut().poll(context));
        self.was_told = true;
        Poll::Ready(code)
    }

    pub(crate) fn is_shutting_down(&self) -> bool {
        self.state.borrow().is_some()
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member").field("was_told", &self.was_told).finish_non_exhaustive()
    }
}
