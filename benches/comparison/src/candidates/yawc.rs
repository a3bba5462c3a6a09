//! yawc, with the buffer sizes of its own benchmark.

use std::future::poll_fn;

use bytes::Bytes;
use futures_util::SinkExt;
use yawc::{CompressionLevel, Frame, OpCode, Options, WebSocket};

use super::{Compression, Echoes, ReadBuffers, Receives, Role, Sends};
use crate::{executor::now, transport::Transport};

pub(crate) struct Yawc {
    websocket: WebSocket<Transport>,
    /// Whether to flush after each message. yawc queues pongs, and writes them only then.
    flushes: bool,
}

impl Yawc {
    pub(crate) fn new(role: Role, buffers: ReadBuffers, transport: Transport) -> Self {
        let role = match role {
            Role::Server => yawc::Role::Server,
            Role::Client => yawc::Role::Client,
        };
        let websocket = WebSocket::from_stream(transport, role, options(buffers)).unwrap();
        Self { websocket, flushes: false }
    }

    /// The same, and pongs are written.
    pub(crate) fn with_pongs(role: Role, buffers: ReadBuffers, transport: Transport) -> Self {
        Self { flushes: true, ..Self::new(role, buffers, transport) }
    }

    /// A server with compression.
    pub(crate) fn compressed(
        compression: Compression,
        buffers: ReadBuffers,
        transport: Transport,
    ) -> Self {
        let level = CompressionLevel::new(compression.level);
        let options = options(buffers).with_compression_level(level);
        let (agreed, options) = if compression.takeover {
            ("permessage-deflate", options)
        } else {
            let agreed =
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
            (agreed, options.server_no_context_takeover().client_no_context_takeover())
        };
        let role = yawc::Role::Server;
        let websocket =
            WebSocket::from_stream_with_extensions(transport, role, Some(agreed), options).unwrap();
        Self { websocket, flushes: false }
    }
}

/// Validates text, which is off by default, and allows 1 MiB, which exceeds the default limit.
fn options(buffers: ReadBuffers) -> Options {
    Options::default()
        .with_utf8()
        .with_limits(16 * 1024 * 1024, 64 * 1024 * 1024)
        .with_read_buffer_capacity(buffers.size(128 * 1024))
        .with_backpressure_boundary(64 * 1024)
}

impl Receives for Yawc {
    fn receive(&mut self, count: usize, mut look: impl FnMut(&[u8])) {
        now(async {
            let mut received = 0;
            while received < count {
                let frame = self.websocket.next_frame().await.unwrap();
                if let OpCode::Text | OpCode::Binary = frame.opcode() {
                    look(frame.payload());
                    received += 1;
                    if self.flushes {
                        // Only `poll_ready` moves its pongs to the buffer that `flush` writes.
                        poll_fn(|cx| self.websocket.poll_ready_unpin(cx)).await.unwrap();
                        self.websocket.flush().await.unwrap();
                    }
                }
            }
        });
    }
}

impl Sends for Yawc {
    fn send(&mut self, messages: &[Bytes]) {
        now(async {
            for message in messages {
                self.websocket.feed(Frame::binary(message.clone())).await.unwrap();
            }
            self.websocket.flush().await.unwrap();
        });
    }
}

impl Echoes for Yawc {
    fn echo(&mut self, count: usize) {
        now(async {
            for _ in 0..count {
                let frame = self.websocket.next_frame().await.unwrap();
                self.websocket.feed(frame).await.unwrap();
            }
            self.websocket.flush().await.unwrap();
        });
    }
}
