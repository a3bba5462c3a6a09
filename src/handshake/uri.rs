//! `ws` and `wss` URIs (RFC 6455, section 3; RFC 3986).
//!
//! A URI is parsed without allocating into what to connect to (host, port, whether TLS is asked
//! for) and what to send (the resource name, the `Host`). Nothing is repaired: what is outside the
//! grammar is refused.

mod grammar;
#[cfg(feature = "alloc")]
mod owned;

#[cfg(feature = "alloc")]
pub use owned::UriBuf;

use core::{
    fmt,
    hash::{Hash, Hasher},
    net::{Ipv4Addr, Ipv6Addr},
};

use crate::http1::write::format;
use grammar::{check_name, check_resource};

/// The URI of a WebSocket. It borrows its text; with the feature `alloc`, `UriBuf` owns it.
///
/// Two URIs are equal if they name the same server, with or without TLS, and send it the same
/// request: hosts compare without regard to case, a port that is not written is the scheme's own,
/// and a path that is not written is `/`. Percent-encoded bytes compare as they are written.
///
/// ```
/// use hybi::Uri;
///
/// let uri = Uri::parse("wss://Example.com/chat?room=1")?;
/// assert!(uri.is_secure());
/// assert_eq!(uri.port(), 443);
/// assert_eq!(uri.resource_name().to_string(), "/chat?room=1");
/// assert_eq!(uri.authority().to_string(), "example.com");
/// # Ok::<(), hybi::UriError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Uri<'a> {
    secure: bool,
    host: Host<'a>,
    port: u16,
    /// Empty, or beginning with `/`.
    path: &'a str,
    /// Without the `?`.
    query: Option<&'a str>,
}

/// What to connect to.
///
/// # If you filter addresses
///
/// Filter what the resolver returns, not what is written here. The only spelling of an IPv4 address
/// is four decimal numbers (RFC 3986, section 3.2.2), so `2130706433`, `127.1`, `0x7f.1` and
/// `0177.0.0.1` are names to this crate. The resolvers of most systems read all of them as
/// 127.0.0.1. A registered name may resolve to any address, too, and `[::ffff:127.0.0.1]` is an
/// IPv6 address for an IPv4 one.
///
/// There is no fourth kind in a URI that this crate reads, so the enum may be matched exhaustively.
#[derive(Clone, Copy, Debug)]
pub enum Host<'a> {
    /// A registered name, as it was written; names compare without regard to case.
    Name(&'a str),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address.
    V6(Ipv6Addr),
}

/// Why something is not the URI of a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UriError {
    /// It is longer than [`Uri::MAX_LEN`].
    #[error("the URI is longer than {} bytes", Uri::MAX_LEN)]
    TooLong,
    /// The scheme is neither `ws` nor `wss`.
    #[error("the URI does not begin with ws:// or wss://")]
    Scheme,
    /// There is no host.
    #[error("the URI names no host")]
    NoHost,
    /// The host is outside the grammar.
    #[error("the host is outside the grammar (RFC 3986, section 3.2.2); IDNA makes a name ASCII")]
    Host,
    /// The host and the port are longer than 512 bytes.
    #[error("the host and the port are longer than {MAX_AUTHORITY} bytes")]
    HostTooLong,
    /// A kind of host that nobody uses: an address of a future version, or with a zone.
    #[error("this kind of host is not supported: an address of a future version, or with a zone")]
    UnsupportedHost,
    /// The port is not a number from 1 to 65535.
    #[error("the port is not a number from 1 to 65535")]
    Port,
    /// There is a user name or password.
    #[error("credentials do not belong in the URI: send them in a header field")]
    Userinfo,
    /// There is a fragment.
    #[error("the URI of a WebSocket has no fragment: write # as %23")]
    Fragment,
    /// A byte outside the grammar in path or query.
    #[error("byte {offset} is outside the grammar (RFC 3986): percent-encode it")]
    Byte {
        /// Where it stands in the URI.
        offset: usize,
    },
    /// A percent sign without two hexadecimal digits behind it.
    #[error("a percent sign is not followed by two hexadecimal digits")]
    PercentEncoding,
}

/// The URI is the caller's: [`InvalidInput`](std::io::ErrorKind::InvalidInput).
#[cfg(feature = "std")]
impl From<UriError> for std::io::Error {
    fn from(error: UriError) -> Self {
        Self::new(std::io::ErrorKind::InvalidInput, error)
    }
}

impl<'a> Uri<'a> {
    /// The longest URI, in bytes.
    pub const MAX_LEN: usize = 8 * 1024;

    /// Reads a `ws` or `wss` URI.
    ///
    /// # Errors
    ///
    /// Where it leaves the grammar, or what there is that must not be.
    pub fn parse(uri: &'a str) -> Result<Self, UriError> {
        Self::with_schemes(uri, "ws", "wss")
    }

