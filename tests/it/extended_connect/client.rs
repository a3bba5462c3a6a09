//! The client's extended CONNECT, and the responses to it.

use hybi::{
    Event, Inbox, Uri,
    client::{Error, Failure, Request, Response},
    http1::{FieldError, HeadFault},
    http2::SectionFault,
};

use crate::support::handshake::{
    client::{HELLO, request},
    connect::{Fields, exchange},
};

fn status(status: &str) -> Fields {
    Fields::default().and(":status", status)
}

/// What a response comes to.
#[derive(Debug, PartialEq)]
enum Outcome {
    Interim,
    Accepted,
    Rejected(u16),
    Failed(Failure),
}

fn hear(request: Request<'_>, response: &Fields) -> Outcome {
    let (_, mut exchange) = exchange(request);
    let pairs = response.pairs();
    let heard = match exchange.receive_fields(&pairs) {
        Ok(None) => return Outcome::Interim,
        Ok(Some(Response::Accepted(accepted))) => {
            let _ = accepted.finish();
            Outcome::Accepted
        }
        Ok(Some(Response::Rejected(rejected))) => Outcome::Rejected(rejected.status()),
        Err(Error::Failed(failure)) => Outcome::Failed(failure),
        Err(error) => panic!("{error}"),
    };
    // There is no second response.
    let again = exchange.receive_fields(&[(b":status", b"200")]).map(|_| ()).unwrap_err();
    assert_eq!(again, Error::HandshakeOver);
    heard
}

// 8441-4-a, 8441-4-b, 8441-5-a, 8441-5-b, 8441-5-c, 8441-5-d, 8441-5-e, 8441-5-g
#[test]
fn the_fields_of_a_request() {
    let table = [
        ("wss://server.example.com/chat", "https", "/chat", "server.example.com"),
        ("ws://server.example.com/chat", "http", "/chat", "server.example.com"),
        ("wss://A.example:443", "https", "/", "a.example"),
        ("ws://a.example:443/?x=1", "http", "/?x=1", "a.example:443"),
        ("wss://[2001:db8::1]:8443/a?b", "https", "/a?b", "[2001:db8::1]:8443"),
        ("wss://a/?", "https", "/", "a"),
    ];
    for (uri, scheme, path, authority) in table {
        let (fields, _) = exchange(Request::new(&Uri::parse(uri).unwrap()));
        let expected = Fields::default()
            .and(":method", "CONNECT")
            .and(":protocol", "websocket")
            .and(":scheme", scheme)
            .and(":path", path)
            .and(":authority", authority)
            .and("sec-websocket-version", "13");
        assert_eq!(fields, expected, "{uri}");
    }
}

