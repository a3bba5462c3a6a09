//! The candidates. Each is used as its documentation recommends.

pub(crate) mod fastwebsockets;
pub(crate) mod flate2;
pub(crate) mod hybi;
pub(crate) mod limits;
pub(crate) mod nago_wss;
pub(crate) mod sockudo_stream;
pub(crate) mod sockudo_ws;
pub(crate) mod soketto;
pub(crate) mod tokio_websockets;
pub(crate) mod tungstenite;
pub(crate) mod web_socket;
pub(crate) mod websocketz;
pub(crate) mod ws_framer;
pub(crate) mod wtx;
pub(crate) mod yawc;

use std::cell::RefCell;

use ::bytes::Bytes;
use rand::{
    Rng, SeedableRng,
    rngs::{StdRng, SysRng},
};

use crate::transport::READ;

/// How all candidates of a row compress.
#[derive(Clone, Copy)]
pub(crate) struct Compression {
    pub(crate) level: u32,
    /// Whether both directions use context takeover.
    pub(crate) takeover: bool,
}

/// The most bytes of a frame's header.
const MAX_HEADER: usize = 14;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Server,
    Client,
}

/// The sizes of the buffers that candidates read into.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadBuffers {
    /// What the documentation recommends, or else the default.
    Recommended,
    /// The same for each candidate that has a setting: as much as one read returns.
    Equal,
}

impl ReadBuffers {
    pub(crate) fn size(self, recommended: usize) -> usize {
        match self {
            Self::Recommended => recommended,
            Self::Equal => READ,
        }
    }
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

/// The generator that the examples of websocketz use, seeded by the operating system.
fn seeded() -> StdRng {
    StdRng::try_from_rng(&mut SysRng).unwrap()
}

thread_local! {
    static RANDOM: RefCell<StdRng> = RefCell::new(seeded());
}

/// Random bytes for the nonce of a client that draws none itself.
fn random_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    RANDOM.with_borrow_mut(|random| random.fill_bytes(&mut bytes));
    bytes
}
