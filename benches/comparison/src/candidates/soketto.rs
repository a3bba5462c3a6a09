//! soketto, with `BufReader` and `BufWriter` as in its examples. It does not validate text, so the
//! candidate does.

use bytes::Bytes;
use futures_util::io::{BufReader, BufWriter};
use soketto::{
    Receiver, Sender,
    connection::{Builder, Mode},
    handshake::{Client, Server, ServerResponse, server::Response},
};

use super::{Echoes, Receives, Role, Sends};
use crate::{executor::now, transport::Transport};

type Stream = BufReader<BufWriter<Transport>>;

pub(crate) fn accept(transport: Transport) -> (Sender<Stream>, Receiver<Stream>) {
    now(async {
        let mut server = Server::new(BufReader::new(BufWriter::new(transport)));
        let key = server.receive_request().await.unwrap().key();
        server.send_response(&Response::Accept { key, protocol: None }).await.unwrap();
        server.into_builder().finish()
    })
}

pub(crate) fn connect(transport: Transport) -> (Sender<Stream>, Receiver<Stream>) {
    now(async {
        let stream = BufReader::new(BufWriter::new(transport));
        let mut client = Client::new(stream, "example.com", "/chat");
        match client.handshake().await.unwrap() {
            ServerResponse::Accepted { .. } => client.into_builder().finish(),
            response => panic!("{response:?}"),
        }
    })
}

pub(crate) struct Soketto {
    sender: Sender<Stream>,
    receiver: Receiver<Stream>,
    message: Vec<u8>,
}

impl Soketto {
    pub(crate) fn new(role: Role, transport: Transport) -> Self {
        let mode = match role {
            Role::Server => Mode::Server,
            Role::Client => Mode::Client,
        };
        let stream = BufReader::new(BufWriter::new(transport));
        let (sender, receiver) = Builder::new(stream, mode).finish();
        Self { sender, receiver, message: Vec::new() }
    }
}

impl Receives for Soketto {
    fn receive(&mut self, count: usize, mut look: impl FnMut(&[u8])) {
        now(async {
            for _ in 0..count {
                self.message.clear();
                let data = self.receiver.receive_data(&mut self.message).await.unwrap();
                if data.is_text() {
                    look(std::str::from_utf8(&self.message).unwrap().as_bytes());
                } else {
                    look(&self.message);
                }
            }
        });
    }
}

impl Sends for Soketto {
    fn send(&mut self, messages: &[Bytes]) {
        now(async {
            for message in messages {
                self.sender.send_binary(message).await.unwrap();
            }
            self.sender.flush().await.unwrap();
        });
    }
}

impl Echoes for Soketto {
    fn echo(&mut self, count: usize) {
        now(async {
            for _ in 0..count {
                self.message.clear();
                self.receiver.receive_data(&mut self.message).await.unwrap();
                self.sender.send_binary(&self.message).await.unwrap();
            }
            self.sender.flush().await.unwrap();
        });
    }
}
