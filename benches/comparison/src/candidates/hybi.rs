//! hybi, with the loop of its README.

use std::{io::Write, sync::LazyLock};

use bytes::Bytes;
use hybi::{
    Client, Config, Connection, Event, Inbox, Origins, Role, Server, Uri,
    client::{Request, Response},
    deflate::{Deflate, Direction, Negotiated},
    random::OsEntropy,
    server::Opening,
};

use super::{Compression, Echoes, ReadBuffers, Receives, Sends};
use crate::transport::{Transport, WRITE};

/// Sends by appending to its outbox.
pub(crate) struct Hybi<R: Role> {
    websocket: Connection<R>,
    inbox: Inbox,
    outbox: Vec<u8>,
    transport: Transport,
}

/// The inbox of its README.
const INBOX: usize = 16 * 1024;

impl Hybi<Server> {
    pub(crate) fn server(buffers: ReadBuffers, transport: Transport) -> Self {
        Self::new(Connection::server(Config::new()), buffers, transport)
    }

    /// With the default compression, except for the level and context takeover.
    pub(crate) fn compressed(
        compression: Compression,
        buffers: ReadBuffers,
        transport: Transport,
    ) -> Self {
        let direction = Direction::new(15, compression.takeover).unwrap();
        let parameters = Negotiated::new(direction, direction);
        let deflate = Deflate::new().level(compression.level.try_into().unwrap());
        let websocket = Connection::server(Config::new()).with_deflate(&deflate, parameters);
        Self::new(websocket, buffers, transport)
    }
}

impl Hybi<Client> {
    pub(crate) fn client(buffers: ReadBuffers, transport: Transport) -> Self {
        Self::new(Connection::client(Config::new(), OsEntropy::new()), buffers, transport)
    }
}

impl<R: Role> Hybi<R> {
    fn new(websocket: Connection<R>, buffers: ReadBuffers, transport: Transport) -> Self {
        let inbox = Inbox::with_capacity(buffers.size(INBOX));
        Self { websocket, inbox, outbox: Vec::new(), transport }
    }

    fn write_outbox(&mut self) {
        self.transport.write_all(&self.outbox).unwrap();
        self.outbox.clear();
    }
}

impl<R: Role> Receives for Hybi<R> {
    fn receive(&mut self, count: usize, mut look: impl FnMut(&[u8])) {
        let mut received = 0;
        while received < count {
            assert_ne!(self.inbox.read_from(&mut self.transport).unwrap(), 0);
            while let Some(event) =
                self.websocket.receive(&mut self.inbox, &mut self.outbox).unwrap()
            {
                match event {
                    Event::Text(text) => look(text.as_bytes()),
                    Event::Binary(data) => look(data),
                    Event::Ping(_) | Event::Pong(_) | Event::Close(_) => continue,
                }
                received += 1;
            }
            self.write_outbox();
        }
    }
}

impl<R: Role> Sends for Hybi<R> {
    fn send(&mut self, messages: &[Bytes]) {
        for message in messages {
            self.websocket.send_binary(message, &mut self.outbox).unwrap();
            if self.outbox.len() >= WRITE {
                self.write_outbox();
            }
        }
        self.write_outbox();
    }
}

impl Echoes for Hybi<Server> {
    fn echo(&mut self, count: usize) {
        let mut echoed = 0;
        while echoed < count {
            assert_ne!(self.inbox.read_from(&mut self.transport).unwrap(), 0);
            while let Some(event) =
                self.websocket.receive(&mut self.inbox, &mut self.outbox).unwrap()
            {
                match event {
                    Event::Text(text) => {
                        self.websocket.send_text(text, &mut self.outbox).unwrap();
                    }
                    Event::Binary(data) => {
                        self.websocket.send_binary(data, &mut self.outbox).unwrap();
                    }
                    Event::Ping(_) | Event::Pong(_) | Event::Close(_) => continue,
                }
                echoed += 1;
            }
            self.write_outbox();
        }
    }
}

/// Sends by vectored writes of a header and a payload that is not copied.
pub(crate) struct Vectored(Hybi<Server>);

impl Vectored {
    pub(crate) fn new(transport: Transport) -> Self {
        Self(Hybi::server(ReadBuffers::Recommended, transport))
    }
}

impl Sends for Vectored {
    fn send(&mut self, messages: &[Bytes]) {
        let Hybi { websocket, transport, .. } = &mut self.0;
        for message in messages {
            let framed = websocket.frame_binary(message).unwrap();
            let written = transport.write_vectored(&framed.io_slices()).unwrap();
            assert!(written > message.len(), "memory takes all");
        }
    }
}

impl Echoes for Vectored {
    fn echo(&mut self, count: usize) {
        let Hybi { websocket, inbox, outbox, transport } = &mut self.0;
        let mut echoed = 0;
        while echoed < count {
            assert_ne!(inbox.read_from(transport).unwrap(), 0);
            while let Some(event) = websocket.receive(inbox, outbox).unwrap() {
                let framed = match event {
                    Event::Text(text) => websocket.frame_text(text).unwrap(),
                    Event::Binary(data) => websocket.frame_binary(data).unwrap(),
                    Event::Ping(_) | Event::Pong(_) | Event::Close(_) => continue,
                };
                // The pending bytes of the outbox are written first.
                if !outbox.is_empty() {
                    transport.write_all(outbox).unwrap();
                    outbox.clear();
                }
                let written = transport.write_vectored(&framed.io_slices()).unwrap();
                assert!(written > framed.payload().len(), "memory takes all");
                echoed += 1;
            }
            transport.write_all(outbox).unwrap();
            outbox.clear();
        }
    }
}

/// The buffers of a connection. The next connection can reuse them.
pub(crate) struct Buffers {
    inbox: Inbox,
    outbox: Vec<u8>,
}

impl Buffers {
    pub(crate) fn new() -> Self {
        Self { inbox: Inbox::with_capacity(INBOX), outbox: Vec::new() }
    }

    /// A server's opening handshake.
    pub(crate) fn accept(&mut self, transport: &mut Transport) -> Connection<Server> {
        // A server checks its list once.
        static ORIGINS: LazyLock<Origins<'static>> =
            LazyLock::new(|| Origins::list(&["https://example.com"]).unwrap());
        let Self { inbox, outbox } = self;
        let mut opening = Opening::new(ORIGINS.clone());
        let websocket = loop {
            assert_ne!(inbox.read_from(transport).unwrap(), 0);
            if let Some(request) = opening.receive(inbox, outbox).unwrap() {
                break request.accept().finish(outbox).unwrap();
            }
        };
        transport.write_all(outbox).unwrap();
        outbox.clear();
        websocket
    }

    /// A client's opening handshake.
    pub(crate) fn connect(&mut self, transport: &mut Transport) -> Connection<Client> {
        let Self { inbox, outbox } = self;
        let uri = Uri::parse("ws://example.com/chat").unwrap();
        let mut opening = Request::new(&uri).send(outbox).unwrap();
        transport.write_all(outbox).unwrap();
        outbox.clear();
        loop {
            assert_ne!(inbox.read_from(transport).unwrap(), 0);
            match opening.receive(inbox).unwrap() {
                None => {}
                Some(Response::Accepted(accepted)) => break accepted.finish(),
                Some(Response::Rejected(rejected)) => panic!("{rejected:?}"),
            }
        }
    }
}
