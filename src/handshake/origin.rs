//! Origins, and which of them a server lets in (RFC 6454; RFC 6455, section 10.2).
//!
//! A browser lets any page open a WebSocket to any server, with the user's cookies. The `Origin`
//! field is the only thing that tells the server which page asks, so every server states its
//! policy, and there is none by default. That a server listens on a loopback address is no
//! exemption: any page can reach it there.

use super::uri::{Authority, Host, default_port};

/// The origin of a page: scheme, host and port.
///
/// Origins compare as section 5 of RFC 6454 has it: host without regard to case, the port of the
/// scheme where none is named.
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
    /// Reads the serialization of an origin (RFC 6454, section 6.2), other than `null`.
    pub(crate) fn parse(origin: &'a str) -> Option<Self> {
        // No scheme has a colon in it.
        let (scheme, rest) = origin.split_once(':')?;
        let authority = rest.strip_prefix("//")?;
        let mut bytes = scheme.bytes();
        let sound = bytes.next()?.is_ascii_alphabetic()
            && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
        if !sound {
            return None;
        }
        let Authority { host, port } = Authority::parse(authority).ok()?;
        let usual = match scheme {
            _ if scheme.eq_ignore_ascii_case("http") => Some(default_port(false)),
            _ if scheme.eq_ignore_ascii_case("https") => Some(default_port(true)),
            _ => None,
        };
        Some(Self { scheme: Scheme(scheme), host, port: port.or(usual) })
    }
}

/// Whether this is what a client may send as `Origin`.
pub(crate) fn is_serialized(origin: &str) -> bool {
    origin == "null" || Origin::parse(origin).is_some()
}

/// An entry of a list of origins, and what the `Origin` of a request is compared as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry<'a> {
    /// An opaque origin: a page in a sandbox, a `data:` URL, in most browsers also a file.
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

    /// Parses what an application allows.
    fn check(index: usize, origin: &'a str) -> Result<Self, OriginError> {
        let is_web_socket =
            |scheme: &str| ["ws", "wss"].iter().any(|other| scheme.eq_ignore_ascii_case(other));
        let fault = match (Self::parse(origin), origin.split_once("://")) {
            // Both may stand in a host by the grammar, and in no host that there is.
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

/// An origin in a list that no page can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("origin {index} of the list, counted from 0, can match no request: {fault}")]
pub struct OriginError {
    index: usize,
    fault: OriginFault,
}

impl OriginError {
    /// Which entry of the list it is, counted from 0.
    pub const fn index(&self) -> usize {
        self.index
    }

    /// What is wrong with it.
    pub const fn fault(&self) -> OriginFault {
        self.fault
    }
}

/// What is wrong with an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginFault {
    /// It names no scheme, as in `example.com`.
    #[error("it has no scheme: write https://example.com, not example.com")]
    NoScheme,
    /// Its scheme is `ws` or `wss`, and a page has another one.
    #[error("it is the URI of a WebSocket: the origin of its page is http:// or https://")]
    WebSocketScheme,
    /// A path, a query or a fragment follows the host, if only a slash, as in `https://example.com/`.
    #[error("an origin ends after the host and the port: leave out the slash and what follows it")]
    Path,
    /// It is a pattern, as in `*`, `https://*.example.com` or `https://.example.com`.
    #[error("origins are compared whole, and there are no patterns: list each one")]
    Pattern,
    /// It is not of the form `scheme://host` or `scheme://host:port` in another way.
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

/// Which origins a server lets in.
///
/// ```
/// use hybi::Origins;
///
/// // Pages of these sites, and clients that are no browsers:
/// let origins = Origins::list(&["https://example.com", "https://www.example.com"])?
///     .or_no_browser();
/// # Ok::<(), hybi::OriginError>(())
/// ```
///
/// Origins are compared whole: there are no patterns to get wrong.
#[derive(Clone, Debug)]
pub struct Origins<'a> {
    pages: Pages<'a>,
    /// Whether requests without `Origin` are let in.
    absent: bool,
}

#[derive(Clone, Debug)]
enum Pages<'a> {
    Any,
    None,
    /// Each of them has been checked.
    List(&'a [&'a str]),
    #[cfg(feature = "alloc")]
    Owned(alloc::sync::Arc<[owned::Entry]>),
    SameHost,
}

impl<'a> Origins<'a> {
    /// Every page of every site, and every client that is no browser: for public services that
    /// know their users by something other than cookies.
    pub const fn any() -> Self {
        Self { pages: Pages::Any, absent: true }
    }

    /// The pages of these origins, such as `https://example.com` or `http://localhost:8080`.
    ///
    /// `null` allows pages without an origin of their own, and `file://` allows what some browsers
    /// send for a file instead. Any site can make a page whose origin is `null`: allow it only where
    /// users are known by something other than cookies.
    ///
    /// # Errors
    ///
    /// An entry that no request can have as its origin.
    pub fn list(origins: &'a [&'a str]) -> Result<Self, OriginError> {
        for (index, origin) in origins.iter().enumerate() {
            Entry::check(index, origin)?;
        }
        Ok(Self { pages: Pages::List(origins), absent: false })
    }

    /// Pages whose host and port are those that the request names: in its target, if that is a URL
    /// (RFC 9112, section 3.2.2), otherwise in its `Host` field.
    ///
    /// It needs no configuration, but trusts the request: a page whose name is made to point to this
    /// server (DNS rebinding) passes. Where that matters, use [`list`](Self::list).
    pub const fn same_host() -> Self {
        Self { pages: Pages::SameHost, absent: false }
    }

    /// No pages at all: clients that are no browsers.
    pub const fn no_browser() -> Self {
        Self { pages: Pages::None, absent: true }
    }

    /// Also lets in requests without an `Origin`, which no browser sends.
    #[must_use]
    pub const fn or_no_browser(mut self) -> Self {
        self.absent = true;
        self
    }

    /// Judges a request by its `Origin` field and the host that it names.
    pub(crate) fn allow(&self, origin: Option<&str>, host: Authority<'_>) -> bool {
        let Some(origin) = origin else { return self.absent };
        match &self.pages {
            Pages::Any => true,
            Pages::None => false,
            // What is no origin equals nothing.
            Pages::List(list) => Entry::parse(origin).is_some_and(|parsed| {
                let equals =
                    |allowed: &&str| *allowed == origin || Entry::parse(allowed) == Some(parsed);
                list.iter().any(equals)
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
    /// As [`list`](Self::list), but keeps the origins, parsed, so that it borrows nothing: for a list
    /// that is read at run time. A clone shares the list.
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
        Ok(Self { pages: Pages::Owned(list), absent: false })
    }
}

/// Entries that borrow nothing.
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
