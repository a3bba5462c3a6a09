//! web-socket, with a `BufReader` as in its examples. It neither joins fragments nor validates
//! text, so the candidate does both.

use bytes::Bytes;
use tokio::io::BufReader;
use web_socket::{DataType, Event, MessageType, Stream, WebSocket};

use super::{Echoes, ReadBuffers, Receives, Role, Sends};
use crate::{executor::now, transport::Transport};

pub(crate) struct WebSocketCrate(WebSocket<BufReader<Transport>>);

impl WebSocketCrate {
    pub(crate) fn new(role: Role, buffers: ReadBuffers, transport: Transport) -> Self {
        let stream = BufReader::with_capacity(buffers.size(8 * 1024), transport);
        Self(match role {
            Role::Server => WebSocket::server(stream),
            Role::Client => WebSocket::client(stream),
        })
    }
}

impl Receives for WebSocketCrate {
    fn receive(&mut self, count: usize, mut look: impl FnMut(&[u8])) {
        now(async {
            let mut received = 0;
            let mut message = Vec::new();
            while received < count {
                match self.0.recv().await.unwrap() {
                    Event::Data { ty: DataType::Complete(MessageType::Text), data } => {
                        look(std::str::from_utf8(&data).unwrap().as_bytes());
                        received += 1;
                    }
                    Event::Data { ty: DataType::Complete(MessageType::Binary), data } => {
                        look(&data);
                        received += 1;
                    }
                    Event::Data { ty: DataType::Stream(stream), data } => {
                        message.extend_from_slice(&data);
                        if let Stream::End(_) = stream {
                            look(&message);
                            message.clear();
                            received += 1;
                        }
                    }
                    Event::Ping(data) => self.0.send_pong(data).await.unwrap(),
                    event => panic!("{event:?}"),
                }
            }
        });
    }
}

impl Sends for WebSocketCrate {
    fn send(&mut self, messages: &[Bytes]) {
        now(async {
            for message in messages {
                self.0.send(&message[..]).await.unwrap();
            }
        });
    }
}

impl Echoes for WebSocketCrate {
    fn echo(&mut self, count: usize) {
        now(async {
            for _ in 0..count {
                match self.0.recv().await.unwrap() {
                    Event::Data { data, .. } => self.0.send(&data[..]).await.unwrap(),
                    event => panic!("{event:?}"),
                }
            }
        });
    }
}