// 8441-5-f, 8441-5-g
#[test]
fn what_a_request_offers() {
    let request = request()
        .subprotocols(&["chat", "superchat"])
        .extensions(" x-a; b=1 ")
        .origin("https://example.com")
        .target("/a|b")
        .basic_auth("Aladdin", "open sesame")
        .header("Cookie", "\ta=B ");
    let (fields, _) = exchange(request);
    let expected = [
        (":path", "/a|b"),
        ("origin", "https://example.com"),
        ("sec-websocket-protocol", "chat, superchat"),
        ("sec-websocket-extensions", "x-a; b=1"),
        ("authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ("cookie", "a=B"),
    ];
    for (name, value) in expected {
        assert_eq!(fields.all(name), [value], "{name}");
    }
    let (fields, _) = exchange(self::request().bearer("mF_9.B5f-4.1JqM"));
    assert_eq!(fields.all("authorization"), ["Bearer mF_9.B5f-4.1JqM"]);
}

// 8441-5-c, P-ch-a
#[test]
fn what_cannot_be_sent_is_reported_before_a_field_is_handed_out() {
    let table = [
        (request().header("Keep-Alive", "x"), "Keep-Alive"),
        (request().header("te", "trailers"), "TE"),
        (request().header("Connection", "x"), "Connection"),
        (request().header("upgrade", "x"), "Upgrade"),
        (request().header("Host", "x"), "Host"),
    ];
    for (request, name) in table {
        let mut fields = Fields::default();
        let error = request.send_fields_with(
            crate::support::handshake::client::SampleNonce,
            |name, value| {
                fields.take(name, value);
            },
        );
        let expected = Error::HeaderField(FieldError::Reserved { index: 0, name });
        assert_eq!(error.map(|_| ()).unwrap_err(), expected);
        assert_eq!(fields, Fields::default());
    }
}

// 8441-5-h, P-h2-e, 9110-9.3.6-c
#[test]
fn any_2xx_accepts_and_any_other_status_rejects() {
    for code in ["200", "201", "204", "299"] {
        assert_eq!(hear(request(), &status(code)), Outcome::Accepted, "{code}");
    }
    for code in [300, 301, 400, 401, 403, 404, 405, 407, 425, 426, 500, 501, 503, 599] {
        assert_eq!(hear(request(), &status(&code.to_string())), Outcome::Rejected(code));
    }
    for code in ["100", "102", "103", "199"] {
        assert_eq!(hear(request(), &status(code)), Outcome::Interim, "{code}");
    }
    assert_eq!(hear(request(), &status("101")), Outcome::Failed(Failure::SwitchingProtocols));
}

// 8441-5-h
#[test]
fn a_response_follows_interim_ones() {
    let (_, mut exchange) = exchange(request());
    for _ in 0..20 {
        assert!(exchange.receive_fields(&[(b":status", b"103")]).unwrap().is_none());
    }
    let fields = status("200");
    let pairs = fields.pairs();
    let Some(Response::Accepted(accepted)) = exchange.receive_fields(&pairs).unwrap() else {
        panic!("not accepted")
    };
    let mut websocket = accepted.finish();
    let (mut inbox, mut outbox) = (Inbox::with_capacity(64), Vec::new());
    assert_eq!(inbox.copy_from(&HELLO), HELLO.len());
    let event = websocket.receive(&mut inbox, &mut outbox).unwrap();
    assert!(matches!(event, Some(Event::Text("Hello"))), "{event:?}");
    websocket.send_text("Hello", &mut outbox).unwrap();
    assert_eq!(outbox[..2], [0x81, 0x85], "masked");
}

// 8441-5-e, 9110-9.3.6-b
#[test]
fn a_proof_or_a_length_means_nothing_in_a_response_that_accepts() {
    for accept in ["", "x", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="] {
        let response = status("200").and("sec-websocket-accept", accept);
        assert_eq!(hear(request(), &response), Outcome::Accepted);
    }
    for length in ["0", "5", "x"] {
        let response = status("200").and("content-length", length);
        assert_eq!(hear(request(), &response), Outcome::Accepted);
    }
}

// 9114-4.2-a, 9114-4.3-a, 8441-5-c, 8441-5-g, 8441-5-f
#[test]
fn hostile_responses() {
    use SectionFault::{ConnectionSpecific, FieldName, FieldValue, PseudoHeader};
    let section = |fault| Outcome::Failed(Failure::Section(fault));
    let ok = || status("200");
    let table = [
        (Fields::default(), section(PseudoHeader)),
        (Fields::default().and("server", "x"), section(PseudoHeader)),
        (Fields::default().and("server", "x").and(":status", "200"), section(PseudoHeader)),
        (ok().and(":status", "200"), section(PseudoHeader)),
        (ok().and(":path", "/"), section(PseudoHeader)),
        (ok().and("x", "y").and(":status", "200"), section(PseudoHeader)),
        (status(""), section(PseudoHeader)),
        (status("2000"), section(PseudoHeader)),
        (status("20"), section(PseudoHeader)),
        (status("099"), section(PseudoHeader)),
        (status("600"), section(PseudoHeader)),
        (status("+20"), section(PseudoHeader)),
        (status("200 "), section(FieldValue)),
        (ok().and("Server", "x"), section(FieldName)),
        (ok().and("a b", "x"), section(FieldName)),
        (ok().and("a", "b\r\nc: d"), section(FieldValue)),
        (ok().and("connection", "upgrade"), section(ConnectionSpecific)),
        (ok().and("upgrade", "websocket"), section(ConnectionSpecific)),
        (ok().and("transfer-encoding", "chunked"), section(ConnectionSpecific)),
        (ok().and("keep-alive", "x"), section(ConnectionSpecific)),
        (status("404").and("connection", "close"), section(ConnectionSpecific)),
        (status("103").and("connection", "close"), section(ConnectionSpecific)),
        (ok().and("sec-websocket-protocol", "chat"), Outcome::Failed(Failure::Subprotocol)),
        (ok().and("sec-websocket-protocol", ""), Outcome::Failed(Failure::Subprotocol)),
        (ok().and("sec-websocket-extensions", "x"), Outcome::Failed(Failure::ExtensionNotOffered)),
        (ok().and("sec-websocket-extensions", "x;"), Outcome::Failed(Failure::Extensions)),
        (
            ok().and("sec-websocket-extensions", vec!["x"; 129].join(",")),
            Outcome::Failed(Failure::Head(HeadFault::TooManyElements)),
        ),
    ];
    for (response, expected) in table {
        assert_eq!(hear(request(), &response), expected, "{response:?}");
    }
    let required = request().subprotocols(&["chat"]).require_subprotocol();
    assert_eq!(hear(required, &ok()), Outcome::Failed(Failure::NoSubprotocol));
}

#[test]
fn an_exchange_can_be_kept_without_a_borrow() {
    let mut kept = {
        let text = String::from("wss://a.example/");
        let names = [String::from("chat")];
        let names = [&*names[0]];
        let request = Request::new(&Uri::parse(&text).unwrap()).subprotocols(&names);
        exchange(request).1.into_owned()
    };
    let response = [(&b":status"[..], &b"200"[..]), (b"sec-websocket-protocol", b"chat")];
    let Some(Response::Accepted(accepted)) = kept.receive_fields(&response).unwrap() else {
        panic!("not accepted")
    };
    assert_eq!(accepted.subprotocol(), Some("chat"));
    assert!(!format!("{kept:?}").contains("chat"));
}
