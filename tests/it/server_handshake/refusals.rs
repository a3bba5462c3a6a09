//! Refused requests. Each differs from a valid one in one place.

use hybi::{http1::HeadFault, server::Refusal};

use crate::support::handshake::{
    head::KEY,
    server::{MARKER, assert_accepted, assert_refused, opening, sound},
};

/// Checks that the valid request is refused with these values of a field.
fn refuse_field(name: &str, values: &[impl AsRef<[u8]>], refusal: Refusal, status: u16) {
    assert_refused(&opening(), &sound().with(name, values).bytes(), refusal, status);
}

/// Checks that the valid request is refused with this start line.
fn refuse_start(line: impl AsRef<[u8]>, refusal: Refusal, status: u16) {
    assert_refused(&opening(), &sound().start(line).bytes(), refusal, status);
}

// 6455-4.2.1-a
#[test]
fn the_unmodified_request_is_accepted() {
    assert_accepted(&sound().bytes(), |_| ());
}

// 6455-4.2.1-b
#[test]
fn methods_other_than_get() {
    for method in ["POST", "PUT", "OPTIONS", "CONNECT", "get", "Get", "GETS", MARKER] {
        let request = sound().start(format!("{method} /{MARKER} HTTP/1.1")).bytes();
        let response = assert_refused(&opening(), &request, Refusal::Method, 405);
        assert_eq!(response.all("allow"), ["GET"]);
    }
}

// 6455-4.2.1-a, 6455-4.2.1-c, 6455-4.2.1-d, 6455-10.7-c
#[test]
fn malformed_request_lines() {
    let lines = [
        "",
        "GET",
        "GET /Marker5f1c",
        "GET  HTTP/1.1",
        "GET /Marker5f1c  HTTP/1.1",
        "GET  /Marker5f1c HTTP/1.1",
        " GET /Marker5f1c HTTP/1.1",
        "GET /Marker5f1c HTTP/1.1 ",
        "GET /Marker5f1c x HTTP/1.1",
        "GET\t/Marker5f1c\tHTTP/1.1",
        "/Marker5f1c HTTP/1.1",
        "G(T /Marker5f1c HTTP/1.1",
        "GÉT /Marker5f1c HTTP/1.1",
        "GET /Marker5f1c\u{e9} HTTP/1.1",
        "GET /Marker5f1c HTTP",
        "GET /Marker5f1c HTTP/1",
        "GET /Marker5f1c HTTP/11",
        "GET /Marker5f1c HTTP/1.10",
        "GET /Marker5f1c HTTP/01.1",
        "GET /Marker5f1c HTTP/1,1",
        "GET /Marker5f1c HTTP/1.x",
        "GET /Marker5f1c HTTP/x.1",
        "GET /Marker5f1c HHTTP/1.1",
        "GET /Marker5f1c HTTP/HTTP/1.1",
        "GET /Marker5f1c http/1.1",
        "GET /Marker5f1c hTTP/1.1",
        "GET /Marker5f1c HTTPS/1.1",
        "GET /Marker5f1c Marker5f1c",
    ];
    for line in lines {
        refuse_start(line, Refusal::Head(HeadFault::StartLine), 400);
    }
}

// 6455-4.2.1-c, 9110-7.8-a
#[test]
fn http_versions_without_upgrade() {
    refuse_start(format!("GET /{MARKER} HTTP/1.0"), Refusal::HttpVersion, 400);
    for version in ["0.9", "2.0", "2.1", "3.0", "9.9"] {
        let line = format!("GET /{MARKER} HTTP/{version}");
        refuse_start(line, Refusal::Head(HeadFault::HttpVersion), 505);
    }
    refuse_start("PRI * HTTP/2.0", Refusal::Head(HeadFault::HttpVersion), 505);
}

// 6455-4.2.1-d
#[test]
fn targets_that_are_neither_a_path_nor_a_uri() {
    let targets =
        ["*", "Marker5f1c", "Marker5f1c.example.com:80", "?Marker5f1c", "http:/Marker5f1c"];
    let other_schemes = ["ftp://Marker5f1c/", "httpx://Marker5f1c/", "wsx://h/", "://h/"];
    for target in targets.into_iter().chain(other_schemes) {
        refuse_start(format!("GET {target} HTTP/1.1"), Refusal::Target, 400);
    }
}

