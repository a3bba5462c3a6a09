//! A server and a client in one process. The test carries the bytes between them.

use hybi::{Client, Config, Connection, Inbox, Role, Server};

use crate::support::feed::{ExampleKey, Heard, client, own, server};

/// An endpoint with its buffers.
pub(crate) struct End<R: Role> {
    pub(crate) websocket: Connection<R>,
    pub(crate) inbox: Inbox,
    pub(crate) outbox: Vec<u8>,
    pub(crate) heard: Vec<Heard>,
}

pub(crate) struct Pair {
    pub(crate) server: End<Server>,
    pub(crate) client: End<Client<ExampleKey>>,
}

impl Pair {
    pub(crate) fn new(config: Config) -> Self {
        Self { server: End::new(server(config)), client: End::new(client(config)) }
    }

    /// Carries bytes both ways until both outboxes are empty.
    pub(crate) fn settle(&mut self) {
        while !self.server.outbox.is_empty() || !self.client.outbox.is_empty() {
            let (to_client, to_server) =
                (std::mem::take(&mut self.server.outbox), std::mem::take(&mut self.client.outbox));
            self.client.hear(&to_client);
            self.server.hear(&to_server);
        }
    }
}

impl<R: Role> End<R> {
    fn new(websocket: Connection<R>) -> Self {
        Self { websocket, inbox: Inbox::with_capacity(128), outbox: vec![], heard: vec![] }
    }

    /// Receives all of these bytes, which must be valid.
    pub(crate) fn hear(&mut self, mut bytes: &[u8]) {
        loop {
            let taken = self.inbox.copy_from(bytes);
            bytes = &bytes[taken..];
            while let Some(event) =
                self.websocket.receive(&mut self.inbox, &mut self.outbox).unwrap()
            {
                self.heard.push(own(&event));
            }
            if bytes.is_empty() {
                break;
            }
        }
    }
}
