//! Where a response redirects to.

use hybi::{
    Inbox, Uri, UriError,
    client::{Redirect, Response},
    http1::HeadLimits,
};
use proptest::prelude::*;

use crate::support::handshake::client::{SampleNonce, request};

/// What is made of a response with these lines after the status.
fn redirected(status: u16, lines: &[u8], uri: &str) -> Result<Option<Redirect>, UriError> {
    let head = [format!("HTTP/1.1 {status} x\r\n").as_bytes(), lines, b"\r\n"].concat();
    let mut inbox = Inbox::with_capacity(64 * 1024);
    assert_eq!(inbox.copy_from(&head), head.len());
    let request = request().limits(HeadLimits::new().size(64 * 1024).line(32 * 1024));
    let mut opening = request.send_with(SampleNonce, &mut Vec::new()).unwrap();
    let Ok(Some(Response::Rejected(rejected))) = opening.receive(&mut inbox) else {
        panic!("not a refusal: {}", head.escape_ascii());
    };
    rejected.redirect(&Uri::parse(uri).unwrap())
}

fn located(uri: &str, location: &str) -> Result<Redirect, UriError> {
    let line = format!("Location: {location}\r\n");
    Ok(redirected(302, line.as_bytes(), uri)?.unwrap())
}

// 3986-5.2-a, 3986-5.2.4-a, 9110-10.2.2-a
#[test]
fn the_examples_of_rfc_3986_are_resolved() {
    // Sections 5.4.1 and 5.4.2, of a base in another scheme, without fragments.
    let table = [
        ("g", "ws://a/b/c/g"),
        ("./g", "ws://a/b/c/g"),
        ("g/", "ws://a/b/c/g/"),
        ("/g", "ws://a/g"),
        ("//g", "ws://g/"),
        ("?y", "ws://a/b/c/d;p?y"),
        ("g?y", "ws://a/b/c/g?y"),
        ("#s", "ws://a/b/c/d;p?q"),
        ("g#s", "ws://a/b/c/g"),
        ("g?y#s", "ws://a/b/c/g?y"),
        (";x", "ws://a/b/c/;x"),
        ("g;x", "ws://a/b/c/g;x"),
        ("g;x?y#s", "ws://a/b/c/g;x?y"),
        ("", "ws://a/b/c/d;p?q"),
        (".", "ws://a/b/c/"),
        ("./", "ws://a/b/c/"),
        ("..", "ws://a/b/"),
        ("../", "ws://a/b/"),
        ("../g", "ws://a/b/g"),
        ("../..", "ws://a/"),
        ("../../", "ws://a/"),
        ("../../g", "ws://a/g"),
        ("../../../g", "ws://a/g"),
        ("../../../../g", "ws://a/g"),
        ("/./g", "ws://a/g"),
        ("/../g", "ws://a/g"),
        ("g.", "ws://a/b/c/g."),
        (".g", "ws://a/b/c/.g"),
        ("g..", "ws://a/b/c/g.."),
        ("..g", "ws://a/b/c/..g"),
        ("./../g", "ws://a/b/g"),
        ("./g/.", "ws://a/b/c/g/"),
        ("g/./h", "ws://a/b/c/g/h"),
        ("g/../h", "ws://a/b/c/h"),
        ("g;x=1/./y", "ws://a/b/c/g;x=1/y"),
        ("g;x=1/../y", "ws://a/b/c/y"),
        ("g?y/./x", "ws://a/b/c/g?y/./x"),
        ("g?y/../x", "ws://a/b/c/g?y/../x"),
        ("g#s/./x", "ws://a/b/c/g"),
        ("g#s/../x", "ws://a/b/c/g"),
    ];
    for (location, expected) in table {
        let redirect = located("ws://a/b/c/d;p?q", location).unwrap();
        assert_eq!(redirect.uri().to_string(), expected, "{location}");
        assert_eq!(redirect.is_same_origin(), location != "//g", "{location}");
    }
    for location in ["g:h", "http:g", "mailto:a@b", "data:,x", "file:///a", "1g:h", ":x"] {
        assert_eq!(located("ws://a/b/c/d;p?q", location), Err(UriError::Scheme), "{location}");
    }
}

