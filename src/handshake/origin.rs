//! Origins, and the policy for which of them a server allows (RFC 6454; RFC 6455, section 10.2).
//!
//! A browser lets any page open a WebSocket to any server, with the cookies of the user. Only the
//! `Origin` field tells the server which page it is. Every server therefore has to choose a policy:
//! there is no default. Listening on a loopback address is no protection, because any page can
//! connect to it.

use super::uri::{Authority, Host, default_port};
use crate::http1::token::split_text_once;

/// The origin of a page: scheme, host and port.
///
/// Origins are compared as in RFC 6454, section 5: the host case-insensitively, and a missing port
/// as the default of the scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin<'a> {
    scheme: Scheme<'a>,
    host: Host<'a>,
    port: Option<u16>,
}

#[derive(Clone, Copy, Debug)]
struct Scheme<'a>(&'a str);

impl PartialEq for Scheme<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(other.0)
    }
}

impl Eq for Scheme<'_> {}

impl<'a> Origin<'a> {
    /// Parses a serialized origin (RFC 6454, section 6.2) other than `null`.
    pub(crate) fn parse(origin: &'a str) -> Option<Self> {
        // A scheme contains no colon.
        let (scheme, rest) = split_text_once(origin, b':')?;
        let authority = rest.strip_prefix("//")?;
        let mut bytes = scheme.bytes();
        let is_valid = bytes.next()?.is_ascii_alphabetic()
            && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
        if !is_valid {
            return None;
        }
        let Authority { host, port } = Authority::parse(authority).ok()?;
        let default = match scheme {
            _ if scheme.eq_ignore_ascii_case("http") => Some(default_port(false)),
            _ if scheme.eq_ignore_ascii_case("https") => Some(default_port(true)),
            _ => None,
        };
        Some(Self { scheme: Scheme(scheme), host, port: port.or(default) })
    }
}

/// Whether a client may send this value as `Origin`.
pub(crate) fn is_serialized(origin: &str) -> bool {
    origin == "null" || Origin::parse(origin).is_some()
}

/// A parsed origin: an entry of the list, or the `Origin` of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry<'a> {
    /// An opaque origin: a sandboxed page, a `data:` URL, and in most browsers a file.
    Null,
    /// A file, in some browsers and web views.
    File,
    Page(Origin<'a>),
}

impl<'a> Entry<'a> {
    fn parse(origin: &'a str) -> Option<Self> {
        if origin == "null" {
            return Some(Self::Null);
        }
        if origin.eq_ignore_ascii_case("file://") {
            return Some(Self::File);
        }
        Origin::parse(origin).map(Self::Page)
    }

    /// Parses an entry of the list.
    fn check(index: usize, origin: &'a str) -> Result<Self, OriginError> {
        let is_web_socket =
            |scheme: &str| ["ws", "wss"].iter().any(|other| scheme.eq_ignore_ascii_case(other));
        let fault = match (Self::parse(origin), split_at_scheme(origin)) {
            // The grammar of a host allows both a leading dot and an asterisk, but no real host has
            // either.
            (_, Some((_, host))) if host.starts_with('.') => OriginFault::Pattern,
            _ if origin.contains('*') => OriginFault::Pattern,
            (_, Some((scheme, _))) if is_web_socket(scheme) => OriginFault::WebSocketScheme,
            (Some(entry), _) => return Ok(entry),
            (None, None) => OriginFault::NoScheme,
            (None, Some((_, host))) if host.contains(['/', '?', '#']) => OriginFault::Path,
            (None, Some(_)) => OriginFault::Syntax,
        };
        Err(OriginError { index, fault })
    }
}

/// The text before the first `://`, and the text after it.
fn split_at_scheme(origin: &str) -> Option<(&str, &str)> {
    let at = origin.as_bytes().windows(3).position(|bytes| bytes == b"://")?;
    let (scheme, rest) = origin.split_at_checked(at)?;
    Some((scheme, rest.strip_prefix("://")?))
}

/// An entry in a list of origins that no page can have as its origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("origin {index} of the list (counted from 0) cannot match any request: {fault}")]
pub struct OriginError {
    index: usize,
    fault: OriginFault,
}

