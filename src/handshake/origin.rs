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

/// Which origins a server lets in.
///
/// ```
/// use hybi::Origins;
///
/// // Pages of these sites, and clients that are no browsers:
/// let origins = Origins::list(&["https://example.com", "https://www.example.com"])
///     .or_no_browser();
/// ```
///
/// Origins are compared whole: there are no patterns to get wrong.
#[derive(Clone, Copy, Debug)]
pub struct Origins<'a> {
    pages: Pages<'a>,
    /// Whether requests without `Origin` are let in.
    absent: bool,
}

#[derive(Clone, Copy, Debug)]
enum Pages<'a> {
    Any,
    None,
    List(&'a [&'a str]),
    SameHost,
}

impl<'a> Origins<'a> {
    /// Every page of every site, and every client that is no browser: for public services that
    /// know their users by something other than cookies.
    pub const fn any() -> Self {
        Self { pages: Pages::Any, absent: true }
    }

    /// The pages of these origins, such as `https://example.com` or `http://localhost:8080`.
    pub const fn list(origins: &'a [&'a str]) -> Self {
        Self { pages: Pages::List(origins), absent: false }
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
    pub const fn or_no_browser(self) -> Self {
        Self { absent: true, ..self }
    }

    /// Judges a request by its `Origin` field and the host that it names.
    pub(crate) fn allow(&self, origin: Option<&str>, host: Authority<'_>) -> bool {
        let Some(origin) = origin else { return self.absent };
        match self.pages {
            Pages::Any => true,
            Pages::None => false,
            // `null` and whatever else is no origin equals nothing.
            Pages::List(list) => Origin::parse(origin).is_some_and(|parsed| {
                let equals =
                    |allowed: &&str| *allowed == origin || Origin::parse(allowed) == Some(parsed);
                list.iter().any(equals)
            }),
            Pages::SameHost => Origin::parse(origin).is_some_and(|origin| {
                let secure = origin.scheme == Scheme("https");
                let is_web = secure || origin.scheme == Scheme("http");
                let port = host.port.or(Some(default_port(secure)));
                is_web && origin.host == host.host && origin.port == port
            }),
        }
    }
}