// 3986-5.2-a, 3986-5.2.4-a
#[test]
fn the_scheme_becomes_that_of_a_websocket() {
    let table = [
        ("ws://b/x", "ws://b/x"),
        ("WSS://B/x", "wss://b/x"),
        ("http://b:80", "ws://b/"),
        ("https://b?q", "wss://b/?q"),
        ("HTTPS://b:80/a/../x", "wss://b:80/x"),
        ("https://b/?", "wss://b/?"),
        ("//b/%2e%2E/x", "wss://b/%2e%2E/x"),
        ("//[::1]:9/", "wss://[::1]:9/"),
        ("/.//b/x", "wss://a//b/x"),
    ];
    for (location, expected) in table {
        let redirect = located("wss://a/p", location).unwrap();
        assert_eq!(redirect.uri().to_string(), expected, "{location}");
        assert_eq!(redirect.clone().into_uri().to_string(), expected);
    }
}

// P-se-j, P-se-e, I-09, I-11
#[test]
fn credentials_may_follow_only_to_the_same_origin() {
    let table = [
        ("wss://a/p", "/x", true, false),
        ("wss://a/p", "https://A:443/x", true, false),
        ("wss://a:443/p", "wss://a", true, false),
        ("ws://a/p", "http://a:80/", true, false),
        ("wss://a/p", "wss://a:444/p", false, false),
        ("wss://a/p", "wss://b/p", false, false),
        ("wss://a/p", "wss://a.b/p", false, false),
        ("wss://a/p", "//b/p", false, false),
        ("wss://a/p", "ws://a/p", false, true),
        ("wss://a/p", "http://a:443/p", false, true),
        ("wss://a/p", "http://b/", false, true),
        ("ws://a/p", "wss://a/p", false, false),
        ("ws://a:443/p", "wss://a/p", false, false),
        ("ws://127.0.0.1/", "ws://0177.0.0.1/", false, false),
    ];
    for (uri, location, is_same_origin, is_downgrade) in table {
        let redirect = located(uri, location).unwrap();
        assert_eq!(redirect.is_same_origin(), is_same_origin, "{uri} {location}");
        assert_eq!(redirect.is_downgrade(), is_downgrade, "{uri} {location}");
    }
}

// 9110-10.2.2-a, 6455-4.1-x
#[test]
fn only_a_redirect_with_one_location_leads_somewhere() {
    for status in 200..=599 {
        let redirect = redirected(status, b"Location: /x\r\n", "ws://a/").unwrap();
        let leads = [300, 301, 302, 303, 307, 308].contains(&status);
        assert_eq!(redirect.is_some(), leads, "{status}");
    }
    assert_eq!(redirected(301, b"", "ws://a/"), Ok(None));
    assert_eq!(redirected(301, b"Location: /x\r\nLocation: /y\r\n", "ws://a/"), Ok(None));
    let folded = redirected(301, b"location:\r\n /x\r\n", "ws://a/").unwrap().unwrap();
    assert_eq!(folded.uri().path(), "/x");
}

// 3986-5.2-a, P-uri-c, P-uri-d, P-uri-i, P-se-f
#[test]
fn a_location_outside_the_grammar_is_refused_and_not_shown() {
    let table = [
        ("//u:p@b/", UriError::Userinfo),
        ("https://u@b/", UriError::Userinfo),
        ("///x", UriError::NoHost),
        ("https://", UriError::NoHost),
        ("/a b", UriError::Byte { offset: 9 }),
        ("\\\\b\\x", UriError::Byte { offset: 8 }),
        ("/\\b", UriError::Byte { offset: 8 }),
        ("/%zz", UriError::PercentEncoding),
        ("//b:0/", UriError::Port),
        ("//b\\@c/", UriError::Userinfo),
    ];
    for (location, error) in table {
        assert_eq!(located("wss://a/p", location), Err(error), "{location}");
    }
    let bytes = b"Location: /x\xff\r\n";
    assert_eq!(redirected(301, bytes, "ws://a/"), Err(UriError::Byte { offset: 2 }));
    for (length, expected) in [(Uri::MAX_LEN, false), (Uri::MAX_LEN + 1, true)] {
        let is_long = |location: &str| located("ws://a/", location) == Err(UriError::TooLong);
        assert_eq!(is_long(&format!("ws://a/{}", "x".repeat(length - 7))), expected);
        assert_eq!(is_long(&format!("/{}", "x".repeat(length - 7))), expected);
        // The whole reference counts, even where dot segments would make it short.
        assert_eq!(is_long(&format!("{}/", "/.".repeat((length - 1) / 2))), expected);
    }
    let redirect = located("ws://a/", "/Marker5f1c?Marker5f1c").unwrap();
    assert!(!format!("{redirect:?}").contains("Marker5f1c"));
}

