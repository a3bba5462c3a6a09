//! tokio-websockets, as a stream and a sink of messages.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::Uri;
use tokio_websockets::{ClientBuilder, Message, ServerBuilder, WebSocketStream};

use super::{Echoes, Receives, Role, Sends};
use crate::{executor::now, transport::Transport};

pub(crate) struct TokioWebsockets(WebSocketStream<Transport>);

impl TokioWebsockets {
    pub(crate) fn new(role: Role, transport: Transport) -> Self {
        Self(match role {
            Role::Server => ServerBuilder::new().serve(transport),
            Role::Client => ClientBuilder::new().take_over(transport),
        })
    }
}

impl Receives for TokioWebsockets {
    fn receive(&mut self, count: usize, mut look: impl FnMut(&[u8])) {
        now(async {
            let mut received = 0;
            while received < count {
                let message = self.0.next().await.unwrap().unwrap();
                if let Some(text) = message.as_text() {
                    look(text.as_bytes());
                    received += 1;
                } else if message.is_binary() {
                    look(message.as_payload());
                    received += 1;
                }
            }
        });
    }
}

impl Sends for TokioWebsockets {
    fn send(&mut self, messages: &[Bytes]) {
        now(async {
            for message in messages {
                self.0.feed(Message::binary(message.clone())).await.unwrap();
            }
            self.0.flush().await.unwrap();
        });
    }
}

impl Echoes for TokioWebsockets {
    fn echo(&mut self, count: usize) {
        now(async {
            for _ in 0..count {
                let message = self.0.next().await.unwrap().unwrap();
                assert!(message.is_binary() || message.is_text());
                self.0.feed(message).await.unwrap();
            }
            self.0.flush().await.unwrap();
        });
    }
}

pub(crate) fn accept(transport: Transport) -> WebSocketStream<Transport> {
    now(ServerBuilder::new().accept(transport)).unwrap().1
}

pub(crate) fn connect(transport: Transport) -> WebSocketStream<Transport> {
    let uri = Uri::from_static("ws://example.com/chat");
    now(ClientBuilder::from_uri(uri).connect_on(transport)).unwrap().0
}
