//! An echo server and its client over TLS (`wss`), without a runtime. Each connection has a thread.
//!
//! It shows how to combine two sans-IO state machines: ciphertext from the socket goes into TLS, and
//! plaintext from TLS goes into the inbox. The outbox takes the reverse path, together with the output
//! of TLS itself (its handshake, new keys). The combination is in `link.rs`. It is the same for both
//! roles.
//!
//! `cargo run --bin rustls -- 127.0.0.1:9001 certificate.pem` runs the server. It generates a
//! certificate and writes it to the file.
//!
//! `cargo run --bin rustls -- wss://localhost:9001/ certificate.pem` runs the client. It trusts only
//! that certificate, sends two messages, and closes. With `http://HOST:PORT` or
//! `http://USER:PASSWORD@HOST:PORT` as a third argument, it connects through a tunnel of that proxy.

#[path = "../../../../../shared/accept.rs"]
mod accept;
#[path = "../../../../../shared/following.rs"]
mod following;
mod link;
#[path = "../../../../../shared/timed.rs"]
mod timed;
#[path = "../../../../../shared/tunnel.rs"]
mod tunnel;

use std::{
    error::Error,
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use hybi::{
    Client, CloseCode, Config, Connection, Event, GrowingOutbox, Inbox, Origins, Role, Server, Uri,
    client::{Request, Response},
    deadline::Stage,
    server::Opening,
};
use link::Link;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use timed::{Timed, clock::timeouts};
use tunnel::Proxy;

/// A peer that does not read makes the server hold at most one such message and its echo.
const CONFIG: Config = Config::new().max_message_size(1024 * 1024);

/// The ALPN protocol of both sides.
const ALPN: &[u8] = b"http/1.1";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let ended = match &arguments[..] {
        [url, certificate, proxy @ ..] if url.starts_with("wss:") && proxy.len() < 2 => {
            ask(url, certificate.as_ref(), proxy.first().map(String::as_str))
        }
        [address, certificate] => serve(address, certificate.as_ref()),
        [address] => serve(address, "certificate.pem".as_ref()),
        [] => serve("127.0.0.1:9001", "certificate.pem".as_ref()),
        _ => Err("usage: rustls [ADDRESS [CERTIFICATE]], or rustls URL CERTIFICATE [PROXY]".into()),
    };
    if let Err(error) = ended {
        eprintln!("rustls: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn serve(address: &str, certificate: &Path) -> Result<(), Box<dyn Error>> {
    let own = rcgen::generate_simple_self_signed(["localhost".into(), "127.0.0.1".into()])?;
    fs::write(certificate, own.cert.pem())?;
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der())?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)?;
    config.alpn_protocols = vec![ALPN.into()];
    let config = Arc::new(config);

    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    accept::serve_each(&listener, move |stream| {
        if let Err(error) = echo(&stream, Arc::clone(&config)) {
            accept::report(error);
        }
    })
}

/// One connection of the server.
fn echo(stream: &TcpStream, config: Arc<ServerConfig>) -> Result<(), Box<dyn Error>> {
    stream.set_nodelay(true)?;
    let tls = ServerConnection::new(config)?;
    let received = Inbox::with_capacity(16 * 1024);
    let mut link = Link::new(Timed::new(stream, timeouts()), tls.into(), received);
    let ended = accept(&mut link).and_then(|websocket| match websocket {
        Some(websocket) => converse(&mut link, websocket, |websocket, event, outbox| {
            match event {
                Event::Text(text) => websocket.send_text(text, outbox)?,
                Event::Binary(data) => websocket.send_binary(data, outbox)?,
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
            }
            Ok(())
        }),
        None => Ok(()),
    });
    link.end();
    ended
}

