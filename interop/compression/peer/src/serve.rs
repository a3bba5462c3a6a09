//! The server.

use std::{
    io::Write,
    net::{Shutdown, TcpListener, TcpStream},
    thread,
};

use hybi::{Connection, Inbox, Origins, Server, server::Opening};

use crate::{Failure, echo, policy::Policy};

/// Accepts and serves connections forever.
pub(crate) fn run(address: &str) -> Result<(), Failure> {
    let listener = TcpListener::bind(address)?;
    println!("{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || {
            if let Err(error) = connection(stream) {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

fn connection(mut stream: TcpStream) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let mut inbox = Inbox::with_capacity(64 * 1024);
    let mut outbox = Vec::new();
    let opened = open(&mut stream, &mut inbox, &mut outbox);
    // Also after an error: the outbox holds a response with the reason.
    stream.write_all(&outbox)?;
    if let Some((websocket, fragment_size)) = opened? {
        echo::run(websocket, inbox, fragment_size, &mut stream)?;
    }
    stream.shutdown(Shutdown::Write)?;
    Ok(())
}

/// The opening handshake. Also returns the size of the fragments to send. `None` if the peer closes before
/// its request is complete.
fn open(
    stream: &mut TcpStream,
    inbox: &mut Inbox,
    outbox: &mut Vec<u8>,
) -> Result<Option<(Connection<Server>, Option<usize>)>, Failure> {
    let mut opening = Opening::new(Origins::any());
    loop {
        if inbox.read_from(stream)? == 0 {
            return Ok(None);
        }
        let Some(request) = opening.receive(inbox, outbox)? else { continue };
        let query = request.target().split_once('?').map_or("", |(_, query)| query);
        let policy = Policy::parse(query)?;
        let mut accept = request.accept();
        if let Some(deflate) = &policy.deflate {
            accept = accept.deflate(deflate);
        }
        return Ok(Some((accept.finish(outbox)?, policy.fragment_size)));
    }
}
