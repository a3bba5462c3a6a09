//! Redirects.

use super::Rejected;
use crate::{
    handshake::{Uri, UriBuf, UriError},
    http1::ReceivedHeaders,
};

/// The target of a redirect.
///
/// This crate does not follow redirects. To follow one, open a new connection:
///
/// - Unless the [origin is the same](Self::is_same_origin), send no credentials, no cookies and no
///   header fields of your own: they are meant for the server that redirects.
/// - Do not follow it [from `wss` to `ws`](Self::is_downgrade).
/// - Limit the number of redirects that you follow.
///
/// ```
/// use hybi::{Uri, client::{Rejected, Request}};
///
/// # fn again(rejected: &Rejected<'_>) -> Result<(), Box<dyn std::error::Error>> {
/// let uri = Uri::parse("wss://example.com/chat")?;
/// let request = Request::new(&uri).bearer("token");
/// // … the response to it rejects:
/// if let Some(redirect) = rejected.redirect(&uri)? {
///     if redirect.is_downgrade() {
///         return Err("the server redirects to a connection without TLS".into());
///     }
///     let other = redirect.uri();
///     let request = Request::new(&other);
///     let request = if redirect.is_same_origin() { request.bearer("token") } else { request };
///     // … connect to `other` and send it.
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    uri: UriBuf,
    is_same_origin: bool,
    is_downgrade: bool,
}

impl Redirect {
    /// The target. If you filter addresses, filter this one too.
    pub fn uri(&self) -> Uri<'_> {
        self.uri.as_uri()
    }

    /// The target, owned.
    pub fn into_uri(self) -> UriBuf {
        self.uri
    }

    /// Whether scheme, host and port are the same as before. If not, do not send credentials there.
    pub const fn is_same_origin(&self) -> bool {
        self.is_same_origin
    }

    /// Whether it leads from `wss` to `ws`, which anybody on the path can read and change.
    pub const fn is_downgrade(&self) -> bool {
        self.is_downgrade
    }

    /// The redirect in a response to a request for this URI.
    pub(crate) fn of(
        status: u16,
        headers: ReceivedHeaders<'_>,
        uri: &Uri<'_>,
    ) -> Result<Option<Self>, UriError> {
        // RFC 9110, section 15.4: the others name no target.
        if !matches!(status, 300..=303 | 307 | 308) {
            return Ok(None);
        }
        let mut locations = headers.all("Location");
        let (Some(location), None) = (locations.next(), locations.next()) else { return Ok(None) };
        let location = core::str::from_utf8(location)
            .map_err(|error| UriError::Byte { offset: error.valid_up_to() })?;
        let target = UriBuf::resolve(uri, location)?;
        let to = target.as_uri();
        Ok(Some(Self {
            is_same_origin: (to.is_secure(), to.host(), to.port())
                == (uri.is_secure(), uri.host(), uri.port()),
            is_downgrade: uri.is_secure() && !to.is_secure(),
            uri: target,
        }))
    }
}

impl Rejected<'_> {
    /// The target of a redirect, given the URI of the request: the `Location` field of a response
    /// with status 300 to 303, 307 or 308, resolved as RFC 3986 describes in section 5. `http` and
    /// `https` become `ws` and `wss`, and a fragment is dropped.
    ///
    /// `None` if the response has another status, or not exactly one `Location`.
    ///
    /// # Errors
    ///
    /// The location is not the URI of a WebSocket.
    pub fn redirect(&self, uri: &Uri<'_>) -> Result<Option<Redirect>, UriError> {
        Redirect::of(self.status, self.fields, uri)
    }
}
