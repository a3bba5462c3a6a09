//! What is compared: each sends as a server and receives as a client, level 2.

use bytes::BytesMut;
use hybi::{
    Client, Config, Connection, Event, Inbox, Server,
    extension::deflate::{Deflate, Direction, Parameters},
};
use sockudo_ws::{Message, deflate::DeflateConfig, protocol::CompressedProtocol};
use zlib_rs::{DeflateFlush, Inflate, InflateFlush};

const LEVEL: u8 = 2;
const LIMIT: usize = 16 * 1024 * 1024;

/// One implementation, both ends of it.
pub(crate) trait Candidate {
    fn name(&self) -> &'static str;
    /// Sends a message, and shows the bytes on the wire.
    fn send(&mut self, message: &str) -> &[u8];
    /// Receives one frame, and shows the message.
    fn receive(&mut self, frame: &[u8]) -> &[u8];
    /// So many frames in a row, for receivers that have seen none of them.
    fn frames(&mut self, message: &str, count: usize) -> Vec<Vec<u8>>;
}

pub(crate) struct Hybi {
    deflate: Deflate,
    parameters: Parameters,
    server: Connection<Server>,
    client: Connection<Client>,
    inbox: Inbox,
    outbox: Vec<u8>,
}

impl Hybi {
    pub(crate) fn new(takeover: bool) -> Self {
        let deflate = Deflate::new().level(LEVEL).threshold(0);
        let direction = Direction::new(15, takeover).expect("15 bits are a window");
        let parameters = Parameters::new(direction, direction);
        let (server, client) = connections(&deflate, parameters);
        let inbox = Inbox::with_capacity(128 * 1024);
        Self { deflate, parameters, server, client, inbox, outbox: Vec::new() }
    }
}

fn connections(
    deflate: &Deflate,
    parameters: Parameters,
) -> (Connection<Server>, Connection<Client>) {
    let entropy = hybi::random::OsEntropy::new();
    (
        Connection::server(Config::new()).with_deflate(deflate, parameters),
        Connection::client(Config::new(), entropy).with_deflate(deflate, parameters),
    )
}

impl Candidate for Hybi {
    fn name(&self) -> &'static str {
        "hybi"
    }

    fn send(&mut self, message: &str) -> &[u8] {
        self.outbox.clear();
        self.server.send_text(message, &mut self.outbox).expect("it is open");
        &self.outbox
    }

    fn receive(&mut self, frame: &[u8]) -> &[u8] {
        assert_eq!(self.inbox.take_from(frame), frame.len());
        match self.client.receive(&mut self.inbox, &mut self.outbox) {
            Ok(Some(Event::Text(text))) => text.as_bytes(),
            other => panic!("{other:?}"),
        }
    }

    fn frames(&mut self, message: &str, count: usize) -> Vec<Vec<u8>> {
        (self.server, self.client) = connections(&self.deflate, self.parameters);
        (0..count).map(|_| self.send(message).to_vec()).collect()
    }
}

pub(crate) struct Sockudo {
    config: DeflateConfig,
    server: CompressedProtocol,
    client: CompressedProtocol,
    wire: BytesMut,
    input: BytesMut,
    messages: Vec<Message>,
}

impl Sockudo {
    pub(crate) fn new(takeover: bool) -> Self {
        let config = DeflateConfig {
            server_no_context_takeover: !takeover,
            client_no_context_takeover: !takeover,
            compression_level: LEVEL.into(),
            compression_threshold: 0,
            ..DeflateConfig::default()
        };
        Self {
            server: CompressedProtocol::server(LIMIT, LIMIT, config.clone()),
            client: CompressedProtocol::client(LIMIT, LIMIT, config.clone()),
            config,
            wire: BytesMut::new(),
            input: BytesMut::new(),
            messages: Vec::new(),
        }
    }
}

impl Candidate for Sockudo {
    fn name(&self) -> &'static str {
        "sockudo-ws"
    }

    fn send(&mut self, message: &str) -> &[u8] {
        self.wire.clear();
        let message = Message::text(message.to_owned());
        self.server.encode_message(&message, &mut self.wire).expect("it is open");
        &self.wire
    }

    fn receive(&mut self, frame: &[u8]) -> &[u8] {
        self.input.extend_from_slice(frame);
        self.client.process_into(&mut self.input, &mut self.messages).expect("it is valid");
        self.messages[0].as_bytes()
    }

    fn frames(&mut self, message: &str, count: usize) -> Vec<Vec<u8>> {
        self.server = CompressedProtocol::server(LIMIT, LIMIT, self.config.clone());
        self.client = CompressedProtocol::client(LIMIT, LIMIT, self.config.clone());
        (0..count).map(|_| self.send(message).to_vec()).collect()
    }
}

/// zlib-rs by itself, with no frame around: what compression costs at least. Receiving, the text
/// is checked.
pub(crate) struct Raw {
    takeover: bool,
    deflate: zlib_rs::Deflate,
    inflate: Inflate,
    output: Vec<u8>,
    message: Vec<u8>,
}

impl Raw {
    pub(crate) fn new(takeover: bool) -> Self {
        Self {
            takeover,
            deflate: zlib_rs::Deflate::new(LEVEL.into(), false, 15),
            inflate: Inflate::new(false, 15),
            output: vec![0; 256 * 1024],
            message: vec![0; 256 * 1024],
        }
    }
}

impl Candidate for Raw {
    fn name(&self) -> &'static str {
        "zlib-rs"
    }

    fn send(&mut self, message: &str) -> &[u8] {
        let before = self.deflate.total_out();
        let flush = DeflateFlush::SyncFlush;
        self.deflate.compress(message.as_bytes(), &mut self.output, flush).expect("there is room");
        let length = usize::try_from(self.deflate.total_out() - before).expect("it fits");
        if !self.takeover {
            self.deflate.reset();
        }
        &self.output[..length]
    }

    fn receive(&mut self, frame: &[u8]) -> &[u8] {
        let before = self.inflate.total_out();
        let flush = InflateFlush::SyncFlush;
        self.inflate.decompress(frame, &mut self.message, flush).expect("it is valid");
        let length = usize::try_from(self.inflate.total_out() - before).expect("it fits");
        if !self.takeover {
            self.inflate.reset(false);
        }
        let text = std::str::from_utf8(&self.message[..length]).expect("it is text");
        text.as_bytes()
    }

    fn frames(&mut self, message: &str, count: usize) -> Vec<Vec<u8>> {
        self.deflate.reset();
        self.inflate.reset(false);
        (0..count).map(|_| self.send(message).to_vec()).collect()
    }
}
