//! The client.

use std::{io::Write, net::TcpStream};

use hybi::{
    Client, Connection, Inbox, Uri,
    client::{Request, Response},
};

use crate::{Failure, echo, policy::Policy};

/// Runs one connection until it ends.
pub(crate) fn run(uri: &str) -> Result<(), Failure> {
    let uri = Uri::parse(uri)?;
    let policy = Policy::parse(uri.query().unwrap_or_default())?;
    let mut stream = TcpStream::connect(uri.authority().to_string())?;
    stream.set_nodelay(true)?;
    let mut inbox = Inbox::with_capacity(64 * 1024);
    let websocket = open(&uri, &policy, &mut inbox, &mut stream)?;
    echo::run(websocket, inbox, policy.fragment_size, &mut stream)
}

fn open(
    uri: &Uri<'_>,
    policy: &Policy,
    inbox: &mut Inbox,
    stream: &mut TcpStream,
) -> Result<Connection<Client>, Failure> {
    let mut request = Request::new(uri);
    if let Some(deflate) = &policy.deflate {
        request = request.deflate(deflate);
    }
    let mut outbox = Vec::new();
    let mut opening = request.send(&mut outbox)?;
    stream.write_all(&outbox)?;
    loop {
        if inbox.read_from(stream)? == 0 {
            return Err("the server closed the connection during the opening handshake".into());
        }
        match opening.receive(inbox)? {
            None => {}
            Some(Response::Accepted(accepted)) => return Ok(accepted.finish()),
            Some(Response::Rejected(rejected)) => {
                return Err(format!("refused with status {}", rejected.status()).into());
            }
        }
    }
}
