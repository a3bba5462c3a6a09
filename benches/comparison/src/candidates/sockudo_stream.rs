//! sockudo-ws by its `WebSocketStream`, without its timers, which no other candidate has.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use sockudo_ws::{Config, Message, WebSocketStream};

use super::{Echoes, Receives, Role, Sends};
use crate::{executor::now, transport::Transport};

pub(crate) struct SockudoStream(WebSocketStream<Transport>);

impl SockudoStream {
    pub(crate) fn new(role: Role, transport: Transport) -> Self {
        let config = Config::builder().idle_timeout(0).auto_ping(false).build();
        Self(match role {
            Role::Server => WebSocketStream::server(transport, config),
            Role::Client => WebSocketStream::client(transport, config),
        })
    }
}

impl Receives for SockudoStream {
    fn receive(&mut self, count: usize, mut look: impl FnMut(&[u8])) {
        now(async {
            let mut received = 0;
            while received < count {
                match self.0.next().await.unwrap().unwrap() {
                    Message::Text(text) => look(&text),
                    Message::Binary(data) => look(&data),
                    _ => continue,
                }
                received += 1;
            }
        });
    }
}

impl Sends for SockudoStream {
    fn send(&mut self, messages: &[Bytes]) {
        now(async {
            for message in messages {
                self.0.feed(Message::Binary(message.clone())).await.unwrap();
            }
            self.0.flush().await.unwrap();
        });
    }
}

impl Echoes for SockudoStream {
    fn echo(&mut self, count: usize) {
        now(async {
            for _ in 0..count {
                let message = self.0.next().await.unwrap().unwrap();
                self.0.feed(message).await.unwrap();
            }
            self.0.flush().await.unwrap();
        });
    }
}
