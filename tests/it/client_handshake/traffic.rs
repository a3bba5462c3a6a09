//! Input of a client: responses as servers and proxies send them, and other protocols. The outcome
//! does not depend on how the input is split.

use hybi::{Inbox, client::Failure, http1::HeadFault};

use crate::support::handshake::{
    client::{Outcome, feed, feed_all, request},
    cut::cuts,
};

const PROOF: &str = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

/// A response that accepts, with these additional lines.
fn accepting(lines: &str) -> Vec<u8> {
    let start = "HTTP/1.1 101 Switching Protocols\r\n";
    format!("{start}{lines}{PROOF}\r\n").into_bytes()
}

fn check(rows: impl IntoIterator<Item = (&'static str, Vec<u8>, Outcome<()>)>) {
    for (name, bytes, expected) in rows {
        for pieces in cuts(&bytes) {
            assert_eq!(feed_all(request(), &pieces, |_| ()), expected, "{name}");
        }
    }
}

// 6455-4.1-ae, 6455-4.1-z, P-ch-b, 9112-5.2-a
#[test]
fn responses_of_servers_and_proxies_open_the_connection() {
    let rows = [
        (
            "nginx",
            "Server: nginx/1.28.0\r\nDate: Thu, 26 Nov 2026 10:00:00 GMT\r\nConnection: \
            upgrade\r\nUpgrade: websocket\r\n",
        ),
        (
            "Apache",
            "Date: Thu, 26 Nov 2026 10:00:00 GMT\r\nServer: Apache/2.4.62\r\nUpgrade: \
            websocket\r\nConnection: Upgrade\r\n",
        ),
        ("HAProxy", "upgrade: websocket\r\nconnection: Upgrade\r\n"),
        (
            "Envoy",
            "upgrade: websocket\r\nconnection: upgrade\r\ndate: Thu, 26 Nov 2026 10:00:00 \
            GMT\r\nserver: envoy\r\nx-envoy-upstream-service-time: 2\r\n",
        ),
        ("Squid", "Upgrade: websocket\r\nConnection: Upgrade\r\nVia: 1.1 squid (squid/6.6)\r\n"),
        ("Varnish", "Upgrade: websocket\r\nConnection: upgrade\r\nX-Varnish: 3\r\nAge: 0\r\n"),
        (
            "Cloudflare",
            "Upgrade: websocket\r\nConnection: upgrade\r\nCF-RAY: 8f0a-AMS\r\nNEL: \
            {\"success_fraction\":0.0}\r\nServer: cloudflare\r\nalt-svc: h3=\":443\"; ma=86400\r\n",
        ),
        ("IIS", "Upgrade: Websocket\r\nServer: Microsoft-IIS/10.0\r\nConnection: Upgrade\r\n"),
        ("Node ws", "Upgrade: websocket\r\nConnection: Upgrade\r\n"),
        (
            "Python websockets",
            "Date: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nServer: \
            Python/3.13 websockets/15.0\r\n",
        ),
        (
            "a server that adds a length",
            "Upgrade: websocket\r\nConnection: Upgrade\r\n\
            Content-Length: 0\r\n",
        ),
        (
            "one that adds a body that is none",
            "Upgrade: websocket\r\nConnection: Upgrade\r\n\
            Transfer-Encoding: chunked\r\nContent-Length: 17\r\n",
        ),
        (
            "a folded field",
            "Upgrade: websocket\r\nContent-Security-Policy: default-src 'self';\r\n  \
            img-src *\r\nConnection: keep-alive,\r\n\tUpgrade\r\n",
        ),
    ];
    let open = |(name, lines)| (name, accepting(lines), Outcome::Open((), Vec::new()));
    check(rows.map(open));
    let start = [&b"HTTP/1.1 101\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"[..]];
    let bare = [start[0], PROOF.as_bytes(), b"\r\n"].concat();
    check([("no reason, and no space before it", bare, Outcome::Open((), Vec::new()))]);
}

// 6455-4.1-w, 9112-3-a
#[test]
fn rejections_are_returned() {
    let rows: [(&'static str, &[u8], u16); 9] = [
        (
            "nginx: plain HTTP to a TLS port",
            b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\
            Content-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>",
            400,
        ),
        ("nginx: no upstream", b"HTTP/1.1 502 Bad Gateway\r\nServer: nginx\r\n\r\n", 502),
        (
            "HAProxy: no server",
            b"HTTP/1.0 503 Service Unavailable\r\nConnection: close\r\n\r\n",
            503,
        ),
        ("Envoy", b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n", 403),
        ("Squid", b"HTTP/1.1 407 Proxy Authentication Required\r\nX: a\r\n b\r\n\r\n", 407),
        ("Python http.server", b"HTTP/1.0 200 OK\r\nServer: SimpleHTTP/0.6\r\n\r\n<html>", 200),
        ("a redirect", b"HTTP/1.1 302 Found\r\nLocation: https://a.example/\r\n\r\n", 302),
        ("another version", b"HTTP/1.1 426 x\r\nSec-WebSocket-Version: 13, 8\r\n\r\n", 426),
        (
            "hints first",
            b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 404 x\r\n\r\n",
            404,
        ),
    ];
    check(rows.map(|(name, bytes, status)| (name, bytes.to_vec(), Outcome::Rejected(status))));
}

// 9112-3-b, 6455-4.1-ad
#[test]
fn other_protocols_fail_at_the_first_byte_that_is_not_http() {
    let not_http = HeadFault::StartLine;
    let rows: [(&'static str, &[u8], HeadFault, usize); 19] = [
        ("SSH", b"SSH-2.0-OpenSSH_9.6\r\n", not_http, 1),
        ("SMTP", b"220 a.example ESMTP\r\n", not_http, 1),
        ("POP3", b"+OK ready\r\n", not_http, 1),
        ("IMAP", b"* OK ready\r\n", not_http, 1),
        ("Redis", b"-ERR unknown command 'GET'\r\n", not_http, 1),
        ("VNC", b"RFB 003.008\n", not_http, 1),
        ("telnet", b"\xff\xfd\x18\xff\xfd\x20", not_http, 1),
        ("MySQL", b"\x4a\x00\x00\x00\x0a8.0.36\x00", not_http, 1),
        ("Icecast", b"ICY 200 OK\r\n", not_http, 1),
        ("a page without a head", b"<html>Welcome</html>", not_http, 1),
        ("an echo of the request", b"GET /chat HTTP/1.1\r\n", not_http, 1),
        ("an empty line", b"\r\nHTTP/1.1 101 x\r\n", not_http, 1),
        ("RTSP", b"RTSP/1.0 400 Bad Request\r\n", not_http, 1),
        ("a version of one number", b"HTTP/2 200\r\n", not_http, 7),
        ("HTTP/2, as text", b"HTTP/2.0 200 OK\r\n", HeadFault::HttpVersion, 8),
        ("HTTP/2, its settings", b"\x00\x00\x12\x04\x00", HeadFault::ControlCharacter, 1),
        ("a TLS alert", b"\x15\x03\x01\x00\x02\x02\x0a", HeadFault::Tls, 1),
        ("a TLS ServerHello", b"\x16\x03\x03\x00\x7a\x02", HeadFault::Tls, 1),
        ("a status of four digits", b"HTTP/1.1 2000 OK\r\n", not_http, 13),
    ];
    for (name, bytes, fault, length) in rows {
        let failed = Outcome::Failed(Failure::Head(fault));
        check([(name, bytes.to_vec(), failed)]);
        // The failure is at exactly this byte.
        let feed = |bytes| feed(request(), Inbox::with_capacity(64), &[bytes], |_| ());
        assert_eq!(feed(&bytes[..length - 1]), Outcome::Waiting, "{name}");
        assert_eq!(feed(&bytes[..length]), Outcome::Failed(Failure::Head(fault)), "{name}");
    }
}
