//! Appending a frame to a `Vec` in one pass.

use alloc::vec::Vec;
#[cfg(feature = "simd")]
use core::mem::MaybeUninit;

#[cfg(feature = "simd")]
use super::copy;
use super::xor::{self, Key};

/// The length of a padded header: more than the longest header, so that the copy has a fixed
/// length.
const PADDED: usize = 16;

/// Appends the first `header_len` bytes of `header`, then the payload, masked if there is a key.
#[cfg(feature = "simd")]
#[inline(always)]
#[allow(clippy::inline_always)] // removes the test for a key where a server calls it
#[allow(unsafe_code)]
pub(crate) fn append_frame(
    outbox: &mut Vec<u8>,
    header: &[u8; PADDED],
    header_len: usize,
    key: Option<Key>,
    payload: &[u8],
) {
    assert!(header_len <= PADDED);
    outbox.reserve(PADDED + payload.len());
    let spare = outbox.spare_capacity_mut();
    if let Some(to) = spare.first_chunk_mut() {
        *to = header.map(MaybeUninit::new);
    }
    let end = header_len + payload.len();
    // `reserve` guarantees this room, but the compiler does not see it. A branch that did more than
    // return would keep the header in memory, which costs a small frame a tenth of its instructions.
    let Some(to) = spare.get_mut(header_len..end) else {
        debug_assert!(false, "reserve made too little room");
        return;
    };
    match key {
        Some(key) => {
            xor::copy(key, payload, to);
        }
        None if copy::suits_loop(payload, to) => copy::copy_in_loop(payload, to),
        // SAFETY: `to` is as long as the payload, and a mutable borrow overlaps no other.
        None => unsafe {
            core::ptr::copy_nonoverlapping(payload.as_ptr(), to.as_mut_ptr().cast(), payload.len());
        },
    }
    let length = outbox.len() + end;
    // SAFETY: `reserve` made room for `end` bytes, and all of them are initialized: the header's by
    // the copy of 16, which `header_len` does not exceed, and the payload's by one of the arms:
    // `to` is as long as the payload, and `xor::copy`, which `copy_in_loop` also calls, writes as many
    // bytes as the shorter of its two arguments has.
    unsafe { outbox.set_len(length) }
}

/// The same in safe Rust.
#[cfg(not(feature = "simd"))]
pub(crate) fn append_frame(
    outbox: &mut Vec<u8>,
    header: &[u8; PADDED],
    header_len: usize,
    key: Option<Key>,
    payload: &[u8],
) {
    /// The payload is copied, then masked while it is still in L1.
    const PIECE: usize = 8 * 1024;
    outbox.reserve(PADDED + payload.len());
    let end = outbox.len() + header_len;
    outbox.extend_from_slice(header);
    outbox.truncate(end);
    let Some(mut key) = key else { return outbox.extend_from_slice(payload) };
    for piece in payload.chunks(PIECE) {
        let start = outbox.len();
        outbox.extend_from_slice(piece);
        let appended = outbox.get_mut(start..).unwrap_or_default();
        debug_assert_eq!(appended.len(), piece.len());
        xor::in_place(key, appended);
        key = xor::rotated(key, piece.len());
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::{vec, vec::Vec};

    use super::append_frame;

    #[test]
    fn a_frame_is_appended_after_what_is_there() {
        let header = *b"0123456789abcdef";
        let bytes: Vec<u8> = (0..=u8::MAX).collect();
        // Miri gets each path of the masking and of the copy, and sees if one leaves a byte
        // uninitialized.
        let lengths = [0, 3, 4, 9, 17, 33, 128, 129, 384, 2048, 1, 125, 126, 4096, 70_000];
        for key in [None, Some([1, 2, 3, 4])] {
            let masked: Vec<u8> = bytes
                .iter()
                .zip(key.unwrap_or_default().iter().cycle())
                .map(|(byte, key)| byte ^ key)
                .collect();
            let (payloads, masked) = (bytes.repeat(274), masked.repeat(274));
            for payload_len in lengths.into_iter().take(if cfg!(miri) { 10 } else { 15 }) {
                let few = cfg!(miri) && payload_len > 128;
                for header_len in [16, 2, 14].into_iter().take(if few { 1 } else { 3 }) {
                    let mut outbox = vec![b'x'; 3];
                    append_frame(&mut outbox, &header, header_len, key, &payloads[..payload_len]);
                    assert_eq!(outbox[..3], *b"xxx");
                    assert_eq!(outbox[3..][..header_len], header[..header_len]);
                    assert_eq!(outbox[3 + header_len..], masked[..payload_len]);
                }
            }
        }
    }
}
