//! The opening handshake with the upstream server.

use std::{
    error::Error,
    io::{self, ErrorKind, Write},
    net::{SocketAddr, TcpStream, ToSocketAddrs},
};

use hybi::{
    Inbox, Uri, UriBuf,
    client::{self, Response},
    deadline::{Deadlines, Stage, Timeouts},
    server,
};

use crate::{
    fields::end_to_end,
    timed::{
        Timed,
        clock::{left, now},
    },
};

/// The name of this gateway in Via (RFC 9110, section 7.6.3).
const VIA: &str = "1.1 hybi-relay";

/// An upstream server that has accepted the WebSocket.
pub(crate) struct Upstream {
    pub(crate) stream: TcpStream,
    /// Holds the bytes that followed the response.
    pub(crate) inbox: Inbox,
    pub(crate) deadlines: Deadlines,
    pub(crate) subprotocol: Option<String>,
    /// Fields to forward to the client, such as Set-Cookie.
    pub(crate) fields: Vec<(String, String)>,
}

/// Why the upstream server did not accept.
pub(crate) enum Failure {
    /// The target of the request or its Host is not valid for a WebSocket.
    Target(Box<dyn Error>),
    /// The server answered with this status and these fields.
    Rejected(u16, Vec<(String, String)>),
    /// The server did not answer in time.
    Late,
    /// The connection failed, or the response was not valid.
    Bad(Box<dyn Error>),
}

impl<E: Into<Box<dyn Error>>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        match error.downcast_ref::<io::Error>() {
            Some(error) if error.kind() == ErrorKind::TimedOut => Self::Late,
            _ => Self::Bad(error),
        }
    }
}

/// Forwards the request of the client to the upstream server.
pub(crate) fn ask(
    request: &server::Request<'_>,
    from: SocketAddr,
    upstream: &str,
    timeouts: Timeouts,
) -> Result<Upstream, Failure> {
    let (uri, target) = uri_of(request).map_err(Failure::Target)?;
    let subprotocols: Vec<&str> = request.subprotocols().collect();
    // The upstream server sees the client and its request as it would without a gateway (C-04).
    let via = request.headers().all("Via").filter_map(|value| std::str::from_utf8(value).ok());
    let via = via.chain([VIA]).collect::<Vec<_>>().join(", ");
    let forwarded = format!("for=\"{from}\";proto=http"); // RFC 7239
    let mut fields: Vec<_> = end_to_end(request.headers()).collect();
    fields.extend([("Via", &*via), ("Forwarded", &*forwarded)]);

    let mut deadlines = Deadlines::new(timeouts, now());
    let stream = connect(upstream, &mut deadlines)?;
    stream.set_nodelay(true)?;
    let mut timed = Timed::new(&stream, timeouts);
    timed.deadlines = deadlines;
    let (mut inbox, mut outbox) = (Inbox::with_capacity(4096), Vec::new());
    let mut asked =
        client::Request::new(&uri.as_uri()).subprotocols(&subprotocols).headers(&fields);
    if let Some(target) = target {
        asked = asked.target(target);
    }
    if let Some(origin) = request.origin() {
        asked = asked.origin(origin);
    }
    let mut opening = asked.send(&mut outbox)?;
    timed.write_all(&outbox)?;
    loop {
        if inbox.read_from(&mut timed)? == 0 {
            return Err("the upstream server closed the connection".into());
        }
        match opening.receive(&mut inbox)? {
            None => {}
            Some(Response::Accepted(accepted)) => {
                let subprotocol = accepted.subprotocol().map(String::from);
                let fields = end_to_end(accepted.headers()).map(owned).collect();
                let deadlines = timed.deadlines;
                return Ok(Upstream { stream, inbox, deadlines, subprotocol, fields });
            }
            Some(Response::Rejected(rejected)) => {
                // A success without an upgrade is not a valid response to this request (P-h2-d).
                if rejected.status() < 300 {
                    return Err("the upstream server does not support WebSocket".into());
                }
                let fields = end_to_end(rejected.headers());
                // The body is not forwarded.
                let fields = fields.filter(|(name, _)| !is_about_the_body(name));
                return Err(Failure::Rejected(rejected.status(), fields.map(owned).collect()));
            }
        }
    }
}

/// The URI of the request, and its target if that is in origin form. Such a target is forwarded byte for
/// byte, because browsers send characters that a URI does not allow. The authority becomes the Host of
/// the upstream request, so that the upstream server can compare it with Origin.
fn uri_of<'r>(request: &server::Request<'r>) -> Result<(UriBuf, Option<&'r str>), Box<dyn Error>> {
    let target = request.target();
    if target.starts_with('/') {
        let host = request.headers().get("Host").ok_or("the request has no Host")?;
        let uri = UriBuf::parse(format!("ws://{}", std::str::from_utf8(host)?))?;
        return Ok((uri, Some(target)));
    }
    // RFC 9112, section 3.2.2: the authority of an absolute target takes the place of Host.
    let uri = Uri::parse_http(target).or_else(|_| Uri::parse(target))?;
    // The port is that of the gateway, for any scheme.
    Ok((UriBuf::parse(format!("ws://{}{}", uri.authority(), uri.resource_name()))?, None))
}

fn connect(upstream: &str, deadlines: &mut Deadlines) -> io::Result<TcpStream> {
    let mut failure = ErrorKind::NotFound.into();
    for address in upstream.to_socket_addrs()? {
        let until = deadlines.check(now(), Stage::Opening, 0)?;
        let connected = match left(until) {
            Some(left) => TcpStream::connect_timeout(&address, left),
            None => TcpStream::connect(address),
        };
        match connected {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn is_about_the_body(name: &str) -> bool {
    name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("Content-"))
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.into(), value.into())
}
