//! `ws` and `wss` URIs (RFC 6455, section 3; RFC 3986).
//!
//! A URI is parsed, without allocating, into what to connect to (host, port and whether to use TLS)
//! and what to send (the resource name and the `Host` field). A URI that violates the grammar is
//! refused, never repaired.

mod grammar;
mod ip;
#[cfg(feature = "alloc")]
mod owned;
#[cfg(feature = "alloc")]
mod resolve;

#[cfg(feature = "alloc")]
pub use owned::UriBuf;

use core::{
    fmt,
    hash::{Hash, Hasher},
    net::{Ipv4Addr, Ipv6Addr},
};

use crate::http1::{token::split_text_once, write::Decimal};
use grammar::{check_name, check_resource};
use ip::{write_ipv4, write_ipv6};

/// A WebSocket URI. It borrows its text; with the feature `alloc`, `UriBuf` owns it.
///
/// Two URIs are equal if they name the same server, agree on TLS, and lead to the same request:
/// hosts are compared case-insensitively, a missing port is the default of the scheme, and a
/// missing path is `/`. Percent-encoded bytes are compared as written.
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
    /// Empty, or starts with `/`.
    path: &'a str,
    /// Without the `?`.
    query: Option<&'a str>,
}

/// A host to connect to.
///
/// # Filtering addresses
///
/// Filter the addresses that the resolver returns, not the text of the URI. The only form of an
/// IPv4 address in a URI is four decimal numbers (RFC 3986, section 3.2.2), so `2130706433`,
/// `127.1`, `0x7f.1` and `0177.0.0.1` are names to this crate. Most system resolvers read all of
/// them as 127.0.0.1. A registered name may also resolve to any address, and `[::ffff:127.0.0.1]`
/// is an IPv6 address that stands for an IPv4 address.
///
/// The enum is exhaustive: this crate accepts no other kind of host in a URI.
#[derive(Clone, Copy, Debug)]
pub enum Host<'a> {
    /// A registered name, as written; names are compared case-insensitively.
    Name(&'a str),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address.
    V6(Ipv6Addr),
}

/// Why a string is not a WebSocket URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UriError {
    /// The URI is longer than [`Uri::MAX_LEN`].
    #[error("the URI is longer than {} bytes", Uri::MAX_LEN)]
    TooLong,
    /// The scheme is neither `ws` nor `wss`, or, for [`Uri::parse_http`], neither `http` nor
    /// `https`.
    #[error("the URI does not start with ws:// or wss:// (parse_http: http:// or https://)")]
    Scheme,
    /// The URI has no host.
    #[error("the URI has no host")]
    NoHost,
    /// The host is malformed, or is an IPv6 address without brackets.
    #[error(
        "the host is malformed (RFC 3986, section 3.2.2): put an IPv6 address in brackets, and \
         convert a non-ASCII name with IDNA"
    )]
    Host,
    /// The host and the port together are longer than 512 bytes.
    #[error("the host and the port together are longer than {MAX_AUTHORITY} bytes")]
    HostTooLong,
    /// The host is an IPvFuture address or an IPv6 address with a zone identifier. Neither is
    /// supported.
    #[error("IPvFuture addresses and IPv6 zone identifiers are not supported")]
    UnsupportedHost,
    /// The port is not a number from 1 to 65535.
    #[error("the port is not a number from 1 to 65535")]
    Port,
    /// The URI contains a user name or a password.
    #[error("a WebSocket URI has no user name or password: send credentials in a header field")]
    Userinfo,
    /// The URI has a fragment (RFC 6455, section 3).
    #[error("a WebSocket URI has no fragment: write # as %23 (RFC 6455, section 3)")]
    Fragment,
    /// The path or the query contains a byte that is not allowed there.
    #[error(
        "byte {offset} of the URI is not allowed there: percent-encode it (RFC 3986, section 2.1)"
    )]
    Byte {
        /// The offset of the byte in the URI.
        offset: usize,
    },
    /// A percent sign is not followed by two hexadecimal digits.
    #[error("a percent sign is not followed by two hexadecimal digits: write % itself as %25")]
    PercentEncoding,
}

