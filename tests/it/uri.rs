//! `ws` and `wss` URIs: their parts, the errors, and what a request contains of them.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io,
};

use hybi::{
    Host, Uri, UriBuf, UriError,
    client::Request,
    random::{Entropy, EntropyError},
};
use proptest::{prop_oneof, proptest};

/// The nonce of the example in section 1.3. No test here depends on it.
struct SampleNonce;

impl Entropy for SampleNonce {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.iter_mut().zip(b"the sample nonce").for_each(|(byte, from)| *byte = *from);
        Ok(())
    }
}

/// The first two lines of the request for this URI: `GET … HTTP/1.1` and `Host: …`.
fn request_of(uri: &Uri<'_>) -> [String; 2] {
    let mut outbox = Vec::new();
    Request::new(uri).send_with(SampleNonce, &mut outbox).unwrap();
    let text = String::from_utf8(outbox).unwrap();
    let mut lines = text.split("\r\n").map(String::from);
    [lines.next().unwrap(), lines.next().unwrap()]
}

// 6455-3-a, 6455-3-b, 6455-3-c, 6455-3-d, 6455-12-a, 6455-4.1-k, 6455-4.1-l, P-uri-g, 8307-3-a
#[test]
fn the_parts_of_a_uri() {
    // URI, secure, host and port to connect to, request target, Host field.
    let table = [
        ("ws://h", false, "h", 80, "/", "h"),
        ("wss://h", true, "h", 443, "/", "h"),
        ("ws://h/", false, "h", 80, "/", "h"),
        ("ws://h:8080", false, "h", 8080, "/", "h:8080"),
        ("wss://h:8443/", true, "h", 8443, "/", "h:8443"),
        // The default port of the scheme is omitted from Host; that of the other scheme is not.
        ("ws://h:80/", false, "h", 80, "/", "h"),
        ("wss://h:443/", true, "h", 443, "/", "h"),
        ("ws://h:443/", false, "h", 443, "/", "h:443"),
        ("wss://h:80/", true, "h", 80, "/", "h:80"),
        ("ws://h:65535/", false, "h", 65535, "/", "h:65535"),
        ("WSS://h/", true, "h", 443, "/", "h"),
        ("wSs://h/", true, "h", 443, "/", "h"),
        ("Ws://h/", false, "h", 80, "/", "h"),
        ("ws://h?x=1", false, "h", 80, "/?x=1", "h"),
        ("ws://h/?x=1", false, "h", 80, "/?x=1", "h"),
        ("ws://h/a?b", false, "h", 80, "/a?b", "h"),
        ("ws://h/a?b?c/d", false, "h", 80, "/a?b?c/d", "h"),
        ("ws://h/p?", false, "h", 80, "/p", "h"),
        ("ws://h?", false, "h", 80, "/", "h"),
        ("ws://h//a//b", false, "h", 80, "//a//b", "h"),
        ("ws://h/a:b@c", false, "h", 80, "/a:b@c", "h"),
        ("ws://h/.well-known/x", false, "h", 80, "/.well-known/x", "h"),
        ("wss://h:9/.well-known/x", true, "h", 9, "/.well-known/x", "h:9"),
        ("ws://example.com/chat", false, "example.com", 80, "/chat", "example.com"),
        ("ws://xn--bcher-kva.de/", false, "xn--bcher-kva.de", 80, "/", "xn--bcher-kva.de"),
        ("ws://-._~!$&'()*+,;=/", false, "-._~!$&'()*+,;=", 80, "/", "-._~!$&'()*+,;="),
        ("ws://h%41/", false, "h%41", 80, "/", "h%41"),
        ("ws://192.0.2.1:81/", false, "192.0.2.1", 81, "/", "192.0.2.1:81"),
        ("ws://[2001:db8::1]/", false, "[2001:db8::1]", 80, "/", "[2001:db8::1]"),
        ("wss://[2001:db8::1]:9/", true, "[2001:db8::1]", 9, "/", "[2001:db8::1]:9"),
    ];
    for (text, secure, host, port, target, authority) in table {
        let uri = Uri::parse(text).unwrap();
        assert_eq!(uri.is_secure(), secure, "{text}");
        assert_eq!((uri.host().to_string(), uri.port()), (host.into(), port), "{text}");
        assert_eq!(uri.resource_name().to_string(), target, "{text}");
        assert_eq!(uri.authority().to_string(), authority, "{text}");
        let lines = [format!("GET {target} HTTP/1.1"), format!("Host: {authority}")];
        assert_eq!(request_of(&uri), lines, "{text}");
    }
}

