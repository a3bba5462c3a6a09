//! The server that responds to a client's opening handshake.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha1::{Digest, Sha1};

const HEAD: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: ";
/// The length of a hash in base64.
const ACCEPT: usize = 28;

/// The response to the last request.
pub(crate) struct Answer(pub(crate) Vec<u8>);

impl Answer {
    pub(crate) fn new() -> Self {
        let mut response = HEAD.to_vec();
        response.extend_from_slice(&[b'-'; ACCEPT]);
        response.extend_from_slice(b"\r\n\r\n");
        Self(response)
    }

    /// Responds to a complete request.
    pub(crate) fn to(&mut self, request: &[u8]) {
        let mut hash = Sha1::new();
        hash.update(key(request));
        hash.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
        let accept = &mut self.0[HEAD.len()..][..ACCEPT];
        STANDARD.encode_slice(hash.finalize(), accept).unwrap();
    }
}

/// The nonce of a request.
pub(crate) fn key(request: &[u8]) -> &[u8] {
    const NAME: &[u8] = b"sec-websocket-key: ";
    let line = request
        .split(|byte| *byte == b'\n')
        .find(|line| line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME)));
    line.unwrap()[NAME.len()..].trim_ascii_end()
}
