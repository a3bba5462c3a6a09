//! TLS, proxies and redirects.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use http::{Request, Response};
use hybi_tokio::{
    Acceptor, Connect, ConnectError, Proxy,
    hybi::{CloseCode, Event, Origins},
    rustls::{ClientConfig, RootCertStore, ServerConfig, pki_types::PrivatePkcs8KeyDer},
};
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_rustls::TlsAcceptor;

use super::{respond, serve};

/// A server `localhost` that offers these protocols, and a client that trusts it.
fn tls(protocols: &[&str]) -> (TlsAcceptor, ClientConfig) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let mut roots = RootCertStore::empty();
    roots.add(certified.cert.der().clone()).unwrap();
    let mut server = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.into()], key.into())
        .unwrap();
    server.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    (Arc::new(server).into(), client)
}

/// Listens, and serves each connection in a task.
async fn listen<F: Future<Output = ()> + Send + 'static>(
    serve: impl Fn(TcpStream) -> F + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            tokio::spawn(serve(listener.accept().await.unwrap().0));
        }
    });
    address
}

async fn listen_tls(acceptor: TlsAcceptor) -> SocketAddr {
    listen(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                let _ = serve(stream).await;
            }
        }
    })
    .await
}

async fn talk(connect: Connect) {
    let mut client = connect.open_http2().await.unwrap();
    let text = "text ".repeat(70_000);
    client.send_text(&text).await.unwrap();
    assert_eq!(client.next().await.unwrap(), Some(Event::Text(&text)));
    client.close(CloseCode::NORMAL, "").await.unwrap();
}

#[tokio::test]
async fn wss_is_tls_with_h2() {
    let (acceptor, mut config) = tls(&["http/1.1", "h2"]);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let uri = format!("wss://localhost:{}/", listen_tls(acceptor).await.port());
    let connect = Connect::new(&uri).tls(config);
    talk(connect.clone()).await;
    let http2 = connect.connect_http2().await.unwrap();
    for _ in 0..2 {
        Connect::new(&uri).open_on(&http2).await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_does_not_select_h2_is_an_error() {
    // The first server sends an alert, and the second one no ALPN.
    for protocols in [&["http/1.1"][..], &[]] {
        let (acceptor, config) = tls(protocols);
        let uri = format!("wss://localhost:{}/", listen_tls(acceptor).await.port());
        let result = Connect::new(uri).tls(config).open_http2().await;
        assert!(matches!(result, Err(ConnectError::NoHttp2)), "{result:?}");
    }
}

#[tokio::test]
async fn ws_is_http_2_from_the_start() {
    let address = listen(|stream| async move { serve(stream).await.unwrap() }).await;
    talk(Connect::new(format!("ws://{address}/"))).await;
    let address = listen(|stream| async move {
        let _ = Acceptor::new(Origins::any()).accept(stream).await;
    });
    let result = Connect::new(format!("ws://{}/", address.await)).open_http2().await;
    assert!(matches!(result, Err(ConnectError::NoHttp2)), "{result:?}");
}

/// A proxy for one tunnel, whose response is followed at once by what the server has sent.
#[tokio::test]
async fn a_proxy_opens_a_tunnel() {
    let server = listen(|stream| async move { serve(stream).await.unwrap() }).await;
    let through = listen(move |mut client| async move {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await.unwrap());
        }
        let mut server = TcpStream::connect(server).await.unwrap();
        let mut answer = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        server.read_buf(&mut answer).await.unwrap();
        client.write_all(&answer).await.unwrap();
        let _ = copy_bidirectional(&mut client, &mut server).await;
    });
    let proxy = Proxy::new(&format!("http://{}", through.await)).unwrap();
    talk(Connect::new(format!("ws://{server}/")).proxy(proxy)).await;
}

/// Serves connections. Requests for `/moved` get a redirect to `location`. The path and the credentials of
/// each request are sent to `seen`.
async fn redirecting(location: String, seen: mpsc::UnboundedSender<String>) -> SocketAddr {
    listen(move |stream| {
        let (location, seen) = (location.clone(), seen.clone());
        let connection = seen.clone();
        connection.send("connection".into()).unwrap();
        let service = move |request: Request<Incoming>| {
            let token = request.headers().get("authorization").map(|value| value.to_str().unwrap());
            seen.send(format!("{} {}", request.uri().path(), token.unwrap_or("-"))).unwrap();
            let location = location.clone();
            async move {
                if request.uri().path() != "/moved" {
                    return respond(request).await;
                }
                let response = Response::builder().status(307).header("location", location);
                Ok::<_, Infallible>(response.body(String::new()).unwrap())
            }
        };
        async move {
            let mut builder = http2::Builder::new(TokioExecutor::new());
            builder.enable_connect_protocol();
            let _ = builder.serve_connection(TokioIo::new(stream), service_fn(service)).await;
        }
    })
    .await
}

fn seen(receiver: &mut mpsc::UnboundedReceiver<String>) -> Vec<String> {
    std::iter::from_fn(|| receiver.try_recv().ok()).collect()
}

#[tokio::test]
async fn a_redirect_to_the_same_origin_uses_the_same_connection() {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let server = redirecting("/here".into(), sender).await;
    let connect = Connect::new(format!("ws://{server}/moved")).bearer("token").redirects(1);
    talk(connect).await;
    let expected = ["connection", "/moved Bearer token", "/here Bearer token"];
    assert_eq!(seen(&mut receiver), expected);
}

#[tokio::test]
async fn a_redirect_to_another_origin_gets_no_credentials() {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let other = redirecting(String::new(), sender.clone()).await;
    let server = redirecting(format!("http://{other}/there"), sender).await;
    let connect = Connect::new(format!("ws://{server}/moved")).bearer("token");
    talk(connect.clone().redirects(1)).await;
    let expected = ["connection", "/moved Bearer token", "connection", "/there -"];
    assert_eq!(seen(&mut receiver), expected);

    // Without being asked to, and on a connection that is given, it is not followed.
    let result = connect.clone().open_http2().await;
    assert!(matches!(result, Err(ConnectError::Rejected(_))), "{result:?}");
    let http2 = connect.clone().connect_http2().await.unwrap();
    let result = connect.redirects(1).open_on(&http2).await;
    assert!(matches!(result, Err(ConnectError::Rejected(_))), "{result:?}");
}

#[tokio::test]
async fn redirects_have_a_limit() {
    let (sender, _receiver) = mpsc::unbounded_channel();
    let server = redirecting("/moved".into(), sender).await;
    let result = Connect::new(format!("ws://{server}/moved")).redirects(3).open_http2().await;
    assert!(matches!(result, Err(ConnectError::TooManyRedirects)), "{result:?}");
}
