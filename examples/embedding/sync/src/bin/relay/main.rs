//! A gateway: it connects each client to an upstream WebSocket server, and forwards frame by frame.
//!
//! It shows how to forward messages of any size in constant memory (`carry.rs`): frames get a new
//! masking key in the buffer that was read, a Close is forwarded, and if one side disappears, the other
//! side gets a Close. It also shows the two opening handshakes, with the header fields that a gateway
//! forwards (`fields.rs` and `upstream.rs`). Each client has a thread, which waits for both sockets at
//! once.
//!
//! `cargo run --bin relay -- 127.0.0.1:9001 127.0.0.1:9002`

#[path = "../../../../../shared/accept.rs"]
mod accept;
mod carry;
mod fields;
#[path = "../../../../../shared/timed.rs"]
mod timed;
mod upstream;

use std::{
    error::Error,
    io::Write,
    net::{TcpListener, TcpStream},
    time::Duration,
};

use carry::{Peer, carry};
use hybi::{
    Inbox, Origins,
    deadline::{Stage, Timeouts},
    server::Opening,
};
use mio::Poll;
use timed::{
    Timed,
    clock::{TIMEOUTS, changed},
};
use upstream::{Failure, Upstream, ask};

/// How long a connection may be silent. A gateway sends no pings of its own: it forwards those of both
/// sides, and closes a connection on which nothing is forwarded.
const SILENCE: Duration = Duration::from_secs(120);

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:9001".into());
    let upstream = arguments.next().unwrap_or_else(|| "127.0.0.1:9002".into());
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    accept::serve_each(&listener, move |stream| {
        if let Err(error) = serve(stream, &upstream) {
            accept::report(error);
        }
    })
}

/// One client.
fn serve(client: TcpStream, upstream: &str) -> Result<(), Box<dyn Error>> {
    client.set_nodelay(true)?;
    // This needs descriptors. If there are none left, fail before the handshake.
    let poll = Poll::new()?;
    let timeouts = changed(TIMEOUTS.ping(None).silence(Some(SILENCE)));
    let mut timed = Timed::new(&client, timeouts);
    let (mut inbox, mut outbox) = (Inbox::with_capacity(4096), Vec::new());
    match open(&mut timed, &mut inbox, &mut outbox, upstream, timeouts) {
        Ok(Some(server)) => {
            timed.enter(Stage::Open);
            timed.write_all(&outbox)?;
            let deadlines = timed.deadlines;
            let client = Peer::new(client, inbox.unread(), deadlines)?;
            carry(poll, client, Peer::new(server.stream, server.inbox.unread(), server.deadlines)?)
        }
        ended => {
            timed.end(&outbox); // after an error: the response with the reason
            ended.map(drop)
        }
    }
}

/// The opening handshakes. The client gets its response after the upstream server has sent its own.
/// `None` if the client sent no request.
fn open(
    timed: &mut Timed<'_>,
    inbox: &mut Inbox,
    outbox: &mut Vec<u8>,
    upstream: &str,
    timeouts: Timeouts,
) -> Result<Option<Upstream>, Box<dyn Error>> {
    let mut opening = Opening::new(Origins::same_host().or_no_browser());
    let request = loop {
        if timed.read_request(&mut opening, inbox, outbox)? == 0 {
            return Ok(None);
        }
        if let Some(request) = opening.receive(inbox, outbox)? {
            break request;
        }
    };
    let (status, fields, error) = match ask(&request, timed.stream.peer_addr()?, upstream, timeouts)
    {
        Ok(server) => {
            let fields: Vec<_> = server.fields.iter().map(|(n, v)| (&**n, &**v)).collect();
            let mut accept = request.accept().headers(&fields);
            if let Some(name) = &server.subprotocol {
                accept = accept.subprotocol(name);
            }
            accept.finish(outbox)?; // drops the connection: a relay forwards frames
            return Ok(Some(server));
        }
        Err(Failure::Rejected(status, fields)) => {
            (status, fields, format!("the upstream server answered with status {status}").into())
        }
        Err(Failure::Target(error)) => (400, Vec::new(), error),
        Err(Failure::Late) => (504, Vec::new(), "the upstream server does not respond".into()),
        Err(Failure::Bad(error)) => (502, Vec::new(), error),
    };
    let fields: Vec<_> = fields.iter().map(|(n, v)| (&**n, &**v)).collect();
    request.reject(status).headers(&fields).send(outbox)?;
    Err(error)
}
