//! A tunnel through an HTTP proxy: the CONNECT method (RFC 9110, section 9.3.6).
//!
//! This module owns the request for a tunnel and the proxy's response. It knows nothing of what goes
//! through the tunnel, which is TLS or the opening handshake of a [`client`](crate::client).
//!
//! ```no_run
//! use hybi::{Inbox, Uri, client::Request, proxy::{Connect, Response}};
//! use std::{io::Write, net::TcpStream};
//!
//! let uri = Uri::parse("ws://example.com/chat")?;
//! let mut stream = TcpStream::connect("proxy.example.net:3128")?;
//! let mut inbox = Inbox::with_capacity(16 * 1024);
//! let mut outbox = Vec::new();
//!
//! let mut opening = Connect::new(&uri).basic_auth("user", "password").send(&mut outbox)?;
//! stream.write_all(&outbox)?;
//! outbox.clear();
//! loop {
//!     if inbox.read_from(&mut stream)? == 0 {
//!         return Err("the proxy hung up".into());
//!     }
//!     match opening.receive(&mut inbox)? {
//!         None => continue,
//!         Some(Response::Tunnel(_)) => break,
//!         Some(Response::Refused(refused)) => return Err(refused.status().to_string().into()),
//!     }
//! }
//! // The stream and the inbox lead to the server now.
//! let opening = Request::new(&uri).send(&mut outbox)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ```text
//!  Connect ──send──► Opening ──receive──► Tunnel: a 2xx status; the transport leads to the server
//!                       │                 Refused: any other status; 407 has challenges (close)
//!                       └──receive──► error (close the transport)
//! ```
//!
//! Nothing may be sent until the tunnel is open: a proxy that refuses it would take those bytes for
//! its next request. The bytes that follow the response head are the first bytes of the tunnel. They
//! stay in the inbox: pass it to [`client::Opening`](crate::client::Opening), or take them out with
//! [`Inbox::unread`] and [`Inbox::consume`] and give them to TLS. TLS verifies the name of the server,
//! not that of the proxy.

mod challenge;
mod connect;
mod error;
mod response;

pub use challenge::{Challenge, ParameterValue, Parameters};
pub use connect::Connect;
pub use error::{Error, Failure};
pub use response::{Refused, Response, Tunnel};

use crate::{
    buffer::{Found, Inbox, Storage},
    handshake::awaited::{Awaited, FinalHead, reread},
};

/// A client that waits for the response to its request for a tunnel. Nothing may be sent until the
/// response has arrived.
///
/// It borrows nothing, so it can be stored in a table of connections.
#[derive(Clone, Debug)]
pub struct Opening(State);

#[derive(Clone, Debug)]
enum State {
    Waiting(Awaited),
    /// A valid response with this status has arrived.
    Found(u16),
    Failed,
}

impl Opening {
    /// Returns the response, or `None` if it is not complete yet. Interim responses (1xx) are
    /// skipped, up to 8 of them.
    ///
    /// If the input ends before the response, the attempt has failed. A proxy may never complete its
    /// response: [`Deadlines::check`](crate::deadline::Deadlines::check) bounds the time for it.
    ///
    /// The response borrows the inbox, so a function cannot call this in a loop and return the
    /// response. Use [`advance`](Self::advance) and [`response`](Self::response) there.
    ///
    /// # Errors
    ///
    /// - [`Failed`](Error::Failed): the response violates the protocol or exceeds a limit. Send
    ///   nothing, and close the transport.
    /// - [`Over`](Error::Over): the response was returned before, or the request failed before.
    pub fn receive<'i, S: Storage>(
        &mut self,
        inbox: &'i mut Inbox<S>,
    ) -> Result<Option<Response<'i>>, Error> {
        Ok(if self.advance(inbox)? { self.response(inbox) } else { None })
    }

    /// Returns `true` when the response is complete. Then call [`response`](Self::response) to get
    /// it.
    ///
    /// # Errors
    ///
    /// As for [`receive`](Self::receive).
    pub fn advance<S: Storage>(&mut self, inbox: &mut Inbox<S>) -> Result<bool, Error> {
        let State::Waiting(awaited) = &mut self.0 else { return Err(Error::Over) };
        let found = awaited.receive(inbox).map_err(Failure::from).and_then(|found| match found {
            // Section 7.8: no upgrade was asked for.
            Some(FinalHead { line, .. }) if line.status == 101 => Err(Failure::SwitchingProtocols),
            found => Ok(found.map(|head| (head.line.status, head.range))),
        });
        match found {
            Ok(None) => Ok(false),
            Ok(Some((status, head))) => {
                inbox.set_found(Found::Head(head));
                self.0 = State::Found(status);
                Ok(true)
            }
            Err(failure) => {
                self.0 = State::Failed;
                Err(failure.into())
            }
        }
    }

    /// The response that [`advance`](Self::advance) has found; `None` if there is none, or if the
    /// inbox was used since. It borrows only the inbox.
    pub fn response<'i, S: Storage>(&self, inbox: &'i Inbox<S>) -> Option<Response<'i>> {
        let State::Found(status) = self.0 else { return None };
        let headers = reread(status, inbox)?.headers();
        Some(match status {
            200..=299 => Response::Tunnel(Tunnel { status, headers }),
            _ => Response::Refused(Refused { status, headers, body: inbox.unread() }),
        })
    }
}
