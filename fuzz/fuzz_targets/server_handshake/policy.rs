//! The origins that the server accepts.

use arbitrary::Arbitrary;
use hybi::Origins;

#[derive(Clone, Copy, Debug, Arbitrary)]
pub(crate) enum Policy {
    Any,
    List,
    ListOrNoBrowser,
    SameHost,
    NoBrowser,
}

impl Policy {
    pub(crate) fn origins(self) -> Origins<'static> {
        const LIST: &[&str] = &["https://example.com"];
        match self {
            Self::Any => Origins::any(),
            Self::List => Origins::list(LIST).unwrap(),
            Self::ListOrNoBrowser => Origins::list(LIST).unwrap().or_no_browser(),
            Self::SameHost => Origins::same_host(),
            Self::NoBrowser => Origins::no_browser(),
        }
    }

    /// A reference implementation. `host` is in lower case.
    pub(crate) fn allows(self, origin: Option<&str>, host: &str) -> bool {
        let absent = matches!(self, Self::Any | Self::ListOrNoBrowser | Self::NoBrowser);
        let Some(origin) = origin else { return absent };
        let origin = origin.to_ascii_lowercase();
        match self {
            Self::Any => true,
            Self::NoBrowser => false,
            Self::List | Self::ListOrNoBrowser => {
                let port = origin.strip_prefix("https://example.com");
                port.is_some_and(|port| {
                    let port = port.strip_prefix(':').unwrap_or(port);
                    matches!(port.trim_start_matches('0'), "" | "443")
                })
            }
            // An IPv6 address can be written in many ways.
            Self::SameHost if host.starts_with('[') => true,
            Self::SameHost => {
                let (default, authority) = match origin.split_once("://") {
                    Some(("http", authority)) => ("80", authority),
                    Some(("https", authority)) => ("443", authority),
                    _ => return false,
                };
                let parts = |authority: &str| {
                    let (name, port) = authority.split_once(':').unwrap_or((authority, ""));
                    let port = if port.is_empty() { default } else { port.trim_start_matches('0') };
                    (name.to_owned(), port.to_owned())
                };
                parts(authority) == parts(host)
            }
        }
    }
}
