//! The server: it checks a client, or echoes.

use std::{
    io::Write,
    net::{Shutdown, TcpListener, TcpStream},
    thread,
};

use hybi::{Connection, Inbox, Origins, Server, server::Opening};

use crate::{
    Failure, Version, checks, echo, http2,
    link::{Link, TIMEOUT},
    policy,
};

/// Accepts and serves connections forever.
///
/// The target `/refuse` gets a response with status 403. The target `/check/NAME` runs this check of the
/// client, and prints its name and its result. Any other target echoes.
pub(crate) fn run(
    address: &str,
    version: Version,
    origins: &Origins<'static>,
) -> Result<(), Failure> {
    let listener = TcpListener::bind(address)?;
    println!("{}", listener.local_addr()?);
    if version == Version::Http2 {
        return http2::serve(listener, origins);
    }
    for stream in listener.incoming() {
        let (stream, origins) = (stream?, origins.clone());
        thread::spawn(move || report(connection(stream, origins)));
    }
    Ok(())
}

/// Whether the server rejects requests for this target.
pub(crate) fn refuses(target: &str) -> bool {
    target == "/refuse"
}

/// Serves an open connection: runs the check that the target names, or echoes.
pub(crate) fn converse(target: &str, link: &mut Link<Server>) -> Result<(), Failure> {
    match policy::check_at(target) {
        Some(name) => {
            println!("checked {name} {}", checks::line(checks::run(name, link)));
            Ok(())
        }
        None => echo::run(link),
    }
}

/// Prints why a connection failed.
pub(crate) fn report(ended: Result<(), Failure>) {
    if let Err(error) = ended {
        println!("error {error}");
    }
}

fn connection(mut stream: TcpStream, origins: Origins<'static>) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    let mut inbox = Inbox::with_capacity(64 * 1024);
    let mut outbox = Vec::new();
    let opened = open(&mut stream, origins, &mut inbox, &mut outbox);
    // Also after an error: the outbox holds a response with the reason.
    stream.write_all(&outbox)?;
    let Some((target, websocket, subprotocol)) = opened? else {
        stream.shutdown(Shutdown::Write)?;
        return Ok(());
    };
    let mut link = Link::new(websocket, inbox, stream);
    link.subprotocol = subprotocol;
    converse(&target, &mut link)
}

/// The target, the connection and the subprotocol.
type Opened = (String, Connection<Server>, Option<String>);

/// The opening handshake. `None` if there is no WebSocket to serve.
fn open(
    stream: &mut TcpStream,
    origins: Origins<'static>,
    inbox: &mut Inbox,
    outbox: &mut Vec<u8>,
) -> Result<Option<Opened>, Failure> {
    let mut opening = Opening::new(origins);
    loop {
        if inbox.read_from(stream)? == 0 {
            return Ok(None);
        }
        let Some(request) = opening.receive(inbox, outbox)? else { continue };
        let target = request.target().to_owned();
        if refuses(&target) {
            request.reject(403).send(outbox)?;
            return Ok(None);
        }
        let deflate = policy::deflate_at(&target);
        let mut accept = request.accept().select_subprotocol(&[policy::SUBPROTOCOL]);
        if let Some(deflate) = &deflate {
            accept = accept.deflate(deflate);
        }
        let subprotocol = accept.selected_subprotocol().map(String::from);
        return Ok(Some((target, accept.finish(outbox)?, subprotocol)));
    }
}
