//! The routes of a client: TLS, proxies, redirects.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::{net::SocketAddr, sync::Arc};

use hybi_tokio::{
    Acceptor, Connect, ConnectError, Incoming, Proxy, ProxyError,
    hybi::{CloseCode, Event, Origins, UriError, deflate::Deflate, server::Response},
    rustls::{ClientConfig, RootCertStore, ServerConfig, pki_types::PrivatePkcs8KeyDer},
};
use tokio::{
    io::{
        AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _,
        BufReader, copy_bidirectional,
    },
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

/// The configurations of TLS for a server `localhost` and for clients that trust it.
fn tls() -> (TlsAcceptor, ClientConfig) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let mut roots = RootCertStore::empty();
    roots.add(certified.cert.der().clone()).unwrap();
    let server = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.into()], key.into())
        .unwrap();
    let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    (Arc::new(server).into(), client)
}

async fn echo(stream: impl AsyncRead + AsyncWrite + Unpin) {
    let acceptor = Acceptor::new(Origins::any()).compression(Deflate::new());
    let mut websocket = acceptor.accept(stream).await.unwrap();
    while let Some(event) = websocket.next().await.unwrap() {
        if let Some(message) = event.to_message() {
            websocket.feed(&message).await.unwrap();
        }
    }
}

/// Listens, and serves one connection.
async fn listen<F: Future<Output = ()> + Send>(
    serve: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { serve(listener.accept().await.unwrap().0).await });
    address
}

async fn talk(connect: Connect) {
    let mut client = connect.compression(Deflate::new()).open().await.unwrap();
    assert!(client.connection().compression().is_some());
    for length in [0, 70_000] {
        let text = "text ".repeat(length);
        client.send_text(&text).await.unwrap();
        assert_eq!(client.next().await.unwrap(), Some(Event::Text(&text)));
    }
    client.close(CloseCode::NORMAL, "").await.unwrap();
}