    /// Reads an `http` or `https` URL as the `ws` or `wss` URI that the web platform makes of it.
    ///
    /// # Errors
    ///
    /// As for [`parse`](Self::parse).
    pub fn parse_http(url: &'a str) -> Result<Self, UriError> {
        Self::with_schemes(url, "http", "https")
    }

    /// Whether TLS is asked for.
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host to connect to. If you must not connect to some addresses, see [`Host`]: a name may
    /// be another spelling of an address.
    pub const fn host(&self) -> Host<'a> {
        self.host
    }

    /// The port to connect to; where the URI names none, 80, or 443 with TLS.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The path, `/` if the URI has none.
    pub const fn path(&self) -> &'a str {
        if self.path.is_empty() { "/" } else { self.path }
    }

    /// The query, without the `?`.
    pub const fn query(&self) -> Option<&'a str> {
        self.query
    }

    /// What the request asks for: the path and, unless it is empty, the query.
    pub const fn resource_name(&self) -> ResourceName<'a> {
        ResourceName { path: self.path(), query: self.query }
    }

    /// The value of the `Host` field: the host in lower case, and the port unless it is the
    /// scheme's own.
    pub const fn authority(&self) -> Authority<'a> {
        let port = if self.port == default_port(self.secure) { None } else { Some(self.port) };
        Authority { host: self.host, port }
    }

    /// Reads a request target in absolute form, in any of the four schemes: the authority as it was
    /// written, which replaces the `Host` field (RFC 9112, section 3.2.2), and the path.
    pub(crate) fn parse_target(target: &'a str) -> Result<(Authority<'a>, &'a str), UriError> {
        let is_http = target.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("http"));
        let (plain, secure) = if is_http { ("http", "https") } else { ("ws", "wss") };
        let (uri, authority) = Self::with_authority(target, plain, secure)?;
        Ok((authority, uri.path()))
    }

    fn with_schemes(uri: &'a str, plain: &str, secure: &str) -> Result<Self, UriError> {
        Self::with_authority(uri, plain, secure).map(|(uri, _)| uri)
    }

    /// The URI, and its authority as it was written.
    fn with_authority(
        uri: &'a str,
        plain: &str,
        secure: &str,
    ) -> Result<(Self, Authority<'a>), UriError> {
        if uri.len() > Self::MAX_LEN {
            return Err(UriError::TooLong);
        }
        // No scheme has a colon in it.
        let (scheme, rest) = uri.split_once(':').ok_or(UriError::Scheme)?;
        let rest = rest.strip_prefix("//").ok_or(UriError::Scheme)?;
        let secure = match scheme {
            _ if scheme.eq_ignore_ascii_case(plain) => false,
            _ if scheme.eq_ignore_ascii_case(secure) => true,
            _ => return Err(UriError::Scheme),
        };
        let end = rest.bytes().position(|byte| matches!(byte, b'/' | b'?'));
        let end = end.unwrap_or(rest.len());
        let (authority, resource) = rest.split_at(end);
        let parts = parse_authority(authority).and_then(|parts| {
            check_resource(resource, uri.len() - resource.len())?;
            Ok(parts)
        });
        // `#` may stand in neither. Where it does, that is what is wrong.
        let has_fragment = || rest.as_bytes().contains(&b'#');
        let (host, port) =
            parts.map_err(|error| if has_fragment() { UriError::Fragment } else { error })?;
        let (path, query) = match resource.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (resource, None),
        };
        let authority = Authority { host, port };
        let port = port.unwrap_or(default_port(secure));
        Ok((Self { secure, host, port, path, query }, authority))
    }
}

impl PartialEq for Uri<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.secure == other.secure
            && self.host == other.host
            && self.port == other.port
            && self.resource_name() == other.resource_name()
    }
}

impl Eq for Uri<'_> {}

impl Hash for Uri<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.secure, self.host, self.port, self.resource_name()).hash(state);
    }
}

/// Shows neither the path nor the query, which may hold credentials; [`Display`](fmt::Display)
/// writes all of it.
impl fmt::Debug for Uri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uri")
            .field("secure", &self.secure)
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Uri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "wss" } else { "ws" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path())?;
        if let Some(query) = self.query {
            write!(f, "?{query}")?;
        }
        Ok(())
    }
}

/// What a request asks for; see [`Uri::resource_name`].
#[derive(Clone, Copy)]
pub struct ResourceName<'a> {
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> ResourceName<'a> {
    /// What it is written of, one behind the other.
    pub(crate) fn parts(self) -> [&'a str; 3] {
        match self.query {
            // Section 3: the question mark only where the query is not empty.
            Some("") | None => [self.path, "", ""],
            Some(query) => [self.path, "?", query],
        }
    }
}

