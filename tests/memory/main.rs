//! Memory: what endpoints allocate, counted by the allocator itself.

#![allow(clippy::unwrap_used, clippy::panic)] // tests panic

mod connection;
#[cfg(feature = "deflate")]
mod deflate;

use hybi::frame::{Header, Opcode};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

/// A client's frame: its first byte, the length that it declares, and the payload, which a masking
/// key of zeros leaves as it is.
fn frame(first: u8, length: u64, payload: &[u8]) -> Vec<u8> {
    let header = Header::new(Opcode::Binary, true, length).unwrap().with_mask([0; 4]);
    let mut bytes = header.encode().to_vec();
    bytes[0] = first;
    bytes.extend_from_slice(payload);
    bytes
}
