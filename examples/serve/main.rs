//! A server for a browser, a terminal and a test suite: a page at `/`, a chat at `/chat`, an echo
//! at every other path.
//!
//! `cargo run --release --example serve`, then open <http://127.0.0.1:9001/>.

#[path = "../shared/accept.rs"]
mod accept;
mod arguments;
mod chat;
mod echo;
mod member;
#[path = "../shared/timed.rs"]
mod timed;

use std::{
    error::Error,
    net::{TcpListener, TcpStream},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use accept::report;
use arguments::Arguments;
use chat::Room;
use hybi::{
    Connection, Inbox, Origins, Server,
    server::{HttpRequest, Incoming, Opening},
};
use timed::Timed;

const PAGE: &str = include_str!("page.html");

/// How long a peer may take for the opening handshake.
const OPENING: Duration = Duration::from_secs(10);

/// How long a peer may take to read all that is in its outbox.
const WRITING: Duration = Duration::from_secs(30);

/// How long a peer may be silent before it is sent a ping.
const SILENCE: Duration = Duration::from_secs(20);

/// How long it may be silent after the ping.
const PONG: Duration = Duration::from_secs(10);

/// How long to wait for the peer to end the connection.
const CLOSING: Duration = Duration::from_secs(2);

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
    accept::serve_each(&listener, move |stream| {
        let peer = stream.peer_addr().map_or_else(|_| "?".into(), |peer| peer.to_string());
        match connection(&stream, &arguments, &room) {
            Ok(()) => {}
            Err(error) if arguments.quiet => drop(error),
            Err(error) => report(format_args!("{peer}: {error}")),
        }
    })
}

/// One connection from its first byte to its last.
fn connection(
    socket: &TcpStream,
    arguments: &Arguments,
    room: &Arc<Room>,
) -> Result<(), Box<dyn Error>> {
    socket.set_nodelay(true)?;
    let mut stream = Timed::new(socket, OPENING);
    let mut inbox = Inbox::with_capacity(64 * 1024);
    let mut outbox = Vec::new();
    let opened = open(&mut stream, &mut inbox, &mut outbox, arguments);
    // Also after an error: the answer that says what it was is in the outbox.
    stream.write_out(&mut outbox, WRITING)?;
    let ended = match opened {
        Ok(Some((websocket, Place::Chat))) => room.chat(websocket, inbox, socket),
        Ok(Some((websocket, Place::Echo { reports }))) => {
            echo::run(websocket, inbox, &mut stream, reports)
        }
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    stream.end(CLOSING);
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
    stream: &mut Timed<'_>,
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
                let config = match place {
                    Place::Chat => chat::CONFIG,
                    Place::Echo { .. } => arguments.config,
                };
                let mut accept = request.accept().config(config).deflate(&arguments.deflate);
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
    if request.method() == "GET" && request.headers().get("Sec-WebSocket-Key").is_some() {
        upgrade_required(&request, outbox);
        return Ok(());
    }
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

/// Names the cause to a client whose request for a WebSocket has arrived as plain HTTP.
///
/// Written by hand, because RFC 9110, section 15.5.22, requires an Upgrade field here, which a
/// response of the crate reserves for itself.
fn upgrade_required(request: &HttpRequest<'_>, outbox: &mut Vec<u8>) {
    let asks = |value: &[u8]| value.eq_ignore_ascii_case(b"websocket");
    let text = if request.headers().get("Upgrade").is_some_and(asks) {
        // RFC 9110, section 7.8: in HTTP/1.0, Upgrade is ignored.
        "This request asks for a WebSocket, but it came as HTTP/1.0, which knows no upgrade.\n\
         Probably a proxy before this server speaks HTTP/1.0: have it speak HTTP/1.1 (nginx: \
         proxy_http_version 1.1).\n"
    } else {
        "This request has a Sec-WebSocket-Key field, but no \"Upgrade: websocket\".\n\
         Probably a proxy before this server has removed it: have the proxy pass on Upgrade and \
         Connection.\n"
    };
    let response = format!(
        "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\
         Sec-WebSocket-Version: 13\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {}\r\n\r\n{text}",
        text.len(),
    );
    outbox.extend_from_slice(response.as_bytes());
}
