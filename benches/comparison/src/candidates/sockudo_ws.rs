//! sockudo-ws by its sans-IO `Protocol`.

use std::io::Write;

use bytes::{Bytes, BytesMut};
use sockudo_ws::{
    Message,
    deflate::DeflateConfig,
    handshake,
    protocol::{self, CompressedProtocol, Protocol},
};

use super::{Compression, Echoes, Receives, Role, Sends};
use crate::transport::{READ, Transport, WRITE};

/// The default limits of its streams.
const FRAME: usize = 16 * 1024 * 1024;
const MESSAGE: usize = 64 * 1024 * 1024;

pub(crate) struct SockudoWs<P = Protocol> {
    protocol: P,
    input: BytesMut,
    messages: Vec<Message>,
    output: BytesMut,
    transport: Transport,
}

impl SockudoWs {
    pub(crate) fn new(role: Role, transport: Transport) -> Self {
        let role = match role {
            Role::Server => protocol::Role::Server,
            Role::Client => protocol::Role::Client,
        };
        Self::with(Protocol::new(role, FRAME, MESSAGE), transport)
    }
}

impl SockudoWs<CompressedProtocol> {
    /// A server.
    pub(crate) fn compressed(compression: Compression, transport: Transport) -> Self {
        let config = DeflateConfig {
            server_no_context_takeover: !compression.takeover,
            client_no_context_takeover: !compression.takeover,
            compression_level: compression.level,
            ..DeflateConfig::default()
        };
        Self::with(CompressedProtocol::server(FRAME, MESSAGE, config), transport)
    }
}

/// The common interface of both kinds of protocol.
pub(crate) trait Processes {
    fn process(&mut self, input: &mut BytesMut, messages: &mut Vec<Message>);
    fn encode(&mut self, message: &Message, output: &mut BytesMut);
    fn pong(&mut self, data: &[u8], output: &mut BytesMut);
}

macro_rules! processes {
    ($protocol:ty) => {
        impl Processes for $protocol {
            fn process(&mut self, input: &mut BytesMut, messages: &mut Vec<Message>) {
                self.process_into(input, messages).unwrap();
            }

            fn encode(&mut self, message: &Message, output: &mut BytesMut) {
                self.encode_message(message, output).unwrap();
            }

            fn pong(&mut self, data: &[u8], output: &mut BytesMut) {
                self.encode_pong(data, output);
            }
        }
    };
}

processes!(Protocol);
processes!(CompressedProtocol);

impl<P: Processes> SockudoWs<P> {
    fn with(protocol: P, transport: Transport) -> Self {
        Self {
            protocol,
            input: BytesMut::with_capacity(READ),
            messages: Vec::new(),
            output: BytesMut::with_capacity(WRITE),
            transport,
        }
    }

    fn read(&mut self) {
        if self.input.capacity() - self.input.len() < 4096 {
            self.input.reserve(READ);
        }
        assert_ne!(self.transport.read_into(&mut self.input), 0);
        self.protocol.process(&mut self.input, &mut self.messages);
    }

    fn write(&mut self) {
        self.transport.write_all(&self.output).unwrap();
        self.output.clear();
    }
}

impl<P: Processes> Receives for SockudoWs<P> {
    fn receive(&mut self, count: usize, mut look: impl FnMut(&[u8])) {
        let mut received = 0;
        while received < count {
            self.read();
            for message in self.messages.drain(..) {
                match message {
                    Message::Text(text) => look(&text),
                    Message::Binary(data) => look(&data),
                    Message::Ping(data) => {
                        self.protocol.pong(&data, &mut self.output);
                        continue;
                    }
                    message => panic!("{message:?}"),
                }
                received += 1;
            }
            self.write();
        }
    }
}

impl<P: Processes> Sends for SockudoWs<P> {
    fn send(&mut self, messages: &[Bytes]) {
        for message in messages {
            let message = Message::Binary(message.clone());
            self.protocol.encode(&message, &mut self.output);
            if self.output.len() >= WRITE {
                self.write();
            }
        }
        self.write();
    }
}

impl Echoes for SockudoWs {
    fn echo(&mut self, count: usize) {
        let mut echoed = 0;
        while echoed < count {
            self.read();
            for message in self.messages.drain(..) {
                self.protocol.encode(&message, &mut self.output);
                echoed += 1;
            }
            self.write();
        }
    }
}

/// A server's opening handshake. The buffer can be used again.
pub(crate) fn accept(input: &mut BytesMut, transport: &mut Transport) -> Protocol {
    input.clear();
    assert_ne!(transport.read_into(input), 0);
    let (request, _) = handshake::parse_request(input).unwrap().unwrap();
    let accept = handshake::generate_accept_key(request.key);
    transport.write_all(&handshake::build_response(&accept, None, None)).unwrap();
    Protocol::new(protocol::Role::Server, FRAME, MESSAGE)
}

/// A client's opening handshake. The buffer can be used again.
pub(crate) fn connect(input: &mut BytesMut, transport: &mut Transport) -> Protocol {
    input.clear();
    let key = handshake::generate_key();
    let request =
        handshake::build_request_with_headers("example.com", "/chat", &key, None, None, None);
    transport.write_all(&request.unwrap()).unwrap();
    assert_ne!(transport.read_into(input), 0);
    let (response, _) = handshake::parse_response(input).unwrap().unwrap();
    assert!(handshake::validate_accept_key(&key, response.accept.unwrap()));
    Protocol::new(protocol::Role::Client, FRAME, MESSAGE)
}