impl OriginError {
    /// The index of the entry, from 0.
    pub const fn index(&self) -> usize {
        self.index
    }

    /// What is wrong with the entry.
    pub const fn fault(&self) -> OriginFault {
        self.fault
    }
}

/// What is wrong with an entry in a list of origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginFault {
    /// It has no scheme, as in `example.com`.
    #[error("it has no scheme: write https://example.com, not example.com")]
    NoScheme,
    /// Its scheme is `ws` or `wss`, but a page is loaded from `http` or `https`.
    #[error("it is a WebSocket URI: write the origin of the page, with http:// or https://")]
    WebSocketScheme,
    /// A path, a query or a fragment follows the host. A single slash is enough, as in
    /// `https://example.com/`.
    #[error("an origin ends after the host and the port: remove the path")]
    Path,
    /// It is a pattern, such as `*`, `https://*.example.com` or `https://.example.com`.
    #[error("patterns are not supported: list each origin")]
    Pattern,
    /// It is malformed in another way.
    #[error("it is not of the form scheme://host or scheme://host:port (RFC 6454, section 6.2)")]
    Syntax,
}

/// [`InvalidInput`](std::io::ErrorKind::InvalidInput).
#[cfg(feature = "std")]
impl From<OriginError> for std::io::Error {
    fn from(error: OriginError) -> Self {
        Self::new(std::io::ErrorKind::InvalidInput, error)
    }
}

/// The origins that a server allows (RFC 6455, section 10.2).
///
/// ```
/// use hybi::Origins;
///
/// // Pages of these sites, and clients that are not browsers:
/// let origins = Origins::list(&["https://example.com", "https://www.example.com"])?
///     .or_no_browser();
/// # Ok::<(), hybi::OriginError>(())
/// ```
///
/// Origins are compared as a whole. There are no patterns, because patterns are easily written too
/// wide.
#[derive(Clone, Debug)]
pub struct Origins<'a> {
    pages: Pages<'a>,
    /// Whether requests without `Origin` are allowed.
    allow_absent: bool,
}

#[derive(Clone, Debug)]
enum Pages<'a> {
    Any,
    None,
    /// Every entry has been checked.
    List(&'a [&'a str]),
    #[cfg(feature = "alloc")]
    Owned(alloc::sync::Arc<[owned::Entry]>),
    SameHost,
}

impl<'a> Origins<'a> {
    /// Allows every page, and every client that is not a browser: for public services that do not
    /// authenticate users by cookies.
    pub const fn any() -> Self {
        Self { pages: Pages::Any, allow_absent: true }
    }

