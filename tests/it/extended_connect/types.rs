//! Requests and responses in the types of the `http` crate.

use http::{Method, Version};
use hybi::{
    Origins, Uri,
    client::{self, Error, Exchange, Failure, Response},
    http2::SectionFault,
    server::{self, ConnectFault, Refusal, Request},
};

use crate::support::handshake::{
    client::{SampleNonce, request},
    connect::{sound, to_http},
    head::KEY,
};

fn refused(version: Version, method: &str, uri: &str, protocol: Option<&str>) -> Refusal {
    let request = http::Request::builder().method(method).version(version).uri(uri);
    let request = request.header("sec-websocket-version", "13").body(()).unwrap();
    Request::from_http_connect(&request, protocol, &Origins::any()).map(|_| ()).unwrap_err()
}

// 8441-4-a, 8441-4-b, 8441-5-a, 8441-5-b, 8441-5-d
#[test]
fn a_request_is_held_to_the_same_rules() {
    let refuse = |method, uri, protocol, expected: ConnectFault| {
        for version in [Version::HTTP_2, Version::HTTP_3] {
            assert_eq!(refused(version, method, uri, protocol), expected.into());
        }
    };
    let (uri, websocket) = ("https://a.example/chat", Some("websocket"));
    let malformed = ConnectFault::Section(SectionFault::PseudoHeader);
    refuse("GET", uri, None, ConnectFault::NotExtended);
    refuse("GET", uri, websocket, malformed);
    refuse("CONNECT", uri, None, malformed);
    refuse("CONNECT", "a.example:443", None, ConnectFault::NotExtended);
    refuse("CONNECT", "a.example:443", websocket, malformed);
    refuse("CONNECT", "/chat", websocket, malformed);
    refuse("CONNECT", uri, Some("foo"), ConnectFault::Protocol);
    refuse("CONNECT", uri, Some(""), ConnectFault::Protocol);
    refuse("CONNECT", "wss://a.example/chat", websocket, ConnectFault::Scheme);
    refuse("CONNECT", "https://u@a.example/chat", websocket, ConnectFault::Authority);
    for version in [Version::HTTP_10, Version::HTTP_11] {
        let refusal = refused(version, "CONNECT", uri, websocket);
        assert_eq!(refusal, ConnectFault::NotExtended.into());
    }
}

// 8441-5-c, 9114-4.2-a, 8441-5-i
#[test]
fn refusals_and_responses_have_no_field_of_http_1() {
    let fields = sound().and("connection", "x");
    let http = to_http(&fields, Version::HTTP_2).unwrap();
    let checked = Request::from_http_connect(&http, Some("websocket"), &Origins::any());
    let refusal = checked.map(|_| ()).unwrap_err();
    assert_eq!(refusal, ConnectFault::Section(SectionFault::ConnectionSpecific).into());
    let response = refusal.to_http();
    assert_eq!(response.status(), 400);

    let response = Refusal::from(ConnectFault::UnsupportedVersion(8)).to_http();
    assert_eq!((response.status().as_u16(), response.headers().len()), (400, 2));
    assert_eq!(response.headers()["sec-websocket-version"], "13");

    let http = to_http(&sound(), Version::HTTP_2).unwrap();
    let check = || Request::from_http_connect(&http, Some("websocket"), &Origins::any()).unwrap();
    let response = check().reject(404).header("X-A", "b").body(b"No").to_http().unwrap();
    assert_eq!((response.status().as_u16(), *response.body()), (404, &b"No"[..]));
    assert_eq!(response.headers()["x-a"], "b");
    assert!(check().reject(426).to_http().unwrap().headers().is_empty());
    assert!(check().reject(404).header("Keep-Alive", "x").to_http().is_err());
    assert!(check().accept().header("te", "x").finish_http().is_err());
    let error = check().reject(101).to_http().map(|_| ()).unwrap_err();
    assert_eq!(error, server::Error::Status(101));
    // In HTTP/1.1, 426 demands both.
    let response = server::Response::new(426).to_http().unwrap();
    assert_eq!(response.headers()["upgrade"], "websocket");
}