// 6455-3-d, P-uri-g
#[test]
fn path_and_query_are_separate() {
    let table = [
        ("ws://h", "/", None),
        ("ws://h/a/b", "/a/b", None),
        ("ws://h/a?b=c?d", "/a", Some("b=c?d")),
        ("ws://h?b", "/", Some("b")),
        ("ws://h/p?", "/p", Some("")),
    ];
    for (text, path, query) in table {
        let uri = Uri::parse(text).unwrap();
        assert_eq!((uri.path(), uri.query()), (path, query), "{text}");
    }
}

// 6455-3-a, 6455-3-c, 6455-3-e, 6455-4.1-a, 6455-12-a, P-uri-b, P-uri-f
#[test]
fn invalid_uris_are_refused() {
    let table = [
        ("", UriError::Scheme),
        ("h", UriError::Scheme),
        ("/chat", UriError::Scheme),
        ("//h/", UriError::Scheme),
        ("ws", UriError::Scheme),
        ("ws:", UriError::Scheme),
        ("ws:h", UriError::Scheme),
        ("ws:/h", UriError::Scheme),
        ("ws//h", UriError::Scheme),
        ("://h", UriError::Scheme),
        ("wsss://h/", UriError::Scheme),
        ("w://h/", UriError::Scheme),
        ("ws ://h/", UriError::Scheme),
        (" ws://h/", UriError::Scheme),
        ("http://h/", UriError::Scheme),
        ("https://h", UriError::Scheme),
        ("ws://", UriError::NoHost),
        ("ws:///p", UriError::NoHost),
        ("ws://?q", UriError::NoHost),
        ("ws://:80/", UriError::NoHost),
        ("ws://h/a#b", UriError::Fragment),
        ("ws://h/#", UriError::Fragment),
        ("ws://h#", UriError::Fragment),
        ("ws://h?q#f", UriError::Fragment),
        ("ws://h\\p", UriError::Host),
        ("ws://h /", UriError::Host),
        ("ws://h/ ", UriError::Byte { offset: 7 }),
        ("ws://h/a b", UriError::Byte { offset: 8 }),
        ("ws://h/a?b c", UriError::Byte { offset: 10 }),
        ("ws://h/[", UriError::Byte { offset: 7 }),
    ];
    for (text, error) in table {
        assert_eq!(Uri::parse(text).unwrap_err(), error, "{text:?}");
    }
}

// 6455-3-f, P-uri-e, 6455-11.1.1-b
#[test]
fn path_and_query_are_sent_unchanged() {
    for target in ["/a%23b", "/a/../b?%7e", "/./a//", "/%C3%A9", "/%c3%a9?%C3%A9", "/A/b?C=%2F"] {
        let text = format!("ws://h{target}");
        let uri = Uri::parse(&text).unwrap();
        assert_eq!(request_of(&uri)[0], format!("GET {target} HTTP/1.1"));
        assert_eq!(uri.to_string(), text);
    }
}