/// An HTTP proxy for one tunnel. It expects these credentials.
async fn proxy(mut client: TcpStream, authorization: Option<&str>) {
    let mut head = Vec::new();
    let mut reader = BufReader::new(&mut client);
    while !head.ends_with(b"\r\n\r\n") {
        reader.read_until(b'\n', &mut head).await.unwrap();
    }
    let head = String::from_utf8(head).unwrap();
    let expected = authorization.map(|value| format!("Proxy-Authorization: {value}\r\n"));
    if expected.is_some_and(|expected| !head.contains(&expected)) {
        let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
        return client.write_all(refusal).await.unwrap();
    }
    let target = head.strip_prefix("CONNECT ").unwrap().split(' ').next().unwrap();
    let mut server = TcpStream::connect(target).await.unwrap();
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

#[tokio::test]
async fn wss_is_tls() {
    let (acceptor, config) = tls();
    let server = listen(|stream| async move { echo(acceptor.accept(stream).await.unwrap()).await });
    let uri = format!("wss://localhost:{}/", server.await.port());
    talk(Connect::new(uri).tls(config)).await;
}

#[tokio::test]
async fn http2_is_not_negotiated_in_tls() {
    let (acceptor, mut config) = tls();
    let mut server = ServerConfig::clone(acceptor.config());
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.alpn_protocols.clone_from(&server.alpn_protocols);
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let server = listen(|stream| async move {
        let stream = acceptor.accept(stream).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        echo(stream).await;
    });
    talk(Connect::new(format!("wss://localhost:{}/", server.await.port())).tls(config)).await;
}

#[tokio::test]
async fn a_certificate_that_no_root_of_mozilla_has_signed_is_an_error() {
    let (acceptor, _) = tls();
    let server = listen(|stream| async move { assert!(acceptor.accept(stream).await.is_err()) });
    let uri = format!("wss://localhost:{}/", server.await.port());
    let error = Connect::new(uri).open().await.unwrap_err();
    assert!(matches!(error, ConnectError::Tls { .. }));
    assert!(error.to_string().contains("`Connect::tls`"), "{error}");
}

#[tokio::test]
async fn a_certificate_of_another_name_is_an_error() {
    let (acceptor, config) = tls();
    let server = listen(|stream| async move { assert!(acceptor.accept(stream).await.is_err()) });
    let uri = format!("wss://127.0.0.1:{}/", server.await.port());
    let error = Connect::new(uri).tls(config).open().await.unwrap_err();
    assert!(matches!(error, ConnectError::Tls { .. }));
    assert!(!error.to_string().contains("`Connect::tls`"), "{error}");
}

// 9110-9.3.6
#[tokio::test]
async fn a_proxy_opens_a_tunnel_for_ws_and_wss() {
    let server = listen(echo).await;
    let through = listen(|stream| proxy(stream, None)).await;
    talk(
        Connect::new(format!("ws://{server}/"))
            .proxy(Proxy::new(&format!("http://{through}")).unwrap()),
    )
    .await;

    let (acceptor, config) = tls();
    let server =
        listen(|stream| async move { echo(acceptor.accept(stream).await.unwrap()).await }).await;
    // RFC 7617, section 2: "Aladdin:open sesame"
    let through = listen(|stream| proxy(stream, Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="))).await;
    let proxy =
        Proxy::new(&format!("http://{through}")).unwrap().basic_auth("Aladdin", "open sesame");
    let uri = format!("wss://localhost:{}/", server.port());
    talk(Connect::new(uri).tls(config).proxy(proxy)).await;
}

#[tokio::test]
async fn a_proxy_that_refuses_is_an_error() {
    let through = listen(|stream| proxy(stream, Some("Basic x"))).await;
    let connect =
        Connect::new("ws://127.0.0.1:1/").proxy(Proxy::new(&format!("http://{through}")).unwrap());
    let error = connect.open().await.unwrap_err();
    assert!(matches!(error, ConnectError::ProxyRefused(407)));
    assert!(error.to_string().contains("`Proxy::basic_auth`"), "{error}");
}

#[test]
fn a_proxy_that_cannot_be_used_is_an_error() {
    for url in ["https://127.0.0.1:1", "socks5://127.0.0.1:1", "127.0.0.1:1", "ws://127.0.0.1:1"] {
        assert_eq!(Proxy::new(url).unwrap_err(), ProxyError::Scheme, "{url}");
    }
    assert_eq!(Proxy::new("http://a:b@127.0.0.1:1").unwrap_err(), ProxyError::Userinfo);
    assert_eq!(Proxy::new("http://").unwrap_err(), ProxyError::Uri(UriError::NoHost));
}

#[tokio::test]
async fn a_server_that_does_not_listen_is_an_error_with_its_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = Connect::new(format!("ws://{address}/")).open().await.unwrap_err();
    assert!(matches!(&error, ConnectError::Tcp { .. }));
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[tokio::test]
async fn the_wrong_scheme_is_an_error_that_names_the_other_one() {
    // Some servers close when the first bytes are not TLS, others send an alert.
    let closing = listen(|mut stream| async move {
        assert_ne!(stream.read(&mut [0; 4096]).await.unwrap(), 0);
    });
    let error = Connect::new(format!("ws://{}/", closing.await)).open().await.unwrap_err();
    assert!(matches!(error, ConnectError::NoResponse { is_secure: false }), "{error}");
    assert!(error.to_string().contains("wss"), "{error}");
    let (acceptor, config) = tls();
    let secure = listen(|stream| async move { assert!(acceptor.accept(stream).await.is_err()) });
    let error = Connect::new(format!("ws://{}/", secure.await)).open().await.unwrap_err();
    assert!(error.to_string().contains("received a TLS record"), "{error}");

    let plain = listen(|mut stream| async move {
        let mut hello = [0; 64];
        assert_ne!(stream.read(&mut hello).await.unwrap(), 0);
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let uri = format!("wss://localhost:{}/", plain.await.port());
    let error = Connect::new(uri).tls(config).open().await.unwrap_err();
    assert!(matches!(error, ConnectError::Tls { .. }));
    assert!(error.to_string().contains("the scheme is ws)"), "{error}");
}

/// Redirects one request to `location`, and checks whether it has credentials.
async fn redirect(stream: TcpStream, location: String) {
    let Incoming::WebSocket(request) = Acceptor::new(Origins::any()).receive(stream).await.unwrap()
    else {
        panic!("no request for a WebSocket")
    };
    assert_eq!(request.get().headers().get("authorization"), Some(&b"Bearer token"[..]));
    let response = Response::new(307).header("Location", &location);
    request.reject(response).await.unwrap();
}

#[tokio::test]
async fn a_redirect_to_another_origin_gets_no_credentials() {
    let server = listen(|stream| async move {
        let Incoming::WebSocket(request) =
            Acceptor::new(Origins::any()).receive(stream).await.unwrap()
        else {
            panic!("no request for a WebSocket")
        };
        assert_eq!(request.get().target(), "/moved?x");
        for name in ["authorization", "cookie", "x-secret"] {
            assert_eq!(request.get().headers().get(name), None, "{name}");
        }
        request.accept().await.unwrap().send_text("here").await.unwrap();
    })
    .await;
    let first = || listen(move |stream| redirect(stream, format!("http://{server}/moved?x")));
    let connect = |first| {
        Connect::new(format!("ws://{first}/"))
            .bearer("token")
            .cookie("session", "17")
            .header("X-Secret", "secret")
    };
    let Err(ConnectError::Rejected(rejected)) = connect(first().await).open().await else {
        panic!("followed without being asked to")
    };
    assert_eq!(rejected.as_rejected().status(), 307);
    let mut client = connect(first().await).redirects(1).open().await.unwrap();
    assert_eq!(client.next().await.unwrap(), Some(Event::Text("here")));
}

#[tokio::test]
async fn a_redirect_to_the_same_origin_keeps_the_credentials_up_to_a_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        for _ in 0..3 {
            redirect(listener.accept().await.unwrap().0, "/again".to_owned()).await;
        }
    });
    let connect = Connect::new(format!("ws://{address}/")).bearer("token").redirects(2);
    assert!(matches!(connect.open().await, Err(ConnectError::TooManyRedirects)));
    server.await.unwrap();
}

#[tokio::test]
async fn a_redirect_from_wss_to_ws_is_not_followed() {
    let (acceptor, config) = tls();
    let server = listen(|stream| async move {
        let stream = acceptor.accept(stream).await.unwrap();
        let Incoming::WebSocket(request) =
            Acceptor::new(Origins::any()).receive(stream).await.unwrap()
        else {
            panic!("no request for a WebSocket")
        };
        request.reject(Response::new(302).header("Location", "http://localhost/")).await.unwrap();
    });
    let uri = format!("wss://localhost:{}/", server.await.port());
    let result = Connect::new(uri).tls(config).redirects(5).open().await;
    assert!(matches!(result, Err(ConnectError::Rejected(_))));
}
