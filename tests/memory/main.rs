//! The memory that endpoints allocate, counted by a global allocator.

#![allow(clippy::unwrap_used, clippy::panic)] // tests panic

mod connection;
#[cfg(feature = "deflate")]
mod deflate;
#[cfg(feature = "inspect")]
mod inspect;

use hybi::frame::{Header, Opcode};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

/// A client's frame: its first byte, the declared length, and the payload. The masking key is zero,
/// so that the payload is unchanged.
fn frame(first: u8, length: u64, payload: &[u8]) -> Vec<u8> {
    let header = Header::new(Opcode::Binary, true, length).unwrap().with_mask([0; 4]);
    let mut bytes = header.encode().to_vec();
    bytes[0] = first;
    bytes.extend_from_slice(payload);
    bytes
}
