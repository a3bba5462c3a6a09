//! Plain HTTP: the page, and nothing else.

use hybi::server::HttpRequest;

const PAGE: &str = include_str!("page.html");

/// Answers a request over plain HTTP.
pub(crate) fn answer(request: HttpRequest<'_>, outbox: &mut Vec<u8>) -> Result<(), hybi::Error> {
    let plain = [("Content-Type", "text/plain; charset=utf-8")];
    if request.method() == "GET" && request.headers().get("Sec-WebSocket-Key").is_some() {
        upgrade_required(&request, outbox);
        return Ok(());
    }
    match (request.method(), request.target()) {
        ("GET" | "HEAD", "/") => {
            let html = [
                ("Content-Type", "text/html; charset=utf-8"),
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
            ];
            request.respond(200).headers(&html).body(PAGE.as_bytes()).send(outbox)
        }
        ("GET" | "HEAD", _) => {
            request.respond(404).headers(&plain).body(b"There is only one page: /\n").send(outbox)
        }
        _ => request.respond(405).headers(&[("Allow", "GET, HEAD"), plain[0]]).send(outbox),
    }
}

/// Names the cause to a client whose request for a WebSocket has arrived as plain HTTP.
///
/// Written by hand, because RFC 9110, section 15.5.22, requires an Upgrade field here, which a
/// response of the crate reserves for itself.
fn upgrade_required(request: &HttpRequest<'_>, outbox: &mut Vec<u8>) {
    let asks = |value: &[u8]| value.eq_ignore_ascii_case(b"websocket");
    let text = if request.headers().get("Upgrade").is_some_and(asks) {
        // RFC 9110, section 7.8: in HTTP/1.0, Upgrade is ignored.
        "This request asks for a WebSocket, but it came as HTTP/1.0, which knows no upgrade.\n\
         Probably a proxy before this server speaks HTTP/1.0: have it speak HTTP/1.1 (nginx: \
         proxy_http_version 1.1).\n"
    } else {
        "This request has a Sec-WebSocket-Key field, but no \"Upgrade: websocket\".\n\
         Probably a proxy before this server has removed it: have the proxy pass on Upgrade and \
         Connection.\n"
    };
    let response = format!(
        "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\
         Sec-WebSocket-Version: 13\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {}\r\n\r\n{text}",
        text.len(),
    );
    outbox.extend_from_slice(response.as_bytes());
}