// 6455-4.2.1-a, 6455-4.2.1-d
#[test]
fn absolute_targets_without_a_valid_host() {
    for authority in ["", ":80", "Marker5f1c@a.example", "a.example:x", "[::1", "a<b>.example"] {
        for path in ["", "/", "/Marker5f1c", "?Marker5f1c"] {
            for scheme in ["http", "https", "ws", "WSS"] {
                let line = format!("GET {scheme}://{authority}{path} HTTP/1.1");
                refuse_start(line, Refusal::Target, 400);
            }
        }
    }
}

// 6455-4.2.1-d, A-16
#[test]
fn a_fragment_or_a_control_character_in_the_target() {
    for target in ["/Marker5f1c#x", "/#", "http://h/#Marker5f1c"] {
        let line = format!("GET {target} HTTP/1.1");
        refuse_start(line, Refusal::Head(HeadFault::StartLine), 400);
    }
    for control in ['\0', '\x01', '\x1b', '\x7f'] {
        let line = format!("GET /{MARKER}{control} HTTP/1.1");
        refuse_start(line, Refusal::Head(HeadFault::ControlCharacter), 400);
    }
}

// 6455-4.2.1-e, 9112-3.2-a
#[test]
fn a_missing_invalid_or_repeated_host() {
    let none: [&str; 0] = [];
    refuse_field("Host", &none, Refusal::Host, 400);
    refuse_field("Host", &["Marker5f1c", "Marker5f1c"], Refusal::Host, 400);
    refuse_field("Host", &["a.example", "b.example"], Refusal::Host, 400);
    let values = [
        "",
        "a.example, b.example",
        "a.example,",
        "a example",
        "a.example/",
        "a.example/Marker5f1c",
        "http://a.example",
        "user@a.example",
        "a.example:port",
        "a.example:65536",
        "a.example:0",
        "a.example:80:80",
        ":80",
        "[::1",
        "::1",
        "[::1]x",
        "a.example?",
        "a.example#",
        "a.example\\",
        "\"a.example\"",
        "a%zz.example",
        "b\u{fc}cher.example",
    ];
    for value in values {
        refuse_field("Host", &[value], Refusal::Host, 400);
    }
}

// 6455-4.2.1-f, A-11, A-13
#[test]
fn an_upgrade_to_another_protocol_or_none() {
    let none: [&str; 0] = [];
    let values = ["", "h2c", "websockets", "web socket", "\"websocket\"", "xwebsocket", MARKER];
    let requests = values.map(|value| sound().with("Upgrade", &[value]));
    for request in requests.into_iter().chain([sound().with("Upgrade", &none)]) {
        let response = assert_refused(&opening(), &request.bytes(), Refusal::NotWebSocket, 426);
        assert_eq!(response.all("upgrade"), ["websocket"]);
        assert_eq!(response.all("sec-websocket-version"), ["13"]);
    }
}

// 6455-4.2.1-g, A-13
#[test]
fn a_connection_field_without_upgrade() {
    let none: [&str; 0] = [];
    refuse_field("Connection", &none, Refusal::Connection, 400);
    refuse_field("Connection", &["close", "keep-alive"], Refusal::Connection, 400);
    for value in ["", ",", "close", "notupgrade", "upgraded", "up grade", "\"upgrade\"", MARKER] {
        refuse_field("Connection", &[value], Refusal::Connection, 400);
    }
}

