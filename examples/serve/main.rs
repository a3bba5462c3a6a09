//! A server for a browser, a terminal and a test suite: a page at `/`, a chat at `/chat`, an echo
//! at every other path.
//!
//! `cargo run --release --example serve`, then open <http://127.0.0.1:9001/>.

mod arguments;
mod chat;
mod echo;

use std::{
    error::Error,
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    process::ExitCode,
    sync::Arc,
    thread,
    time::Duration,
};

use arguments::Arguments;
use chat::Room;
use hybi::{
    Connection, Inbox, Server,
    handshake::{
        Origins,
        server::{HttpRequest, Incoming, Opening},
    },
};

const PAGE: &str = include_str!("page.html");

/// How long a peer may take to complete its request, and to close.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much is read on after the end, so that the peer can read our last words before a reset.
const LINGER: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    match serve(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("serve: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(&arguments.address)
        .map_err(|error| format!("cannot listen on {}: {error}", arguments.address))?;
    println!("hybi listens: open http://{}/ in a browser", listener.local_addr()?);
    let arguments = Arc::new(arguments);
    let room = Arc::new(Room::default());
    for stream in listener.incoming() {
        let stream = match stream {
            Ok(stream) => stream,
            Err(error) => {
                // Such as too many open files: others end in the meantime.
                eprintln!("serve: {error}");
                thread::sleep(Duration::from_millis(50));
                continue;
            }
        };
        let (arguments, room) = (Arc::clone(&arguments), Arc::clone(&room));
        thread::spawn(move || {
            let peer = stream.peer_addr().map_or_else(|_| "?".into(), |peer| peer.to_string());
            match connection(stream, &arguments, &room) {
                Ok(()) => {}
                Err(error) if arguments.quiet => drop(error),
                Err(error) => eprintln!("{peer}: {error}"),
            }
        });
    }
    Ok(())
}

/// One connection from its first byte to its last.
fn connection(
    mut stream: TcpStream,
    arguments: &Arguments,
    room: &Arc<Room>,
) -> Result<(), Box<dyn Error>> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut inbox = Inbox::with_capacity(64 * 1024);
    let mut outbox = Vec::new();
    let opened = open(&mut stream, &mut inbox, &mut outbox, arguments);
    // Also after an error: the answer that says what it was is in the outbox.
    stream.write_all(&outbox)?;
    outbox.clear();
    let ended = match opened {
        Ok(Some((websocket, Place::Chat))) => room.chat(websocket, inbox, &mut stream),
        Ok(Some((websocket, Place::Echo { reports }))) => {
            echo::run(websocket, inbox, &mut stream, reports)
        }
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    linger(&mut stream);
    ended
}

/// An open connection and where it leads.
type Opened = (Connection<Server>, Place);

/// Where a WebSocket leads.
enum Place {
    Chat,
    Echo {
        /// Whether the peer is told what its messages took on the wire.
        reports: bool,
    },
}

/// The opening handshake; `None` if the peer asked for a page, or for nothing.
fn open(
    stream: &mut TcpStream,
    inbox: &mut Inbox,
    outbox: &mut Vec<u8>,
    arguments: &Arguments,
) -> Result<Option<Opened>, Box<dyn Error>> {
    // Pages of this server, and clients that are no browsers.
    let origins = Origins::same_host().or_no_browser();
    let mut opening = Opening::with_limits(origins, arguments.head);
    loop {
        if inbox.read_from(stream)? == 0 {
            return Ok(None);
        }
        match opening.receive_any(inbox, outbox)? {
            None => {}
            Some(Incoming::Http(request)) => {
                answer(request, outbox)?;
                return Ok(None);
            }
            Some(Incoming::WebSocket(request)) => {
                let subprotocol = request.subprotocols().next();
                let place = match request.path() {
                    "/chat" => Place::Chat,
                    _ => Place::Echo { reports: subprotocol == Some(echo::WIRE_BYTES) },
                };
                let mut accept =
                    request.accept().config(arguments.config).deflate(&arguments.deflate);
                if let Some(name) = subprotocol {
                    accept = accept.subprotocol(name);
                }
                return Ok(Some((accept.finish(outbox)?, place)));
            }
        }
    }
}

/// Plain HTTP: the page, and nothing else.
fn answer(request: HttpRequest<'_>, outbox: &mut Vec<u8>) -> Result<(), hybi::Error> {
    let plain = [("Content-Type", "text/plain; charset=utf-8")];
    match (request.method(), request.target()) {
        ("GET" | "HEAD", "/") => {
            let html = [
                ("Content-Type", "text/html; charset=utf-8"),
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
            ];
            request.respond(200).headers(&html).body(PAGE.as_bytes()).send(outbox)
        }
        ("GET" | "HEAD", _) => {
            request.respond(404).headers(&plain).body(b"There is only one page: /\n").send(outbox)
        }
        _ => request.respond(405).headers(&[("Allow", "GET, HEAD"), plain[0]]).send(outbox),
    }
}

/// Closes a connection so that the peer can read all of what was written: a socket that is closed
/// while input waits is reset, and takes the last words with it.
fn linger(stream: &mut TcpStream) {
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.set_read_timeout(Some(LINGER));
    let mut rest = [0; 4096];
    for _ in 0..1024 {
        match stream.read(&mut rest) {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
}
