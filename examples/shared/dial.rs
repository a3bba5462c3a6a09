//! Opening a connection over TCP, as the clients among the examples do.

use std::{
    error::Error,
    io::{self, Write},
    net::TcpStream,
    time::Duration,
};

use hybi::{
    Client, Config, Connection, Host, Inbox, State, Uri,
    client::{Answer, Refused, Request},
    extension::deflate::Deflate,
};

/// How long to wait for the server to answer the opening handshake.
const PATIENCE: Duration = Duration::from_secs(10);

/// An open connection with its transport; bytes behind the answer are in the inbox.
pub(crate) struct Dialed {
    pub(crate) websocket: Connection<Client>,
    pub(crate) stream: TcpStream,
    pub(crate) inbox: Inbox,
}

/// Connects to the WebSocket of this URI.
pub(crate) fn dial(uri: &str, config: Config) -> Result<Dialed, Box<dyn Error>> {
    let uri = Uri::parse(uri)?;
    if uri.is_secure() {
        return Err("wss asks for TLS, which this example does without".into());
    }
    let mut stream = match uri.host() {
        Host::Name(name) => TcpStream::connect((name, uri.port()))?,
        Host::V4(address) => TcpStream::connect((address, uri.port()))?,
        Host::V6(address) => TcpStream::connect((address, uri.port()))?,
    };
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;

    let mut inbox = Inbox::with_capacity(64 * 1024);
    let mut outbox = Vec::new();
    let deflate = Deflate::new();
    let request = Request::new(&uri).config(config).deflate(&deflate);
    let mut opening = request.send(&mut outbox)?;
    stream.write_all(&outbox)?;
    let websocket = loop {
        if inbox.read_from(&mut stream)? == 0 {
            return Err("the server hung up during the opening handshake".into());
        }
        match opening.receive(&mut inbox)? {
            None => {}
            Some(Answer::Accepted(accepted)) => break accepted.finish(),
            Some(Answer::Refused(refused)) => return Err(explain(&refused).into()),
        }
    };
    stream.set_read_timeout(None)?;
    Ok(Dialed { websocket, stream, inbox })
}

/// Reads on; 0 means that the transport has ended.
///
/// Once both Close frames were exchanged, the server ends the transport as it likes: a reset is
/// as good an end as any.
pub(crate) fn read(inbox: &mut Inbox, stream: &mut TcpStream, state: State) -> io::Result<usize> {
    match inbox.read_from(stream) {
        Err(_) if state == State::Closed => Ok(0),
        result => result,
    }
}

fn explain(refused: &Refused<'_>) -> String {
    let status = refused.status();
    if let Some(location) = refused.headers().get("Location") {
        return format!("the server answered with status {status}: {}", location.escape_ascii());
    }
    let body = String::from_utf8_lossy(refused.body());
    let line = body.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    format!("the server answered with status {status}: {}", line.escape_debug())
}
