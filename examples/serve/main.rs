//! A server for browsers, terminals and test suites. It has a page at `/`, a chat at `/chat`, reports
//! of frames for the page at `/frames`, and an echo at every other path.
//!
//! `cargo run --release --example serve`, then open <http://127.0.0.1:9001/>.

#[path = "../shared/accept.rs"]
mod accept;
mod arguments;
mod chat;
mod echo;
#[path = "../shared/following.rs"]
mod following;
mod frames;
mod member;
mod page;
mod tapped;
#[path = "../shared/timed.rs"]
mod timed;
#[path = "../shared/trace.rs"]
mod trace;

use std::{
    error::Error,
    io::Write,
    net::{TcpListener, TcpStream},
    process::ExitCode,
};

use accept::report;
use arguments::Arguments;
use chat::Room;
use frames::{Channels, Report};
use hybi::{
    Connection, Inbox, Origins, Server,
    deadline::Stage,
    inspect::Sender,
    server::{Incoming, Opening},
};
use timed::{Timed, clock::timeouts};
use trace::Trace;

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
    let shared = Shared { arguments, room: Room::default(), channels: Channels::default() };
    accept::serve_each(&listener, move |stream| {
        let peer = stream.peer_addr().map_or_else(|_| "?".into(), |peer| peer.to_string());
        let trace =
            if shared.arguments.trace { Trace::new(format!("{peer} ")) } else { Trace::default() };
        match connection(&stream, &shared, &trace) {
            Ok(()) => {}
            Err(error) if shared.arguments.quiet => drop(error),
            Err(error) => report(format_args!("{peer}: {error}")),
        }
    })
}

/// The state that all connections share.
struct Shared {
    arguments: Arguments,
    room: Room,
    channels: Channels,
}

/// One connection from its first byte to its last.
fn connection(socket: &TcpStream, shared: &Shared, trace: &Trace) -> Result<(), Box<dyn Error>> {
    socket.set_nodelay(true)?;
    let mut stream = Timed::new(socket, timeouts());
    let mut inbox = Inbox::with_capacity(64 * 1024);
    let mut outbox = Vec::new();
    let opened = open(&mut stream, &mut inbox, &mut outbox, shared, trace);
    trace.pass(Sender::Server, &outbox);
    // Also after an error: the outbox holds a response with the reason.
    stream.enter(if matches!(opened, Ok(Some(_))) { Stage::Open } else { Stage::Closing });
    stream.write_all(&outbox)?;
    drop(outbox);
    let ended = match opened {
        Ok(Some(Opened { websocket, service, report })) => match service {
            Service::Chat => shared.room.chat(websocket, inbox, &mut stream, &report),
            Service::Frames => shared.channels.serve(websocket, inbox, &mut stream, trace),
            Service::Echo => echo::run(websocket, inbox, &mut stream, &report),
        },
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    stream.end(b"");
    ended
}

/// An open connection, its service, and the report of its frames.
struct Opened {
    websocket: Connection<Server>,
    service: Service,
    report: Report,
}

/// The service that the path of the request selects.
enum Service {
    Chat,
    Echo,
    Frames,
}

/// The opening handshake. `None` if the peer requested a page or sent nothing.
fn open(
    stream: &mut Timed<'_>,
    inbox: &mut Inbox,
    outbox: &mut Vec<u8>,
    Shared { arguments, channels, .. }: &Shared,
    trace: &Trace,
) -> Result<Option<Opened>, Box<dyn Error>> {
    // Pages of this server, and clients that are not browsers.
    let origins = Origins::same_host().or_no_browser();
    let mut opening = Opening::with_limits(origins, arguments.head);
    loop {
        let length = stream.read_request(&mut opening, inbox, outbox)?;
        if length == 0 {
            return Ok(None);
        }
        trace.pass(Sender::Client, &inbox.unread()[inbox.unread().len() - length..]);
        match opening.receive_any(inbox, outbox)? {
            None => {}
            Some(Incoming::Http(request)) => {
                page::answer(request, outbox)?;
                return Ok(None);
            }
            Some(Incoming::WebSocket(request)) => {
                let (service, name, config) = match request.path() {
                    "/chat" => (Service::Chat, "chat", chat::CONFIG),
                    "/frames" => (Service::Frames, "frames", frames::CONFIG),
                    _ => (Service::Echo, "echo", arguments.config),
                };
                let report = channels.report(name, request.target(), trace);
                report.request(&request);
                let subprotocol = request.subprotocols().next();
                let mut accept = request.accept().config(config).deflate(&arguments.deflate);
                if let Some(name) = subprotocol {
                    accept = accept.subprotocol(name);
                }
                let websocket = accept.finish(outbox)?;
                report.response(outbox);
                return Ok(Some(Opened { websocket, service, report }));
            }
        }
    }
}
