//! One application over HTTP/1.1, HTTP/2 and HTTP/3, all at the same host and port. It sees the same
//! request in each version, and the client receives the same messages.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use http::Version;
use hybi::{
    Event, Uri,
    client::Request,
    deflate::Deflate,
    server::{self, Accept},
};
use hybi_embedding_async::{
    application::Application, h2_client, hyper_echo, hyper_tls::Tls, tokio_client,
    tokio_echo::Failure,
};
use hybi_embedding_h3::{client, server::serve};
use tokio::{
    net::{TcpListener, TcpStream, UdpSocket},
    runtime::Builder,
    sync::mpsc::{Receiver, Sender, channel},
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use crate::Files;

const VERSIONS: [Version; 3] = [Version::HTTP_11, Version::HTTP_2, Version::HTTP_3];

/// The fields that exist only in HTTP/1.1 (RFC 8441, section 5).
const UPGRADE_FIELDS: [&str; 4] = ["host", "connection", "upgrade", "sec-websocket-key"];

/// Describes each request, and sends the description as the first message.
#[derive(Default)]
struct Recorder {
    versions: Mutex<Vec<Version>>,
    senders: Mutex<Vec<Sender<String>>>,
}

impl Application for Recorder {
    fn join<'r>(
        &self,
        request: server::Request<'r>,
        version: Version,
    ) -> (Accept<'r>, Receiver<String>) {
        self.versions.lock().unwrap().push(version);
        let (sender, messages) = channel(1);
        sender.try_send(describe(&request)).unwrap();
        // If it were dropped, the WebSocket would be closed.
        self.senders.lock().unwrap().push(sender);
        (request.accept().select_subprotocol(&["chat"]), messages)
    }
}

fn describe(request: &server::Request<'_>) -> String {
    let mut lines = vec![
        format!("target {}", request.target()),
        format!("path {}", request.path()),
        format!("host {}", request.host()),
        format!("origin {:?}", request.origin()),
        format!("subprotocols {:?}", request.subprotocols().collect::<Vec<_>>()),
        format!(
            "cookie {:?}",
            request.cookie("session").map(<[u8]>::escape_ascii).map(|it| it.to_string())
        ),
    ];
    for extension in request.extensions() {
        lines.push(format!("extension {extension:?}"));
    }
    let mut fields: Vec<_> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string().to_lowercase(), value.escape_ascii()))
        .filter(|(name, _)| !UPGRADE_FIELDS.contains(&&**name))
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    fields.sort();
    lines.extend(fields);
    lines.join("\n")
}

/// The server in all versions.
struct Servers {
    files: Files,
    port: u16,
    application: Arc<Recorder>,
}

impl Servers {
    /// Serves HTTP/1.1 and HTTP/2 over TCP, and HTTP/3 over UDP.
    async fn start(test: &str) -> Self {
        let files = Files::make(test);
        let (tcp, udp, port) = sockets().await;
        let application = Arc::new(Recorder::default());
        let tls = Tls::from_files(files.certificate(), files.key()).unwrap();
        tokio::spawn(accept(tcp, tls, Arc::clone(&application)));
        let (certificate, key) = (files.certificate().to_owned(), files.key().to_owned());
        let recorder = Arc::clone(&application);
        tokio::spawn(async move { serve(udp, &certificate, &key, recorder).await });
        Self { files, port, application }
    }

    fn url(&self) -> String {
        format!("wss://localhost:{}/chat/room?number=1", self.port)
    }

    /// A connection over TLS.
    async fn connect(&self, protocol: &[u8]) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&self.files.certificate).unwrap()).unwrap();
        let mut config =
            ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol));
        stream
    }

    /// Sends the same request and messages in one version. Returns what was received.
    async fn converse(&self, version: Version, origin: &str) -> Result<Vec<String>, Failure> {
        let url = self.url();
        let uri = Uri::parse(&url)?;
        let request = Request::new(&uri)
            .subprotocols(&["superchat", "chat"])
            .require_subprotocol()
            .origin(origin)
            .header("Cookie", "session=31d4d96e407aad42; lang=en-US")
            .header("X-Forwarded-For", "192.0.2.1");
        let (sender, messages) = channel(4);
        for message in ["Hello", "", &"läßt ".repeat(100_000)] {
            sender.try_send(message.to_owned())?;
        }
        // The client closes once it is dropped.
        let mut sender = Some(sender);
        let mut received = Vec::new();
        let handle = |event: Event<'_>| {
            received.push(match event {
                Event::Text(text) => format!("text {text}"),
                event => format!("{event:?}"),
            });
            // The description of the request, and three echoes.
            if received.len() == 4 {
                sender = None;
            }
        };
        match version {
            Version::HTTP_11 => {
                let stream = self.connect(b"http/1.1").await;
                tokio_client::converse(stream, request, messages, handle).await?;
            }
            Version::HTTP_2 => {
                let stream = self.connect(b"h2").await;
                h2_client::converse(stream, request, messages, handle).await?;
            }
            _ => {
                let authority = self.files.certificate();
                client::converse(&uri, authority, request, messages, handle).await?;
            }
        }
        Ok(received)
    }
}

/// A TCP socket and a UDP socket with the same port.
async fn sockets() -> (TcpListener, UdpSocket, u16) {
    loop {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = tcp.local_addr().unwrap().port();
        if let Ok(udp) = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).await {
            return (tcp, udp, port);
        }
    }
}

async fn accept(listener: TcpListener, tls: Tls, application: Arc<Recorder>) {
    let deflate = Deflate::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (tls, deflate, application) = (tls.clone(), deflate.clone(), Arc::clone(&application));
        tokio::spawn(async move {
            let stream = tls.accept(stream).await?;
            hyper_echo::serve(stream, &deflate, &*application).await
        });
    }
}

fn run(test: impl Future<Output = ()>) {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

// 8441-5-b, 8441-5-d, 8441-5-e, 8441-5-f, 9220-3-a
#[test]
fn the_application_sees_the_same_request() {
    run(async {
        let servers = Servers::start("versions").await;
        let origin = format!("https://localhost:{}", servers.port);
        let mut received = Vec::new();
        for version in VERSIONS {
            received.push(servers.converse(version, &origin).await.unwrap());
        }
        assert_eq!(*servers.application.versions.lock().unwrap(), VERSIONS);
        let expected = format!(
            "text target /chat/room?number=1\npath /chat/room\nhost localhost:{port}\n\
             origin Some(\"{origin}\")\nsubprotocols [\"superchat\", \"chat\"]\n\
             cookie Some(\"31d4d96e407aad42\")\n",
            port = servers.port
        );
        assert!(received[0][0].starts_with(&expected), "{}", received[0][0]);
        assert!(received[0][0].contains("permessage-deflate"), "{}", received[0][0]);
        let mut messages = vec!["text Hello".to_owned(), "text ".into()];
        messages.push(format!("text {}", "läßt ".repeat(100_000)));
        // The reply to a Close with 1000.
        assert!(received[0][1..4] == messages);
        assert!(received[0][4].starts_with("Close(") && received[0].len() == 5);
        assert!(received[1] == received[0] && received[2] == received[0]);
    });
}

// 8441-5-i, 6455-10.2-a
#[test]
fn a_page_of_another_site_is_refused() {
    run(async {
        let servers = Servers::start("origins").await;
        for version in VERSIONS {
            let failure = servers.converse(version, "https://other.example").await.unwrap_err();
            assert_eq!(failure.to_string(), "the server answered with status 403", "{version:?}");
        }
        assert!(servers.application.versions.lock().unwrap().is_empty());
    });
}
