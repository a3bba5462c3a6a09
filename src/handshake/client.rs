//! The client's side of the opening handshake (RFC 6455, section 4.1).
//!
//! Each state is a type. A transition consumes it or borrows from it, and returns the next one:
//!
//! ```text
//! Request ──send──► Opening ──receive──► Response::Accepted ──finish──► Connection<Client>
//!                      │                 Response::Rejected: any other status (close)
//!                      │
//!                      └──receive──► Error::Failed (close the transport)
//! ```
//!
//! ```no_run
//! use hybi::{Inbox, Uri, client::{Request, Response}};
//! use std::{io::Write, net::TcpStream};
//!
//! let uri = Uri::parse("ws://127.0.0.1:9001/chat")?;
//! let mut stream = TcpStream::connect(format!("{}:{}", uri.host(), uri.port()))?;
//! let mut inbox = Inbox::with_capacity(16 * 1024);
//! let mut outbox = Vec::new();
//!
//! let mut opening = Request::new(&uri).subprotocols(&["chat"]).send(&mut outbox)?;
//! stream.write_all(&outbox)?;
//! outbox.clear();
//! let websocket = loop {
//!     if inbox.read_from(&mut stream)? == 0 {
//!         return Err("the server hung up".into());
//!     }
//!     match opening.receive(&mut inbox)? {
//!         None => continue,
//!         Some(Response::Accepted(accepted)) => break accepted.finish(),
//!         Some(Response::Rejected(rejected)) => return Err(rejected.status().to_string().into()),
//!     }
//! };
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod check;
mod error;
mod exchange;
mod failure;
mod fields;
#[cfg(feature = "http")]
mod http;
mod offered;
#[cfg(feature = "alloc")]
mod owned;
#[cfg(feature = "alloc")]
mod redirect;
mod request;
mod response;

pub use error::Error;
pub use exchange::Exchange;
pub use failure::Failure;
#[cfg(feature = "alloc")]
pub use owned::OwnedRejected;
#[cfg(feature = "alloc")]
pub use redirect::Redirect;
pub use request::Request;
pub use response::{Accepted, Rejected, Response};

use check::Agreement;
use offered::Offered;

use core::ops::Range;

use crate::{
    buffer::{Found, Inbox, Storage},
    config::Config,
    connection::Connection,
    deflate::Agreed,
    handshake::awaited::{Awaited, FinalHead, reread},
    http1::{ReceivedHeaders, start_line::StatusLine},
    random::Entropy,
};

/// A client that waits for the response to its request on one transport connection. Nothing may be
/// sent until the response has arrived.
///
/// It borrows what the request offers: the subprotocols, the extensions and the compression policy.
/// It keeps nothing else of the request, not even the URI. With the feature `alloc`, `into_owned`
/// returns an opening that borrows nothing, for example for a table of connections.
#[derive(Clone)]
pub struct Opening<
    'a,
    #[cfg(feature = "getrandom")] E = crate::random::OsEntropy,
    #[cfg(not(feature = "getrandom"))] E,
> {
    offered: Offered<'a>,
    /// The expected `Sec-WebSocket-Accept`.
    accept: [u8; 28],
    config: Config,
    awaited: Awaited,
    /// The status of the response, once a valid one has arrived.
    status: Option<u16>,
    /// `None` after the connection was returned, or after the handshake failed.
    entropy: Option<E>,
}

/// A complete response head that passed all checks.
struct Validated {
    /// The range of the head in the memory of the inbox.
    head: Range<usize>,
    /// The length of the status line, including its CRLF.
    line: usize,
    status: u16,
    /// The range of the subprotocol in the head; empty if there is none.
    subprotocol: Range<usize>,
    /// The agreed compression; `None` unless the response accepts.
    deflate: Option<Agreed>,
}

impl<'a, E> Opening<'a, E> {
    fn new(
        offered: Offered<'a>,
        accept: [u8; 28],
        config: Config,
        awaited: Awaited,
        entropy: E,
    ) -> Self {
        Self { offered, accept, config, awaited, status: None, entropy: Some(entropy) }
    }

    /// Returns an opening that borrows nothing. It copies the names of the subprotocols and
    /// extensions offered, and shares the codecs for compression.
    ///
    /// ```
    /// use hybi::{Uri, client::{Opening, Request}};
    /// use std::collections::HashMap;
    ///
    /// // By socket number:
    /// let mut openings: HashMap<u64, Opening<'static>> = HashMap::new();
    /// # let (mut outbox, socket) = (Vec::new(), 7);
    /// let text = String::from("ws://example.com/chat");
    /// let request = Request::new(&Uri::parse(&text)?).subprotocols(&["chat"]).send(&mut outbox)?;
    /// openings.insert(socket, request.into_owned());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "alloc")]
    pub fn into_owned(self) -> Opening<'static, E> {
        let Self { offered, accept, config, awaited, status, entropy } = self;
        Opening { offered: offered.into_owned(), accept, config, awaited, status, entropy }
    }
}

