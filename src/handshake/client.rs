//! The client's side of the opening handshake (RFC 6455, section 4.1).
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

mod authorization;
mod check;
mod error;
mod failure;
mod offered;
mod request;
mod response;

pub use error::Error;
pub use failure::Failure;
pub use request::Request;
pub use response::{Accepted, Rejected, Response};

use check::Agreement;
use offered::Offered;

use core::ops::Range;

use crate::{
    buffer::{Found, Inbox, Parts, Storage},
    config::Config,
    connection::Connection,
    deflate::Agreed,
    http1::{Head, ReceivedHeaders, scanner::Scanner, token::find, write::Decimal},
    random::Entropy,
};

/// How many interim responses are passed over.
const MAX_INTERIM: u8 = 8;

/// A client's connection on which the response to its request is awaited. Nothing may be sent until
/// it has come.
///
/// It borrows what the request offered: the subprotocols, the extensions and the policy for
/// compression, if there are any. Nothing else of the request is kept, the URI neither. With the
/// feature `alloc`, `into_owned` makes an opening that borrows nothing, for a table of connections.
#[derive(Clone)]
pub struct Opening<
    'a,
    #[cfg(feature = "getrandom")] E = crate::random::OsEntropy,
    #[cfg(not(feature = "getrandom"))] E,
> {
    offered: Offered<'a>,
    config: Config,
    scanner: Scanner,
    interim: u8,
    /// The status of the response that has come, if it is valid.
    status: Option<u16>,
    /// `None` once the connection was handed out, or cannot be.
    entropy: Option<E>,
}

/// A response whose head is complete and valid.
struct Judged {
    /// Where its head lies in the memory of the inbox.
    head: Range<usize>,
    /// How long its status line is, with the end of the line.
    line: usize,
    status: u16,
    /// Where the subprotocol lies in the head; empty if there is none.
    subprotocol: Range<usize>,
    /// `None` unless the response accepts.
    deflate: Option<Agreed>,
}

impl<'a, E> Opening<'a, E> {
    fn new(offered: Offered<'a>, config: Config, scanner: Scanner, entropy: E) -> Self {
        Self { offered, config, scanner, interim: 0, status: None, entropy: Some(entropy) }
    }

    /// The same opening without a borrow: it copies the names of the subprotocols and extensions
    /// offered, and shares the codecs for compression.
    ///
    /// ```
    /// use hybi::{Uri, client::{Opening, Request}};
    /// use std::collections::HashMap;
    ///
    /// /// By the number of the socket.
    /// let mut openings: HashMap<u64, Opening<'static>> = HashMap::new();
    /// # let (mut outbox, socket) = (Vec::new(), 7);
    /// let text = String::from("ws://example.com/chat");
    /// let request = Request::new(&Uri::parse(&text)?).subprotocols(&["chat"]).send(&mut outbox)?;
    /// openings.insert(socket, request.into_owned());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "alloc")]
    pub fn into_owned(self) -> Opening<'static, E> {
        let Self { offered, config, scanner, interim, status, entropy } = self;
        Opening { offered: offered.into_owned(), config, scanner, interim, status, entropy }
    }
}

