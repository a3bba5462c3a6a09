//! The origins that a server allows.

use hybi::{
    Inbox, OriginFault, Origins,
    server::{Opening, Refusal, Request},
};
use proptest::{collection::vec, prelude::*};

use crate::support::handshake::server::{
    MARKER, Outcome, assert_accepted, assert_refused, serve, sound,
};

const SITE: &str = "https://example.com";

/// Origins that some comparison may take for the origin of the site.
const LOOK_ALIKES: [&str; 33] = [
    "http://example.com",
    "https://example.com:80",
    "https://example.com:8443",
    "https://example.com:4430",
    "https://example.com.",
    "https://.example.com",
    "https://www.example.com",
    "https://example.com.evil.net",
    "https://evil-example.com",
    "https://evil.net/example.com",
    "https://evil.net/https://example.com",
    "https://evil.net?https://example.com",
    "https://evil.net#example.com",
    "https://evil.net\\.example.com",
    "https://evil.net https://example.com",
    "https://example.com https://evil.net",
    "https://example.com, https://evil.net",
    "https://example.com,evil.net",
    "https://example.com@evil.net",
    "https://user@example.com",
    "https://example.co",
    "https://example.comm",
    "https://exampleXcom",
    "https://example%2ecom",
    "https://example.com/",
    "https://example.com/path",
    "xhttps://example.com",
    "wss://example.com",
    "https:example.com",
    "//example.com",
    "example.com",
    "https://",
    "*",
];

/// Whether a request with this `Origin` and `Host` is accepted.
fn allows(origins: Origins<'_>, origin: Option<&str>, host: &str) -> bool {
    let request = sound().with("Origin", origin.as_slice()).with("Host", &[host]).bytes();
    let mut outbox = Vec::new();
    let see = |request: &Request<'_>| assert_eq!(request.origin(), origin, "as it was sent");
    let inbox = Inbox::with_capacity(64);
    match serve(Opening::new(origins), inbox, &mut outbox, &[&request], see) {
        Outcome::Open(..) => true,
        Outcome::Refused(Refusal::Origin) => {
            assert!(outbox.starts_with(b"HTTP/1.1 403 Forbidden\r\n"));
            false
        }
        other => panic!("{other:?}"),
    }
}

