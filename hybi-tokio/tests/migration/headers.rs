//! A server with a callback that reads and adds header fields, and rejects requests; and clients with
//! requests of their own.

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;

use super::tokio_tungstenite::{
    accept_hdr_async, client_async, connect_async,
    tungstenite::{
        self, ClientRequestBuilder, Error,
        client::IntoClientRequest,
        handshake::{
            client::generate_key,
            server::{ErrorResponse, Request, Response},
        },
        http::{self, HeaderValue, StatusCode, Uri},
    },
};

fn decide(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(request.method(), "GET");
    if request.uri().path() != "/chat" {
        let mut rejection = ErrorResponse::new(Some("no such room".to_owned()));
        *rejection.status_mut() = StatusCode::NOT_FOUND;
        rejection.headers_mut().insert("x-reason", HeaderValue::from_static("room"));
        return Err(rejection);
    }
    let user = request.headers()["x-user"].clone();
    response.headers_mut().append("x-greeting", user);
    response.headers_mut().append("set-cookie", HeaderValue::from_static("a=1"));
    response.headers_mut().append("set-cookie", HeaderValue::from_static("b=2"));
    if let Some(offered) = request.headers().get("sec-websocket-protocol") {
        assert_eq!(offered, "chat.v2, chat.v1");
        let selected = HeaderValue::from_static("chat.v1");
        response.headers_mut().insert("sec-websocket-protocol", selected);
    }
    Ok(response)
}

pub(crate) async fn headers_server(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            let mut query = None;
            let callback = |request: &Request, response: Response| {
                query = request.uri().query().map(str::to_owned);
                decide(request, response)
            };
            match accept_hdr_async(stream, callback).await {
                Ok(mut websocket) => {
                    let query = query.unwrap_or_default();
                    websocket.send(query.into()).await.unwrap();
                }
                Err(Error::Http(response)) => {
                    assert_eq!(response.status(), StatusCode::NOT_FOUND);
                    assert_eq!(response.body().as_deref(), Some(&b"no such room"[..]));
                }
                Err(error) => panic!("{error}"),
            }
        });
    }
}

pub(crate) async fn headers_client(uri: String) {
    // A request of `into_client_request`.
    let mut request = format!("{uri}/chat?room=1").into_client_request().unwrap();
    request.headers_mut().insert("x-user", "anna".parse().unwrap());
    let (mut websocket, response) = connect_async(request).await.unwrap();
    assert_eq!(response.headers()["x-greeting"], "anna");
    let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!(websocket.next().await.unwrap().unwrap().to_text().unwrap(), "room=1");

    // A builder.
    let uri: Uri = format!("{uri}/chat").parse().unwrap();
    let builder = ClientRequestBuilder::new(uri.clone())
        .with_header("x-user", "berta")
        .with_sub_protocol("chat.v2")
        .with_sub_protocol("chat.v1");
    let (_websocket, response) = connect_async(builder).await.unwrap();
    assert_eq!(response.headers()["x-greeting"], "berta");
    assert_eq!(response.headers()["sec-websocket-protocol"], "chat.v1");

    // A request with all its fields, over a stream, for a host that has another name.
    let authority = uri.authority().unwrap().as_str();
    let request = http::Request::builder()
        .uri("ws://example.com/chat")
        .header("Host", "example.com")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", generate_key())
        .header("Origin", "https://example.com")
        .header("X-User", "carla")
        .body(())
        .unwrap();
    let stream = tokio::net::TcpStream::connect(authority).await.unwrap();
    let (_websocket, response) = client_async(request, stream).await.unwrap();
    assert_eq!(response.headers()["x-greeting"], "carla");
}

pub(crate) async fn rejected_client(uri: String) {
    match connect_async(format!("{uri}/other")).await {
        Err(Error::Http(response)) => {
            assert_eq!(response.status(), StatusCode::NOT_FOUND);
            assert_eq!(response.headers()["x-reason"], "room");
        }
        other => panic!("{other:?}"),
    }
    let scheme = connect_async("http://127.0.0.1/").await.unwrap_err();
    assert!(matches!(scheme, Error::Url(tungstenite::error::UrlError::UnsupportedUrlScheme)));
    assert!(matches!(connect_async("ws://127.0.0.1:1/").await, Err(Error::Io(_))));
    assert!(connect_async("/chat").await.is_err());
}
