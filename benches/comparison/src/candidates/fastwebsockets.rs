//! fastwebsockets, with its `FragmentCollector`.

use bytes::Bytes;
use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, WebSocket};

use super::{Echoes, Receives, Role, Sends};
use crate::{executor::now, transport::Transport};

pub(crate) struct Fastwebsockets(FragmentCollector<Transport>);

/// How frames are written.
#[derive(Clone, Copy)]
pub(crate) enum Writing {
    /// Vectored from 1 KiB on.
    Default,
    /// Copied into one buffer.
    Appended,
    /// In two pieces, however small.
    Vectored,
}

impl Fastwebsockets {
    pub(crate) fn new(role: Role, writing: Writing, transport: Transport) -> Self {
        let role = match role {
            Role::Server => fastwebsockets::Role::Server,
            Role::Client => fastwebsockets::Role::Client,
        };
        let mut websocket = WebSocket::after_handshake(transport, role);
        match writing {
            Writing::Default => {}
            Writing::Appended => websocket.set_writev(false),
            Writing::Vectored => websocket.set_writev_threshold(0),
        }
        Self(FragmentCollector::new(websocket))
    }
}

impl Receives for Fastwebsockets {
    fn receive(&mut self, count: usize, mut look: impl FnMut(&[u8])) {
        now(async {
            let mut received = 0;
            while received < count {
                let frame = self.0.read_frame().await.unwrap();
                if let OpCode::Text | OpCode::Binary = frame.opcode {
                    look(&frame.payload);
                    received += 1;
                }
            }
        });
    }
}

impl Sends for Fastwebsockets {
    fn send(&mut self, messages: &[Bytes]) {
        now(async {
            for message in messages {
                let frame = Frame::binary(Payload::Borrowed(message));
                self.0.write_frame(frame).await.unwrap();
            }
        });
    }
}

impl Echoes for Fastwebsockets {
    fn echo(&mut self, count: usize) {
        now(async {
            for _ in 0..count {
                let frame = self.0.read_frame().await.unwrap();
                self.0.write_frame(frame).await.unwrap();
            }
        });
    }
}
