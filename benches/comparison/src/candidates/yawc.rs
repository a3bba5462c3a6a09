//! yawc, with the buffer sizes of its own benchmark.

use bytes::Bytes;
use futures_util::SinkExt;
use yawc::{CompressionLevel, Frame, OpCode, Options, WebSocket};

use super::{Echoes, LEVEL, Receives, Role, Sends};
use crate::{executor::now, transport::Transport};

pub(crate) struct Yawc(WebSocket<Transport>);

impl Yawc {
    pub(crate) fn new(role: Role, transport: Transport) -> Self {
        let role = match role {
            Role::Server => yawc::Role::Server,
            Role::Client => yawc::Role::Client,
        };
        Self(WebSocket::from_stream(transport, role, options()).unwrap())
    }

    /// A server with compression.
    pub(crate) fn compressed(takeover: bool, transport: Transport) -> Self {
        let options = options().with_compression_level(CompressionLevel::new(LEVEL));
        let (agreed, options) = if takeover {
            ("permessage-deflate", options)
        } else {
            let agreed =
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
            (agreed, options.server_no_context_takeover().client_no_context_takeover())
        };
        let role = yawc::Role::Server;
        Self(
            WebSocket::from_stream_with_extensions(transport, role, Some(agreed), options).unwrap(),
        )
    }
}

/// Validates text, which is off by default, and allows 1 MiB, which exceeds the default limit.
fn options() -> Options {
    Options::default()
        .with_utf8()
        .with_limits(16 * 1024 * 1024, 64 * 1024 * 1024)
        .with_read_buffer_capacity(128 * 1024)
        .with_backpressure_boundary(64 * 1024)
}

impl Receives for Yawc {
    fn receive(&mut self, count: usize, mut look: impl FnMut(&[u8])) {
        now(async {
            let mut received = 0;
            while received < count {
                let frame = self.0.next_frame().await.unwrap();
                if let OpCode::Text | OpCode::Binary = frame.opcode() {
                    look(frame.payload());
                    received += 1;
                }
            }
        });
    }
}

impl Sends for Yawc {
    fn send(&mut self, messages: &[Bytes]) {
        now(async {
            for message in messages {
                self.0.feed(Frame::binary(message.clone())).await.unwrap();
            }
            self.0.flush().await.unwrap();
        });
    }
}

impl Echoes for Yawc {
    fn echo(&mut self, count: usize) {
        now(async {
            for _ in 0..count {
                let frame = self.0.next_frame().await.unwrap();
                self.0.feed(frame).await.unwrap();
            }
            self.0.flush().await.unwrap();
        });
    }
}