// 6455-4.2.1-h, 6455-11.3.1-b, A-13
#[test]
fn a_missing_malformed_or_repeated_key() {
    let none: [&str; 0] = [];
    refuse_field("Sec-WebSocket-Key", &none, Refusal::Key, 400);
    refuse_field("Sec-WebSocket-Key", &[KEY, KEY], Refusal::Key, 400);
    refuse_field("Sec-WebSocket-Key", &[KEY, "AQIDBAUGBwgJCgsMDQ4PEA=="], Refusal::Key, 400);
    let values = [
        "",
        "dGhlIHNhbXBsZSBub25j",       // 15 bytes
        "dGhlIHNhbXBsZSBub25jZTE=",   // 17 bytes
        "dGhlIHNhbXBsZSBub25jZTEy",   // 18 bytes
        "dGhlIHNhbXBsZSBub25jZQ",     // no padding
        "dGhlIHNhbXBsZSBub25jZQ=",    // half of the padding
        "dGhlIHNhbXBsZSBub25jZQ===",  // too much padding
        "dGhlIHNhbXBsZSBub25jZQ=a",   // trailing data
        "dGhlIHNhbXBsZSBub2-_ZQ==",   // the alphabet of URLs
        "dGhlIHNhbXBs SBub25jZQ==",   // a space
        "dGhlIHNhbXBsZSBub25jZQ==,",  // a list
        "\"dGhlIHNhbXBsZSBub25jZQ==", // a quote
        "========================",
    ];
    for value in values {
        refuse_field("Sec-WebSocket-Key", &[value], Refusal::Key, 400);
    }
}

// 6455-4.2.1-i, 6455-4.3-a, 6455-11.3.5-b, A-13
#[test]
fn a_malformed_or_repeated_version() {
    let name = "Sec-WebSocket-Version";
    let none: [&str; 0] = [];
    refuse_field(name, &none, Refusal::NoVersion, 400);
    refuse_field(name, &["13", "13"], Refusal::Version, 400);
    refuse_field(name, &["8", "13"], Refusal::Version, 400);
    let values = [
        "",
        "013",
        "00",
        "+13",
        "-13",
        "13.0",
        "1 3",
        "0x0d",
        "256",
        "1300",
        "13, 8",
        "13,",
        "\"13\"",
        "RFC6455",
        "99999999999999999999",
        "\u{ff11}\u{ff13}",
        MARKER,
    ];
    for value in values {
        refuse_field(name, &[value], Refusal::Version, 400);
    }
}

// 6455-4.2.2-f, 6455-4.4-b, 6455-11.6-a, P-sh-i, A-12
#[test]
fn unsupported_versions() {
    for version in [0, 7, 8, 12, 14, 25, 255] {
        let request = sound().with("Sec-WebSocket-Version", &[version.to_string()]).bytes();
        let refusal = Refusal::UnsupportedVersion(version);
        let response = assert_refused(&opening(), &request, refusal, 426);
        assert_eq!(response.all("sec-websocket-version"), ["13"]);
        assert_eq!(response.all("upgrade"), ["websocket"]);
    }
}

// P-sh-i, A-12
#[test]
fn drafts_are_refused_with_the_version_to_use() {
    let none: [&str; 0] = [];
    let draft = sound().with("Sec-WebSocket-Version", &none).with("Sec-WebSocket-Key", &none);
    let hixie_76 = draft
        .clone()
        .with("Sec-WebSocket-Key1", &["4 @1  46546xW%0l 1 5"])
        .with("Sec-WebSocket-Key2", &["12998 5 Y3 1  .P00"]);
    let hybi_8 = sound()
        .with("Sec-WebSocket-Version", &["8"])
        .with("Origin", &none)
        .with("Sec-WebSocket-Origin", &[MARKER]);
    let drafts = [
        (draft, Refusal::Hixie75),
        (hixie_76, Refusal::Hixie76),
        (hybi_8.clone(), Refusal::UnsupportedVersion(8)),
    ];
    for (request, refusal) in drafts {
        let response = assert_refused(&opening(), &request.bytes(), refusal, 426);
        assert_eq!(response.all("sec-websocket-version"), ["13"]);
    }
    // Also with a draft version, the fields that a proxy checks are required.
    for version in ["7", "8"] {
        let hybi = hybi_8.clone().with("Sec-WebSocket-Version", &[version]);
        let request = hybi.clone().with("Upgrade", &none).bytes();
        assert_refused(&opening(), &request, Refusal::NotWebSocket, 426);
        let request = hybi.with("Connection", &none).bytes();
        assert_refused(&opening(), &request, Refusal::Connection, 400);
    }
}

