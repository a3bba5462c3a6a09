//! Opens a client connection over TCP.

use std::{
    error::Error,
    io::{self, Write},
    net::TcpStream,
};

#[path = "timed.rs"]
pub(crate) mod timed;
#[path = "trace.rs"]
pub(crate) mod trace;
#[path = "tunnel.rs"]
mod tunnel;

use hybi::{
    Client, Config, Connection, Host, Inbox, State, Uri,
    client::{Rejected, Request, Response},
    deflate::Deflate,
    inspect::Sender,
};

use timed::{Timed, clock::timeouts};
use trace::Trace;
use tunnel::Proxy;

/// An open connection and its transport. Bytes that follow the response are in the inbox.
pub(crate) struct Dialed {
    pub(crate) websocket: Connection<Client>,
    pub(crate) stream: TcpStream,
    pub(crate) inbox: Inbox,
}

/// Connects to the WebSocket of this URI, through this HTTP proxy if there is one. The tunnel through it is
/// not traced.
pub(crate) fn dial(
    uri: &str,
    proxy: Option<&str>,
    config: Config,
    trace: &Trace,
) -> Result<Dialed, Box<dyn Error>> {
    let uri = Uri::parse(uri)?;
    if uri.is_secure() {
        return Err("wss needs TLS, which this example does not have".into());
    }
    let proxy = proxy.map(Proxy::parse).transpose()?;
    let stream = reach(proxy.as_ref().map_or(uri, |proxy| proxy.uri.as_uri()))?;
    stream.set_nodelay(true)?;

    let mut timed = Timed::new(&stream, timeouts());
    let mut inbox = Inbox::with_capacity(64 * 1024);
    if let Some(proxy) = proxy {
        proxy.open(&uri, &mut timed, &mut inbox)?;
    }
    let mut outbox = Vec::new();
    let deflate = Deflate::new();
    let request = Request::new(&uri).config(config).deflate(&deflate);
    let mut opening = request.send(&mut outbox)?;
    trace.pass(Sender::Client, &outbox);
    timed.write_all(&outbox)?;
    let websocket = loop {
        let length = inbox.read_from(&mut timed)?;
        if length == 0 {
            return Err("the server closed the connection during the opening handshake".into());
        }
        trace.pass(Sender::Server, newest(&inbox, length));
        match opening.receive(&mut inbox)? {
            None => {}
            Some(Response::Accepted(accepted)) => break accepted.finish(),
            Some(Response::Rejected(rejected)) => return Err(explain(&rejected).into()),
        }
    };
    stream.set_read_timeout(None)?;
    stream.set_write_timeout(None)?;
    Ok(Dialed { websocket, stream, inbox })
}

/// Connects to the host and the port of this URI.
fn reach(uri: Uri<'_>) -> io::Result<TcpStream> {
    match uri.host() {
        Host::Name(name) => TcpStream::connect((name, uri.port())),
        Host::V4(address) => TcpStream::connect((address, uri.port())),
        Host::V6(address) => TcpStream::connect((address, uri.port())),
    }
}

/// Reads once; 0 is the end of the input.
///
/// After both Close frames, the server may reset the transport. This is reported as the end too.
pub(crate) fn read(inbox: &mut Inbox, stream: &mut TcpStream, state: State) -> io::Result<usize> {
    match inbox.read_from(stream) {
        Err(_) if state == State::Closed => Ok(0),
        result => result,
    }
}

/// The bytes that were read last.
pub(crate) fn newest(inbox: &Inbox, length: usize) -> &[u8] {
    let unread = inbox.unread();
    &unread[unread.len() - length..]
}

/// Describes the response of a server that did not accept the WebSocket.
fn explain(rejected: &Rejected<'_>) -> String {
    let answered = format!("the server answered with status {}", rejected.status());
    let field = |name: &str| {
        let value = rejected.headers().get(name)?;
        Some(value.escape_ascii().to_string())
    };
    if let Some(location) = field("Location") {
        return format!("{answered}: {location}");
    }
    let body = String::from_utf8_lossy(rejected.body());
    let is_html = field("Content-Type").is_some_and(|kind| kind.starts_with("text/html"))
        || body.trim_start().starts_with('<');
    if is_html {
        // A page for a browser. Its title and the name of the server are the most useful parts.
        let title = title(&body).map_or_else(String::new, |title| format!(" {title:?}"));
        let by = field("Server").map_or_else(String::new, |name| format!(" by {name}"));
        return format!(
            "{answered} and an HTML page{title}{by}: a web server or a proxy answered, and did not \
             pass the request on to a WebSocket"
        );
    }
    match body.lines().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) => format!("{answered}: {}", line.escape_debug()),
        None => answered,
    }
}

/// The title of an HTML page, in one line.
fn title(page: &str) -> Option<String> {
    let lower = page.to_ascii_lowercase(); // of the same length
    let start = lower.find("<title")?;
    let start = start + lower[start..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    let words: Vec<&str> = page[start..end].split_whitespace().collect();
    Some(words.join(" ")).filter(|title| !title.is_empty())
}
