//! The client's side of the opening handshake (RFC 6455, section 4.1).
//!
//! ```no_run
//! use hybi::{Inbox, Uri, client::{Response, Request}};
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
mod failure;
mod request;
mod response;

pub use failure::Failure;
pub use request::Request;
pub use response::{Accepted, Rejected, Response};

use check::Offered;

use crate::{
    Config, Connection, Error, Misuse,
    buffer::{Inbox, Parts, Storage},
    http1::scanner::Scanner,
    random::Entropy,
};

/// How many interim responses are passed over.
const MAX_INTERIM: u8 = 8;

/// A client's connection on which the answer to its request is awaited. Nothing may be sent until
/// it has come.
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
    /// `None` once the answer has come.
    entropy: Option<E>,
}

impl<E: Entropy> Opening<'_, E> {
    /// Looks for the answer; `None` as long as it is not complete. Interim responses are passed
    /// over.
    ///
    /// Give the server a deadline of your own: it may never complete one.
    ///
    /// # Errors
    ///
    /// - [`Handshake`](Error::Handshake): the answer breaks a rule. Nothing may be sent; close the
    ///   transport.
    /// - [`Misuse::HandshakeOver`]: the answer has come.
    pub fn receive<'i, S: Storage>(
        &mut self,
        inbox: &'i mut Inbox<S>,
    ) -> Result<Option<Response<'i, E>>, Error> {
        let Some(entropy) = self.entropy.take() else {
            return Err(Misuse::HandshakeOver.into());
        };
        let capacity = inbox.max_capacity();
        let Parts { bytes, cursor, .. } = inbox.parts();
        let mut received = &mut bytes[cursor.unread..cursor.end];
        loop {
            let Some(found) = self.scanner.scan(received, capacity).map_err(Failure::Head)? else {
                cursor.expect(1);
                self.entropy = Some(entropy);
                return Ok(None);
            };
            let (head, after) = received.split_at_mut(found.length());
            found.unfold(head);
            let head: &'i [u8] = head;
            received = after;
            let line = self.scanner.start_line().response();
            let limits = self.scanner.limits();
            self.scanner.reset();
            cursor.pass(head.len());
            let known = found.head(head).fields().check().map_err(Failure::Head)?;
            let fields = known.headers();
            known.check_lists(limits).map_err(Failure::Head)?;
            match line.status {
                101 => {
                    if line.minor == 0 {
                        return Err(Failure::HttpVersion.into());
                    }
                    let agreement = check::check_answer(&known, &self.offered)?;
                    let websocket = Connection::client(self.config, entropy);
                    #[cfg(feature = "deflate")]
                    let websocket = match (self.offered.deflate, agreement.deflate) {
                        (Some(deflate), Some(agreed)) => websocket.with_deflate(deflate, agreed),
                        _ => websocket,
                    };
                    return Ok(Some(Response::Accepted(Accepted { websocket, fields, agreement })));
                }
                100..=199 if self.interim == MAX_INTERIM => {
                    return Err(Failure::TooManyInterim.into());
                }
                100..=199 => self.interim += 1,
                status => {
                    let rejected = Rejected { status, fields, body: received };
                    return Ok(Some(Response::Rejected(rejected)));
                }
            }
        }
    }
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