// 6455-4.2.1-k
#[test]
fn subprotocols_that_are_not_distinct_tokens() {
    let name = "Sec-WebSocket-Protocol";
    let values = [
        "", ",", " , ,", "a b", "\"a\"", "\"\"", "a;b", "a/b", "a=b", "(a)", "a@b", "a, b c",
        "a, a", "a, b, a", "a,\u{e9}", "a\tb",
    ];
    for value in values {
        refuse_field(name, &[value], Refusal::Subprotocols, 400);
    }
    refuse_field(name, &["a", "a"], Refusal::Subprotocols, 400);
    refuse_field(name, &["a, b", "c, b"], Refusal::Subprotocols, 400);
    refuse_field(name, &["a", ""], Refusal::Subprotocols, 400);
}

// 9110-10.1.1-a
#[test]
fn an_expect_field() {
    for value in ["100-continue", "100-Continue", "", MARKER] {
        refuse_field("Expect", &[value], Refusal::Expectation, 417);
    }
}

// P-sh-b, A-08, B-06, B-09
#[test]
fn a_body_or_what_another_parser_may_read_as_one() {
    let lengths = [
        "1",
        "10",
        "10000000000",
        "99999999999999999999",
        "+0",
        "-0",
        "00",
        "0x0",
        "0, 0",
        "0,",
        "0 0",
        "0.0",
        "\"0\"",
        "",
        MARKER,
    ];
    for length in lengths {
        refuse_field("Content-Length", &[length], Refusal::Body, 400);
    }
    refuse_field("Content-Length", &["0", "0"], Refusal::Body, 400);
    refuse_field("Content-Length", &["0", "1"], Refusal::Body, 400);
    for coding in ["chunked", "gzip, chunked", "identity", "", MARKER] {
        refuse_field("Transfer-Encoding", &[coding], Refusal::Body, 400);
    }
    let both = sound().with("Content-Length", &["0"]).with("Transfer-Encoding", &["chunked"]);
    assert_refused(&opening(), &both.bytes(), Refusal::Body, 400);
}

// P-sh-e, 6455-4.2.1-a
#[test]
fn malformed_fields() {
    // Each line starts after the colon of a valid field.
    let lines = [
        "x\r\n folded: Marker5f1c",
        "x\r\n\tfolded",
        "x\r\nNoColon",
        "x\r\n: Marker5f1c",
        "x\r\nX-Marker5f1c : y",
        "x\r\nX-Marker5f1c\t: y",
        "x\r\nX Y: Marker5f1c",
        "x\r\nX(Y): Marker5f1c",
        "x\r\nX/Y: Marker5f1c",
        "x\r\n\"X\": Marker5f1c",
        "x\r\nX\u{e9}: Marker5f1c",
    ];
    for line in lines {
        refuse_field("X", &[line], Refusal::Head(HeadFault::Field), 400);
    }
    let line = format!("GET /{MARKER} HTTP/1.1\r\n X: y");
    refuse_start(line, Refusal::Head(HeadFault::Field), 400);
}

// P-sh-e
#[test]
fn lines_that_do_not_end_with_crlf() {
    for value in ["a\rb", "a\r", "a\r\r", "\r", "a\nX: b", "a\n", "\n"] {
        refuse_field("X", &[value], Refusal::Head(HeadFault::LineEnd), 400);
    }
    let text = String::from_utf8(sound().bytes()).unwrap();
    let heads = [
        text.replace("\r\n", "\n"),
        text.replace("\r\n", "\r"),
        text.replacen("\r\n", "\n", 1),
        text.replace("\r\n\r\n", "\r\n\n"),
        text.replace("\r\n\r\n", "\n\r\n"),
        text.replace("\r\n\r\n", "\r\n\rx"),
    ];
    for head in heads {
        let fault = Refusal::Head(HeadFault::LineEnd);
        assert_refused(&opening(), head.as_bytes(), fault, 400);
    }
}

// P-sh-e, P-sh-j
#[test]
fn control_characters() {
    let controls = (0..0x20_u8).chain([0x7f]).filter(|byte| !b"\t\r\n".contains(byte));
    for control in controls {
        let value = [MARKER.as_bytes(), &[control]].concat();
        let fault = Refusal::Head(HeadFault::ControlCharacter);
        for name in ["X", "Origin", "Sec-WebSocket-Protocol"] {
            refuse_field(name, &[&value], fault, 400);
        }
    }
    let fault = Refusal::Head(HeadFault::ControlCharacter);
    refuse_field("X\0", &["y"], fault, 400);
}
