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
    io::{self, ErrorKind},
    net::{TcpListener, TcpStream},
    time::Duration,
};

use accept::report;
use hybi::{deadline::Stage, server::Response};
use timed::{
    Timed,
    clock::{TIMEOUTS, changed},
};

/// How long a peer may be silent. The transport cannot send pings; longer examples do.
const SILENCE: Duration = Duration::from_secs(300);

/// A socket with deadlines, for a loop that reads and writes in turn.
struct Transport<'t, 's> {
    stream: &'t mut Timed<'s>,
    /// The first write follows the request.
    has_written: bool,
}

impl Read for Transport<'_, '_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self.stream.read(bytes) {
            Err(error) if error.kind() == ErrorKind::TimedOut && !self.has_written => {
                let mut outbox = Vec::new();
                Response::new(408).send(&mut outbox).map_err(io::Error::other)?;
                self.write_all(&outbox)?;
                Err(error)
            }
            read => read,
        }
    }
}

impl Write for Transport<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.has_written = true;
        self.stream.enter(Stage::Open);
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
        let timeouts = changed(TIMEOUTS.ping(None).silence(Some(SILENCE)));
        let mut timed = Timed::new(&stream, timeouts);
        let ended = serve(Transport { stream: &mut timed, has_written: false });
        timed.end(b"");
        if let Err(error) = ended {
            report(error);
        }
    })
}
