//! Plain HTTP: the page and its files.

use hybi::server::HttpRequest;

/// The target, media type and content of each file.
const FILES: [(&str, &str, &str); 3] = [
    ("/", "text/html; charset=utf-8", include_str!("page.html")),
    ("/page.css", "text/css; charset=utf-8", include_str!("page.css")),
    ("/page.js", "text/javascript; charset=utf-8", include_str!("page.js")),
];

/// Responds to a plain HTTP request.
pub(crate) fn answer(
    request: HttpRequest<'_>,
    outbox: &mut Vec<u8>,
) -> Result<(), hybi::server::Error> {
    let plain = [("Content-Type", "text/plain; charset=utf-8")];
    if request.method() == "GET" && request.headers().get("Sec-WebSocket-Key").is_some() {
        let text = upgrade_required(&request);
        return request.respond(426).headers(&plain).body(text.as_bytes()).send(outbox);
    }
    if !["GET", "HEAD"].contains(&request.method()) {
        let fields = [("Allow", "GET, HEAD"), plain[0]];
        return request.respond(405).headers(&fields).send(outbox);
    }
    match FILES.iter().find(|(target, ..)| *target == request.target()) {
        Some((_, media_type, content)) => {
            let fields = [
                ("Content-Type", *media_type),
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
            ];
            request.respond(200).headers(&fields).body(content.as_bytes()).send(outbox)
        }
        None => {
            request.respond(404).headers(&plain).body(b"There is only one page: /\n").send(outbox)
        }
    }
}

/// Explains to a client why its WebSocket request arrived as plain HTTP.
fn upgrade_required(request: &HttpRequest<'_>) -> &'static str {
    let asks = |value: &[u8]| value.eq_ignore_ascii_case(b"websocket");
    if request.headers().get("Upgrade").is_some_and(asks) {
        // RFC 9110, section 7.8: in HTTP/1.0, Upgrade is ignored.
        "This request asks for a WebSocket, but it arrived over HTTP/1.0, which has no Upgrade.\n\
         A proxy in front of this server probably uses HTTP/1.0. Configure it to use HTTP/1.1 \
         (nginx: proxy_http_version 1.1).\n"
    } else {
        "This request has a Sec-WebSocket-Key field, but no \"Upgrade: websocket\".\n\
         A proxy in front of this server probably removed it. Configure the proxy to forward \
         Upgrade and Connection.\n"
    }
}
