//! Copies of payloads that take about the same time wherever the two buffers are.
//!
//! From a few KiB on, `memcpy` of glibc executes `rep movsb`. Some processors (AMD Zen 3 and Zen 4)
//! then take thirty times as long if both addresses have nearly the same offset in a page, as those
//! of an inbox and an outbox do that were allocated one after the other. Others (Zen 5) take 1.5
//! times as long as a loop up to 16 KiB, and less time than a loop for longer payloads.

use core::hint::black_box;

use super::xor::{self, PAGE, Slot, ahead_in_page};

/// From this size on, `memcpy` may execute `rep movsb`.
const SHORT: usize = 2048;

/// Up to this size, a loop is at least as fast as `rep movsb`.
const LOOP: usize = 16 * 1024;

/// Offsets in a page that differ by less than this count as nearly the same.
const NEAR: usize = 512;

/// Copies between two slices of the same length.
#[inline]
pub(crate) fn copy(from: &[u8], to: &mut [u8]) {
    debug_assert_eq!(from.len(), to.len());
    if suits_loop(from, to) {
        copy_in_loop(from, to);
    } else {
        let length = from.len().min(to.len());
        to[..length].copy_from_slice(&from[..length]);
    }
}

/// Whether [`copy_in_loop`] is the better choice for these two.
#[inline]
pub(super) fn suits_loop<T>(from: &[u8], to: &[T]) -> bool {
    if from.len() < SHORT {
        return false;
    }
    let ahead = ahead_in_page(from, to);
    from.len() <= LOOP || !(NEAR..=PAGE - NEAR).contains(&ahead)
}

/// Copies without `memcpy`.
#[inline]
pub(super) fn copy_in_loop<T: Slot>(from: &[u8], to: &mut [T]) {
    // If LLVM knew that the key is zero, it would call `memcpy`.
    xor::copy(black_box([0; 4]), from, to);
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::{vec, vec::Vec};

    use super::*;

    #[test]
    fn copies_at_distances_within_a_page() {
        let bytes = (0..=u8::MAX).collect::<Vec<u8>>().repeat(65);
        let (count, step) = if cfg!(miri) { (3, 7) } else { (6, 1) };
        for length in [0, 1, SHORT, SHORT - 1, LOOP, LOOP + 1].into_iter().take(count) {
            let distances = [0, 1, 63, NEAR - 1, NEAR, 2048, PAGE - NEAR, PAGE - 1];
            for distance in distances.into_iter().step_by(step) {
                let mut memory = vec![0xee; 11 * PAGE];
                let (from, rest) = memory.split_at_mut(5 * PAGE);
                let from = &mut from[..length];
                from.copy_from_slice(&bytes[..length]);
                let (before, rest) = rest.split_at_mut(distance);
                let (to, after) = rest.split_at_mut(length);
                copy(from, to);
                assert_eq!(to, from, "{length} bytes, {distance} ahead");
                assert_eq!([before, after].concat(), vec![0xee; 6 * PAGE - length]);
            }
        }
    }

    #[test]
    fn addresses_with_nearly_the_same_offset_in_a_page_suit_a_loop() {
        let memory = vec![0; 3 * PAGE + 4 * LOOP];
        let from = &memory[PAGE..][..2 * LOOP];
        for (distance, suits) in [(0, true), (1, true), (NEAR - 1, true), (NEAR, false)] {
            assert_eq!(suits_loop(from, &memory[PAGE + distance..]), suits);
            assert_eq!(suits_loop(from, &memory[PAGE - distance..]), suits);
            assert_eq!(suits_loop(from, &memory[2 * PAGE + distance..]), suits);
        }
        // Short ones never, and those of medium length always.
        assert!(!suits_loop(&from[..SHORT - 1], &memory[PAGE..]));
        assert!(suits_loop(&from[..SHORT], &memory[PAGE + 2048..]));
        assert!(suits_loop(&from[..LOOP], &memory[PAGE + 2048..]));
        assert!(!suits_loop(&from[..=LOOP], &memory[PAGE + 2048..]));
    }
}