// 6455-11.1.1-a, 6455-11.1.1-b
#[test]
fn non_ascii_uris_are_refused() {
    let table = [
        ("ws://bücher.de/", UriError::Host),
        ("ws://例え.テスト/", UriError::Host),
        // Some normalizations turn these into a full stop and a slash.
        ("ws://h\u{3002}example/", UriError::Host),
        ("ws://h\u{ff0f}evil/", UriError::Host),
        ("ws://h/\u{e9}", UriError::Byte { offset: 7 }),
        ("ws://h/?\u{e9}", UriError::Byte { offset: 8 }),
    ];
    for (text, error) in table {
        assert_eq!(Uri::parse(text).unwrap_err(), error, "{text:?}");
    }
}

// 3986-2.1-a
#[test]
fn a_percent_sign_needs_two_digits() {
    for broken in ["%", "%4", "%zz", "%4z", "%z4", "%%41", "%4%41", "% 41", "%+1"] {
        for text in
            [format!("ws://h{broken}/"), format!("ws://h/{broken}"), format!("ws://h/?{broken}")]
        {
            assert_eq!(Uri::parse(&text).unwrap_err(), UriError::PercentEncoding, "{text}");
        }
    }
}

// 3986-3.1-a, P-uri-g
#[test]
fn display_writes_the_normalized_form() {
    let table = [
        ("WS://H/", "ws://h/"),
        ("WSS://Example.COM:443/Chat?Q", "wss://example.com/Chat?Q"),
        ("ws://h", "ws://h/"),
        ("ws://h:0081", "ws://h:81/"),
        ("ws://h/p?", "ws://h/p?"),
        ("ws://[2001:DB8:0::1]/", "ws://[2001:db8::1]/"),
    ];
    for (text, shown) in table {
        assert_eq!(Uri::parse(text).unwrap().to_string(), shown);
        assert_eq!(Uri::parse(shown).unwrap().to_string(), shown);
    }
}

// 3986-3.2.2-a, 3986-3.2.2-c, P-uri-h
#[test]
fn ipv6_addresses_are_in_brackets() {
    for address in ["::1", "::", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4"] {
        let expected: std::net::Ipv6Addr = address.parse().unwrap();
        for (after, port) in [("", 80), (":9", 9), (":", 80), ("/p", 80), (":9/p", 9)] {
            let text = format!("ws://[{address}]{after}");
            let uri = Uri::parse(&text).unwrap();
            assert!(matches!(uri.host(), Host::V6(found) if found == expected), "{text}");
            assert_eq!(uri.port(), port, "{text}");
        }
    }
    let refused = [
        ("::1", UriError::NoHost),
        ("1::2", UriError::Host),
        ("[::1", UriError::Host),
        ("::1]", UriError::NoHost),
        ("[::1]x", UriError::Host),
        ("[::1]9", UriError::Host),
        ("[::1]]", UriError::Host),
        ("[[::1]]", UriError::Host),
        ("x[::1]", UriError::Host),
        ("[1::2::3]", UriError::Host),
        ("[1:2:3:4:5:6:7]", UriError::Host),
        ("[1:2:3:4:5:6:7:8:9]", UriError::Host),
        ("[12345::]", UriError::Host),
        ("[g::]", UriError::Host),
        ("[::1.2.3.256]", UriError::Host),
        ("[ ::1]", UriError::Host),
        ("[]", UriError::Host),
        ("[1.2.3.4]", UriError::Host),
        ("[v1.x]", UriError::UnsupportedHost),
        ("[V7.a:b]:80", UriError::UnsupportedHost),
        ("[fe80::1%25eth0]", UriError::UnsupportedHost),
        ("[fe80::1%eth0]", UriError::UnsupportedHost),
    ];
    for (authority, error) in refused {
        let text = format!("ws://{authority}/");
        assert_eq!(Uri::parse(&text).unwrap_err(), error, "{text}");
    }
}

