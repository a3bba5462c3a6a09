//! One application over all versions of HTTP.

use hybi::{
    Connection, Error, Event, Inbox, Origins, Server, Violation,
    server::{Accept, Opening, Request},
};

use crate::support::handshake::{
    connect::{Seen, finish, sound},
    head::KEY,
    server::HELLO,
};

/// The application: it does not ask for the version of HTTP.
fn serve(request: Request<'_>) -> (Seen, Accept<'_>) {
    let seen = Seen::of(&request);
    let accept = request.accept().select_subprotocol(&["superchat", "chat"]).header("Server", "x");
    (seen, accept)
}

const FIELDS: [(&str, &str); 6] = [
    ("sec-websocket-version", "13"),
    ("origin", "https://example.com"),
    ("sec-websocket-protocol", "chat, superchat"),
    ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits, x-other"),
    ("cookie", "a=b; c=d"),
    ("user-agent", "test/1"),
];

/// In HTTP/1.1.
fn by_upgrade() -> (Seen, Connection<Server>) {
    let mut head = format!(
        "GET /chat?room=1 HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\n"
    );
    for (name, value) in FIELDS {
        head += &[name, ": ", value, "\r\n"].concat();
    }
    head += "\r\n";
    let mut inbox = Inbox::with_capacity(1024);
    assert_eq!(inbox.copy_from(head.as_bytes()), head.len());
    let mut opening = Opening::new(Origins::any());
    let mut outbox = Vec::new();
    let (seen, accept) = serve(opening.receive(&mut inbox, &mut outbox).unwrap().unwrap());
    let websocket = accept.finish(&mut outbox).unwrap();
    let text = String::from_utf8(outbox).unwrap();
    assert!(text.starts_with("HTTP/1.1 101 "), "{text}");
    assert!(text.contains("\r\nSec-WebSocket-Protocol: superchat\r\nServer: x\r\n"), "{text}");
    (seen, websocket)
}

/// In HTTP/2 and HTTP/3, whose fields are the same.
fn by_connect() -> (Seen, Connection<Server>) {
    let request = sound().with(":path", &["/chat?room=1"]).with("sec-websocket-version", &[""; 0]);
    let request = FIELDS.iter().fold(request, |request, (name, value)| request.and(name, value));
    let pairs = request.pairs();
    let request = Request::from_connect(&pairs, &Origins::any()).unwrap();
    let owned = request.to_owned();
    let (kept, _) = serve(owned.as_request());
    let (seen, accept) = serve(request);
    assert_eq!(kept, seen);
    assert!(!format!("{owned:?}").contains("room"));
    let (response, websocket) = finish(accept).unwrap();
    let expected = [(":status", "200"), ("sec-websocket-protocol", "superchat"), ("server", "x")];
    let expected = expected.map(|(name, value)| (name.into(), value.into()));
    assert_eq!(response.0, expected);
    (seen, websocket)
}

/// In HTTP/2 and HTTP/3, and in the types of the `http` crate.
#[cfg(feature = "http")]
fn by_types(version: http::Version) -> (Seen, Connection<Server>) {
    let mut request = http::Request::builder()
        .method(if version == http::Version::HTTP_11 { "GET" } else { "CONNECT" })
        .version(version)
        .uri("https://server.example.com/chat?room=1");
    for (name, value) in FIELDS {
        request = request.header(name, value);
    }
    if version == http::Version::HTTP_11 {
        request = request
            .header("host", "server.example.com")
            .header("upgrade", "websocket")
            .header("connection", "upgrade")
            .header("sec-websocket-key", KEY);
    }
    let request = request.body(()).unwrap();
    let request = if version == http::Version::HTTP_11 {
        Request::from_http(&request, &Origins::any())
    } else {
        Request::from_http_connect(&request, Some("websocket"), &Origins::any())
    };
    let request = request.unwrap();
    let owned = request.to_owned();
    let (kept, _) = serve(owned.as_request());
    let (seen, accept) = serve(request);
    assert_eq!(kept, seen);
    let (response, websocket) = accept.finish_http().unwrap();
    assert_eq!(response.status(), if version == http::Version::HTTP_11 { 101 } else { 200 });
    assert_eq!(response.headers()["sec-websocket-protocol"], "superchat");
    (seen, websocket)
}

