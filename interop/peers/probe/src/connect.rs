//! The client: it checks a server, or echoes.

use std::{io::Write, net::TcpStream};

use hybi::{
    Client, Inbox, Uri,
    client::{Request, Response},
};

use crate::{
    Failure, Version,
    checks::{self, Outcome},
    echo, http2,
    link::{Link, TIMEOUT},
    policy,
};

/// Two elements of one extension. A server accepts at most one of them.
const TWO_OFFERS: &str = "permessage-deflate; server_no_context_takeover, permessage-deflate";

/// The response to a request.
pub(crate) enum Opened {
    Accepted(Box<Link<Client>>),
    /// The status.
    Rejected(u16),
}

/// Runs one check of the server at this URI.
pub(crate) fn run(uri: &str, version: Version, check: &str) -> Result<Outcome, Failure> {
    let uri = Uri::parse(uri)?;
    let origin = format!("http://{}", uri.authority());
    let deflate = policy::deflate(check);
    let mut request = Request::new(&uri);
    if let Some(deflate) = &deflate {
        request = request.deflate(deflate);
    }
    request = match check {
        "subprotocol" => request.subprotocols(&policy::SUBPROTOCOLS),
        "two-offers" => request.extensions(TWO_OFFERS),
        "origin" => request.origin(&origin),
        "foreign-origin" => request.origin("http://elsewhere.example"),
        _ => request,
    };
    let opened = match version {
        Version::Http11 => open(&uri, request)?,
        Version::Http2 => http2::open(&uri, request)?,
    };
    match (check, opened) {
        ("refused" | "foreign-origin", Opened::Rejected(403)) => Ok(Outcome::Passed(String::new())),
        ("refused" | "foreign-origin", Opened::Accepted(_)) => Err("it was accepted".into()),
        ("two-offers", Opened::Accepted(link)) => match link.extensions {
            0 => Ok(Outcome::Lacking("no compression")),
            1 => Ok(Outcome::Passed(String::new())),
            count => Err(format!("the server accepted {count} elements of one extension").into()),
        },
        (_, Opened::Accepted(mut link)) => checks::run(check, &mut link),
        (_, Opened::Rejected(status)) => Err(format!("refused with status {status}").into()),
    }
}

/// Echoes, as the peer of a check, and prints what it saw.
pub(crate) fn echo(uri: &str) -> Result<(), Failure> {
    let uri = Uri::parse(uri)?;
    let deflate = policy::with_takeover(true);
    let request = Request::new(&uri).deflate(&deflate).subprotocols(&policy::SUBPROTOCOLS);
    match open(&uri, request)? {
        Opened::Accepted(mut link) => {
            println!("open {}", link.subprotocol.as_deref().unwrap_or_default());
            echo::run(&mut link)
        }
        Opened::Rejected(status) => {
            println!("refused {status}");
            Ok(())
        }
    }
}

fn open(uri: &Uri<'_>, request: Request<'_>) -> Result<Opened, Failure> {
    let mut stream = TcpStream::connect(uri.authority().to_string())?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    let mut inbox = Inbox::with_capacity(64 * 1024);
    let mut outbox = Vec::new();
    let mut opening = request.send(&mut outbox)?;
    stream.write_all(&outbox)?;
    loop {
        if inbox.read_from(&mut stream)? == 0 {
            return Err("the server closed the connection during the opening handshake".into());
        }
        match opening.receive(&mut inbox)? {
            None => {}
            Some(Response::Accepted(accepted)) => {
                let subprotocol = accepted.subprotocol().map(String::from);
                let extensions = accepted.extensions().count();
                let websocket = accepted.finish();
                let mut link = Link::new(websocket, inbox, stream);
                (link.subprotocol, link.extensions) = (subprotocol, extensions);
                return Ok(Opened::Accepted(link.into()));
            }
            Some(Response::Rejected(rejected)) => return Ok(Opened::Rejected(rejected.status())),
        }
    }
}
