//! Requests that are refused, each for one field.

use hybi::{
    Origins,
    http1::HeadFault,
    http2::SectionFault::{ConnectionSpecific, FieldName, FieldValue, PseudoHeader},
    server::{
        ConnectFault::{self, Authority, NotExtended, Protocol, Scheme, Section},
        Refusal, Request,
    },
};

use crate::support::handshake::connect::{Fields, finish, sound};

const NONE: [&str; 0] = [];

/// Checks that a request is refused for this reason, and answered.
fn refuse(fields: &Fields, expected: impl Into<Refusal>) {
    let expected = expected.into();
    let refusal = Request::from_connect(&fields.pairs(), &Origins::any()).map(|_| ()).unwrap_err();
    assert_eq!(refusal, expected, "{fields:?}");
    let mut response = Fields::default();
    let body = refusal.send_fields(|name, value| response.take(name, value));
    response.assert_sound();
    assert!(matches!(refusal.status(), 400 | 403 | 417 | 431 | 501), "{refusal}");
    assert_eq!(response.all(":status"), [refusal.status().to_string()]);
    assert_eq!(response.all("content-length"), [body.len().to_string()]);
    assert_eq!(response.all("content-type"), ["text/plain"]);
    let is_version = matches!(expected, Refusal::Connect(ConnectFault::UnsupportedVersion(_)));
    assert_eq!(response.all("sec-websocket-version"), if is_version { &["13"][..] } else { &[] });
    assert!(!body.is_empty() && refusal.to_string().contains(std::str::from_utf8(body).unwrap()));
}

fn accept(fields: &Fields) {
    let pairs = fields.pairs();
    let request = Request::from_connect(&pairs, &Origins::any());
    assert!(finish(request.unwrap().accept()).is_ok(), "{fields:?}");
}

// 8441-4-a, 8441-4-b, 9114-4.3-a, 9220-3-a
#[test]
fn each_pseudo_header_field_is_there_once_and_before_the_others() {
    accept(&sound());
    for name in [":method", ":protocol", ":scheme", ":path", ":authority"] {
        let value = sound().all(name)[0].to_owned();
        let malformed = [
            sound().with(name, &[""]),
            sound().with(name, &[&value, &value]),
            sound().with(name, &[&*value, "x"]),
            // After the others.
            sound().with(name, &NONE).and(name, &value),
            sound().and(name, &value),
            sound().with(name, &[format!(" {value}")]),
            sound().with(name, &[format!("{value}\0")]),
        ];
        for (index, fields) in malformed.iter().enumerate() {
            let fault = if index < 5 { PseudoHeader } else { FieldValue };
            refuse(fields, Section(fault));
        }
    }
    refuse(&sound().with(":method", &NONE), Section(PseudoHeader));
    refuse(&sound().with(":scheme", &NONE), Section(PseudoHeader));
    refuse(&sound().with(":path", &NONE), Section(PseudoHeader));
    refuse(&sound().with(":authority", &NONE), Authority);
    // A tunnel has neither a scheme nor a path.
    refuse(&sound().with(":protocol", &NONE), Section(PseudoHeader));
    for name in [":scheme", ":path"] {
        refuse(&sound().with(":protocol", &NONE).with(name, &NONE), Section(PseudoHeader));
    }
    for name in [":status", ":Method", ":", ":version", "::method"] {
        refuse(&sound().with(":method", &NONE).and(name, "x"), Section(PseudoHeader));
        let mut unknown = sound();
        unknown.0.insert(0, (name.into(), b"x".to_vec()));
        refuse(&unknown, Section(PseudoHeader));
    }
    for method in ["GET", "POST", "connect", "CONNECTS"] {
        refuse(&sound().with(":method", &[method]), Section(PseudoHeader));
    }
}

// 8441-4-c, K-01
#[test]
fn other_requests_are_not_for_a_websocket() {
    let get = sound().with(":protocol", &NONE).with(":method", &["GET"]);
    refuse(&get, NotExtended);
    let tunnel = Fields::default().and(":method", "CONNECT").and(":authority", "b.example:22");
    refuse(&tunnel, NotExtended);
    // The authority is where the request was sent, whatever it names.
    let pairs = sound().with(":authority", &["b.example:22"]);
    let pairs = pairs.pairs();
    let request = Request::from_connect(&pairs, &Origins::any()).unwrap();
    assert_eq!(request.host().to_string(), "b.example:22");
    assert_eq!(request.target(), "/chat");
}

// 8441-5-a, 9220-3-c
#[test]
fn another_protocol_is_not_implemented() {
    for protocol in ["websocket", "WebSocket", "WEBSOCKET"] {
        accept(&sound().with(":protocol", &[protocol]));
    }
    for protocol in ["foo", "websocket,foo", "websockets", "connect-udp", "websocket/13", "h2c"] {
        refuse(&sound().with(":protocol", &[protocol]), Protocol);
        assert_eq!(Refusal::from(Protocol).status(), 501);
    }
}

