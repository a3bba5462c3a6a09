//! Every input where there are few: headers, lengths, close codes, short texts, and the parameters of
//! permessage-deflate, in both roles.
//!
//! Each module compares the crate with an oracle of its own, which is written from the RFC. Every phase
//! and alignment of masking is a unit test in `src/mask.rs`. What takes long is ignored:
//!
//! ```sh
//! cargo test --test exhaustive
//! cargo test --release --test exhaustive -- --ignored
//! ```

#![allow(clippy::unwrap_used, clippy::panic)] // tests panic

#[cfg(feature = "deflate")]
mod answers;
mod close_codes;
mod headers;
mod lengths;
#[cfg(feature = "deflate")]
mod offers;
#[cfg(feature = "deflate")]
mod parameters;
mod texts;

use hybi::{
    Client, Connection, Error, Inbox, Role,
    random::{Entropy, EntropyError},
};

/// Returns the nonce of RFC 6455, section 1.3, and zeros as masking keys, which leave payloads as they
/// are.
#[derive(Debug)]
struct Known;

impl Entropy for Known {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        match bytes.len() {
            16 => bytes.copy_from_slice(b"the sample nonce"),
            _ => bytes.fill(0),
        }
        Ok(())
    }
}

fn client() -> Connection<Client<Known>> {
    Connection::client(hybi::Config::new(), Known)
}

/// Receives these bytes. Returns the error, if any, and what was sent.
fn receive<R: Role>(websocket: &mut Connection<R>, bytes: &[u8]) -> (Option<Error>, Vec<u8>) {
    let (mut inbox, mut outbox) = (Inbox::with_capacity(64), Vec::new());
    assert_eq!(inbox.copy_from(bytes), bytes.len());
    loop {
        match websocket.receive(&mut inbox, &mut outbox) {
            Ok(Some(_)) => {}
            Ok(None) => return (None, outbox),
            Err(error) => return (Some(error), outbox),
        }
    }
}
