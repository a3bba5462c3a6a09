//! tungstenite: `read`, and `write` with a flush at the end of a batch.

use bytes::Bytes;
use tungstenite::{
    Message, WebSocket,
    protocol::{self, WebSocketConfig, frame::FrameSocket},
};

use super::{Echoes, ReadBuffers, Receives, Role, Sends, limits::mask_safely};
use crate::transport::Transport;

pub(crate) struct Tungstenite(WebSocket<Transport>);

impl Tungstenite {
    pub(crate) fn new(role: Role, buffers: ReadBuffers, transport: Transport) -> Self {
        let role = match role {
            Role::Server => protocol::Role::Server,
            Role::Client => protocol::Role::Client,
        };
        let config = WebSocketConfig::default().read_buffer_size(buffers.size(128 * 1024));
        Self(WebSocket::from_raw_socket(transport, role, Some(config)))
    }
}

impl Receives for Tungstenite {
    fn receive(&mut self, count: usize, mut look: impl FnMut(&[u8])) {
        let mut received = 0;
        while received < count {
            match self.0.read().unwrap() {
                Message::Text(text) => look(text.as_str().as_bytes()),
                Message::Binary(data) => look(&data),
                _ => continue,
            }
            received += 1;
        }
    }
}

/// Its frame layer alone, for users who add compression, which tungstenite itself refuses.
pub(crate) struct Frames {
    socket: FrameSocket<Transport>,
    payload: Vec<u8>,
}

impl Frames {
    pub(crate) fn new(transport: Transport) -> Self {
        Self { socket: FrameSocket::new(transport), payload: Vec::new() }
    }
}

impl Receives for Frames {
    fn receive(&mut self, count: usize, mut look: impl FnMut(&[u8])) {
        for _ in 0..count {
            let frame = self.socket.read(None).unwrap().unwrap();
            let key = frame.header().mask.unwrap();
            // It does not unmask them.
            self.payload.clear();
            self.payload.extend_from_slice(frame.payload());
            mask_safely(key, &mut self.payload);
            look(&self.payload);
        }
    }
}

impl Sends for Tungstenite {
    fn send(&mut self, messages: &[Bytes]) {
        for message in messages {
            self.0.write(Message::Binary(message.clone())).unwrap();
        }
        self.0.flush().unwrap();
    }
}

impl Echoes for Tungstenite {
    fn echo(&mut self, count: usize) {
        for _ in 0..count {
            let message = self.0.read().unwrap();
            assert!(message.is_binary() || message.is_text());
            self.0.write(message).unwrap();
        }
        self.0.flush().unwrap();
    }
}

pub(crate) fn accept(transport: Transport) -> WebSocket<Transport> {
    tungstenite::accept(transport).unwrap()
}

pub(crate) fn connect(transport: Transport) -> WebSocket<Transport> {
    tungstenite::client("ws://example.com/chat", transport).unwrap().0
}
