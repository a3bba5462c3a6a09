//! Servers.

mod error;
mod http;
mod request;

pub use error::AcceptError;
pub use http::HttpRequest;
pub use request::Request;

use std::sync::Arc;

#[cfg(feature = "deflate")]
use hybi::deflate::Deflate;
use hybi::{
    Config, Origins, Server,
    deadline::{Stage, Timeouts},
    http1::HeadLimits,
    server,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Semaphore,
    time::timeout_at,
};

use crate::{bounds::Bounds, opening::Opening, shutdown::Shutdown, websocket::WebSocket};

/// The settings with which a server accepts WebSockets. Cloning it is cheap.
///
/// ```no_run
/// use hybi_tokio::{Acceptor, Incoming, hybi::{Origins, deflate::Deflate, server::Response}};
/// # async fn user(session: Option<&[u8]>) -> Option<String> { None }
///
/// # async fn serve(stream: tokio::net::TcpStream) -> Result<(), Box<dyn std::error::Error>> {
/// let acceptor = Acceptor::new(Origins::same_host().or_no_browser()).compression(Deflate::new());
/// match acceptor.receive(stream).await? {
///     Incoming::WebSocket(request) => {
///         let Some(user) = user(request.get().cookie("session")).await else {
///             return Ok(request.reject(Response::new(401)).await?);
///         };
///         let mut websocket = request.accept().await?;
///         websocket.send_text(&format!("Hello, {user}")).await?;
///     }
///     Incoming::Http(request) => {
///         request.respond(200, &[("Content-Type", "text/plain")], b"Hello").await?;
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Acceptor {
    origins: Origins<'static>,
    limits: HeadLimits,
    timeouts: Timeouts,
    settings: Settings,
    places: Option<Arc<Semaphore>>,
    shutdown: Option<Shutdown>,
}

/// The settings of an accepted connection.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    config: Config,
    #[cfg(feature = "deflate")]
    deflate: Option<Deflate>,
}

impl Settings {
    /// Sets the options of a response.
    pub(crate) fn apply<'a>(&'a self, accept: server::Accept<'a>) -> server::Accept<'a> {
        let accept = accept.config(self.config);
        #[cfg(feature = "deflate")]
        if let Some(deflate) = &self.deflate {
            return accept.deflate(deflate);
        }
        accept
    }
}

/// A request of a client.
#[derive(Debug)]
pub enum Incoming<S> {
    /// A request for a WebSocket.
    WebSocket(Request<S>),
    /// Another request, such as for a page.
    Http(HttpRequest<S>),
}

impl Acceptor {
    /// Accepts requests from the pages of these origins.
    pub const fn new(origins: Origins<'static>) -> Self {
        Self {
            origins,
            limits: HeadLimits::new(),
            timeouts: Timeouts::new(),
            settings: Settings {
                config: Config::new(),
                #[cfg(feature = "deflate")]
                deflate: None,
            },
            places: None,
            shutdown: None,
        }
    }

    /// Sets the limits on the head of a request.
    #[must_use]
    pub const fn limits(mut self, limits: HeadLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the deadlines.
    #[must_use]
    pub const fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets the limits of the connections.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.settings.config = config;
        self
    }