/// [`InvalidInput`](std::io::ErrorKind::InvalidInput): the caller is at fault.
#[cfg(feature = "std")]
impl From<UriError> for std::io::Error {
    fn from(error: UriError) -> Self {
        Self::new(std::io::ErrorKind::InvalidInput, error)
    }
}

impl<'a> Uri<'a> {
    /// The maximum length of a URI, in bytes.
    pub const MAX_LEN: usize = 8 * 1024;

    /// Parses a `ws` or `wss` URI.
    ///
    /// # Errors
    ///
    /// The rule that the URI violates.
    pub fn parse(uri: &'a str) -> Result<Self, UriError> {
        Self::with_schemes(uri, "ws", "wss")
    }

    /// Parses an `http` or `https` URL as the `ws` or `wss` URI that it maps to in the WHATWG
    /// WebSockets standard.
    ///
    /// # Errors
    ///
    /// As for [`parse`](Self::parse).
    pub fn parse_http(url: &'a str) -> Result<Self, UriError> {
        Self::with_schemes(url, "http", "https")
    }

    /// Whether to use TLS: the scheme is `wss`.
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host to connect to. If some addresses must not be connected to, see [`Host`]: a name may
    /// be another spelling of an address.
    pub const fn host(&self) -> Host<'a> {
        self.host
    }

    /// The port to connect to. The default is 80, or 443 with TLS.
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

    /// The resource name: the path, and the query unless it is empty (RFC 6455, section 3).
    pub const fn resource_name(&self) -> ResourceName<'a> {
        ResourceName { path: self.path(), query: self.query }
    }

    /// The value of the `Host` field: the host in lower case, and the port unless it is the default
    /// of the scheme.
    pub const fn authority(&self) -> Authority<'a> {
        let port = if self.port == default_port(self.secure) { None } else { Some(self.port) };
        Authority { host: self.host, port }
    }

    /// Parses a request target in absolute form, with any of the four schemes. Returns its
    /// authority as written, which replaces the `Host` field (RFC 9112, section 3.2.2), and its
    /// path.
    pub(crate) fn parse_target(target: &'a str) -> Result<(Authority<'a>, &'a str), UriError> {
        let is_http = target.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("http"));
        let (plain, secure) = if is_http { ("http", "https") } else { ("ws", "wss") };
        let (uri, authority) = Self::with_authority(target, plain, secure)?;
        Ok((authority, uri.path()))
    }

    fn with_schemes(uri: &'a str, plain: &str, secure: &str) -> Result<Self, UriError> {
        Self::with_authority(uri, plain, secure).map(|(uri, _)| uri)
    }

    /// Returns the URI, and its authority as written.
    fn with_authority(
        uri: &'a str,
        plain: &str,
        secure: &str,
    ) -> Result<(Self, Authority<'a>), UriError> {
        if uri.len() > Self::MAX_LEN {
            return Err(UriError::TooLong);
        }
        // A scheme contains no colon.
        let (scheme, rest) = split_text_once(uri, b':').ok_or(UriError::Scheme)?;
        let rest = rest.strip_prefix("//").ok_or(UriError::Scheme)?;
        let secure = match scheme {
            _ if scheme.eq_ignore_ascii_case(plain) => false,
            _ if scheme.eq_ignore_ascii_case(secure) => true,
            _ => return Err(UriError::Scheme),
        };
        let end = rest.bytes().position(|byte| matches!(byte, b'/' | b'?'));
        let end = end.unwrap_or(rest.len());
        let (authority, resource) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let parts = parse_authority(authority).and_then(|parts| {
            check_resource(resource, uri.len() - resource.len())?;
            Ok(parts)
        });
        // Neither part may contain `#`. If one does, report that in place of other errors.
        let has_fragment = || rest.as_bytes().contains(&b'#');
        let (host, port) =
            parts.map_err(|error| if has_fragment() { UriError::Fragment } else { error })?;
        let (path, query) = match split_text_once(resource, b'?') {
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

/// Omits the path and the query, which may contain credentials. [`Display`](fmt::Display) writes
/// the whole URI.
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

/// The resource name of a URI; see [`Uri::resource_name`].
#[derive(Clone, Copy)]
pub struct ResourceName<'a> {
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> ResourceName<'a> {
    /// The parts to write, in order.
    pub(crate) fn parts(self) -> [&'a str; 3] {
        match self.query {
            // Section 3: no question mark if the query is empty.
            Some("") | None => [self.path, "", ""],
            Some(query) => [self.path, "?", query],
        }
    }
}

/// Two resource names are equal if they are written in the same way: an empty query is the same as
/// none.
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

/// Shows nothing, because it may contain credentials.
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

/// A host, and its port unless it is the default; see [`Uri::authority`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Authority<'a> {
    pub(crate) host: Host<'a>,
    pub(crate) port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Parses `host` or `host:port`.
    ///
    /// # Errors
    ///
    /// As for [`Uri::parse`].
    pub(crate) fn parse(authority: &'a str) -> Result<Self, UriError> {
        let (host, port) = parse_authority(authority)?;
        Ok(Self { host, port })
    }

    /// Writes the authority, as [`Display`](fmt::Display) does.
    pub(crate) fn write(self, sink: &mut impl FnMut(&[u8])) {
        match self.host {
            // Fast path: most names are in lower case.
            Host::Name(name) if is_lower_case(name) => sink(name.as_bytes()),
            Host::Name(name) => name.bytes().for_each(|byte| sink(&[byte.to_ascii_lowercase()])),
            Host::V4(address) => write_ipv4(address, sink),
            Host::V6(address) => {
                sink(b"[");
                write_ipv6(address, sink);
                sink(b"]");
            }
        }
        if let Some(port) = self.port {
            sink(b":");
            sink(Decimal::of(port.into()).digits());
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

/// Writes the host in lower case, and an IPv6 address in brackets.
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

/// The maximum length of a host with its port, in bytes: twice that of a DNS name.
const MAX_AUTHORITY: usize = 512;

/// Parses `host` or `host:port`. An empty port is the same as none.
fn parse_authority(authority: &str) -> Result<(Host<'_>, Option<u16>), UriError> {
    if authority.len() > MAX_AUTHORITY {
        return Err(if authority.contains('@') {
            UriError::Userinfo
        } else {
            UriError::HostTooLong
        });
    }
    parse_host_and_port(authority).map_err(|error| {
        // Report credentials in place of other errors.
        if authority.contains('@') { UriError::Userinfo } else { error }
    })
}

fn parse_host_and_port(authority: &str) -> Result<(Host<'_>, Option<u16>), UriError> {
    if let Some(bracketed) = authority.strip_prefix('[') {
        let (address, after) = split_text_once(bracketed, b']').ok_or(UriError::Host)?;
        let port = match after.strip_prefix(':') {
            Some(port) => parse_port(port)?,
            None if after.is_empty() => None,
            None => return Err(UriError::Host),
        };
        return Ok((Host::V6(parse_ipv6(address)?), port));
    }
    let (host, port) = split_text_once(authority, b':').unwrap_or((authority, ""));
    if host.is_empty() {
        return Err(UriError::NoHost);
    }
    check_name(host)?;
    // A second colon without brackets: an IPv6 address that lacks them.
    if port.contains(':') {
        return Err(UriError::Host);
    }
    let port = parse_port(port)?;
    Ok((parse_ipv4(host).map_or(Host::Name(host), Host::V4), port))
}

fn parse_ipv4(host: &str) -> Option<Ipv4Addr> {
    // Fast path: most names end in a letter, and no IPv4 address does.
    if host.ends_with(|last: char| last.is_ascii_digit()) { host.parse().ok() } else { None }
}

fn parse_ipv6(address: &str) -> Result<Ipv6Addr, UriError> {
    if address.contains('%') || address.starts_with(['v', 'V']) {
        return Err(UriError::UnsupportedHost);
    }
    ip::parse_ipv6(address).ok_or(UriError::Host)
}

fn parse_port(port: &str) -> Result<Option<u16>, UriError> {
    if port.is_empty() {
        return Ok(None);
    }
    let digits = port.trim_start_matches('0');
    // `parse` would also accept a sign.
    if digits.len() > 5 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(UriError::Port);
    }
    // Nothing is left of port 0.
    digits.parse().map(Some).map_err(|_| UriError::Port)
}
