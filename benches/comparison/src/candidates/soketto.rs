//! soketto, with `BufReader` and `BufWriter` as in its examples. It does not validate text, so the
//! candidate does.

use std::mem;

use bytes::{Bytes, BytesMut};
use futures_util::io::{AsyncRead, AsyncWrite, BufReader, BufWriter};
use soketto::{
    Receiver, Sender,
    connection::{Builder, Mode},
    handshake::{Client, Server, ServerResponse, server::Response},
};

use super::{Echoes, ReadBuffers, Receives, Role, Sends};
use crate::{executor::now, transport::Transport};

type Stream = BufReader<BufWriter<Transport>>;

/// A stream with the buffers of its examples.
pub(crate) fn buffered(transport: Transport) -> Stream {
    BufReader::new(BufWriter::new(transport))
}

/// A server's opening handshake. The buffer can be used again.
pub(crate) fn accept<S>(stream: S, buffer: &mut BytesMut) -> (Sender<S>, Receiver<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    now(async {
        let mut server = Server::new(stream);
        server.set_buffer(mem::take(buffer));
        let key = server.receive_request().await.unwrap().key();
        server.send_response(&Response::Accept { key, protocol: None }).await.unwrap();
        *buffer = server.take_buffer();
        server.into_builder().finish()
    })
}

/// A client's opening handshake. The buffer can be used again.
pub(crate) fn connect<S>(stream: S, buffer: &mut BytesMut) -> (Sender<S>, Receiver<S>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    now(async {
        let mut client = Client::new(stream, "example.com", "/chat");
        client.set_buffer(mem::take(buffer));
        match client.handshake().await.unwrap() {
            ServerResponse::Accepted { .. } => {
                *buffer = client.take_buffer();
                client.into_builder().finish()
            }
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
    pub(crate) fn new(role: Role, buffers: ReadBuffers, transport: Transport) -> Self {
        let mode = match role {
            Role::Server => Mode::Server,
            Role::Client => Mode::Client,
        };
        let reads = buffers.size(8 * 1024);
        let stream = BufReader::with_capacity(reads, BufWriter::new(transport));
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