    /// Accepts offers of compression. It is off by default.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn compression(mut self, deflate: Deflate) -> Self {
        self.settings.deflate = Some(deflate);
        self
    }

    /// Sets the largest number of connections, including those in the opening handshake. Beyond it, a client
    /// gets a response with status 503. There is no limit by default: set one below the number of file
    /// descriptors that the process may open.
    #[must_use]
    pub fn max_connections(mut self, most: usize) -> Self {
        self.places = Some(Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))));
        self
    }

    /// Ends the connections together with the server. See [`Shutdown`].
    #[must_use]
    pub fn shutdown(mut self, shutdown: &Shutdown) -> Self {
        self.shutdown = Some(shutdown.clone());
        self
    }

    /// Performs the opening handshake, whatever the path is. Other HTTP requests get a response with
    /// status 426.
    ///
    /// # Errors
    ///
    /// See [`AcceptError`]. The client has got a response that says why.
    pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> Result<WebSocket<S, Server>, AcceptError> {
        // In memory of its own, which ends with the handshake. Otherwise the caller's task would be
        // several times as large for as long as the connection lives.
        Box::pin(async { self.request(stream).await?.accept().await }).await
    }

    /// Receives a request for a WebSocket. Other HTTP requests get a response with status 426.
    pub(crate) async fn request<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> Result<Request<S>, AcceptError> {
        let (mut opening, mut bounds) = self.begin(stream).await?;
        let mut state = server::Opening::with_limits(self.origins.clone(), self.limits);
        self.advance(&mut opening, &mut bounds, &mut state, false).await?;
        let request = state.request(&opening.inbox).map(|request| request.to_owned());
        match request {
            Some(request) => Ok(Request::new(opening, request, bounds, self.settings.clone())),
            None => Err(std::io::Error::from(std::io::ErrorKind::InvalidData).into()),
        }
    }

    /// Receives a request, to be answered later.
    ///
    /// # Errors
    ///
    /// See [`AcceptError`]. The client has got a response that says why.
    pub async fn receive<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> Result<Incoming<S>, AcceptError> {
        // In memory of its own, as in `accept`.
        Box::pin(self.receive_any(stream)).await
    }

    async fn receive_any<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> Result<Incoming<S>, AcceptError> {
        let (mut opening, mut bounds) = self.begin(stream).await?;
        let mut state = server::Opening::with_limits(self.origins.clone(), self.limits);
        self.advance(&mut opening, &mut bounds, &mut state, true).await?;
        Ok(match state.incoming(&opening.inbox) {
            Some(server::Incoming::WebSocket(request)) => {
                let request = request.to_owned();
                let settings = self.settings.clone();
                Incoming::WebSocket(Request::new(opening, request, bounds, settings))
            }
            Some(server::Incoming::Http(_)) => {
                Incoming::Http(HttpRequest::new(opening, state, bounds))
            }
            None => return Err(std::io::Error::from(std::io::ErrorKind::InvalidData).into()),
        })
    }

    async fn begin<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> Result<(Opening<S>, Bounds), AcceptError> {
        let mut opening = Opening::new(stream);
        if let Some(bounds) = self.admit() {
            return Ok((opening, bounds));
        }
        server::Response::new(503).send(&mut opening.outbox)?;
        opening.finish(&mut Bounds::new(self.timeouts)).await;
        Err(AcceptError::Unavailable)
    }

    /// The bounds of a new connection. `None` if there are as many as allowed, or the server shuts down.
    pub(crate) fn admit(&self) -> Option<Bounds> {
        let permit = match &self.places {
            Some(places) => Some(Arc::clone(places).try_acquire_owned().ok()?),
            None => None,
        };
        let member = self.shutdown.as_ref().map(Shutdown::join);
        let bounds = Bounds::of_server(self.timeouts, member, permit);
        (!bounds.is_shutting_down()).then_some(bounds)
    }

    #[cfg(feature = "hyper")]
    pub(crate) const fn origins(&self) -> &Origins<'static> {
        &self.origins
    }

    #[cfg(feature = "hyper")]
    pub(crate) const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Reads until a request is complete. If it is refused, writes the response.
    async fn advance<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        opening: &mut Opening<S>,
        bounds: &mut Bounds,
        state: &mut server::Opening<'_>,
        any: bool,
    ) -> Result<(), AcceptError> {
        loop {
            let advanced = if any {
                state.advance_any(&mut opening.inbox, &mut opening.outbox)
            } else {
                state.advance(&mut opening.inbox, &mut opening.outbox)
            };
            match advanced {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) => {
                    opening.finish(bounds).await;
                    return Err(error.into());
                }
            }
            opening.flush_until(Stage::Opening, bounds).await?;
            let now = bounds.timer.now();
            match bounds.deadlines.expire_opening(now, state, &mut opening.outbox) {
                Ok(until) => {
                    let fill = opening.fill();
                    match bounds.timer.instant(until) {
                        // Then look again which deadline has passed.
                        Some(until) => timeout_at(until, fill).await.unwrap_or(Ok(()))?,
                        None => fill.await?,
                    }
                }
                Err(cause) => {
                    opening.finish(bounds).await;
                    return Err(AcceptError::Timeout(cause));
                }
            }
        }
    }
}