// 3986-3.2.2-b
#[test]
fn hosts_are_compared_case_insensitively() {
    let [one, other] =
        ["ws://EXAMPLE.com", "ws://example.COM:80/x"].map(|t| Uri::parse(t).unwrap());
    assert_eq!(one.authority(), other.authority());
    assert_eq!(one.host(), other.host());
    assert_eq!(request_of(&one)[1], "Host: example.com");
    assert_eq!(request_of(&other)[1], "Host: example.com");

    let keys = [one, other].map(|uri| uri.authority());
    assert_eq!(std::collections::HashSet::from(keys).len(), 1, "equal ones hash alike");
    for different in ["ws://example.org", "ws://example.com:81", "ws://192.0.2.1", "ws://[::1]"] {
        assert_ne!(Uri::parse(different).unwrap().authority(), one.authority(), "{different}");
    }
}

// 3986-3.2.3-a, P-uri-a
#[test]
fn a_port_is_a_number_or_empty() {
    for (port, number) in
        [("", 80), ("1", 1), ("80", 80), ("00080", 80), ("000000000000009", 9), ("65535", 65535)]
    {
        let text = format!("ws://h:{port}/");
        assert_eq!(Uri::parse(&text).unwrap().port(), number, "{text}");
    }
    let refused =
        ["0", "000", "65536", "99999", "100000", "99999999999", "+80", "-1", "8 0", "80a", "0x50"];
    for port in refused {
        for host in ["h", "[::1]"] {
            let text = format!("ws://{host}:{port}/");
            assert_eq!(Uri::parse(&text).unwrap_err(), UriError::Port, "{text}");
        }
    }
    // An empty port is the default, and there is at most one port.
    assert_eq!(Uri::parse("wss://h:/").unwrap().port(), 443);
    assert_eq!(Uri::parse("ws://h:80:80/").unwrap_err(), UriError::Host);
}

// P-uri-c
#[test]
fn credentials_are_refused() {
    for authority in ["u:p@h", "u@h", "@h", ":@h", "u:p@h:80", "a@b@h", "u@[::1]", "h:80@evil"] {
        let text = format!("ws://{authority}/");
        assert_eq!(Uri::parse(&text).unwrap_err(), UriError::Userinfo, "{text}");
    }
}

// P-uri-d, I-01
#[test]
fn each_byte_is_accepted_only_where_the_grammar_allows_it() {
    const UNRESERVED: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    const SUB_DELIMS: &str = "!$&'()*+,;=";

    type Place = fn(char) -> String;
    let positions: [(&str, Place, String); 6] = [
        ("scheme", |c| format!("w{c}s://h/"), "Ss".into()),
        // A `/` or `?` ends the host and starts the path or the query.
        ("host", |c| format!("ws://a{c}b/"), [UNRESERVED, SUB_DELIMS, "/?"].concat()),
        ("port", |c| format!("ws://h:8{c}1/"), "0123456789/?".into()),
        ("path", |c| format!("ws://h/a{c}b"), [UNRESERVED, SUB_DELIMS, ":@/?"].concat()),
        ("query", |c| format!("ws://h/?a{c}b"), [UNRESERVED, SUB_DELIMS, ":@/?"].concat()),
        ("end", |c| format!("ws://h/a{c}"), [UNRESERVED, SUB_DELIMS, ":@/?"].concat()),
    ];
    for (position, uri, expected) in positions {
        let accepted: String = ('\0'..='\u{ff}').filter(|c| Uri::parse(&uri(*c)).is_ok()).collect();
        let mut expected: Vec<_> = expected.chars().collect();
        expected.sort_unstable();
        assert_eq!(accepted, expected.into_iter().collect::<String>(), "{position}");
    }
}

// P-uri-d, I-01, I-02
#[test]
fn a_uri_cannot_inject_lines() {
    for break_out in ["\r\nX: y", "\r", "\n", "\0", "\t", " HTTP/1.1", "\u{7f}"] {
        for text in [
            format!("ws://h{break_out}/"),
            format!("ws://h:80{break_out}/"),
            format!("ws://h/{break_out}"),
            format!("ws://h/?{break_out}"),
            format!("ws://[::1]{break_out}/"),
        ] {
            assert!(Uri::parse(&text).is_err(), "{text:?}");
        }
    }
}

