//! An echo server and its client over TLS (`wss`), without a runtime: one thread for a connection.
//!
//! It teaches how two machines without I/O stack up: ciphertext from the socket goes into TLS,
//! plaintext from TLS goes into the inbox, and the outbox goes the same way back. What TLS has to say
//! by itself (its handshake, new keys) leaves with it. The stack is in `link.rs`; what stands on it
//! is the same for both roles.
//!
//! `cargo run --bin rustls -- 127.0.0.1:9001 certificate.pem` serves, with a certificate that it
//! makes for this run and puts into the file.
//!
//! `cargo run --bin rustls -- wss://localhost:9001/ certificate.pem` is the client. It trusts that
//! certificate alone, sends two messages, and closes.

mod link;

use std::{
    error::Error,
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::ExitCode,
    sync::Arc,
    thread,
    time::Duration,
};

use hybi::{
    Client, CloseCode, Connection, Event, Origins, Role, Server, Uri,
    client::{Answer, Request},
    server::Opening,
};
use link::{Link, PATIENCE};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

/// What both sides speak inside TLS.
const ALPN: &[u8] = b"http/1.1";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let ended = match &arguments[..] {
        [url, certificate] if url.starts_with("wss:") => ask(url, certificate.as_ref()),
        [address, certificate] => serve(address, certificate.as_ref()),
        [address] => serve(address, "certificate.pem".as_ref()),
        [] => serve("127.0.0.1:9001", "certificate.pem".as_ref()),
        _ => Err("usage: rustls [ADDRESS [CERTIFICATE]], or rustls URL CERTIFICATE".into()),
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
    for stream in listener.incoming() {
        let stream = match stream {
            Ok(stream) => stream,
            Err(error) => {
                // Such as too many open files: others end in the meantime.
                eprintln!("accept: {error}");
                thread::sleep(Duration::from_millis(50));
                continue;
            }
        };
        let config = Arc::clone(&config);
        thread::spawn(move || {
            if let Err(error) = echo(stream, config) {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

/// One connection of the server.
fn echo(stream: TcpStream, config: Arc<ServerConfig>) -> Result<(), Box<dyn Error>> {
    let mut link = Link::new(stream, ServerConnection::new(config)?.into())?;
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

/// The server's opening handshake; `None` if nobody asked for anything.
fn accept(link: &mut Link) -> Result<Option<Connection<Server>>, Box<dyn Error>> {
    let mut opening = Opening::new(Origins::same_host().or_no_browser());
    while link.exchange()? {
        let Link { inbox, outbox, .. } = link;
        if let Some(request) = opening.receive(inbox, outbox)? {
            return Ok(Some(request.accept().finish(outbox)?));
        }
    }
    Ok(None)
}

/// The client: what it sends must come back.
fn ask(url: &str, certificate: &Path) -> Result<(), Box<dyn Error>> {
    let uri = Uri::parse(url)?;
    let host = uri.host().to_string();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate)?)?;
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![ALPN.into()];
    let stream = TcpStream::connect((host.as_str(), uri.port()))?;
    let tls = ClientConnection::new(config.into(), host.try_into()?)?;

    let mut link = Link::new(stream, tls.into())?;
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
            Event::Text(_) | Event::Binary(_) => return Err("something else came back".into()),
            Event::Ping(_) | Event::Pong(_) => {}
        }
        Ok(())
    });
    link.end();
    ended
}

/// The client's opening handshake.
fn request(link: &mut Link, uri: &Uri<'_>) -> Result<Connection<Client>, Box<dyn Error>> {
    let mut opening = Request::new(uri).send(&mut link.outbox)?;
    while link.exchange()? {
        match opening.receive(&mut link.inbox)? {
            None => {}
            Some(Answer::Accepted(accepted)) => return Ok(accepted.finish()),
            Some(Answer::Refused(refused)) => return Err(format!("{refused:?}").into()),
        }
    }
    Err("the server hung up".into())
}

/// Data transfer, for both roles.
fn converse<R: Role>(
    link: &mut Link,
    mut websocket: Connection<R>,
    mut react: impl FnMut(&mut Connection<R>, Event<'_>, &mut Vec<u8>) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    link.set_patience(None)?;
    loop {
        let Link { inbox, outbox, .. } = link;
        while let Some(event) = websocket.receive(inbox, outbox)? {
            react(&mut websocket, event, outbox)?;
        }
        if websocket.is_done() {
            return Ok(());
        }
        if websocket.is_closing() {
            link.set_patience(Some(PATIENCE))?;
        }
        if !link.exchange()? {
            return Ok(websocket.end_of_input()?);
        }
    }
}
