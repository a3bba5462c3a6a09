//! Requests of browsers that current systems do not run: published records, some of them completed.
//! The comment above each row names its source, and says what the record lacks. Cookies and the hosts
//! of private sites are replaced.

use hybi::{Inbox, server::Refusal};

use crate::support::handshake::{
    cut::cuts,
    http::Response,
    proof,
    server::{Outcome, assert_accepted, assert_refused, opening, serve},
};

/// The lines of a request, and the bytes that follow it.
fn request(lines: &[&str], after: &[u8]) -> Vec<u8> {
    [lines.join("\r\n").as_bytes(), b"\r\n\r\n", after].concat()
}

/// A request: its name, its lines, the bytes that follow the empty line, and why it is refused.
type Draft = (&'static str, &'static [&'static str], &'static [u8], Refusal);

const DRAFTS: [Draft; 7] = [
    // The example of section 1.2 of
    // <https://datatracker.ietf.org/doc/html/draft-hixie-thewebsocketprotocol-75>.
    (
        "hixie-75: Chrome 4 and Safari 5.0.1",
        &[
            "GET /demo HTTP/1.1",
            "Upgrade: WebSocket",
            "Connection: Upgrade",
            "Host: example.com",
            "Origin: http://example.com",
            "WebSocket-Protocol: sample",
        ],
        b"",
        Refusal::Hixie75,
    ),
    // The example of section 1.2 of
    // <https://datatracker.ietf.org/doc/html/draft-hixie-thewebsocketprotocol-76>. Opera sends
    // this version: <https://dev.opera.com/blog/websockets/>.
    (
        "hixie-76: Opera 11, Firefox 4, Chrome 6",
        &[
            "GET /demo HTTP/1.1",
            "Host: example.com",
            "Connection: Upgrade",
            "Sec-WebSocket-Key2: 12998 5 Y3 1  .P00",
            "Sec-WebSocket-Protocol: sample",
            "Upgrade: WebSocket",
            "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5",
            "Origin: http://example.com",
        ],
        b"^n:ds[4U",
        Refusal::Hixie76,
    ),
    // <https://github.com/TooTallNate/Java-WebSocket/issues/63>
    (
        "Safari 5.1.2 on a Mac",
        &[
            "GET / HTTP/1.1",
            "Upgrade: WebSocket",
            "Connection: Upgrade",
            "Host: localhost:843",
            "Origin: http://localhost:8888",
            "Cookie: a=2",
            "Sec-WebSocket-Key1: 23 1 +V2 61z9 5 P[t B|34vE",
            "Sec-WebSocket-Key2: 2  33 0w{z 55679 0",
        ],
        b"\x8d\x07\x19\x5b\xf9\x34\xc6\x49",
        Refusal::Hixie76,
    ),
    // <https://github.com/TooTallNate/Java-WebSocket/issues/87>. The record lacks one of the
    // last eight bytes; here it is 0.
    (
        "Safari on an iPhone and on Windows, from a file",
        &[
            "GET / HTTP/1.1",
            "Upgrade: WebSocket",
            "Connection: Upgrade",
            "Host: localhost:8887",
            "Origin: file://",
            "Sec-WebSocket-Key1: 1323@331  zS)V8L= 00",
            "Sec-WebSocket-Key2: 2L7v5j 9'  4 f< X7N22 46",
        ],
        b"\xbfn't5\x9a}\0",
        Refusal::Hixie76,
    ),
    // <https://github.com/mojolicious/mojo/issues/185>. The last eight bytes are of the draft.
    (
        "Chrome and Safari in July 2011",
        &[
            "GET /echo HTTP/1.1",
            "Upgrade: WebSocket",
            "Connection: Upgrade",
            "Host: 10.3.199.16:3000",
            "Origin: http://10.3.199.16:3000",
            "Sec-WebSocket-Key1: 3 62 9549 3      8B5",
            "Sec-WebSocket-Key2: 845 29 O2;9 7J2",
        ],
        b"^n:ds[4U",
        Refusal::Hixie76,
    ),
    // <https://github.com/http-party/node-http-proxy/issues/433>. The record lacks the start line,
    // Upgrade and the last eight bytes.
    (
        "Internet Explorer 9, with web-socket-js",
        &[
            "GET /socket.io/1/flashsocket/1 HTTP/1.1",
            "Upgrade: WebSocket",
            "Connection: Upgrade",
            "Host: a.example",
            "Origin: http://a.example",
            "Cookie: a=b; c=d",
            "Sec-WebSocket-Key1: 24  V   #   3 1 8849 5s0",
            "Sec-WebSocket-Key2: f+41> I`08f;$51  5 1  6S  -    sO8",
        ],
        b"^n:ds[4U",
        Refusal::Hixie76,
    ),
    // <https://github.com/OISF/libhtp/issues/13>
    (
        "the draft hybi-07",
        &[
            "GET /chat HTTP/1.1",
            "Host: server.example.com",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Origin: http://example.com",
            "Sec-WebSocket-Protocol: chat, superchat",
            "Sec-WebSocket-Version: 7",
        ],
        b"",
        Refusal::UnsupportedVersion(7),
    ),
];

// P-sh-i, A-12
#[test]
fn drafts_of_old_browsers_are_refused_with_the_version_to_use() {
    for (name, lines, after, refusal) in DRAFTS {
        let response = assert_refused(&opening(), &request(lines, b""), refusal, 426);
        assert_eq!(response.all("sec-websocket-version"), ["13"], "{name}");
        assert_eq!(response.all("upgrade"), ["websocket"], "{name}");
        assert!(response.body.contains("use version 13 (RFC 6455)"), "{name}: {}", response.body);
        for pieces in cuts(&request(lines, after)) {
            let (inbox, mut outbox) = (Inbox::with_capacity(64), Vec::new());
            let outcome = serve(opening(), inbox, &mut outbox, &pieces, |_| ());
            assert_eq!(outcome, Outcome::Refused(refusal), "{name}");
        }
    }
}

/// A request of version 13.
struct Accepted {
    name: &'static str,
    lines: &'static [&'static str],
    key: &'static str,
    /// `Sec-WebSocket-Accept` of the response, if the record has it.
    proof: Option<&'static str>,
    /// The extension that it offers, if any.
    extension: Option<&'static str>,
}