/// They are equal if the same is written for both: an empty query is none.
impl PartialEq for ResourceName<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for ResourceName<'_> {}

impl Hash for ResourceName<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

/// Shows nothing of it: it may hold credentials.
impl fmt::Debug for ResourceName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResourceName(..)")
    }
}

impl fmt::Display for ResourceName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts().into_iter().try_for_each(|part| f.write_str(part))
    }
}

/// A host, and a port where it is not the usual one; see [`Uri::authority`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Authority<'a> {
    pub(crate) host: Host<'a>,
    pub(crate) port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Reads `host` or `host:port`.
    ///
    /// # Errors
    ///
    /// As for [`Uri::parse`].
    pub(crate) fn parse(authority: &'a str) -> Result<Self, UriError> {
        let (host, port) = parse_authority(authority)?;
        Ok(Self { host, port })
    }

    /// Writes it, as most are without formatting.
    pub(crate) fn write(self, sink: &mut dyn FnMut(&[u8])) {
        match self {
            Self { host: Host::Name(name), port: None } if is_lower_case(name) => {
                sink(name.as_bytes());
            }
            other => format(sink, format_args!("{other}")),
        }
    }
}

impl fmt::Display for Authority<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => write!(f, "{}", self.host),
        }
    }
}

impl PartialEq for Host<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(one), Self::Name(other)) => one.eq_ignore_ascii_case(other),
            (Self::V4(one), Self::V4(other)) => one == other,
            (Self::V6(one), Self::V6(other)) => one == other,
            _ => false,
        }
    }
}

impl Eq for Host<'_> {}

impl Hash for Host<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Name(name) => {
                name.bytes().for_each(|byte| state.write_u8(byte.to_ascii_lowercase()));
            }
            Self::V4(address) => address.hash(state),
            Self::V6(address) => address.hash(state),
        }
    }
}

/// In lower case, an IPv6 address in brackets.
impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        match self {
            Self::Name(name) if is_lower_case(name) => f.write_str(name),
            Self::Name(name) => {
                name.chars().try_for_each(|character| f.write_char(character.to_ascii_lowercase()))
            }
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

fn is_lower_case(name: &str) -> bool {
    !name.bytes().any(|byte| byte.is_ascii_uppercase())
}

pub(crate) const fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

/// The longest host with its port, in bytes: twice what a name in the DNS may have.
const MAX_AUTHORITY: usize = 512;

/// `host` or `host:port`; an empty port counts as none.
fn parse_authority(authority: &str) -> Result<(Host<'_>, Option<u16>), UriError> {
    if authority.len() > MAX_AUTHORITY {
        return Err(if authority.contains('@') {
            UriError::Userinfo
        } else {
            UriError::HostTooLong
        });
    }
    parse_host_and_port(authority).map_err(|error| {
        // Whatever else is wrong with them, credentials are.
        if authority.contains('@') { UriError::Userinfo } else { error }
    })
}

fn parse_host_and_port(authority: &str) -> Result<(Host<'_>, Option<u16>), UriError> {
    if let Some(bracketed) = authority.strip_prefix('[') {
        let (address, after) = bracketed.split_once(']').ok_or(UriError::Host)?;
        let port = match after.strip_prefix(':') {
            Some(port) => parse_port(port)?,
            None if after.is_empty() => None,
            None => return Err(UriError::Host),
        };
        return Ok((Host::V6(parse_ipv6(address)?), port));
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, port),
        None => (authority, ""),
    };
    if host.is_empty() {
        return Err(UriError::NoHost);
    }
    check_name(host)?;
    // More than one colon without brackets: an IPv6 address that lacks them.
    if port.contains(':') {
        return Err(UriError::Host);
    }
    let port = parse_port(port)?;
    Ok((parse_ipv4(host).map_or(Host::Name(host), Host::V4), port))
}

fn parse_ipv4(host: &str) -> Option<Ipv4Addr> {
    // Most names end in a letter, and no address does.
    if host.ends_with(|last: char| last.is_ascii_digit()) { host.parse().ok() } else { None }
}

fn parse_ipv6(address: &str) -> Result<Ipv6Addr, UriError> {
    if address.contains('%') || address.starts_with(['v', 'V']) {
        return Err(UriError::UnsupportedHost);
    }
    address.parse().map_err(|_| UriError::Host)
}

fn parse_port(port: &str) -> Result<Option<u16>, UriError> {
    if port.is_empty() {
        return Ok(None);
    }
    let zeros = port.bytes().take_while(|&byte| byte == b'0').count();
    let digits = &port[zeros..];
    // No sign, no space, and no more digits than a port can have.
    if digits.len() > 5 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(UriError::Port);
    }
    match digits.parse() {
        Ok(port) if port > 0 => Ok(Some(port)),
        _ => Err(UriError::Port),
    }
}
