//! Input of an open port: requests as browsers, proxies, HTTP clients, health checks and port
//! scanners send them, and other protocols. The outcome does not depend on how the input is split.

use hybi::{
    Inbox,
    http1::HeadFault,
    server::{Error, Incoming, Refusal},
};

use crate::support::handshake::{
    cut::cuts,
    http::Response,
    server::{Outcome, opening, serve},
};

/// The state of a server after its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It waits for the rest of a request, or for the next one.
    Waiting,
    Refused(Refusal),
    /// The WebSocket is open.
    Open,
    /// It returned a plain request after which none can follow.
    Over,
}

use End::{Open, Over, Refused, Waiting};
const PLAIN: End = Refused(Refusal::NotWebSocket);
const OLD: End = Refused(Refusal::HttpVersion);
const NOT_HTTP: End = Refused(Refusal::Head(HeadFault::StartLine));
const BINARY: End = Refused(Refusal::Head(HeadFault::ControlCharacter));
const TLS: End = Refused(Refusal::Head(HeadFault::Tls));
const HTTP_2: End = Refused(Refusal::Head(HeadFault::HttpVersion));

/// The fields of every valid WebSocket request, except `Host`.
const FIELDS: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// A request with these additional lines.
fn http(start: &str, lines: &str) -> Vec<u8> {
    format!("{start}\r\nHost: a.example\r\n{lines}\r\n").into_bytes()
}

/// A WebSocket request with these additional lines.
fn websocket(start: &str, lines: &str) -> Vec<u8> {
    http(start, &[FIELDS, lines].concat())
}

/// Feeds the pieces to a server that accepts only WebSocket requests.
fn receive(pieces: &[&[u8]]) -> End {
    let mut outbox = Vec::new();
    let end = match serve(opening(), Inbox::with_capacity(64), &mut outbox, pieces, |_| ()) {
        Outcome::Waiting => Waiting,
        Outcome::Refused(refusal) => Refused(refusal),
        Outcome::Open(..) => Open,
    };
    if let Refused(refusal) = end {
        assert_eq!(Response::parse(&outbox).status, refusal.status(), "it is answered");
    }
    end
}

/// Feeds the pieces to a server that also accepts plain HTTP. Returns the targets of the plain
/// requests.
fn receive_any(pieces: &[&[u8]]) -> (Vec<String>, End) {
    let (mut inbox, mut outbox) = (Inbox::with_capacity(64), Vec::new());
    let mut opening = opening();
    let mut targets = Vec::new();
    for mut piece in pieces.iter().copied() {
        loop {
            let taken = inbox.copy_from(piece);
            piece = &piece[taken..];
            loop {
                match opening.receive_any(&mut inbox, &mut outbox) {
                    Ok(None) => break,
                    Ok(Some(Incoming::Http(request))) => targets.push(request.target().into()),
                    Ok(Some(Incoming::WebSocket(_))) => return (targets, Open),
                    Err(Error::Refused(refusal)) => return (targets, Refused(refusal)),
                    Err(Error::HandshakeOver) => return (targets, Over),
                    Err(error) => panic!("{error}"),
                }
            }
            if piece.is_empty() {
                break;
            }
        }
    }
    (targets, Waiting)
}

