//! A request that another HTTP implementation sends, and the check of its response.

use super::{
    Accepted, Error, Failure, Rejected, Response,
    check::{check_answer, check_choices},
    offered::Offered,
};
use crate::{
    config::Config,
    connection::Connection,
    http1::{HeadLimits, ReceivedHeaders, known::Known},
    http2::{Field, ResponseSection},
    random::Entropy,
};

/// A client that waits for the response to its request, if another HTTP implementation sends the
/// request and receives the response. Nothing may be sent on the stream or the connection until the
/// response has arrived.
///
/// [`Request::send_fields`](super::Request::send_fields) returns it for HTTP/2 and HTTP/3, and
/// `Request::send_http` (feature `http`) for HTTP/1.1. It borrows the same values as
/// [`Opening`](super::Opening).
#[derive(Clone)]
pub struct Exchange<
    'a,
    #[cfg(feature = "getrandom")] E = crate::random::OsEntropy,
    #[cfg(not(feature = "getrandom"))] E,
> {
    offered: Offered<'a>,
    /// The expected `Sec-WebSocket-Accept`; `None` for an extended CONNECT, which has no key.
    accept: Option<[u8; 28]>,
    config: Config,
    limits: HeadLimits,
    /// `None` after the response was returned, or after the handshake failed.
    entropy: Option<E>,
}

impl<'a, E> Exchange<'a, E> {
    pub(super) const fn new(
        offered: Offered<'a>,
        accept: Option<[u8; 28]>,
        config: Config,
        limits: HeadLimits,
        entropy: E,
    ) -> Self {
        Self { offered, accept, config, limits, entropy: Some(entropy) }
    }

    /// Returns an exchange that borrows nothing, as [`Opening::into_owned`](super::Opening::into_owned)
    /// does.
    #[cfg(feature = "alloc")]
    pub fn into_owned(self) -> Exchange<'static, E> {
        let Self { offered, accept, config, limits, entropy } = self;
        Exchange { offered: offered.into_owned(), accept, config, limits, entropy }
    }
}

impl<E: Entropy> Exchange<'_, E> {
    /// Checks the response to an extended CONNECT. `fields` holds all its fields in the order of the
    /// wire, `:status` included. Returns `None` for an interim response (1xx), which another response
    /// follows.
    ///
    /// Any 2xx accepts. From then on, the contents of the DATA frames are the bytes of the connection
    /// (RFC 8441, section 5). `Content-Length` in such a response is ignored (RFC 9110, section 9.3.6),
    /// and so is `Sec-WebSocket-Accept`, because no key was sent. Any other status is [`Rejected`]; the
    /// body follows in the stream.
    ///
    /// # Errors
    ///
    /// - [`Failed`](Error::Failed): the response violates a rule. Send nothing, and reset the stream:
    ///   after [`Failure::Section`] with the code that [`SectionFault`](crate::http2::SectionFault)
    ///   names, otherwise with `CANCEL` or `H3_REQUEST_CANCELLED`.
    /// - [`HandshakeOver`](Error::HandshakeOver): the response was returned or refused before.
    pub fn receive_fields<'i>(
        &mut self,
        fields: &'i [Field<'i>],
    ) -> Result<Option<Response<'i, E>>, Error> {
        self.receive(|exchange| {
            let ResponseSection { status, headers } =
                ResponseSection::parse(fields).map_err(Failure::Section)?;
            exchange.check(status, headers)
        })
    }

    /// Checks a response. The exchange is over unless the response is interim.
    pub(super) fn receive<'i>(
        &mut self,
        check: impl FnOnce(&mut Self) -> Result<Option<Response<'i, E>>, Failure>,
    ) -> Result<Option<Response<'i, E>>, Error> {
        if self.entropy.is_none() {
            return Err(Error::HandshakeOver);
        }
        let response = check(self);
        if !matches!(response, Ok(None)) {
            self.entropy = None;
        }
        Ok(response?)
    }

    /// Checks a response whose fields have valid grammar.
    pub(super) fn check<'i>(
        &mut self,
        status: u16,
        headers: ReceivedHeaders<'i>,
    ) -> Result<Option<Response<'i, E>>, Failure> {
        let known = Known::collect(headers);
        known.check_lists(self.limits).map_err(Failure::Head)?;
        let agreement = match (status, &self.accept) {
            (101, Some(accept)) => check_answer(&known, &self.offered, accept)?,
            // RFC 9113, section 8.6.
            (101, None) => return Err(Failure::SwitchingProtocols),
            (100..=199, _) => return Ok(None),
            (200..=299, None) => check_choices(&known, &self.offered)?,
            _ => {
                return Ok(Some(Response::Rejected(Rejected {
                    status,
                    fields: headers,
                    body: &[],
                })));
            }
        };
        let Some(entropy) = self.entropy.take() else { return Ok(None) };
        let websocket = Connection::client(self.config, entropy);
        let websocket = websocket.with_session(self.offered.deflate.session(agreement.deflate));
        let subprotocol = agreement.subprotocol;
        Ok(Some(Response::Accepted(Accepted { websocket, fields: headers, subprotocol })))
    }

    /// Whether the request is an extended CONNECT.
    #[cfg(feature = "http")]
    pub(super) const fn is_connect(&self) -> bool {
        self.accept.is_none()
    }
}

/// Omits what was offered: subprotocols may contain credentials.
impl<E> core::fmt::Debug for Exchange<'_, E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Exchange")
            .field("config", &self.config)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