impl<E: Entropy> Opening<'_, E> {
    /// Looks for the response; `None` as long as it is not complete. Interim responses are passed
    /// over.
    ///
    /// Give the server a deadline of your own: it may never complete one.
    ///
    /// A function that returns the response out of a loop cannot be written with this, because the
    /// response borrows the inbox: use [`advance`](Self::advance) and [`response`](Self::response).
    ///
    /// # Errors
    ///
    /// - [`Failed`](Error::Failed): the response breaks a rule. Nothing may be sent; close
    ///   the transport.
    /// - [`HandshakeOver`](Error::HandshakeOver): the response has come.
    pub fn receive<'i, S: Storage>(
        &mut self,
        inbox: &'i mut Inbox<S>,
    ) -> Result<Option<Response<'i, E>>, Error> {
        let Some(judged) = self.judge(inbox)? else { return Ok(None) };
        inbox.set_found(Found::Head(judged.head));
        let head = inbox.head().unwrap_or_default();
        let lines = head.get(judged.line..).and_then(|lines| lines.strip_suffix(b"\r\n"));
        let headers = ReceivedHeaders::of_lines(lines.unwrap_or_default());
        if judged.status != 101 {
            return Ok(Some(rejected(judged.status, headers, inbox)));
        }
        let chosen = head.get(judged.subprotocol).filter(|name| !name.is_empty());
        let subprotocol = chosen.and_then(|name| core::str::from_utf8(name).ok());
        let agreement = judged.deflate.map(|deflate| Agreement { subprotocol, deflate });
        Ok(agreement.and_then(|agreement| self.accepted(headers, agreement)))
    }

    /// Looks for the response without handing it out; `true` once it is complete: then get it with
    /// [`response`](Self::response).
    ///
    /// So the response can be returned from a function that waits for it:
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
        let Some(judged) = self.judge(inbox)? else { return Ok(false) };
        inbox.set_found(Found::Head(judged.head));
        Ok(true)
    }

    /// The response that [`advance`](Self::advance) has found.
    ///
    /// It is in the inbox, and borrows only that: `None` if the inbox has been used in any way
    /// since. A response that accepts is handed out once, because
    /// the connection is in it; one that rejects, as often as you like.
    pub fn response<'i, S: Storage>(&mut self, inbox: &'i Inbox<S>) -> Option<Response<'i, E>> {
        let (status, head) = (self.status?, inbox.head()?);
        // Another opening that uses the same inbox may have marked it.
        let is_same = |digits: &[u8]| *digits == *Decimal::of(status.into()).digits();
        head.get(b"HTTP/1.1 ".len()..b"HTTP/1.1 101".len()).filter(|digits| is_same(digits))?;
        let line = find(head, b'\n')? + 1;
        let known = Head::new(head, line).fields().check().ok()?;
        if status != 101 {
            return Some(rejected(status, known.headers(), inbox));
        }
        // The response to another request does not pass.
        let agreement = check::check_answer(&known, &self.offered).ok()?;
        self.accepted(known.headers(), agreement)
    }

    /// Judges the response, if it is complete.
    fn judge<S: Storage>(&mut self, inbox: &mut Inbox<S>) -> Result<Option<Judged>, Error> {
        if self.status.is_some() || self.entropy.is_none() {
            return Err(Error::HandshakeOver);
        }
        let judged = self.scan(inbox);
        match &judged {
            Ok(None) => {}
            Ok(Some(judged)) => self.status = Some(judged.status),
            Err(_) => self.entropy = None,
        }
        Ok(judged?)
    }

    fn scan<S: Storage>(&mut self, inbox: &mut Inbox<S>) -> Result<Option<Judged>, Failure> {
        let capacity = inbox.max_capacity();
        let Parts { bytes, cursor, .. } = inbox.parts();
        loop {
            let start = cursor.unread;
            let received = &mut bytes[start..cursor.end];
            let Some(found) = self.scanner.scan(received, capacity).map_err(Failure::Head)? else {
                cursor.expect(1);
                return Ok(None);
            };
            found.unfold(&mut received[..found.length()]);
            let head = found.head(received);
            let line = self.scanner.start_line().response();
            let limits = self.scanner.limits();
            self.scanner.reset();
            cursor.pass(found.length());
            let known = head.fields().check().map_err(Failure::Head)?;
            known.check_lists(limits).map_err(Failure::Head)?;
            let agreement = match line.status {
                101 if line.minor == 0 => return Err(Failure::HttpVersion),
                101 => Some(check::check_answer(&known, &self.offered)?),
                100..=199 if self.interim == MAX_INTERIM => return Err(Failure::TooManyInterim),
                100..=199 => {
                    self.interim += 1;
                    continue;
                }
                _ => None,
            };
            let chosen = agreement.and_then(|agreement| agreement.subprotocol);
            return Ok(Some(Judged {
                head: start..start + found.length(),
                line: head.line().len() + b"\r\n".len(),
                status: line.status,
                subprotocol: chosen.map_or(0..0, |name| place(name, head.bytes())),
                deflate: agreement.map(|agreement| agreement.deflate),
            }));
        }
    }

    /// The response that accepts; `None` if it was handed out before.
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

/// Where a part of these bytes lies in them.
fn place(part: &str, bytes: &[u8]) -> Range<usize> {
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

/// Shows nothing of what was offered: subprotocols may hold credentials.
impl<E: core::fmt::Debug> core::fmt::Debug for Opening<'_, E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Opening")
            .field("config", &self.config)
            .field("scanner", &self.scanner)
            .field("interim", &self.interim)
            .finish_non_exhaustive()
    }
}
