//! A request that owns its head.

use alloc::{boxed::Box, vec::Vec};

use super::{Incoming, Request, request::Source};
use crate::http1::{HeadLimits, ReceivedHeaders, known::Known, scanner::reread_request};

/// A [`Request`] that does not borrow the inbox: it can be held across an `await` and moved to
/// another thread. [`Request::to_owned`] creates it.
///
/// ```
/// # use hybi::{Connection, Inbox, Origins, Server, server::{self, Opening}};
/// # async fn knows(user: Option<&[u8]>) -> bool { user.is_some() }
/// async fn accept(
///     request: server::OwnedRequest,
///     outbox: &mut Vec<u8>,
/// ) -> Result<Option<Connection<Server>>, server::Error> {
///     if !knows(request.as_request().cookie("session")).await {
///         request.as_request().reject(401).send(outbox)?;
///         return Ok(None);
///     }
///     request.as_request().accept().finish(outbox).map(Some)
/// }
/// ```
#[derive(Clone)]
pub struct OwnedRequest(OwnedSource);

#[derive(Clone)]
enum OwnedSource {
    Head(Box<[u8]>),
    #[cfg(feature = "http")]
    Http(Box<(http::Uri, http::HeaderMap)>),
    Connect {
        target: Box<str>,
        authority: Box<str>,
        lines: Box<[u8]>,
    },
}

impl OwnedRequest {
    pub(super) fn of(request: &Request<'_>) -> Self {
        Self(match request.source {
            Source::Head(head) => OwnedSource::Head(head.into()),
            #[cfg(feature = "http")]
            Source::Http(uri, headers) => {
                OwnedSource::Http(Box::new((uri.clone(), headers.clone())))
            }
            Source::Connect(authority) => OwnedSource::Connect {
                target: request.target().into(),
                authority: authority.into(),
                lines: lines(request.headers()),
            },
        })
    }

    /// The request. Each call parses the head again, but does not check the origin again.
    pub fn as_request(&self) -> Request<'_> {
        let request = match &self.0 {
            OwnedSource::Head(head) => reread_request(head).and_then(|(head, line)| {
                match Incoming::parse(head, line, HeadLimits::new(), None) {
                    Ok(Incoming::WebSocket(request)) => Some(request),
                    _ => None,
                }
            }),
            #[cfg(feature = "http")]
            OwnedSource::Http(parts) => Request::recheck_http(&parts.0, &parts.1, None).ok(),
            OwnedSource::Connect { target, authority, lines } => {
                let known = Known::collect(ReceivedHeaders::of_lines(lines));
                Request::check_connect(target, authority, &known, None).ok()
            }
        };
        match request {
            Some(request) => request,
            None => unreachable!("an owned request holds a head that was checked before"),
        }
    }
}

/// Writes fields as lines. Their grammar must have been checked.
fn lines(headers: ReceivedHeaders<'_>) -> Box<[u8]> {
    let mut lines = Vec::new();
    for (name, value) in headers {
        for part in [name.as_bytes(), b": ", value, b"\r\n"] {
            lines.extend_from_slice(part);
        }
    }
    lines.into()
}

impl From<Request<'_>> for OwnedRequest {
    fn from(request: Request<'_>) -> Self {
        request.to_owned()
    }
}

/// Shows the same as [`Request`].
impl core::fmt::Debug for OwnedRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("OwnedRequest").field(&self.as_request()).finish()
    }
}