// P-se-a, L-07
#[test]
fn there_is_no_policy_by_default() {
    // Does not compile if `_` is ambiguous.
    trait HasNoDefault<A> {
        const HOLDS: bool = true;
    }
    impl<T> HasNoDefault<()> for T {}
    impl<T: Default> HasNoDefault<u8> for T {}

    const { assert!(<Origins<'_> as HasNoDefault<_>>::HOLDS) };
    const { assert!(<Opening<'_> as HasNoDefault<_>>::HOLDS) };
}

// 6455-4.2.2-d, 6455-10.2-a
#[test]
fn an_origin_that_is_not_allowed_is_refused() {
    let request = sound().with("Origin", &[format!("https://{MARKER}.evil.net")]).bytes();
    for origins in [Origins::list(&[SITE]).unwrap(), Origins::same_host(), Origins::no_browser()] {
        assert_refused(&Opening::new(origins), &request, Refusal::Origin, 403);
    }
    assert_accepted(&request, |_| ());
}

// 6455-10.2-a, 6454-6.2-a
#[test]
fn another_spelling_of_an_allowed_origin_is_allowed() {
    let origins = [SITE, "http://a.example", "http://localhost:8080", "https://[::1]:8443"];
    let same = [
        "https://example.com",
        "https://example.com:443",
        "https://EXAMPLE.com",
        "HTTPS://example.com",
        "http://a.example:80",
        "http://localhost:8080",
        "https://[::1]:8443",
        "https://[0:0::0:1]:8443",
    ];
    for origin in same {
        assert!(
            allows(Origins::list(&origins).unwrap(), Some(origin), "other.example"),
            "{origin}"
        );
    }
    // Vice versa: the list contains the port.
    for listed in ["https://example.com:443", "https://Example.com"] {
        assert!(allows(Origins::list(&[listed]).unwrap(), Some(SITE), "other.example"), "{listed}");
    }
}

// 6455-10.2-a, 6454-6.2-a, P-se-c, C-06
#[test]
fn no_similar_origin_is_allowed() {
    for origin in LOOK_ALIKES.into_iter().chain(["null", ""]) {
        for host in ["example.com", "evil.net"] {
            assert!(!allows(Origins::list(&[SITE]).unwrap(), Some(origin), host), "{origin}");
        }
    }
    let other_port = Origins::list(&["http://localhost:8080"]).unwrap();
    for origin in ["http://localhost", "http://localhost:80", "http://127.0.0.1:8080"] {
        assert!(!allows(other_port.clone(), Some(origin), "localhost:8080"), "{origin}");
    }
}

// 6454-6.2-a
#[test]
fn only_http_and_https_have_default_ports() {
    for (entry, port, is_allowed) in [
        ("http://a.example", ":80", true),
        ("https://a.example", ":443", true),
        ("http://a.example", ":443", false),
        ("app://a.example", ":80", false),
        ("app://a.example", ":443", false),
    ] {
        let origins = Origins::list(std::slice::from_ref(&entry)).unwrap();
        assert_eq!(allows(origins, Some(&format!("{entry}{port}")), "b.example"), is_allowed);
    }
}

// P-se-c, 6454-6.2-a, C-06
#[test]
fn the_list_accepts_origins_but_no_patterns() {
    let table = [
        ("*", OriginFault::Pattern),
        ("https://*", OriginFault::Pattern),
        ("https://*.example.com", OriginFault::Pattern),
        ("https://.example.com", OriginFault::Pattern),
        ("", OriginFault::NoScheme),
        ("example.com", OriginFault::NoScheme),
        ("//example.com", OriginFault::NoScheme),
        ("localhost:8080", OriginFault::NoScheme),
        ("NULL", OriginFault::NoScheme),
        ("https://example.com/", OriginFault::Path),
        ("https://example.com/path", OriginFault::Path),
        ("https://example.com?query", OriginFault::Path),
        ("https://example.com#fragment", OriginFault::Path),
        ("file:///", OriginFault::Path),
        ("wss://example.com", OriginFault::WebSocketScheme),
        ("ws://example.com/", OriginFault::WebSocketScheme),
        ("https://", OriginFault::Syntax),
        ("https://user@example.com", OriginFault::Syntax),
        ("https://example.com:port", OriginFault::Syntax),
        ("https://example.com https://www.example.com", OriginFault::Path),
        ("1https://example.com", OriginFault::Syntax),
    ];
    for (entry, fault) in table {
        let error = Origins::list(&[SITE, entry]).unwrap_err();
        assert_eq!((error.index(), error.fault()), (1, fault), "{entry}");
        assert_eq!(Origins::owned([SITE, entry]).unwrap_err(), error, "{entry}");
        assert_eq!(Origins::list(&[entry, SITE]).unwrap_err().index(), 0);
    }
    assert!(!allows(Origins::list(&[]).unwrap(), Some(SITE), "example.com"));
    assert!(!allows(Origins::owned([""; 0]).unwrap(), Some(SITE), "example.com"));
}

// P-se-c, 6454-6.2-a
#[test]
fn null_and_file_origins_must_be_listed() {
    let origins = [Some("null"), Some("file://"), Some("FILE://"), Some(SITE), Some("file://a")];
    let table: [(&[&str], [bool; 5]); 5] = [
        (&["null"], [true, false, false, false, false]),
        (&["file://"], [false, true, true, false, false]),
        (&["File://", SITE], [false, true, true, true, false]),
        (&["file://a"], [false, false, false, false, true]),
        (&[SITE], [false, false, false, true, false]),
    ];
    for (list, expected) in table {
        for allowed in [Origins::list(list).unwrap(), Origins::owned(list).unwrap()] {
            let found = origins.map(|origin| allows(allowed.clone(), origin, "example.com"));
            assert_eq!(found, expected, "{list:?}");
        }
    }
}

// 6455-10.2-a, 6454-6.2-a
#[test]
fn an_owned_list_allows_the_same_as_a_borrowed_one() {
    let list = [SITE, "http://localhost:8080", "HTTPS://[::1]:8443", "https://192.0.2.1"];
    let owned = Origins::owned(list.map(String::from)).unwrap();
    let others = ["https://EXAMPLE.com:443", "http://LOCALHOST:8080", "https://[0::1]:8443"];
    let others = others.into_iter().chain(["https://192.0.2.1:443", "https://192.0.2.2", "null"]);
    for origin in LOOK_ALIKES.into_iter().chain(list).chain(others) {
        let expected = allows(Origins::list(&list).unwrap(), Some(origin), "example.com");
        assert_eq!(allows(owned.clone(), Some(origin), "example.com"), expected, "{origin}");
    }
    assert!(allows(owned.clone(), Some("https://192.0.2.1:443"), "example.com"));
    assert!(!allows(owned.clone(), None, "example.com"));
    assert!(allows(owned.or_no_browser(), None, "example.com"));
}

// 6455-4.2.1-j, 6455-10.2-a, C-06
#[test]
fn a_missing_origin_is_not_null() {
    // Whether the site, `null`, and a request without an origin are allowed.
    let table = [
        (Origins::any(), [true, true, true]),
        (Origins::list(&[SITE]).unwrap(), [true, false, false]),
        (Origins::list(&[SITE]).unwrap().or_no_browser(), [true, false, true]),
        (Origins::same_host(), [true, false, false]),
        (Origins::same_host().or_no_browser(), [true, false, true]),
        (Origins::no_browser(), [false, false, true]),
        (Origins::no_browser().or_no_browser(), [false, false, true]),
    ];
    for (origins, expected) in table {
        let found = [Some(SITE), Some("null"), None]
            .map(|origin| allows(origins.clone(), origin, "example.com"));
        assert_eq!(found, expected, "{origins:?}");
    }
}

// P-se-b
#[test]
fn same_host_compares_host_and_port() {
    let table = [
        ("example.com", "https://example.com", true),
        ("example.com", "http://example.com", true),
        ("EXAMPLE.com", "https://example.COM:443", true),
        ("example.com:443", "https://example.com", true),
        ("example.com:80", "http://example.com", true),
        ("example.com:8080", "http://example.com:8080", true),
        ("[::1]:8080", "http://[0::1]:8080", true),
        ("example.com:8080", "http://example.com", false),
        ("example.com", "http://example.com:8080", false),
        ("example.com:443", "http://example.com", false),
        ("example.com:80", "https://example.com", false),
        ("example.com", "http://example.com:443", false),
        ("127.0.0.1", "http://localhost", false),
        ("example.com", "null", false),
    ];
    for (host, origin, expected) in table {
        let found = allows(Origins::same_host(), Some(origin), host);
        assert_eq!(found, expected, "{origin} at {host}");
    }
    for origin in LOOK_ALIKES.into_iter().filter(|origin| *origin != "http://example.com") {
        assert!(!allows(Origins::same_host(), Some(origin), "example.com"), "{origin}");
    }
}

// P-se-b, C-01, C-02, C-05, L-07
#[test]
fn neither_host_nor_target_widens_a_policy() {
    let evil = "https://evil.net";
    // A page whose name resolves to this machine also sends that name as `Host`.
    for host in ["localhost:5173", "127.0.0.1:5173", "evil.net", "example.com"] {
        for listed in [SITE, "http://localhost:5173", "http://127.0.0.1:5173"] {
            assert!(!allows(Origins::list(&[listed]).unwrap(), Some(evil), host), "{host}");
        }
    }
    let targets = ["//evil.net/x", "https://evil.net/x", "//evil.net", "/https://evil.net/"];
    for target in targets {
        let request = sound()
            .start(format!("GET {target} HTTP/1.1"))
            .with("Host", &["example.com"])
            .with("Origin", &[evil])
            .with("X-Forwarded-Host", &["evil.net"])
            .bytes();
        assert_refused(
            &Opening::new(Origins::list(&[SITE]).unwrap()),
            &request,
            Refusal::Origin,
            403,
        );
        // An absolute target determines the host, but a page can choose it no more than the Host
        // field.
        if !target.starts_with("https:") {
            assert_refused(&Opening::new(Origins::same_host()), &request, Refusal::Origin, 403);
        }
    }
}

// 6454-7.3-a
#[test]
fn several_origins_are_refused_by_every_policy() {
    for values in [[SITE, SITE], [SITE, "https://evil.net"], ["null", SITE]] {
        let request = sound().with("Origin", &values).bytes();
        for origins in [Origins::any(), Origins::list(&[SITE]).unwrap(), Origins::same_host()] {
            assert_refused(&Opening::new(origins), &request, Refusal::Origin, 403);
        }
    }
}

proptest! {
    // 6454-6.2-a, P-se-c, 6455-10.1-a
    #[test]
    fn a_different_string_is_a_different_origin(
        mutations in vec((any::<prop::sample::Index>(), "[ -~]{0,3}", 0..3_usize), 1..3),
    ) {
        let mut origin = SITE.to_string();
        for (at, text, removed) in mutations {
            let at = at.index(origin.len() + 1);
            let end = (at + removed).min(origin.len());
            origin.replace_range(at..end, &text);
        }
        // Whitespace at the ends is not part of the value of the field.
        let origin = origin.trim();
        let lower = origin.to_lowercase();
        let port = lower.strip_prefix(SITE).and_then(|rest| rest.strip_prefix(':'));
        let same = lower == SITE || port.is_some_and(|port| port.is_empty() || {
            port.parse() == Ok(443) && port.starts_with(|c: char| c.is_ascii_digit())
        });
        prop_assert_eq!(allows(Origins::list(&[SITE]).unwrap(), Some(origin), "example.com"), same);
    }
}

// 9112-3.2.2-a
#[test]
fn the_host_of_an_absolute_target_replaces_the_host_field() {
    // The target, the Host field, the origin, and whether `same_host` allows it.
    let table = [
        ("http://good.example", "evil.example", "http://good.example", true),
        ("http://evil.example", "good.example", "http://good.example", false),
        ("http://good.example:8080", "good.example", "http://good.example:8080", true),
        ("http://good.example", "good.example:8080", "http://good.example:8080", false),
        ("HTTPS://GOOD.example", "evil.example", "https://good.example", true),
        ("ws://good.example", "evil.example", "http://good.example", true),
        ("ws://evil.example", "good.example", "http://good.example", false),
        ("wss://good.example:443", "evil.example", "https://good.example", true),
        ("wss://good.example:80", "good.example", "https://good.example", false),
        ("ws://[::1]:9001", "good.example", "http://[0:0::1]:9001", true),
    ];
    for (target, host, origin, is_same) in table {
        for path in ["/chat", "/", "?a=b", ""] {
            let head = sound().start(format!("GET {target}{path} HTTP/1.1"));
            let request = head.with("Host", &[host]).with("Origin", &[origin]).bytes();
            let same_host = Opening::new(Origins::same_host());
            let authority = target.to_lowercase();
            let see = |request: &Request<'_>| {
                assert!(authority.ends_with(&format!("://{}", request.host())), "{target}");
                request.path().to_owned()
            };
            let outcome =
                serve(same_host, Inbox::with_capacity(64), &mut Vec::new(), &[&request], see);
            let path = if path == "/chat" { path } else { "/" };
            let expected = if is_same {
                Outcome::Open(path.to_owned(), Vec::new())
            } else {
                Outcome::Refused(Refusal::Origin)
            };
            assert_eq!(outcome, expected, "{target} {host} {origin}");
        }
    }
    // Exactly one valid Host is still required (RFC 9112, section 3.2).
    let none: [&str; 0] = [];
    for hosts in [&none[..], &["a b"], &["a.example", "a.example"]] {
        let request = sound().start("GET http://a.example/ HTTP/1.1").with("Host", hosts).bytes();
        assert_refused(&Opening::new(Origins::any()), &request, Refusal::Host, 400);
    }
}

/// The same with a target that another HTTP implementation has parsed.
#[cfg(feature = "http")]
// 9112-3.2.2-a
#[test]
fn the_host_of_an_absolute_target_replaces_the_host_field_of_a_parsed_request() {
    for (target, expected) in [
        ("/", Err(Refusal::Origin)),
        ("http://good.example/", Ok(())),
        ("wss://good.example/", Ok(())),
        ("WS://good.example/", Ok(())),
        ("http://evil.example/", Err(Refusal::Origin)),
        ("ftp://good.example/", Err(Refusal::Target)),
    ] {
        let request = http::Request::get(target)
            .header("Host", "evil.example")
            .header("Origin", "http://good.example")
            .header("Upgrade", "websocket")
            .header("Connection", "Upgrade")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .body(())
            .unwrap();
        let result = Request::from_http(&request, &Origins::same_host()).map(|_| ());
        assert_eq!(result, expected, "{target}");
    }
}
