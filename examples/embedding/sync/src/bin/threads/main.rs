//! An echo server with two threads for a connection: one reads, one writes.
//!
//! It teaches full duplex over blocking sockets: what is to be sent leaves while nothing comes in,
//! and the other way round. Connection and outbox are behind a lock that is never held while a
//! socket blocks; the inbox belongs to the reader. Any other thread may send as well. The sharing is
//! in `duplex.rs`; the loop below is the usual one.
//!
//! `cargo run --bin threads -- 127.0.0.1:9001`

mod duplex;

use std::{
    error::Error,
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use duplex::{BACKLOG, Duplex};
use hybi::{Config, Connection, Event, Inbox, Origins, Server, server::Opening};

/// Pongs leave by themselves: this bounds them, should the peer not read.
const CONFIG: Config = Config::new().outbox_size(2 * BACKLOG);

/// How long a read may take during the opening handshake and at the end.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much is read and dropped at the end.
const DRAINED: u64 = 16 * 1024 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
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
        thread::spawn(move || {
            if let Err(error) = serve(&stream) {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

/// One connection.
fn serve(stream: &TcpStream) -> Result<(), Box<dyn Error>> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let (mut inbox, mut outbox) = (Inbox::with_capacity(16 * 1024), Vec::new());
    let websocket = match open(stream, &mut inbox, &mut outbox) {
        Ok(Some(websocket)) => websocket,
        refused => {
            (&*stream).write_all(&outbox)?; // the answer that says why
            stream.shutdown(Shutdown::Write)?;
            end(stream);
            return refused.map(|_| ());
        }
    };
    stream.set_read_timeout(None)?;
    let duplex = Duplex::new(websocket, outbox);
    thread::scope(|scope| {
        scope.spawn(|| duplex.write(stream));
        let ended = echo(&duplex, stream, inbox);
        let _ = duplex.end_of_input(); // whatever it was, the writer need not wait any more
        end(stream);
        ended
    })
}

/// The opening handshake; `None` if nobody asked for anything.
fn open(
    mut stream: &TcpStream,
    inbox: &mut Inbox,
    outbox: &mut Vec<u8>,
) -> Result<Option<Connection<Server>>, Box<dyn Error>> {
    let mut opening = Opening::new(Origins::same_host().or_no_browser());
    while inbox.read_from(&mut stream)? > 0 {
        if let Some(request) = opening.receive(inbox, outbox)? {
            return Ok(Some(request.accept().config(CONFIG).finish(outbox)?));
        }
    }
    Ok(None)
}

/// Data transfer, as the reader sees it.
fn echo(
    duplex: &Duplex<Server>,
    mut stream: &TcpStream,
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
        if duplex.is_done() {
            return Ok(());
        }
        if inbox.read_from(&mut stream)? == 0 {
            return Ok(duplex.end_of_input()?);
        }
    }
}

/// Waits until the peer has read our last words: a socket that is closed while input waits is
/// reset, and takes them with it.
fn end(stream: &TcpStream) {
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let _ = io::copy(&mut stream.take(DRAINED), &mut io::sink());
    let _ = stream.shutdown(Shutdown::Both);
}