// 6455-4.1-3c, 8441-5-l: what the script of an automatic configuration is given
#[test]
fn every_uri_can_be_written_with_a_websocket_scheme() {
    let table = [
        ("WS://H:80/a?b", "ws://h/a?b"),
        ("wss://h:80", "wss://h:80/"),
        ("http://h:443/", "ws://h:443/"),
        ("HTTPS://[::1]:443/a%23", "wss://[::1]/a%23"),
    ];
    for (given, written) in table {
        let uri = Uri::parse(given).or_else(|_| Uri::parse_http(given)).unwrap();
        assert_eq!(uri.to_string(), written);
        let again = Uri::parse(written).unwrap();
        assert_eq!((again.is_secure(), again.port()), (uri.is_secure(), uri.port()));
        assert_eq!((again.host(), again.resource_name()), (uri.host(), uri.resource_name()));
    }
}

// P-uri-f
#[test]
fn http_urls_are_accepted_only_by_parse_http() {
    let table = [
        ("http://h", "ws://h/"),
        ("https://h", "wss://h/"),
        ("HTTPS://H:443/a?b", "wss://h/a?b"),
        ("https://h:80", "wss://h:80/"),
    ];
    for (url, uri) in table {
        assert_eq!(Uri::parse(url).unwrap_err(), UriError::Scheme, "{url}");
        assert_eq!(Uri::parse_http(url).unwrap().to_string(), uri);
    }
    for other in ["ws://h", "wss://h", "ftp://h", "httpss://h"] {
        assert_eq!(Uri::parse_http(other).unwrap_err(), UriError::Scheme, "{other}");
    }
    assert_eq!(Uri::parse_http("http://u@h/").unwrap_err(), UriError::Userinfo);
    assert_eq!(Uri::parse_http("http://h/#f").unwrap_err(), UriError::Fragment);
}

// P-uri-i
#[test]
fn the_length_is_limited() {
    let of_length = |length: usize| format!("ws://h/{}", "a".repeat(length - "ws://h/".len()));
    assert_eq!(Uri::MAX_LEN, 8 * 1024);
    assert!(Uri::parse(&of_length(Uri::MAX_LEN)).is_ok());
    assert_eq!(Uri::parse(&of_length(Uri::MAX_LEN + 1)).unwrap_err(), UriError::TooLong);
    // The length is checked before anything else.
    for filler in ["a", "%", ":", "#", "@", "[", "\u{e9}"] {
        let huge = filler.repeat(1024 * 1024);
        assert_eq!(Uri::parse(&huge).unwrap_err(), UriError::TooLong);
        assert_eq!(Uri::parse_http(&huge).unwrap_err(), UriError::TooLong);
    }
}

proptest! {
    // 6455-10.1-a
    #[test]
    fn no_input_makes_the_parser_panic(
        text in prop_oneof![".{0,60}", "wss?://.{0,20}", "wss?://[a-zA-Z0-9.:%@\\[\\]/?#_~-]{0,30}"]
    ) {
        if let Ok(uri) = Uri::parse(&text) {
            // The normalized form of an accepted URI is accepted and equal.
            let shown = uri.to_string();
            let again = Uri::parse(&shown).unwrap();
            assert_eq!(again.to_string(), shown);
            assert_eq!(again.authority(), uri.authority());
            assert_eq!(again.resource_name().to_string(), uri.resource_name().to_string());
        }
    }
}

/// The hash of a value.
fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn a_host_is_a_name_unless_it_is_an_address() {
    let address = std::net::Ipv4Addr::new(1, 2, 3, 4);
    assert!(
        matches!(Uri::parse("ws://1.2.3.4/").unwrap().host(), Host::V4(host) if host == address)
    );
    for name in ["1.2.3.256", "1.2.3", "1.2.3.4.example"] {
        let text = format!("ws://{name}/");
        assert!(matches!(Uri::parse(&text).unwrap().host(), Host::Name(host) if host == name));
    }
}

