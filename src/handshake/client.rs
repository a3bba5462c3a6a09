//! The client's side of the opening handshake (RFC 6455, section 4.1).
//!
//! ```no_run
//! use hybi::{Inbox, Uri, handshake::client::{Answer, Request}};
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
//!         Some(Answer::Accepted(accepted)) => break accepted.finish(),
//!         Some(Answer::Refused(refused)) => return Err(refused.status().to_string().into()),
//!     }
//! };
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod failure;
mod request;

pub use answer::{Accepted, Answer, Refused};
pub use failure::Failure;
pub use request::Request;

use super::{
    head::{Scanner, StatusLine},
    known::Known,
    negotiation::{self, Offered},
};
use crate::{
    Config, Connection, Error, Misuse,
    buffer::{Inbox, Storage},
    random::Entropy,
};

/// How many interim responses are passed over.
const MAX_INTERIM: u8 = 8;

/// A client's connection on which the answer to its request is awaited. Nothing may be sent until
/// it has come.
#[derive(Clone, Debug)]
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
    ) -> Result<Option<Answer<'i, E>>, Error> {
        let Some(entropy) = self.entropy.take() else {
            return Err(Misuse::HandshakeOver.into());
        };
        let capacity = inbox.max_capacity();
        let (bytes, cursor) = inbox.parts();
        let bytes: &'i [u8] = bytes;
        loop {
            let received = &bytes[cursor.unread..cursor.end];
            let Some(head) = self.scanner.scan(received, capacity).map_err(Failure::Head)? else {
                cursor.want(1);
                self.entropy = Some(entropy);
                return Ok(None);
            };
            let length = head.bytes().len();
            cursor.pass(length);
            self.scanner.reset();
            let (line, lines) = StatusLine::parse(head).map_err(Failure::Head)?;
            let checked = lines.check(|fields, headers| {
                let each = headers.iter().map(|header| (header.name, header.value));
                let switches = line.status == 101 && line.minor > 0;
                let agreement =
                    switches.then(|| negotiation::check_answer(&Known::among(each), &self.offered));
                (fields, agreement)
            });
            let (fields, agreement) = checked.map_err(Failure::Head)?;
            match line.status {
                101 => {
                    let agreement = agreement.ok_or(Failure::HttpVersion)??;
                    let websocket = Connection::client(self.config, entropy);
                    #[cfg(feature = "deflate")]
                    let websocket = match (self.offered.deflate, agreement.deflate) {
                        (Some(deflate), Some(agreed)) => websocket.with_deflate(deflate, agreed),
                        _ => websocket,
                    };
                    return Ok(Some(Answer::Accepted(Accepted { websocket, fields, agreement })));
                }
                100..=199 if self.interim == MAX_INTERIM => {
                    return Err(Failure::TooManyInterim.into());
                }
                100..=199 => self.interim += 1,
                status => {
                    let body = &received[length..];
                    return Ok(Some(Answer::Refused(Refused { status, fields, body })));
                }
            }
        }
    }
}