// 8441-5-e, P-h2-g
#[test]
fn a_key_is_answered_over_the_types_too() {
    let http = to_http(&sound().and("sec-websocket-key", KEY), Version::HTTP_2).unwrap();
    let checked = Request::from_http_connect(&http, Some("websocket"), &Origins::any()).unwrap();
    let (response, _) = checked.accept().finish_http().unwrap();
    assert_eq!(response.headers().len(), 1);
    assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

fn answer(
    exchange: &mut Exchange<'_, SampleNonce>,
    status: u16,
    version: Version,
    fields: &[(&str, &str)],
) -> Result<Option<u16>, Error> {
    let mut response = http::Response::builder().status(status).version(version);
    for (name, value) in fields {
        response = response.header(*name, *value);
    }
    let response = response.body(()).unwrap();
    Ok(match exchange.receive_http(&response)? {
        None => None,
        Some(Response::Accepted(accepted)) => {
            let _ = accepted.finish();
            Some(0)
        }
        Some(Response::Rejected(rejected)) => {
            assert_eq!(rejected.body(), b"");
            Some(rejected.status())
        }
    })
}

const UPGRADED: [(&str, &str); 3] = [
    ("upgrade", "websocket"),
    ("connection", "Upgrade"),
    ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
];

// 6455-4.1-ad
#[test]
fn another_http_1_1_client_carries_the_handshake_out() {
    let begin = || {
        let request = request().subprotocols(&["chat"]).bearer("abc").header("Cookie", "a=b");
        request.send_http_with(SampleNonce).unwrap()
    };
    let (sent, mut exchange) = begin();
    assert_eq!((sent.method(), sent.version()), (&Method::GET, Version::HTTP_11));
    assert_eq!(sent.uri(), "http://server.example.com/chat");
    let expected = [
        ("host", "server.example.com"),
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-key", KEY),
        ("sec-websocket-version", "13"),
        ("sec-websocket-protocol", "chat"),
        ("authorization", "Bearer abc"),
        ("cookie", "a=b"),
    ];
    assert_eq!(sent.headers().len(), expected.len());
    for (name, value) in expected {
        assert_eq!(sent.headers()[name], value, "{name}");
    }
    assert!(sent.headers()["authorization"].is_sensitive());
    // A server of ours accepts it.
    let checked = Request::from_http(&sent, &Origins::no_browser()).unwrap();
    let (response, _) = checked.accept().subprotocol("chat").finish_http().unwrap();
    assert!(
        exchange
            .receive_http(&http::Response::builder().status(103).body(()).unwrap())
            .unwrap()
            .is_none()
    );
    let Some(Response::Accepted(accepted)) = exchange.receive_http(&response).unwrap() else {
        panic!("not accepted")
    };
    assert_eq!(accepted.subprotocol(), Some("chat"));
    drop(accepted);
    assert_eq!(exchange.receive_http(&response).map(|_| ()).unwrap_err(), Error::HandshakeOver);

    let hear =
        |status, version, fields: &[(&str, &str)]| answer(&mut begin().1, status, version, fields);
    assert_eq!(hear(101, Version::HTTP_11, &UPGRADED), Ok(Some(0)));
    let failed = |failure| Err(Error::Failed(failure));
    assert_eq!(hear(101, Version::HTTP_10, &UPGRADED), failed(Failure::HttpVersion));
    assert_eq!(hear(101, Version::HTTP_11, &UPGRADED[1..]), failed(Failure::Upgrade));
    assert_eq!(hear(101, Version::HTTP_11, &UPGRADED[..2]), failed(Failure::Accept));
    for status in [200, 204, 301, 401, 426, 503] {
        assert_eq!(hear(status, Version::HTTP_11, &UPGRADED), Ok(Some(status)));
    }
}

// 8441-4-a, 8441-5-b, 8441-5-e, 8441-5-h
#[test]
fn another_http_2_client_carries_the_handshake_out() {
    let begin = || request().subprotocols(&["chat"]).send_http_connect_with(SampleNonce).unwrap();
    let (sent, mut exchange) = begin();
    assert_eq!((sent.method(), sent.version()), (&Method::CONNECT, Version::HTTP_2));
    assert_eq!(sent.uri(), "http://server.example.com/chat");
    assert_eq!(sent.headers().len(), 2);
    let checked = Request::from_http_connect(&sent, Some("websocket"), &Origins::no_browser());
    let (response, _) = checked.unwrap().accept().subprotocol("chat").finish_http().unwrap();
    let Some(Response::Accepted(accepted)) = exchange.receive_http(&response).unwrap() else {
        panic!("not accepted")
    };
    assert_eq!(accepted.subprotocol(), Some("chat"));

    let hear =
        |status, fields: &[(&str, &str)]| answer(&mut begin().1, status, Version::HTTP_2, fields);
    let failed = |failure| Err(Error::Failed(failure));
    assert_eq!(hear(200, &UPGRADED[2..]), Ok(Some(0)));
    assert_eq!(hear(101, &[]), failed(Failure::SwitchingProtocols));
    let malformed = Failure::Section(SectionFault::ConnectionSpecific);
    assert_eq!(hear(200, &UPGRADED[..1]), failed(malformed));
    assert_eq!(hear(501, &[]), Ok(Some(501)));
    assert_eq!(hear(200, &[("sec-websocket-protocol", "x")]), failed(Failure::Subprotocol));
}

#[test]
fn a_request_that_the_types_do_not_take_is_reported() {
    let uri = Uri::parse("ws://a.example/").unwrap();
    let names: Vec<_> = (0..40_000).map(|i| format!("x-{i}")).collect();
    let many: Vec<_> = names.iter().map(|name| (&**name, "")).collect();
    for request in
        [client::Request::new(&uri).target("/<"), client::Request::new(&uri).headers(&many)]
    {
        let sent = request.clone().send_http_with(SampleNonce).map(|_| ());
        assert_eq!(sent.unwrap_err(), Error::HttpTypes);
        let sent = request.send_http_connect_with(SampleNonce).map(|_| ());
        assert_eq!(sent.unwrap_err(), Error::HttpTypes);
    }
}