// 8441-5-b
#[test]
fn the_scheme_is_that_of_http_and_the_path_begins_with_a_slash() {
    for scheme in ["https", "http", "HTTPS"] {
        accept(&sound().with(":scheme", &[scheme]));
    }
    for scheme in ["wss", "ws", "httpss", "ftp", "https:"] {
        refuse(&sound().with(":scheme", &[scheme]), Scheme);
    }
    for path in ["/", "/a?b", "/?", "//", "/%", "/a|b"] {
        accept(&sound().with(":path", &[path]));
    }
    for path in ["*", "chat", "?a", "https://server.example.com/", "/a#b", "/a b", "/\u{e9}"] {
        refuse(&sound().with(":path", &[path]), Refusal::Target);
    }
}

// 8441-5-d, 6455-10.2-a
#[test]
fn the_authority_is_a_host_and_the_field_host_agrees() {
    let authority = |value: &str| sound().with(":authority", &[value]);
    for value in ["server.example.com", "a:8080", "[::1]:1", "192.0.2.1", "A"] {
        accept(&authority(value));
        accept(&authority(value).and("host", value));
        accept(&authority(value).and("host", value.to_uppercase()));
        refuse(&authority(value).and("host", "other.example"), Authority);
        refuse(&authority(value).and("host", value).and("host", value), Authority);
        refuse(&authority(value).and("host", ""), Authority);
    }
    // 443 is the port of https, and 80 that of http.
    accept(&authority("a").and("host", "a:443"));
    accept(&authority("a:443").and("host", "a"));
    refuse(&authority("a").and("host", "a:80"), Authority);
    accept(&authority("a").with(":scheme", &["http"]).and("host", "a:80"));
    refuse(&authority("a").with(":scheme", &["http"]).and("host", "a:443"), Authority);
    for value in ["user@a", "a:x", "a:0", "a/b", "a, b", "[::1", "::1", "a b", "\u{e9}", ":80"] {
        refuse(&authority(value), Authority);
    }
}

// 8441-5-c, 9114-4.2-a, K-04
#[test]
fn fields_of_http_1_are_malformed() {
    for name in ["connection", "upgrade", "transfer-encoding", "keep-alive", "proxy-connection"] {
        for value in ["", "x", "Upgrade", "websocket"] {
            refuse(&sound().and(name, value), Section(ConnectionSpecific));
        }
    }
    accept(&sound().and("te", "trailers"));
    refuse(&sound().and("te", "gzip"), Section(ConnectionSpecific));
    refuse(&sound().and("te", "trailers, gzip"), Section(ConnectionSpecific));
}

// 8441-5-g, K-04
#[test]
fn names_and_values_are_of_valid_grammar() {
    for name in ["Origin", "sec-WebSocket-protocol", "a b", "", "a:", "a\r\nb", "\u{e9}", "a\0"] {
        refuse(&sound().and(name, "x"), Section(FieldName));
    }
    for value in ["a\r\nb: c", "a\n", "\0", " a", "a ", "\ta", "a\t", "\x7f", "\x01"] {
        refuse(&sound().and("x", value), Section(FieldValue));
    }
    for value in [&b""[..], b"a\tb", b"\xff", "\u{e9}".as_bytes()] {
        accept(&sound().and("x", value));
    }
}

// P-h2-f, 8441-5-i
#[test]
fn the_version_is_thirteen() {
    let version = |values: &[&str]| sound().with("sec-websocket-version", values);
    refuse(&version(&[]), Refusal::NoVersion);
    refuse(&version(&[]).and("origin", "https://a"), Refusal::NoVersion);
    refuse(&version(&[]).and("sec-websocket-key1", "x"), Refusal::NoVersion);
    for (value, number) in [("12", 12), ("0", 0), ("8", 8), ("14", 14), ("255", 255)] {
        refuse(&version(&[value]), ConnectFault::UnsupportedVersion(number));
    }
    for value in ["", "013", "+13", "13, 8", "x", "256"] {
        refuse(&version(&[value]), Refusal::Version);
    }
    refuse(&version(&["13", "13"]), Refusal::Version);
}

// P-h2-b
#[test]
fn a_request_has_no_body() {
    for length in ["0", "5", "x"] {
        refuse(&sound().and("content-length", length), Refusal::Body);
    }
    refuse(&sound().and("expect", "100-continue"), Refusal::Expectation);
}

// 8441-5-f
#[test]
fn lists_and_origins_are_held_to_the_same_rules() {
    let twice = sound().and("sec-websocket-protocol", "a").and("sec-websocket-protocol", "a");
    refuse(&twice, Refusal::Subprotocols);
    refuse(&sound().and("sec-websocket-extensions", "a;"), Refusal::Extensions);
    let many = vec!["x"; 129].join(",");
    let many = sound().and("sec-websocket-protocol", many);
    refuse(&many, Refusal::Head(HeadFault::TooManyElements));
    refuse(&sound().and("origin", "https://a").and("origin", "https://a"), Refusal::Origin);
    refuse(&sound().and("origin", "\u{e9}"), Refusal::OriginSyntax);

    let check = |fields: &Fields, origins: &Origins<'_>| {
        Request::from_connect(&fields.pairs(), origins).map(|_| ()).err()
    };
    let same = sound().and("origin", "https://server.example.com");
    assert_eq!(check(&same, &Origins::same_host()), None);
    let other = sound().and("origin", "https://evil.example");
    assert_eq!(check(&other, &Origins::same_host()), Some(Refusal::Origin));
    assert_eq!(check(&sound(), &Origins::same_host()), Some(Refusal::Origin));
    assert_eq!(check(&sound(), &Origins::no_browser()), None);
}