// A DNS name has at most 253 bytes; with its port, a host may have twice as many.
#[test]
fn the_length_of_a_host_is_limited() {
    for (length, expected) in
        [(512, Ok(())), (513, Err(UriError::HostTooLong)), (600, Err(UriError::HostTooLong))]
    {
        let uri = format!("ws://{}/", "a".repeat(length));
        assert_eq!(Uri::parse(&uri).map(|_| ()), expected, "{length}");
    }
}

// P-uri-g
#[test]
fn uris_are_equal_if_they_send_the_same_request_to_the_same_server() {
    let classes: [&[&str]; 10] = [
        &["ws://h", "ws://h/", "WS://H:80", "ws://h:80/?", "ws://h:"],
        &["wss://h", "wss://h:443/"],
        &["ws://h:443/"],
        &["ws://h/a", "ws://H/a?"],
        &["ws://h/A"],
        &["ws://h/a?b"],
        &["ws://h/a?b?"],
        // Percent-encoding is compared as written.
        &["ws://h/%61"],
        &["ws://1.2.3.4/"],
        &["ws://[::1]/", "ws://[0:0::0001]"],
    ];
    let all =
        || classes.iter().enumerate().flat_map(|(n, class)| class.iter().map(move |u| (n, *u)));
    for (class, text) in all() {
        for (other_class, other_text) in all() {
            let (uri, other) = (Uri::parse(text).unwrap(), Uri::parse(other_text).unwrap());
            let (owned, other_owned) = (UriBuf::from(uri), UriBuf::from(other));
            let expected = class == other_class;
            assert_eq!(uri == other, expected, "{text} {other_text}");
            assert_eq!(owned == other_owned, expected, "{text} {other_text}");
            // The hasher is the same in each run, and two of these do not collide.
            assert_eq!(hash_of(&uri) == hash_of(&other), expected, "{text} {other_text}");
            assert_eq!(hash_of(&owned) == hash_of(&other_owned), expected, "{text} {other_text}");
        }
    }
}

#[test]
fn an_owned_uri_is_equal_to_the_borrowed_one() {
    let texts = [
        "ws://h",
        "ws://h?",
        "ws://h/?",
        "ws://h?x=1",
        "wss://Example.com:8443/chat?room=1?2",
        "ws://1.2.3.4:9/a",
        "wss://[2001:db8::1]/%20?",
        "ws://[::1]:80",
    ];
    for text in texts {
        let owned = {
            let text = String::from(text);
            UriBuf::parse(&text).unwrap()
        };
        let (uri, read) = (owned.as_uri(), Uri::parse(text).unwrap());
        assert_eq!(uri, read);
        assert_eq!(uri.host(), read.host());
        assert_eq!((uri.path(), uri.query()), (read.path(), read.query()));
        assert_eq!(owned.to_string(), read.to_string());
        assert_eq!(format!("{owned:?}"), format!("{read:?}"));
        assert_eq!(request_of(&uri), request_of(&read));
        assert_eq!(text.parse::<UriBuf>(), Ok(owned));
    }
    assert_eq!(UriBuf::parse("http://h"), Err(UriError::Scheme));
    assert_eq!(UriBuf::parse_http("https://h/x"), UriBuf::parse("wss://h/x"));
    assert_eq!("ws://h/ ".parse::<UriBuf>(), Err(UriError::Byte { offset: 7 }));
}

#[test]
fn an_error_converts_to_an_io_error() {
    let parse = |text| -> io::Result<UriBuf> { Ok(UriBuf::parse(text)?) };
    let error = parse("wss//h").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), UriError::Scheme.to_string());
}