/// The server's opening handshake; `None` if the peer sent no request.
fn accept(link: &mut Link<'_>) -> Result<Option<Connection<Server>>, Box<dyn Error>> {
    let mut opening = Opening::new(Origins::same_host().or_no_browser());
    loop {
        let until = link.expire_opening(&mut opening)?;
        if link.write(until)? {
            continue;
        }
        match link.read(until)? {
            None => return Ok(None),
            Some(false) => continue,
            Some(true) => {}
        }
        let Link { inbox, outbox, .. } = link;
        if let Some(request) = opening.receive(inbox, outbox)? {
            return Ok(Some(request.accept().config(CONFIG).finish(outbox)?));
        }
    }
}

/// The client: sends two messages, and checks their echoes.
fn ask(url: &str, certificate: &Path, proxy: Option<&str>) -> Result<(), Box<dyn Error>> {
    let uri = Uri::parse(url)?;
    let host = uri.host().to_string();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate)?)?;
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![ALPN.into()];
    let proxy = proxy.map(Proxy::parse).transpose()?;
    let reached = proxy.as_ref().map_or(uri, |proxy| proxy.uri.as_uri());
    let stream = TcpStream::connect(format!("{}:{}", reached.host(), reached.port()))?;
    stream.set_nodelay(true)?;
    let mut timed = Timed::new(&stream, timeouts());
    let mut inbox = Inbox::with_capacity(16 * 1024);
    if let Some(proxy) = proxy {
        proxy.open(&uri, &mut timed, &mut inbox)?;
    }
    // The certificate is the server's, whoever opened the tunnel to it; so are bytes behind the
    // proxy's response.
    let tls = ClientConnection::new(config.into(), host.try_into()?)?;
    let mut link = Link::new(timed, tls.into(), inbox);
    let mut websocket = request(&mut link, &uri)?;
    let text = "Hello, TLS";
    let data = vec![0x5a; 1024 * 1024];
    websocket.send_text(text, &mut link.outbox)?;
    websocket.send_binary(&data, &mut link.outbox)?;
    let ended = converse(&mut link, websocket, |websocket, event, outbox| {
        match event {
            Event::Text(echo) if echo == text => println!("the text came back"),
            Event::Binary(echo) if echo == data => {
                println!("the data came back");
                websocket.close(CloseCode::NORMAL, "", outbox)?;
            }
            Event::Close(close) => println!("closed: {:?}", close.code()),
            Event::Text(_) | Event::Binary(_) => return Err("the echo is wrong".into()),
            Event::Ping(_) | Event::Pong(_) => {}
        }
        Ok(())
    });
    link.end();
    ended
}

/// The client's opening handshake.
fn request(link: &mut Link<'_>, uri: &Uri<'_>) -> Result<Connection<Client>, Box<dyn Error>> {
    let mut opening = Request::new(uri).send(&mut link.outbox)?;
    loop {
        let until = link.check(Stage::Opening)?;
        if link.write(until)? {
            continue;
        }
        match link.read(until)? {
            None => return Err("the server closed the connection".into()),
            Some(false) => continue,
            Some(true) => {}
        }
        match opening.receive(&mut link.inbox)? {
            None => {}
            Some(Response::Accepted(accepted)) => return Ok(accepted.finish()),
            Some(Response::Rejected(rejected)) => return Err(format!("{rejected:?}").into()),
        }
    }
}

/// Data transfer, for both roles.
fn converse<R: Role>(
    link: &mut Link<'_>,
    mut websocket: Connection<R>,
    mut react: impl FnMut(
        &mut Connection<R>,
        Event<'_>,
        &mut GrowingOutbox,
    ) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    loop {
        let Link { inbox, outbox, .. } = link;
        while let Some(event) = websocket.receive(inbox, outbox)? {
            react(&mut websocket, event, outbox)?;
        }
        // Sends a ping to a silent peer, or fails if it has taken too long.
        let until = link.expire(&mut websocket)?;
        if link.write(until)? {
            continue;
        }
        if websocket.should_close_transport() {
            return Ok(());
        }
        if link.read(until)?.is_none() {
            return Ok(websocket.end_of_input()?);
        }
    }
}