/// The input, the outcome of `receive`, the targets that `receive_any` returns, and its outcome.
type Row = (&'static str, Vec<u8>, End, &'static [&'static str], End);

fn check(rows: Vec<Row>) {
    for (name, bytes, alone, targets, any) in rows {
        for pieces in cuts(&bytes) {
            assert_eq!(receive(&pieces), alone, "receive: {name}");
            let (seen, end) = receive_any(&pieces);
            assert!(seen.iter().eq(targets) && end == any, "receive_any: {name}: {seen:?} {end:?}");
        }
    }
}

// 6455-4.2.1-a, 6455-4.2.1-m, 6455-4.2.1-d
#[test]
fn requests_of_browsers_and_libraries_are_accepted() {
    let get = "GET /chat HTTP/1.1";
    let rows = [
        (
            "Chrome",
            websocket(
                get,
                "Pragma: no-cache\r\nCache-Control: no-cache\r\nUser-Agent: \
            Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
            Chrome/140.0.0.0 Safari/537.36\r\nOrigin: https://a.example\r\nAccept-Encoding: gzip, \
            deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\nCookie: a=b; c=d\r\n\
            Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
            ),
        ),
        (
            "Firefox",
            http(
                get,
                "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) \
            Gecko/20100101 Firefox/140.0\r\nAccept: */*\r\nSec-WebSocket-Version: 13\r\nOrigin: \
            https://a.example\r\nSec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Key: \
            dGhlIHNhbXBsZSBub25jZQ==\r\nConnection: keep-alive, Upgrade\r\nSec-Fetch-Dest: empty\r\n\
            Sec-Fetch-Mode: websocket\r\nSec-Fetch-Site: same-origin\r\nUpgrade: websocket\r\n",
            ),
        ),
        (
            "Safari",
            websocket(
                get,
                "Accept: */*\r\nOrigin: https://a.example\r\n\
            Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Extensions: \
            permessage-deflate\r\nUser-Agent: Mozilla/5.0 (Macintosh) Version/18.0 Safari/605.1.15\r\n",
            ),
        ),
        (
            "Node ws",
            websocket(
                get,
                "Sec-WebSocket-Extensions: permessage-deflate; \
            client_max_window_bits\r\n",
            ),
        ),
        (
            "Python websockets",
            websocket(
                get,
                "User-Agent: Python/3.13 websockets/15.0\r\n\
            Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
            ),
        ),
        ("Go gorilla", websocket(get, "User-Agent: Go-http-client/1.1\r\n")),
        ("curl --include -H", websocket(get, "User-Agent: curl/8.14.1\r\nAccept: */*\r\n")),
        (
            "nginx, proxied",
            http(
                get,
                "Upgrade: websocket\r\nConnection: upgrade\r\nX-Real-IP: \
            192.0.2.1\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
            ),
        ),
        (
            "Apache, proxied",
            websocket(
                get,
                "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Host: \
            a.example\r\nX-Forwarded-Server: b.example\r\n",
            ),
        ),
        (
            "HAProxy, proxied",
            b"GET /chat HTTP/1.1\r\nhost: a.example\r\nupgrade: websocket\r\n\
            sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
            x-forwarded-for: 192.0.2.1\r\nconnection: Upgrade\r\n\r\n"
                .to_vec(),
        ),
        (
            "Envoy, proxied",
            b"GET /chat HTTP/1.1\r\nhost: a.example\r\nupgrade: websocket\r\n\
            connection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: \
            dGhlIHNhbXBsZSBub25jZQ==\r\nx-forwarded-proto: http\r\nx-request-id: 5f2b1c9e\r\n\
            x-envoy-expected-rq-timeout-ms: 15000\r\ncontent-length: 0\r\n\r\n"
                .to_vec(),
        ),
        (
            "Squid, absolute form",
            websocket(
                "GET http://a.example/chat HTTP/1.1",
                "Via: 1.1 squid \
            (squid/6.6)\r\nX-Forwarded-For: 192.0.2.1\r\nCache-Control: max-age=259200\r\n",
            ),
        ),
        (
            "a client through a proxy, absolute form",
            websocket("GET ws://a.example/chat HTTP/1.1", "Proxy-Connection: keep-alive\r\n"),
        ),
        ("the same, secure", websocket("GET wss://a.example/chat HTTP/1.1", "")),
        (
            "Varnish, piped",
            websocket(get, "X-Varnish: 32770\r\nVia: 1.1 varnish (Varnish/7.5)\r\n"),
        ),
        (
            "Cloudflare, proxied",
            websocket(
                get,
                "CF-RAY: 8f0a-AMS\r\nCF-Connecting-IP: 192.0.2.1\r\n\
            CDN-Loop: cloudflare; loops=1\r\nX-Forwarded-Proto: https\r\nAccept-Encoding: gzip\r\n",
            ),
        ),
        ("an empty line first, as after a body", [b"\r\n", &websocket(get, "")[..]].concat()),
    ];
    check(rows.map(|(name, bytes)| (name, bytes, Open, &[][..], Open)).into());
}

// 9110-7.8-a, 9112-9.3-a, 6455-4.2.1-f
#[test]
fn plain_requests_are_refused_or_returned() {
    let get = "GET / HTTP/1.1";
    let one: &[&str] = &["/"];
    check(vec![
        ("curl", http(get, "User-Agent: curl/8.14.1\r\nAccept: */*\r\n"), PLAIN, one, Waiting),
        (
            "curl --http2",
            http(
                get,
                "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
                HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n",
            ),
            PLAIN,
            one,
            Waiting,
        ),
        ("Go", http(get, "User-Agent: Go-http-client/1.1\r\n"), PLAIN, one, Waiting),
        (
            "Python requests",
            http(get, "User-Agent: python-requests/2.32.0\r\nConnection: keep-alive\r\n"),
            PLAIN,
            one,
            Waiting,
        ),
        ("Python urllib", http(get, "Connection: close\r\n"), PLAIN, one, Over),
        ("Node fetch", http(get, "connection: keep-alive\r\naccept: */*\r\n"), PLAIN, one, Waiting),
        ("wget", http(get, "Connection: Keep-Alive\r\n"), PLAIN, one, Waiting),
        ("ab", http("GET / HTTP/1.0", "User-Agent: ApacheBench/2.3\r\n"), PLAIN, one, Over),
        ("ab -k", http("GET / HTTP/1.0", "Connection: Keep-Alive\r\n"), PLAIN, one, Waiting),
        ("HAProxy's check", b"OPTIONS / HTTP/1.0\r\n\r\n".to_vec(), PLAIN, one, Over),
        (
            "the check of a load balancer",
            http(get, "Connection: close\r\nUser-Agent: ELB-HealthChecker/2.0\r\n"),
            PLAIN,
            one,
            Over,
        ),
        (
            "the probe of Kubernetes",
            http("GET /healthz HTTP/1.1", "User-Agent: kube-probe/1.33\r\nConnection: close\r\n"),
            PLAIN,
            &["/healthz"],
            Over,
        ),
        ("a check that stays", http(get, "Connection: Keep-alive\r\n"), PLAIN, one, Waiting),
        ("nmap's GetRequest", b"GET / HTTP/1.0\r\n\r\n".to_vec(), PLAIN, one, Over),
        ("nmap's HTTPOptions", b"OPTIONS / HTTP/1.0\r\n\r\n".to_vec(), PLAIN, one, Over),
        (
            "masscan",
            b"GET / HTTP/1.0\r\nUser-Agent: masscan/1.3\r\nAccept: */*\r\n\r\n".to_vec(),
            PLAIN,
            one,
            Over,
        ),
        (
            "zgrab",
            http(get, "User-Agent: Mozilla/5.0 zgrab/0.x\r\nAccept: */*\r\n"),
            PLAIN,
            one,
            Waiting,
        ),
        (
            "nginx without the version of HTTP: Upgrade in HTTP/1.0",
            http("GET /x HTTP/1.0", FIELDS),
            OLD,
            &["/x"],
            Over,
        ),
        (
            "nginx without the fields: no Upgrade",
            http("GET /x HTTP/1.0", "Connection: close\r\nSec-WebSocket-Version: 13\r\n"),
            PLAIN,
            &["/x"],
            Over,
        ),
        (
            "a tunnel, and its first bytes",
            [&http("CONNECT a.example:443 HTTP/1.1", "")[..], b"\x16\x03\x01"].concat(),
            PLAIN,
            &["a.example:443"],
            Over,
        ),
        (
            "a body",
            [&http("POST / HTTP/1.1", "Content-Length: 5\r\n")[..], b"hello"].concat(),
            PLAIN,
            one,
            Over,
        ),
        (
            "two requests, with an empty line between them",
            [&http(get, "")[..], b"\r\n", &http("GET /b HTTP/1.1", "")].concat(),
            PLAIN,
            &["/", "/b"],
            Waiting,
        ),
        (
            "a request after one that closes",
            [http(get, "Connection: x, Close\r\n"), websocket(get, "")].concat(),
            PLAIN,
            one,
            Over,
        ),
        (
            "WebSocket after a request",
            [&http(get, "")[..], b"\r\n", &websocket(get, "")].concat(),
            PLAIN,
            one,
            Open,
        ),
        ("an asterisk", http("OPTIONS * HTTP/1.1", ""), PLAIN, &["*"], Waiting),
        ("an empty Host", b"OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n".to_vec(), PLAIN, &["*"], Waiting),
        ("WebDAV", http("PROPFIND / HTTP/1.1", "Depth: 0\r\n"), PLAIN, one, Waiting),
        ("SSDP", http("M-SEARCH * HTTP/1.1", ""), PLAIN, &["*"], Waiting),
    ]);
}

// 9112-3-b, 9112-2.2-a, 6455-10.1-a
#[test]
fn other_protocols_are_refused_at_the_first_line_that_is_not_http() {
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 0\r\n\r\n";
    let rows: Vec<(&'static str, &[u8], End)> = vec![
        ("a TLS ClientHello", hello, TLS),
        ("a TLS alert", b"\x15\x03\x01\x00\x02\x02\x46", TLS),
        ("an SSL 2 hello", b"\x80\x2e\x01\x00\x02\x00\x15", NOT_HTTP),
        ("SSH", b"SSH-2.0-OpenSSH_9.6\r\n", NOT_HTTP),
        ("HTTP/2 with prior knowledge", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HTTP_2),
        ("HTTP/2, cut short", b"PRI * HTTP/2.0", HTTP_2),
        ("HTTP/0.9", b"GET /\r\n", NOT_HTTP),
        ("Redis, inline", b"PING\r\n", NOT_HTTP),
        ("Redis", b"*1\r\n$4\r\nPING\r\n", NOT_HTTP),
        ("memcached", b"stats\r\n", NOT_HTTP),
        ("SMTP", b"EHLO a.example\r\n", NOT_HTTP),
        ("FTP", b"USER anonymous\r\n", NOT_HTTP),
        ("IMAP", b"a001 CAPABILITY\r\n", NOT_HTTP),
        ("IRC", b"NICK somebody\r\n", NOT_HTTP),
        ("RTSP", b"OPTIONS rtsp://a.example/ RTSP/1.0\r\nCSeq: 1\r\n\r\n", NOT_HTTP),
        ("SIP", b"OPTIONS sip:nm SIP/2.0\r\nVia: SIP/2.0/TCP nm\r\n\r\n", NOT_HTTP),
        ("PROXY protocol, version 1", b"PROXY TCP4 192.0.2.1 192.0.2.2 5 80\r\nGET", NOT_HTTP),
        ("PROXY protocol, version 2", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c", BINARY),
        ("SOCKS 4", b"\x04\x01\x00\x50\xc0\x00\x02\x01\x00", BINARY),
        ("SOCKS 5", b"\x05\x01\x00", BINARY),
        ("MQTT", b"\x10\x1a\x00\x04MQTT\x04\x02\x00\x3c", BINARY),
        ("PostgreSQL", b"\x00\x00\x00\x08\x04\xd2\x16\x2f", BINARY),
        ("RDP", b"\x03\x00\x00\x2a\x25\xe0\x00\x00\x00\x00\x00Cookie: mstshash=nmap\r\n", BINARY),
        ("SMB", b"\x00\x00\x00\xa4\xff\x53\x4d\x42", BINARY),
        ("DNS", b"\x00\x1e\x00\x06\x01\x00", BINARY),
        ("X11", b"l\x00\x0b\x00", BINARY),
        ("AJP", b"\x12\x34\x00\x01\x0a", BINARY),
        ("JSON", b"{\"jsonrpc\":\"2.0\"}", NOT_HTTP),
        ("a byte order mark", b"\xef\xbb\xbfGET / HTTP/1.1\r\n\r\n", NOT_HTTP),
        ("garbage", b"\xff\xfe\xfd", NOT_HTTP),
        ("nmap's help", b"HELP\r\n", NOT_HTTP),
        (
            "a line of less than a line",
            b"GET / HTTP/1.1\n",
            Refused(Refusal::Head(HeadFault::LineEnd)),
        ),
        ("spaces", b"    ", NOT_HTTP),
        ("a frame", b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", NOT_HTTP),
        ("nmap's generic lines", b"\r\n\r\n", Waiting),
        ("no Host", b"GET / HTTP/1.1\r\n\r\n", Refused(Refusal::Host)),
        ("two Hosts", b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", Refused(Refusal::Host)),
        ("two Hosts in one", b"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", Refused(Refusal::Host)),
        ("an invalid Host", b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", Refused(Refusal::Host)),
        (
            "HTTP/1.0, two Hosts",
            b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
            Refused(Refusal::Host),
        ),
        ("more empty lines than are ignored", b"\r\n\r\n\r\n\r\n\r\n", NOT_HTTP),
        ("nothing", b"", Waiting),
    ];
    let row = |(name, bytes, end): (&'static str, &[u8], End)| -> Row {
        (name, bytes.to_vec(), end, &[], end)
    };
    check(rows.into_iter().map(row).collect());
}

// 9112-2.2-a, P-sh-c
#[test]
fn a_few_empty_lines_before_a_request_are_ignored_but_count_towards_its_size() {
    let request = websocket("GET / HTTP/1.1", "");
    for (count, end) in [(1, Open), (4, Open), (5, NOT_HTTP), (4000, NOT_HTTP)] {
        let bytes = [b"\r\n".repeat(count), request.clone()].concat();
        for pieces in [vec![&bytes[..]], bytes.chunks(1).collect()] {
            assert_eq!(receive(&pieces), end, "{count}");
        }
    }
    // An LF without a CR does not end a line.
    let end = Refused(Refusal::Head(HeadFault::LineEnd));
    assert_eq!(receive(&[&[b"\n", &request[..]].concat()]), end);
    // The returned head does not contain them.
    let bytes = b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut inbox = Inbox::with_capacity(64);
    assert_eq!(inbox.copy_from(bytes), bytes.len());
    match opening().receive_any(&mut inbox, &mut Vec::new()) {
        Ok(Some(Incoming::Http(request))) => assert_eq!(request.head(), &bytes[4..]),
        other => panic!("{other:?}"),
    }
    assert!(inbox.is_empty());
}

// 9112-9.6-a
#[test]
fn no_request_follows_a_response_with_close() {
    let get = http("GET / HTTP/1.1", "");
    for answered in [false, true] {
        let mut inbox = Inbox::with_capacity(1024);
        assert_eq!(inbox.copy_from(&[&get[..], &get].concat()), 2 * get.len());
        let (mut opening, mut outbox) = (opening(), Vec::new());
        match opening.receive_any(&mut inbox, &mut outbox) {
            Ok(Some(Incoming::Http(request))) if answered => {
                request.respond(200).send(&mut outbox).unwrap();
                assert!(outbox.windows(19).any(|window| window == b"Connection: close\r\n"));
            }
            // The caller's HTTP server answers, and knows whether the connection persists.
            Ok(Some(Incoming::Http(_))) => {}
            other => panic!("{other:?}"),
        }
        let next = opening.receive_any(&mut inbox, &mut outbox).map(|next| next.is_some());
        let expected = if answered { Err(Error::HandshakeOver) } else { Ok(true) };
        assert_eq!(next, expected);
    }
}