    /// Allows the pages of these origins, such as `https://example.com` or `http://localhost:8080`.
    ///
    /// `null` allows pages with an opaque origin, and `file://` allows what some browsers send for
    /// a file instead. Any site can create a page whose origin is `null`: allow it only if users
    /// are not authenticated by cookies.
    ///
    /// # Errors
    ///
    /// The first entry that no request can have as its origin.
    pub fn list(origins: &'a [&'a str]) -> Result<Self, OriginError> {
        for (index, origin) in origins.iter().enumerate() {
            Entry::check(index, origin)?;
        }
        Ok(Self { pages: Pages::List(origins), allow_absent: false })
    }

    /// Allows the pages whose host and port are those of the request: the host and port of its
    /// target if that is in absolute form (RFC 9112, section 3.2.2), otherwise those of its `Host`
    /// field.
    ///
    /// This needs no configuration, but it trusts the request: a page whose host name is made to
    /// resolve to this server (DNS rebinding) is allowed. If that matters, use
    /// [`list`](Self::list).
    ///
    /// A client that is not a browser sends no `Origin`, and is refused. To allow it, add
    /// [`or_no_browser`](Self::or_no_browser).
    pub const fn same_host() -> Self {
        Self { pages: Pages::SameHost, allow_absent: false }
    }

    /// Allows no pages, only clients that are not browsers.
    pub const fn no_browser() -> Self {
        Self { pages: Pages::None, allow_absent: true }
    }

    /// Also allows requests without an `Origin` field, which no browser sends.
    #[must_use]
    pub const fn or_no_browser(mut self) -> Self {
        self.allow_absent = true;
        self
    }

    /// Whether the policy allows a request with this `Origin` field and this host.
    pub(crate) fn allow(&self, origin: Option<&str>, host: Authority<'_>) -> bool {
        let Some(origin) = origin else { return self.allow_absent };
        match &self.pages {
            Pages::Any => true,
            Pages::None => false,
            // Fast path: most lists are written as browsers send origins. `Origins::list` has checked
            // that each entry is an origin.
            Pages::List(list) if list.contains(&origin) => true,
            // A value that is not an origin matches nothing.
            Pages::List(list) => Entry::parse(origin).is_some_and(|parsed| {
                list.iter().any(|allowed| Entry::parse(allowed) == Some(parsed))
            }),
            #[cfg(feature = "alloc")]
            Pages::Owned(list) => Entry::parse(origin)
                .is_some_and(|parsed| list.iter().any(|allowed| allowed.as_entry() == parsed)),
            Pages::SameHost => Origin::parse(origin).is_some_and(|origin| {
                let secure = origin.scheme == Scheme("https");
                let is_web = secure || origin.scheme == Scheme("http");
                let port = host.port.or(Some(default_port(secure)));
                is_web && origin.host == host.host && origin.port == port
            }),
        }
    }
}

#[cfg(feature = "alloc")]
impl Origins<'static> {
    /// As [`list`](Self::list), but owns the parsed origins: for a list that is read at run time.
    /// Clones share the list.
    ///
    /// ```
    /// use hybi::Origins;
    ///
    /// let configured = "https://example.com https://www.example.com";
    /// let origins: Origins<'static> = Origins::owned(configured.split(' '))?;
    /// # let _ = origins;
    /// # Ok::<(), hybi::OriginError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`list`](Self::list).
    pub fn owned(origins: impl IntoIterator<Item: AsRef<str>>) -> Result<Self, OriginError> {
        let parse = |(index, origin): (usize, _)| {
            Entry::check(index, AsRef::as_ref(&origin)).map(owned::Entry::of)
        };
        let list = origins.into_iter().enumerate().map(parse).collect::<Result<_, _>>()?;
        Ok(Self { pages: Pages::Owned(list), allow_absent: false })
    }
}

/// Entries that own their text.
#[cfg(feature = "alloc")]
mod owned {
    use alloc::boxed::Box;
    use core::net::{Ipv4Addr, Ipv6Addr};

    use super::{Host, Origin, Scheme};

    #[derive(Debug)]
    pub(super) enum Entry {
        Null,
        File,
        Page { scheme: Box<str>, host: OwnedHost, port: Option<u16> },
    }

    #[derive(Debug)]
    pub(super) enum OwnedHost {
        Name(Box<str>),
        V4(Ipv4Addr),
        V6(Ipv6Addr),
    }

    impl Entry {
        pub(super) fn of(entry: super::Entry<'_>) -> Self {
            match entry {
                super::Entry::Null => Self::Null,
                super::Entry::File => Self::File,
                super::Entry::Page(Origin { scheme, host, port }) => {
                    let host = match host {
                        Host::Name(name) => OwnedHost::Name(name.into()),
                        Host::V4(address) => OwnedHost::V4(address),
                        Host::V6(address) => OwnedHost::V6(address),
                    };
                    Self::Page { scheme: scheme.0.into(), host, port }
                }
            }
        }

        pub(super) fn as_entry(&self) -> super::Entry<'_> {
            match self {
                Self::Null => super::Entry::Null,
                Self::File => super::Entry::File,
                Self::Page { scheme, host, port } => {
                    let host = match host {
                        OwnedHost::Name(name) => Host::Name(name),
                        OwnedHost::V4(address) => Host::V4(*address),
                        OwnedHost::V6(address) => Host::V6(*address),
                    };
                    super::Entry::Page(Origin { scheme: Scheme(scheme), host, port: *port })
                }
            }
        }
    }
}
