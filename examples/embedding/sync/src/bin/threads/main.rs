//! An echo server with two threads for each connection: one reads, one writes.
//!
//! It shows full duplex over blocking sockets: the server sends while it waits for input, and reads
//! while it waits to send. A mutex that is never held while a socket blocks protects the connection and
//! the outbox. The inbox belongs to the reader. Any other thread can send too. The shared part is in
//! `duplex.rs`.
//!
//! `cargo run --bin threads -- 127.0.0.1:9001`

#[path = "../../../../../shared/accept.rs"]
mod accept;
mod duplex;
#[path = "../../../../../shared/following.rs"]
mod following;
#[path = "../../../../../shared/timed.rs"]
mod timed;

use std::{
    error::Error,
    net::{TcpListener, TcpStream},
    thread,
};

use duplex::{BACKLOG, Duplex};
use hybi::{CloseCode, Config, Connection, Event, Inbox, Origins, Server, server::Opening};
use timed::{Timed, clock::timeouts};

/// The high-water mark bounds the automatic pongs to a peer that does not read.
const CONFIG: Config = Config::new().max_message_size(1024 * 1024).outbox_high_water(2 * BACKLOG);

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    accept::serve_each(&listener, |stream| {
        if let Err(error) = serve(&stream) {
            accept::report(error);
        }
    })
}

/// One connection.
fn serve(stream: &TcpStream) -> Result<(), Box<dyn Error>> {
    stream.set_nodelay(true)?;
    let mut timed = Timed::new(stream, timeouts());
    let (mut inbox, mut outbox) = (Inbox::with_capacity(16 * 1024), Vec::new());
    let websocket = match open(&mut timed, &mut inbox, &mut outbox) {
        Ok(Some(websocket)) => websocket,
        refused => {
            timed.end(&outbox); // the response with the reason
            return refused.map(|_| ());
        }
    };
    let duplex = Duplex::new(websocket, outbox, timed.deadlines);
    thread::scope(|scope| {
        let writer = thread::Builder::new()
            .stack_size(accept::STACK)
            .spawn_scoped(scope, || duplex.write(stream));
        if let Err(error) = writer {
            // The connection is already open, so close it with 1013: try again later.
            duplex.write_close(CloseCode::TRY_AGAIN_LATER, stream)?;
            duplex.drain(stream);
            return Err(error.into());
        }
        let ended = echo(&duplex, stream, inbox);
        let _ = duplex.end_of_input(); // after any failure, ends the writer
        duplex.drain(stream);
        ended
    })
}

/// The opening handshake; `None` if the peer sent no request.
fn open(
    stream: &mut Timed<'_>,
    inbox: &mut Inbox,
    outbox: &mut Vec<u8>,
) -> Result<Option<Connection<Server>>, Box<dyn Error>> {
    let mut opening = Opening::new(Origins::same_host().or_no_browser());
    while stream.read_request(&mut opening, inbox, outbox)? > 0 {
        if let Some(request) = opening.receive(inbox, outbox)? {
            return Ok(Some(request.accept().config(CONFIG).finish(outbox)?));
        }
    }
    Ok(None)
}

/// The loop of the reader.
fn echo(
    duplex: &Duplex<Server>,
    stream: &TcpStream,
    mut inbox: Inbox,
) -> Result<(), Box<dyn Error>> {
    loop {
        while let Some(event) = duplex.receive(&mut inbox)? {
            match event {
                Event::Text(text) => {
                    duplex.send(|websocket, outbox| websocket.send_text(text, outbox))?;
                }
                Event::Binary(data) => {
                    duplex.send(|websocket, outbox| websocket.send_binary(data, outbox))?;
                }
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
            }
        }
        if !duplex.read(&mut inbox, stream)? {
            return Ok(());
        }
    }
}
