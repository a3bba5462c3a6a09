//! The loop of the README, word for word, on blocking sockets. Each connection has a thread.
//!
//! `cargo run --example echo -- 127.0.0.1:9001`. It accepts only pages of `https://example.com`.
//!
//! The loop has no deadlines, so they are in its transport.

use hybi::{Event, Inbox, Origins, server::Opening};
use std::{
    error::Error,
    io::{Read, Write},
};

fn serve(mut stream: impl Read + Write) -> Result<(), Box<dyn Error>> {
    let mut outbox = Vec::new();
    let ended = echo(&mut stream, &mut outbox);
    stream.write_all(&outbox)?; // after an error, it holds the response or the Close for it
    ended
}

fn echo(stream: &mut (impl Read + Write), outbox: &mut Vec<u8>) -> Result<(), Box<dyn Error>> {
    let mut inbox = Inbox::with_capacity(16 * 1024);

    // The opening handshake.
    let mut opening = Opening::new(Origins::list(&["https://example.com"])?);
    let mut websocket = loop {
        if inbox.read_from(stream)? == 0 {
            return Ok(()); // the peer closed without a request
        }
        if let Some(request) = opening.receive(&mut inbox, outbox)? {
            break request.accept().finish(outbox)?;
        }
    };

    // Data transfer.
    loop {
        while let Some(event) = websocket.receive(&mut inbox, outbox)? {
            match event {
                Event::Text(text) => websocket.send_text(text, outbox)?,
                Event::Binary(data) => websocket.send_binary(data, outbox)?,
                // The pong or the reply to the Close is in the outbox already.
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
            }
        }
        stream.write_all(outbox)?;
        outbox.clear();
        if websocket.should_close_transport() {
            return Ok(());
        }
        if inbox.read_from(stream)? == 0 {
            return Ok(websocket.end_of_input()?);
        }
    }
}

#[path = "shared/accept.rs"]
mod accept;
#[path = "shared/timed.rs"]
mod timed;

use std::{
    io,
    net::{TcpListener, TcpStream},
    time::Duration,
};

use accept::report;
use timed::Timed;

/// How long a peer may take for the opening handshake.
const OPENING: Duration = Duration::from_secs(10);

/// How long a peer may take to read all that is in the outbox.
const WRITING: Duration = Duration::from_secs(30);

/// How long a peer may be silent. This example sends no pings; longer ones do.
const SILENCE: Duration = Duration::from_secs(300);

/// How long to wait for the peer to close the connection.
const CLOSING: Duration = Duration::from_secs(10);

/// A socket with deadlines, for a loop that reads and writes in turn.
struct Transport<'s> {
    stream: Timed<'s>,
    turn: Turn,
}

enum Turn {
    /// Until the first write, which follows the request.
    Opening,
    Writing,
    Reading,
}

impl Read for Transport<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if !matches!(self.turn, Turn::Opening) {
            self.turn = Turn::Reading;
            self.stream.within(SILENCE);
        }
        self.stream.read(bytes)
    }
}

impl Write for Transport<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !matches!(self.turn, Turn::Writing) {
            self.turn = Turn::Writing;
            self.stream.within(WRITING);
        }
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    accept::serve_each(&listener, |stream: TcpStream| {
        let transport = Transport { stream: Timed::new(&stream, OPENING), turn: Turn::Opening };
        let ended = serve(transport);
        Timed::new(&stream, CLOSING).end(CLOSING);
        if let Err(error) = ended {
            report(error);
        }
    })
}
