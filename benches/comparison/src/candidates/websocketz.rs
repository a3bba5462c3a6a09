//! websocketz, in buffers of the size that its examples have, or of one message if that is larger.

use std::{
    convert::Infallible,
    io::{Read, Write},
};

use bytes::Bytes;
use rand::rngs::StdRng;
use websocketz::{
    Message, WebSocket,
    http::Header,
    next,
    options::{AcceptOptions, ConnectOptions},
    send,
};

use super::{Echoes, MAX_HEADER, ReadBuffers, Receives, Role, Sends, seeded};
use crate::{executor::now, transport::Transport};

const BUFFER: usize = 16 * 1024;

/// Each pass makes its `WebSocket`, which borrows the buffers. That costs nothing, and no bytes
/// are pending between two passes.
pub(crate) struct Websocketz {
    role: Role,
    random: StdRng,
    input: Vec<u8>,
    output: Vec<u8>,
    fragments: Vec<u8>,
    transport: Transport,
}

impl Websocketz {
    /// For messages of at most this size.
    pub(crate) fn new(role: Role, buffers: ReadBuffers, size: usize, transport: Transport) -> Self {
        let message = size + MAX_HEADER;
        Self {
            role,
            random: seeded(),
            input: vec![0; buffers.size(BUFFER).max(message)],
            output: vec![0; BUFFER.max(message)],
            fragments: vec![0; BUFFER.max(message)],
            transport,
        }
    }

    fn websocket(&mut self) -> WebSocket<'_, &mut Transport, &mut StdRng> {
        let Self { role, random, input, output, fragments, transport } = self;
        match role {
            Role::Server => WebSocket::server(transport, random, input, output, fragments),
            Role::Client => WebSocket::client(transport, random, input, output, fragments),
        }
    }
}

impl Receives for Websocketz {
    fn receive(&mut self, count: usize, mut look: impl FnMut(&[u8])) {
        let mut websocket = self.websocket();
        now(async {
            for _ in 0..count {
                match next!(websocket).unwrap().unwrap() {
                    Message::Text(text) => look(text.as_bytes()),
                    Message::Binary(data) => look(data),
                    message => panic!("{message:?}"),
                }
            }
        });
    }
}

impl Sends for Websocketz {
    fn send(&mut self, messages: &[Bytes]) {
        let mut websocket = self.websocket();
        now(async {
            for message in messages {
                websocket.send(Message::Binary(message)).await.unwrap();
            }
        });
    }
}

impl Echoes for Websocketz {
    fn echo(&mut self, count: usize) {
        let mut websocket = self.websocket();
        now(async {
            for _ in 0..count {
                let message = next!(websocket).unwrap().unwrap();
                send!(websocket, message).unwrap();
            }
        });
    }
}

/// The buffers of a connection, of the size in its documentation, and its generator. The next
/// connection can reuse them.
pub(crate) struct Buffers {
    random: StdRng,
    input: Vec<u8>,
    output: Vec<u8>,
    fragments: Vec<u8>,
}

type Opened<'a> = WebSocket<'a, &'a mut Transport, &'a mut StdRng>;

impl Buffers {
    pub(crate) fn new() -> Self {
        let buffer = || vec![0; 1024];
        Self { random: seeded(), input: buffer(), output: buffer(), fragments: buffer() }
    }

    /// A server's opening handshake.
    pub(crate) fn accept<'a>(&'a mut self, transport: &'a mut Transport) -> Opened<'a> {
        let Self { random, input, output, fragments } = self;
        let options = AcceptOptions::default();
        now(WebSocket::accept::<16>(options, transport, random, input, output, fragments)).unwrap()
    }

    /// A client's opening handshake.
    pub(crate) fn connect<'a>(&'a mut self, transport: &'a mut Transport) -> Opened<'a> {
        let Self { random, input, output, fragments } = self;
        let headers = [Header { name: "Host", value: b"example.com" }];
        let options = ConnectOptions::new_unchecked("/chat").with_headers(&headers);
        now(WebSocket::connect::<16>(options, transport, random, input, output, fragments)).unwrap()
    }
}

impl embedded_io_async::ErrorType for Transport {
    type Error = Infallible;
}

impl embedded_io_async::Read for Transport {
    async fn read(&mut self, to: &mut [u8]) -> Result<usize, Infallible> {
        Ok(Read::read(self, to).unwrap())
    }
}

impl embedded_io_async::Write for Transport {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Ok(Write::write(self, bytes).unwrap())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
