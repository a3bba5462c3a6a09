//! A proxy's response.

use super::{Challenge, challenge::Challenges};
use crate::http1::{ReceivedHeaders, body};

/// A proxy's response to the request for a tunnel.
///
/// There are only these two kinds, so the enum can be matched exhaustively: a status from 200 to 299
/// opens the tunnel, and no other one does.
#[derive(Clone, Copy, Debug)]
pub enum Response<'i> {
    /// The tunnel is open: the transport leads to the server.
    Tunnel(Tunnel<'i>),
    /// The proxy does not open the tunnel.
    Refused(Refused<'i>),
}

/// A response that opens the tunnel. It has no body, even if its fields say otherwise: the bytes that
/// follow it, if there are any, are in the inbox as the first bytes of the tunnel.
#[derive(Clone, Copy, Debug)]
pub struct Tunnel<'i> {
    pub(super) status: u16,
    pub(super) headers: ReceivedHeaders<'i>,
}

impl<'i> Tunnel<'i> {
    /// The status, 200 to 299.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// All header fields of the response.
    pub const fn headers(&self) -> ReceivedHeaders<'i> {
        self.headers
    }
}

/// A response that does not open the tunnel: an authentication challenge, a refusal or an error. It
/// comes from the proxy, not from the server: never send the server's credentials because of it, and
/// do not follow a redirect in it.
///
/// After 407, open another connection to the proxy and send the request with credentials.
#[derive(Clone, Copy)]
pub struct Refused<'i> {
    pub(super) status: u16,
    pub(super) headers: ReceivedHeaders<'i>,
    pub(super) body: &'i [u8],
}

impl<'i> Refused<'i> {
    /// The status, 300 to 599.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// All header fields of the response.
    pub const fn headers(&self) -> ReceivedHeaders<'i> {
        self.headers
    }

    /// The part of the body that has arrived. It stays in the inbox.
    pub const fn body(&self) -> &'i [u8] {
        self.body
    }

    /// The length of the whole body in bytes, if the header section contains it; see
    /// [`client::Rejected::content_length`](crate::client::Rejected::content_length).
    pub fn content_length(&self) -> Option<u64> {
        body::content_length(self.status, self.headers)
    }

    /// The challenges in the `Proxy-Authenticate` fields, each with an authentication scheme; none
    /// unless the status is 407.
    pub fn challenges(&self) -> impl Iterator<Item = Challenge<'i>> + Clone + use<'i> {
        let fields = (self.status == 407).then(|| self.headers.all("Proxy-Authenticate"));
        fields.into_iter().flatten().flat_map(Challenges::of)
    }
}

/// Shows only the status and the names of the fields.
impl core::fmt::Debug for Refused<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Refused")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