impl<E: Entropy> Opening<'_, E> {
    /// Returns the response, or `None` if it is not complete yet. Interim responses (1xx) are
    /// skipped, up to 8 of them.
    ///
    /// A server may never complete its response.
    /// [`Deadlines::check`](crate::deadline::Deadlines::check) bounds the time for it.
    ///
    /// The response borrows the inbox, so a function cannot call this in a loop and return the
    /// response. Such a function uses [`advance`](Self::advance) and [`response`](Self::response).
    ///
    /// # Errors
    ///
    /// - [`Failed`](Error::Failed): the response violates the protocol or exceeds a limit. Send
    ///   nothing, and close the transport.
    /// - [`HandshakeOver`](Error::HandshakeOver): the response was returned before, or the
    ///   handshake failed before.
    pub fn receive<'i, S: Storage>(
        &mut self,
        inbox: &'i mut Inbox<S>,
    ) -> Result<Option<Response<'i, E>>, Error> {
        let Some(validated) = self.validate(inbox)? else { return Ok(None) };
        inbox.set_found(Found::Head(validated.head));
        let head = inbox.head().unwrap_or_default();
        let lines = head.get(validated.line..).and_then(|lines| lines.strip_suffix(b"\r\n"));
        let headers = ReceivedHeaders::of_lines(lines.unwrap_or_default());
        if validated.status != 101 {
            return Ok(Some(rejected(validated.status, headers, inbox)));
        }
        let chosen = head.get(validated.subprotocol).filter(|name| !name.is_empty());
        let subprotocol = chosen.and_then(|name| core::str::from_utf8(name).ok());
        let agreement = validated.deflate.map(|deflate| Agreement { subprotocol, deflate });
        Ok(agreement.and_then(|agreement| self.accepted(headers, agreement)))
    }

    /// Returns whether the response is complete. Call [`response`](Self::response) to get it.
    ///
    /// With these two methods, a function can wait for the response and return it:
    ///
    /// ```
    /// use hybi::{Inbox, client::{Opening, Response}, random::OsEntropy};
    /// use std::io::{self, Read};
    ///
    /// struct Dialing<R> {
    ///     stream: R,
    ///     inbox: Inbox,
    ///     opening: Opening<'static>,
    /// }
    ///
    /// impl<R: Read> Dialing<R> {
    ///     fn response(&mut self) -> io::Result<Option<Response<'_, OsEntropy>>> {
    ///         while !self.opening.advance(&mut self.inbox)? {
    ///             if self.inbox.read_from(&mut self.stream)? == 0 {
    ///                 return Ok(None);
    ///             }
    ///         }
    ///         Ok(self.opening.response(&self.inbox))
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`receive`](Self::receive).
    pub fn advance<S: Storage>(&mut self, inbox: &mut Inbox<S>) -> Result<bool, Error> {
        let Some(validated) = self.validate(inbox)? else { return Ok(false) };
        inbox.set_found(Found::Head(validated.head));
        Ok(true)
    }

    /// The response that [`advance`](Self::advance) has found; `None` if there is none, or if the
    /// inbox was used since.
    ///
    /// It borrows only the inbox. A response that accepts is returned once, because it holds the
    /// connection. One that rejects is returned by every call.
    pub fn response<'i, S: Storage>(&mut self, inbox: &'i Inbox<S>) -> Option<Response<'i, E>> {
        let status = self.status?;
        let known = reread(status, inbox)?;
        if status != 101 {
            return Some(rejected(status, known.headers(), inbox));
        }
        // The response to a request of another opening fails this check.
        let agreement = check::check_answer(&known, &self.offered, &self.accept).ok()?;
        self.accepted(known.headers(), agreement)
    }

    /// Checks the response if it is complete.
    fn validate<S: Storage>(&mut self, inbox: &mut Inbox<S>) -> Result<Option<Validated>, Error> {
        if self.status.is_some() || self.entropy.is_none() {
            return Err(Error::HandshakeOver);
        }
        let validated = self.scan(inbox);
        match &validated {
            Ok(None) => {}
            Ok(Some(validated)) => self.status = Some(validated.status),
            Err(_) => self.entropy = None,
        }
        Ok(validated?)
    }

    fn scan<S: Storage>(&mut self, inbox: &mut Inbox<S>) -> Result<Option<Validated>, Failure> {
        let Some(FinalHead { head, line, known, range }) = self.awaited.receive(inbox)? else {
            return Ok(None);
        };
        let agreement = match line {
            StatusLine { status: 101, minor: 0 } => return Err(Failure::HttpVersion),
            StatusLine { status: 101, .. } => {
                Some(check::check_answer(&known, &self.offered, &self.accept)?)
            }
            _ => None,
        };
        let chosen = agreement.and_then(|agreement| agreement.subprotocol);
        Ok(Some(Validated {
            head: range,
            line: head.line().len() + b"\r\n".len(),
            status: line.status,
            subprotocol: chosen.map_or(0..0, |name| range_of(name, head.bytes())),
            deflate: agreement.map(|agreement| agreement.deflate),
        }))
    }

    /// The response that accepts; `None` if it was returned before.
    fn accepted<'i>(
        &mut self,
        fields: ReceivedHeaders<'i>,
        agreement: Agreement<'i>,
    ) -> Option<Response<'i, E>> {
        let websocket = Connection::client(self.config, self.entropy.take()?);
        let websocket = websocket.with_session(self.offered.deflate.session(agreement.deflate));
        let subprotocol = agreement.subprotocol;
        Some(Response::Accepted(Accepted { websocket, fields, subprotocol }))
    }
}

/// The range of `part` in `bytes`, of which it is a slice.
fn range_of(part: &str, bytes: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr().saturating_sub(bytes.as_ptr().addr());
    start..start + part.len()
}

fn rejected<'i, E: Entropy, S: Storage>(
    status: u16,
    fields: ReceivedHeaders<'i>,
    inbox: &'i Inbox<S>,
) -> Response<'i, E> {
    Response::Rejected(Rejected { status, fields, body: inbox.unread() })
}

/// Omits what was offered: subprotocols may contain credentials.
impl<E: core::fmt::Debug> core::fmt::Debug for Opening<'_, E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Opening")
            .field("config", &self.config)
            .field("awaited", &self.awaited)
            .finish_non_exhaustive()
    }
}
