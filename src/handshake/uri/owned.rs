//! A URI that owns its text.

use alloc::string::String;
use core::{
    fmt,
    hash::{Hash, Hasher},
    net::IpAddr,
    str::FromStr,
};

use super::{Host, Uri, UriError};

/// A WebSocket URI that owns its text, for structs and tasks that outlive the string it was parsed
/// from.
///
/// Comparisons are those of [`Uri`].
///
/// ```
/// use hybi::{UriBuf, client::Request};
///
/// struct Settings {
///     server: UriBuf,
/// }
///
/// let settings = Settings { server: "wss://example.com/chat".parse()? };
/// let uri = settings.server.as_uri();
/// assert_eq!(uri.port(), 443);
/// let request = Request::new(&uri);
/// # Ok::<(), hybi::UriError>(())
/// ```
#[derive(Clone)]
pub struct UriBuf {
    secure: bool,
    /// `None` if the host is a name.
    address: Option<IpAddr>,
    port: u16,
    /// The name, the path and the query, concatenated.
    text: String,
    /// The end of the name in `text`.
    name: usize,
    /// The end of the path in `text`.
    path: usize,
    has_query: bool,
}

impl UriBuf {
    /// Parses a `ws` or `wss` URI.
    ///
    /// # Errors
    ///
    /// As for [`Uri::parse`].
    pub fn parse(uri: impl AsRef<str>) -> Result<Self, UriError> {
        Uri::parse(uri.as_ref()).map(Self::from)
    }

    /// Parses an `http` or `https` URL as the `ws` or `wss` URI that it maps to in the WHATWG
    /// WebSockets standard.
    ///
    /// # Errors
    ///
    /// As for [`Uri::parse`].
    pub fn parse_http(url: impl AsRef<str>) -> Result<Self, UriError> {
        Uri::parse_http(url.as_ref()).map(Self::from)
    }

    /// Borrows the URI.
    pub fn as_uri(&self) -> Uri<'_> {
        let part = |from: usize, to: usize| self.text.get(from..to).unwrap_or_default();
        Uri {
            secure: self.secure,
            host: match self.address {
                None => Host::Name(part(0, self.name)),
                Some(IpAddr::V4(address)) => Host::V4(address),
                Some(IpAddr::V6(address)) => Host::V6(address),
            },
            port: self.port,
            path: part(self.name, self.path),
            query: self.has_query.then(|| part(self.path, self.text.len())),
        }
    }
}

impl From<Uri<'_>> for UriBuf {
    fn from(uri: Uri<'_>) -> Self {
        let (host, address) = match uri.host {
            Host::Name(name) => (name, None),
            Host::V4(address) => ("", Some(address.into())),
            Host::V6(address) => ("", Some(address.into())),
        };
        let query = uri.query.unwrap_or_default();
        let path = host.len() + uri.path.len();
        let mut text = String::with_capacity(path + query.len());
        for part in [host, uri.path, query] {
            text.push_str(part);
        }
        Self {
            secure: uri.secure,
            address,
            port: uri.port,
            text,
            name: host.len(),
            path,
            has_query: uri.query.is_some(),
        }
    }
}

impl FromStr for UriBuf {
    type Err = UriError;

    fn from_str(uri: &str) -> Result<Self, UriError> {
        Self::parse(uri)
    }
}

impl PartialEq for UriBuf {
    fn eq(&self, other: &Self) -> bool {
        self.as_uri() == other.as_uri()
    }
}

impl Eq for UriBuf {}

impl Hash for UriBuf {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_uri().hash(state);
    }
}

/// As [`Uri`], omits the path and the query.
impl fmt::Debug for UriBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.as_uri(), f)
    }
}

impl fmt::Display for UriBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.as_uri(), f)
    }
}
