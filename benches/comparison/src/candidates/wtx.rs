//! wtx. It masks the payload in place, so its user must make a copy.

use std::io::{Read, Write};

use bytes::Bytes;
use wtx::{
    collection::Vector,
    misc::{LeaseMut, UriRef},
    rng::{ChaCha20, CryptoSeedableRng, Xorshift64},
    stream::{StreamReader, StreamWriter},
    web_socket::{
        Frame, OpCode, WebSocket, WebSocketAcceptor, WebSocketBuffer, WebSocketConnector,
        WebSocketOwned, WebSocketPayloadOrigin,
    },
};

use super::{Echoes, ReadBuffers, Receives, Sends};
use crate::{
    executor::now,
    transport::{READ, Transport},
};

pub(crate) struct Wtx<const IS_CLIENT: bool> {
    websocket: WebSocketOwned<(), ChaCha20, Transport, IS_CLIENT>,
    /// The buffer in which fragments are joined.
    joined: Vector<u8>,
    /// The message that is being sent.
    message: Vec<u8>,
}

impl<const IS_CLIENT: bool> Wtx<IS_CLIENT> {
    pub(crate) fn new(buffers: ReadBuffers, transport: Transport) -> Self {
        let random = ChaCha20::from_getrandom().unwrap();
        let buffer = match buffers {
            ReadBuffers::Recommended => WebSocketBuffer::new(),
            ReadBuffers::Equal => WebSocketBuffer::with_capacity(READ, 0, 0).unwrap(),
        };
        let websocket = WebSocketOwned::new((), false, random, transport, buffer);
        Self { websocket, joined: Vector::new(), message: Vec::new() }
    }
}

impl<const IS_CLIENT: bool> Receives for Wtx<IS_CLIENT> {
    fn receive(&mut self, count: usize, mut look: impl FnMut(&[u8])) {
        now(async {
            let mut received = 0;
            while received < count {
                let origin = WebSocketPayloadOrigin::Adaptive;
                let frame = self.websocket.read_frame(&mut self.joined, origin).await.unwrap();
                if let OpCode::Text | OpCode::Binary = frame.op_code() {
                    look(frame.payload());
                    received += 1;
                }
            }
        });
    }
}

impl<const IS_CLIENT: bool> Sends for Wtx<IS_CLIENT> {
    fn send(&mut self, messages: &[Bytes]) {
        now(async {
            for message in messages {
                self.message.clear();
                self.message.extend_from_slice(message);
                let mut frame = Frame::new_fin(OpCode::Binary, &mut self.message[..]);
                self.websocket.write_frame(&mut frame).await.unwrap();
            }
        });
    }
}

impl Echoes for Wtx<false> {
    fn echo(&mut self, count: usize) {
        now(async {
            let (mut common, mut reader, mut writer) = self.websocket.split_mut();
            for _ in 0..count {
                let origin = WebSocketPayloadOrigin::Adaptive;
                let mut frame =
                    reader.read_frame(&mut self.joined, &mut common, origin).await.unwrap();
                writer.write_frame(&mut common, &mut frame).await.unwrap();
            }
        });
    }
}

/// Sends by vectored writes as a server. wtx requires mutable payloads, but does not change them.
pub(crate) struct Vectored {
    wtx: Wtx<false>,
    messages: Vec<Vec<u8>>,
}

impl Vectored {
    pub(crate) fn new(messages: &[Bytes], transport: Transport) -> Self {
        Self {
            wtx: Wtx::new(ReadBuffers::Recommended, transport),
            messages: messages.iter().map(|message| message.to_vec()).collect(),
        }
    }
}

impl Sends for Vectored {
    fn send(&mut self, _: &[Bytes]) {
        now(async {
            for message in &mut self.messages {
                let mut frame = Frame::new_fin(OpCode::Binary, &mut message[..]);
                self.wtx.websocket.write_frame(&mut frame).await.unwrap();
            }
        });
    }
}

impl StreamReader for Transport {
    async fn read(&mut self, to: &mut [u8]) -> wtx::Result<usize> {
        Ok(Read::read(self, to)?)
    }
}

impl StreamWriter for Transport {
    async fn write_all(&mut self, bytes: &[u8]) -> wtx::Result<()> {
        Ok(Write::write_all(self, bytes)?)
    }

    async fn write_all_vectored(&mut self, slices: &[&[u8]]) -> wtx::Result<()> {
        self.write_slices(slices);
        Ok(())
    }
}

type Opened<B, const IS_CLIENT: bool> = WebSocket<(), Xorshift64, Transport, B, IS_CLIENT>;

/// A server's opening handshake.
pub(crate) fn accept<B>(buffer: B, transport: Transport) -> Opened<B, false>
where
    B: LeaseMut<WebSocketBuffer>,
{
    let acceptor = WebSocketAcceptor::default().no_masking(false).wsb(buffer);
    let accepted: wtx::Result<_> = now(acceptor.accept(transport));
    accepted.unwrap()
}

/// A client's opening handshake.
pub(crate) fn connect<B>(buffer: B, transport: Transport) -> Opened<B, true>
where
    B: LeaseMut<WebSocketBuffer>,
{
    let uri = UriRef::new("ws://example.com/chat");
    let connector = WebSocketConnector::default().no_masking(false).wsb(buffer);
    let connected: wtx::Result<_> = now(connector.connect(transport, &uri));
    connected.unwrap()
}