const ACCEPTED: [Accepted; 5] = [
    // <https://github.com/pocoproject/poco/pull/624>: Upgrade has the value `Websocket`.
    // <https://github.com/me-no-dev/ESPAsyncWebServer/issues/172>: Host is not the first field.
    Accepted {
        name: "Internet Explorer 11",
        lines: &[
            "GET /ws HTTP/1.1",
            "Origin: http://www.example.com",
            "Sec-WebSocket-Key: cbm715DQGb5Qd9eyI2nZiw==",
            "Connection: Upgrade",
            "Upgrade: Websocket",
            "Sec-WebSocket-Version: 13",
            "User-Agent: Mozilla/5.0 (Windows NT 6.3; Trident/7.0; rv:11.0) like Gecko",
            "Host: 192.168.1.1",
            "Cache-Control: no-cache",
        ],
        key: "cbm715DQGb5Qd9eyI2nZiw==",
        proof: None,
        extension: None,
    },
    // <https://github.com/whatwg/html/issues/852>
    Accepted {
        name: "Opera 36",
        lines: &[
            "GET /echo HTTP/1.1",
            "Host: web-platform.test:55941",
            "Connection: Upgrade",
            "Pragma: no-cache",
            "Cache-Control: no-cache",
            "Upgrade: websocket",
            "Origin: http://localhost:8000",
            "Sec-WebSocket-Version: 13",
            "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_3) AppleWebKit/537.36 \
                     (KHTML, like Gecko) Chrome/49.0.2623.23 Safari/537.36 OPR/36.0.2130.2 (Edition beta)",
            "Accept-Encoding: gzip, deflate, lzma, sdch",
            "Accept-Language: sv,en-US;q=0.8,en;q=0.6",
            "Sec-WebSocket-Key: If6o1XtBFJFCOjpx801n3w==",
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
        ],
        key: "If6o1XtBFJFCOjpx801n3w==",
        proof: Some("oqdG/tyYop2FvC++CnYrC3uXVDU="),
        extension: Some("permessage-deflate"),
    },
    // <https://github.com/whatwg/html/issues/852>
    Accepted {
        name: "WebKit in 2016",
        lines: &[
            "GET /echo HTTP/1.1",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Host: web-platform.test:55941",
            "Origin: http://localhost:8000",
            "Pragma: no-cache",
            "Cache-Control: no-cache",
            "Sec-WebSocket-Key: crda+fH2MDdI0BafoawOTQ==",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Extensions: x-webkit-deflate-frame",
        ],
        key: "crda+fH2MDdI0BafoawOTQ==",
        proof: None,
        extension: Some("x-webkit-deflate-frame"),
    },
    // <https://stackoverflow.com/questions/16788635>
    Accepted {
        name: "Chrome 27 through a debugging proxy, from a file",
        lines: &[
            "GET http://server.host/ HTTP/1.1",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Host: server.host",
            "Origin: null",
            "Pragma: no-cache",
            "Cache-Control: no-cache",
            "Sec-WebSocket-Key: V86c1TFOwWfZqhS42C0arA==",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Extensions: x-webkit-deflate-frame",
            "User-Agent: Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like \
                     Gecko) Chrome/27.0.1453.94 Safari/537.36",
        ],
        key: "V86c1TFOwWfZqhS42C0arA==",
        proof: Some("3io2SU7uJIeFlwy0+OFJUDNrA44="),
        extension: Some("x-webkit-deflate-frame"),
    },
    // <http://www.ethicalhack3r.co.uk/?p=17130>
    Accepted {
        name: "Firefox 23 through a proxy that adds a length",
        lines: &[
            "GET /SocketHandler HTTP/1.1",
            "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10.8; rv:23.0) Gecko/20100101 \
                     Firefox/23.0",
            "Sec-WebSocket-Version: 13",
            "Origin: http://www.example.com",
            "Sec-WebSocket-Key: iiral7et1zfQMGu9udIYHA==",
            "Cookie: Login=1234567",
            "Connection: keep-alive, Upgrade",
            "Upgrade: websocket",
            "Content-length: 0",
            "Host: www.example.com",
        ],
        key: "iiral7et1zfQMGu9udIYHA==",
        proof: Some("9ZPK0lC0SB6dhIJHRt3q/GN88Ng="),
        extension: None,
    },
];

// 6455-4.2.1-a, 6455-4.2.1-d, 6455-4.2.2-i, 6455-4.2.2-k
#[test]
fn version_13_of_old_browsers_is_accepted() {
    for Accepted { name, lines, key, proof, extension } in ACCEPTED {
        let (offered, response) = assert_accepted(&request(lines, b""), |request| {
            request.extensions().map(|extension| extension.name().to_owned()).collect::<Vec<_>>()
        });
        assert_eq!(offered, extension.as_slice(), "{name}");
        let expected = proof::accept(key);
        assert!(proof.is_none_or(|proof| proof == expected), "{name}: the record");
        let response = Response::parse(&response);
        assert_eq!(response.all("sec-websocket-accept"), [expected], "{name}");
        assert!(response.all("sec-websocket-extensions").is_empty(), "{name}: none was accepted");
    }
}