// 8441-5-f, 8441-5-b, 9220-3-a
#[test]
fn an_application_sees_the_same_request_in_each_version_of_http() {
    let (expected, _) = by_upgrade();
    assert_eq!(by_connect().0, expected);
    #[cfg(feature = "http")]
    for version in [http::Version::HTTP_11, http::Version::HTTP_2, http::Version::HTTP_3] {
        assert_eq!(by_types(version).0, expected, "{version:?}");
    }
}

// RFC 9113, section 8.2.3
#[test]
fn cookies_may_come_in_a_field_each() {
    let fields = sound().and("cookie", "a=b").and("x", "y").and("cookie", "c=d");
    let pairs = fields.pairs();
    let request = Request::from_connect(&pairs, &Origins::any()).unwrap();
    assert_eq!((request.cookie("a"), request.cookie("c")), (Some(&b"b"[..]), Some(&b"d"[..])));
}

// P-h2-a: frames in DATA frames of any size
#[test]
fn the_boundaries_of_data_frames_mean_nothing() {
    for size in 1..=HELLO.len() {
        let (_, mut websocket) = by_connect();
        let (mut inbox, mut outbox) = (Inbox::with_capacity(64), Vec::new());
        let mut messages = Vec::new();
        for data in HELLO.repeat(3).chunks(size) {
            assert_eq!(inbox.copy_from(data), data.len());
            while let Some(event) = websocket.receive(&mut inbox, &mut outbox).unwrap() {
                let Event::Text(text) = event else { panic!("{event:?}") };
                messages.push(text.to_owned());
            }
        }
        assert_eq!(messages, ["Hello"; 3]);
    }
}

// 6455-5.1-e, K-06
#[test]
fn an_unmasked_frame_fails_the_connection() {
    let (_, mut websocket) = by_connect();
    let (mut inbox, mut outbox) = (Inbox::with_capacity(64), Vec::new());
    assert_eq!(inbox.copy_from(b"\x81\x05Hello"), 7);
    let error = websocket.receive(&mut inbox, &mut outbox).unwrap_err();
    assert_eq!(error, Error::Protocol(Violation::NotMasked));
    assert_eq!(outbox[..4], [0x88, outbox[1], 0x03, 0xea]);
}

// 8441-5-j, 9220-3-d
#[test]
fn the_end_of_the_stream_is_clean_only_after_both_closes() {
    let close = b"\x88\x82\0\0\0\0\x03\xe8";
    let (_, mut websocket) = by_connect();
    let (mut inbox, mut outbox) = (Inbox::with_capacity(64), Vec::new());
    assert_eq!(inbox.copy_from(close), close.len());
    let event = websocket.receive(&mut inbox, &mut outbox).unwrap();
    assert!(matches!(event, Some(Event::Close(_))), "{event:?}");
    assert_eq!(outbox, b"\x88\x02\x03\xe8");
    assert!(websocket.should_close_transport());
    assert_eq!(websocket.end_of_input(), Ok(()));

    let (_, mut websocket) = by_connect();
    assert!(!websocket.should_close_transport());
    assert!(websocket.end_of_input().is_err());
    assert!(websocket.should_close_transport());
}

// 8441-5-f
#[cfg(feature = "deflate")]
#[test]
fn compression_is_negotiated_in_the_same_way() {
    use hybi::deflate::Deflate;

    let deflate = Deflate::new();
    let offer = "permessage-deflate; client_max_window_bits";
    let fields = sound().and("sec-websocket-extensions", offer);
    let pairs = fields.pairs();
    let request = Request::from_connect(&pairs, &Origins::any()).unwrap();
    let (response, _) = finish(request.accept().deflate(&deflate)).unwrap();
    let extensions = response.all("sec-websocket-extensions");
    let [answer] = extensions[..] else { panic!("{extensions:?}") };

    let head = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Extensions: {offer}\r\n\r\n"
    );
    let (mut inbox, mut outbox) = (Inbox::with_capacity(1024), Vec::new());
    assert_eq!(inbox.copy_from(head.as_bytes()), head.len());
    let mut opening = Opening::new(Origins::any());
    let request = opening.receive(&mut inbox, &mut outbox).unwrap().unwrap();
    let _websocket = request.accept().deflate(&deflate).finish(&mut outbox).unwrap();
    let text = String::from_utf8(outbox).unwrap();
    assert!(text.contains(&format!("\r\nSec-WebSocket-Extensions: {answer}\r\n")), "{text}");
}