/// Section 5.2.4, step by step, as it is written there.
fn remove_dot_segments(path: &str) -> String {
    let (mut input, mut output) = (path.to_owned(), String::new());
    while !input.is_empty() {
        if let Some(rest) = input.strip_prefix("../").or(input.strip_prefix("./")) {
            input = rest.to_owned();
        } else if input.starts_with("/./") {
            input = input[2..].to_owned();
        } else if input == "/." {
            "/".clone_into(&mut input);
        } else if input.starts_with("/../") || input == "/.." {
            input = format!("/{}", input.strip_prefix("/../").unwrap_or_default());
            output.truncate(output.rfind('/').unwrap_or(0));
        } else if input == "." || input == ".." {
            input.clear();
        } else {
            let end = input[1..].find('/').map_or(input.len(), |at| at + 1);
            output.push_str(&input[..end]);
            input = input[end..].to_owned();
        }
    }
    output
}

proptest! {
    // 3986-5.2-a, 3986-5.2.4-a
    #[test]
    fn a_relative_location_is_resolved_as_rfc_3986_describes(
        base in "(/(\\.|\\.\\.|a|b\\.)?){0,6}",
        reference in "/?((\\.|\\.\\.|c|\\.d)?/){0,6}(\\.|\\.\\.|e)?",
        query in proptest::option::of("[a-z/.?]{0,5}"),
    ) {
        // Without this, it would begin with an authority.
        let dot = if reference.starts_with("//") { "." } else { "" };
        let reference = format!("{dot}{reference}");
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let uri = format!("wss://host:7{base}?base");
        let redirect = located(&uri, &format!("{reference}{query}")).unwrap();
        let path = if reference.is_empty() {
            base
        } else if reference.starts_with('/') {
            remove_dot_segments(&reference)
        } else {
            let base = if base.is_empty() { "/" } else { &base };
            let directory = &base[..=base.rfind('/').unwrap()];
            remove_dot_segments(&format!("{directory}{reference}"))
        };
        let query = if reference.is_empty() && query.is_empty() { "?base".into() } else { query };
        let expected = format!("wss://host:7{path}{query}");
        prop_assert_eq!(redirect.uri(), Uri::parse(&expected).unwrap());
        prop_assert!(redirect.is_same_origin() && !redirect.is_downgrade());
    }

    // 3986-5.2-a, P-se-j
    #[test]
    fn a_location_leads_to_a_websocket_or_nowhere(
        location in "((https?|wss?|ftp)?:?(//)?[ab@:.]{0,3}(:[0-9]{1,5})?)?[!-~]{0,12}",
        is_secure in any::<bool>(),
    ) {
        let uri = if is_secure { "wss://a/b/c" } else { "ws://a/b/c" };
        if let Ok(redirect) = located(uri, &location) {
            let (to, text) = (redirect.uri(), redirect.uri().to_string());
            prop_assert_eq!(Uri::parse(&text), Ok(to));
            let origin = |uri: &Uri<'_>| (uri.is_secure(), uri.host().to_string(), uri.port());
            let is_same = origin(&to) == origin(&Uri::parse(uri).unwrap());
            prop_assert_eq!(redirect.is_same_origin(), is_same);
            prop_assert_eq!(redirect.is_downgrade(), is_secure && text.starts_with("ws:"));
        }
    }
}
