//! The candidates. Each is used as its documentation recommends.

pub(crate) mod fastwebsockets;
pub(crate) mod flate2;
pub(crate) mod hybi;
pub(crate) mod limits;
pub(crate) mod sockudo_stream;
pub(crate) mod sockudo_ws;
pub(crate) mod soketto;
pub(crate) mod tokio_websockets;
pub(crate) mod tungstenite;
pub(crate) mod web_socket;
pub(crate) mod wtx;
pub(crate) mod yawc;

use ::bytes::Bytes;

/// The compression level of all candidates, which is hybi's default.
const LEVEL: u32 = 2;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Server,
    Client,
}

pub(crate) trait Receives {
    /// Receives this many messages and shows each.
    fn receive(&mut self, count: usize, look: impl FnMut(&[u8]));
}

pub(crate) trait Sends {
    /// Sends binary messages.
    fn send(&mut self, messages: &[Bytes]);
}

pub(crate) trait Echoes {
    /// Receives this many messages and echoes each.
    fn echo(&mut self, count: usize);
}
