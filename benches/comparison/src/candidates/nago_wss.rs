//! nago-wss by its `Connection`, over a stream that reads into its buffer and writes vectored, as
//! its own sockets do.

use bytes::{Bytes, BytesMut};
use nago_wss::{
    conn::{self, Connection},
    proto::message::{Limits, Message},
    stream::{ByteStream, Result, StreamExt},
    upgrade::{self, UpgradeOutcome},
};

use super::{Echoes, Receives, Role, Sends, random_bytes};
use crate::{
    executor::now,
    transport::{Transport, WRITE},
};

pub(crate) struct NagoWss(Connection<Transport>);

impl NagoWss {
    pub(crate) fn new(role: Role, transport: Transport) -> Self {
        let role = match role {
            Role::Server => conn::Role::Server,
            Role::Client => conn::Role::Client,
        };
        Self(Connection::new(transport, role, Limits::default()))
    }
}

impl Receives for NagoWss {
    fn receive(&mut self, count: usize, mut look: impl FnMut(&[u8])) {
        now(async {
            let mut received = 0;
            while received < count {
                match self.0.read().await.unwrap().unwrap() {
                    Message::Text(data) | Message::Binary(data) => {
                        look(&data);
                        received += 1;
                    }
                    Message::Ping(data) => self.0.pong(data).await.unwrap(),
                    message => panic!("{message:?}"),
                }
            }
        });
    }
}

/// Small messages are sent in batches, which it writes from one buffer.
impl Sends for NagoWss {
    fn send(&mut self, messages: &[Bytes]) {
        now(async {
            let binary = |message: &Bytes| Message::Binary(message.clone());
            for batch in messages.chunks((WRITE / messages[0].len()).max(1)) {
                match batch {
                    [message] => self.0.write(binary(message)).await.unwrap(),
                    batch => self.0.write_all(batch.iter().map(binary)).await.unwrap(),
                }
            }
        });
    }
}

impl Echoes for NagoWss {
    fn echo(&mut self, count: usize) {
        now(async {
            for _ in 0..count {
                let message = self.0.read().await.unwrap().unwrap();
                self.0.write(message).await.unwrap();
            }
        });
    }
}

/// Sends each message by a vectored write.
pub(crate) struct Vectored(NagoWss);

impl Vectored {
    pub(crate) fn new(role: Role, transport: Transport) -> Self {
        Self(NagoWss::new(role, transport))
    }
}

impl Sends for Vectored {
    fn send(&mut self, messages: &[Bytes]) {
        now(async {
            for message in messages {
                self.0.0.write(Message::Binary(message.clone())).await.unwrap();
            }
        });
    }
}

pub(crate) fn accept(transport: Transport) -> Connection<Transport> {
    let select = |_: &_| (None, Vec::new());
    match now(upgrade::accept(transport, Limits::default(), &[], select)).unwrap() {
        UpgradeOutcome::Upgraded(connection, _) => connection,
        UpgradeOutcome::Plain { request, .. } => panic!("{request:?}"),
    }
}

pub(crate) fn connect(transport: Transport) -> Connection<Transport> {
    let (path, host, limits) = ("/chat", "example.com", Limits::default());
    let entropy = random_bytes();
    now(upgrade::connect(transport, path, host, &[], &[], entropy, limits)).unwrap().0
}

impl ByteStream for Transport {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        Ok(std::io::Read::read(self, buffer).unwrap())
    }

    async fn write_all(&mut self, buffer: &[u8]) -> Result<()> {
        std::io::Write::write_all(self, buffer).unwrap();
        Ok(())
    }
}

impl StreamExt for Transport {
    async fn read_buf(&mut self, buffer: &mut BytesMut) -> Result<usize> {
        Ok(self.read_into(buffer))
    }

    async fn write_all_vectored(&mut self, header: &[u8], payload: &[u8]) -> Result<()> {
        self.write_slices(&[header, payload]);
        Ok(())
    }
}
