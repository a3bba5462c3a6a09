//! Resolving a reference against a URI (RFC 3986, section 5.2).

use alloc::{format, string::String};

use super::{Uri, UriBuf, UriError};

impl UriBuf {
    /// Resolves a reference as a client resolves `Location` (RFC 9110, section 10.2.2). The result is
    /// the URI of a WebSocket: `http` becomes `ws`, and `https` becomes `wss`. A fragment is dropped,
    /// because it names a part of a page and is never sent.
    pub(crate) fn resolve(base: &Uri<'_>, reference: &str) -> Result<Self, UriError> {
        // So the work is linear in the lengths of two bounded strings.
        if reference.len() > Uri::MAX_LEN {
            return Err(UriError::TooLong);
        }
        let reference = reference.split_once('#').map_or(reference, |(before, _)| before);
        let scheme = if base.is_secure() { "wss" } else { "ws" };
        let (before, query) = match reference.split_once('?') {
            Some((before, query)) => (before, Some(query)),
            None => (reference, None),
        };
        // A colon in the first segment ends a scheme (section 4.2).
        let segment = before.split('/').next().unwrap_or_default();
        let (scheme, rest) = match segment.split_once(':') {
            Some((scheme, _)) => (web_socket(scheme)?, &before[scheme.len() + 1..]),
            None => (scheme, before),
        };
        let has_scheme = rest.len() < before.len();
        let (authority, path, query) = if let Some(rest) = rest.strip_prefix("//") {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            (String::from(authority), remove_dot_segments(path), query)
        } else if has_scheme {
            // An absolute URI without an authority names no host.
            return Err(UriError::Scheme);
        } else {
            let (path, query) = match rest {
                "" => (String::from(base.path()), query.or(base.query())),
                _ if rest.starts_with('/') => (remove_dot_segments(rest), query),
                _ => {
                    // Section 5.2.3: the last segment of the base is replaced.
                    let directory = base.path().rsplit_once('/').map_or("", |(before, _)| before);
                    (remove_dot_segments(&format!("{directory}/{rest}")), query)
                }
            };
            (format!("{}", base.authority()), path, query)
        };
        let mark = if query.is_some() { "?" } else { "" };
        Self::parse(format!("{scheme}://{authority}{path}{mark}{}", query.unwrap_or_default()))
    }
}

/// The scheme of a WebSocket that a scheme stands for.
fn web_socket(scheme: &str) -> Result<&'static str, UriError> {
    let is = |name: &str| scheme.eq_ignore_ascii_case(name);
    match scheme {
        _ if is("ws") || is("http") => Ok("ws"),
        _ if is("wss") || is("https") => Ok("wss"),
        _ => Err(UriError::Scheme),
    }
}

/// Section 5.2.4, for a path that is empty or begins with a slash.
fn remove_dot_segments(path: &str) -> String {
    let mut output = String::with_capacity(path.len());
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "." => {}
            ".." => output.truncate(output.rfind('/').unwrap_or(0)),
            _ => {
                output.push('/');
                output.push_str(segment);
                continue;
            }
        }
        // A dot segment at the end names a directory.
        if segments.peek().is_none() {
            output.push('/');
        }
    }
    output
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::*;

    // 3986-5.2.4-a
    #[test]
    fn dot_segments_are_removed() {
        let table = [
            // The example of section 5.2.4.
            ("/a/b/c/./../../g", "/a/g"),
            ("", ""),
            ("/", "/"),
            ("/.", "/"),
            ("/..", "/"),
            ("/../..", "/"),
            ("/a/.", "/a/"),
            ("/a/..", "/"),
            ("/a/b/..", "/a/"),
            ("/a/../b", "/b"),
            ("/a//../b", "/a/b"),
            ("//", "//"),
            ("/./a", "/a"),
            ("/.a/..b/c./...", "/.a/..b/c./..."),
            ("/%2e/%2E%2e/a", "/%2e/%2E%2e/a"),
        ];
        for (path, expected) in table {
            assert_eq!(remove_dot_segments(path), expected, "{path}");
        }
    }

    // 3986-5.2-a
    #[test]
    fn a_base_without_a_path_has_the_root() {
        let resolved = |base, reference| {
            UriBuf::resolve(&Uri::parse(base).unwrap(), reference).unwrap().to_string()
        };
        assert_eq!(resolved("ws://a", "b"), "ws://a/b");
        assert_eq!(resolved("ws://a?q", "b"), "ws://a/b");
        assert_eq!(resolved("ws://a?q", ""), "ws://a/?q");
        assert_eq!(resolved("wss://[::1]:9?q/r", "?s"), "wss://[::1]:9/?s");
    }
}
