//! Opening handshakes over sockets that do not block.

use std::{
    io::{ErrorKind, Write as _},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream},
};

use hybi::{
    Client, Config, Connection, Inbox, Uri,
    client::{Opening, Request, Response},
    deflate::Deflate,
};
use rustix::{
    io::Errno,
    net::{self, AddressFamily, SocketFlags, SocketType},
};

use crate::Failure;

/// The most bytes in a message or in a batch of messages.
const CONFIG: Config = Config::new().max_message_size(1 << 30).outbox_high_water(1 << 30);

/// A connection in its opening handshake.
pub(crate) struct Dial {
    pub(crate) stream: TcpStream,
    opening: Opening<'static>,
    inbox: Inbox,
    unsent: Vec<u8>,
}

impl Dial {
    /// Begins to connect. `number` chooses the address to connect from.
    pub(crate) fn start(
        address: SocketAddr,
        number: usize,
        deflate: Option<&Deflate>,
    ) -> Result<Self, Failure> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
        // More connections than one address has ports.
        let source = Ipv4Addr::new(127, 0, 0, 1 + u8::try_from(number % 100)?);
        net::bind(&socket, &SocketAddrV4::new(source, 0))?;
        net::sockopt::set_tcp_nodelay(&socket, true)?;
        match net::connect(&socket, &address) {
            Ok(()) | Err(Errno::INPROGRESS) => {}
            Err(error) => return Err(error.into()),
        }
        let mut unsent = Vec::new();
        let uri = format!("ws://{address}/");
        let opening = request(&Uri::parse(&uri)?, deflate).send(&mut unsent)?.into_owned();
        let inbox = Inbox::with_capacity(1024);
        Ok(Self { stream: socket.into(), opening, inbox, unsent })
    }

    /// Proceeds until the socket would block. Returns the connection when it is open.
    pub(crate) fn proceed(&mut self) -> Result<Option<Connection<Client>>, Failure> {
        if !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(length) => drop(self.unsent.drain(..length)),
                // Not connected yet.
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        while !self.opening.advance(&mut self.inbox)? {
            match self.inbox.read_from(&mut self.stream) {
                Ok(0) => {
                    return Err("the server closes the transport in the opening handshake".into());
                }
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        match self.opening.response(&self.inbox) {
            Some(Response::Accepted(accepted)) => Ok(Some(accepted.finish())),
            Some(Response::Rejected(rejected)) => {
                Err(format!("the server responds with {}", rejected.status()).into())
            }
            None => Err("the response is lost".into()),
        }
    }
}

/// The request of each connection.
pub(crate) fn request<'a>(uri: &Uri<'a>, deflate: Option<&'a Deflate>) -> Request<'a> {
    let request = Request::new(uri).config(CONFIG);
    match deflate {
        Some(deflate) => request.deflate(deflate),
        None => request,
    }
}
