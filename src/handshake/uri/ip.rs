//! The text of IP addresses. The functions of the standard library do the same, but the compiler cannot
//! see that they do not panic.

use core::net::{Ipv4Addr, Ipv6Addr};

use crate::http1::{token::split_text_once, write::Decimal};

/// Parses an IPv6 address (RFC 4291, section 2.2).
pub(super) fn parse_ipv6(address: &str) -> Option<Ipv6Addr> {
    let mut segments = [0; 8];
    match split_compressed(address) {
        None => {
            let count = parse_groups(address, &mut segments)?;
            if count < 8 {
                return None;
            }
        }
        // Only the last groups may be written as an IPv4 address.
        Some((before, _)) if before.contains('.') => return None,
        // The colons stand for at least one group.
        Some((before, after)) => {
            let (mut first, mut last) = ([0; 7], [0; 7]);
            let before = parse_groups(before, &mut first)?;
            let after = parse_groups(after, &mut last)?;
            if before + after > 7 {
                return None;
            }
            for (place, group) in segments.iter_mut().zip(first).take(before) {
                *place = group;
            }
            let last = last.get(..after)?;
            for (place, group) in segments.iter_mut().rev().zip(last.iter().rev()) {
                *place = *group;
            }
        }
    }
    Some(segments.into())
}

/// The text before and after the first `::`.
fn split_compressed(address: &str) -> Option<(&str, &str)> {
    let at = address.as_bytes().windows(2).position(|pair| pair == b"::")?;
    Some((address.get(..at)?, address.get(at..)?.strip_prefix("::")?))
}

/// Parses groups with colons between them, the last two of which may be written as an IPv4 address.
/// Returns their number; `None` if there are more than `groups` has places for.
fn parse_groups(text: &str, groups: &mut [u16]) -> Option<usize> {
    if text.is_empty() {
        return Some(0);
    }
    let (mut rest, mut count) = (Some(text), 0);
    while let Some(text) = rest {
        let (group, after) = match split_text_once(text, b':') {
            Some((group, after)) => (group, Some(after)),
            None => (text, None),
        };
        match (groups.get_mut(count..)?, after) {
            ([high, low, ..], None) if group.contains('.') => {
                let [a, b, c, d] = group.parse::<Ipv4Addr>().ok()?.octets();
                (*high, *low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
                count += 2;
            }
            ([place, ..], _) => {
                *place = parse_group(group)?;
                count += 1;
            }
            _ => return None,
        }
        rest = after;
    }
    Some(count)
}

/// One to four hexadecimal digits.
fn parse_group(text: &str) -> Option<u16> {
    if !(1..=4).contains(&text.len()) {
        return None;
    }
    text.chars().try_fold(0, |group, digit| {
        let digit = u16::try_from(digit.to_digit(16)?).ok()?;
        Some(group << 4 | digit)
    })
}

/// Writes an IPv4 address.
pub(super) fn write_ipv4(address: Ipv4Addr, sink: &mut impl FnMut(&[u8])) {
    let mut separator: &[u8] = b"";
    for octet in address.octets() {
        sink(core::mem::replace(&mut separator, b"."));
        sink(Decimal::of(octet.into()).digits());
    }
}

/// Writes an IPv6 address in the form of RFC 5952, section 4.
pub(super) fn write_ipv6(address: Ipv6Addr, sink: &mut impl FnMut(&[u8])) {
    // Section 5.
    if let Some(mapped) = address.to_ipv4_mapped() {
        sink(b"::ffff:");
        return write_ipv4(mapped, sink);
    }
    let segments = address.segments();
    let (start, end) = longest_zeros(segments);
    let mut separator: &[u8] = b"";
    for (index, group) in segments.into_iter().enumerate() {
        if index == start && start < end {
            sink(b"::");
            separator = b"";
        }
        if !(start..end).contains(&index) {
            sink(core::mem::replace(&mut separator, b":"));
            write_group(group, sink);
        }
    }
}

/// The first of the longest runs of two or more zeros, from its index to the index after it; empty if
/// there is none (section 4.2).
fn longest_zeros(segments: [u16; 8]) -> (usize, usize) {
    let (mut longest, mut start) = ((0, 1), 0);
    for (index, group) in segments.into_iter().enumerate() {
        if group != 0 {
            start = index + 1;
        } else if index + 1 - start > longest.1 - longest.0 {
            longest = (start, index + 1);
        }
    }
    if longest.1 - longest.0 > 1 { longest } else { (0, 0) }
}

/// In lower case and without leading zeros (sections 4.1 and 4.3).
fn write_group(group: u16, sink: &mut impl FnMut(&[u8])) {
    let mut is_leading = true;
    for shift in [12, 8, 4, 0] {
        let digit = group >> shift & 0xf;
        is_leading &= digit == 0 && shift > 0;
        if !is_leading {
            #[allow(clippy::cast_possible_truncation)] // below 16
            let digit = digit as u8;
            sink(&[if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }]);
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::{
        string::{String, ToString},
        vec::Vec,
    };

    use super::*;

    fn written(address: Ipv6Addr) -> String {
        let mut bytes = Vec::new();
        write_ipv6(address, &mut |part| bytes.extend_from_slice(part));
        String::from_utf8(bytes).unwrap()
    }

    // RFC 4291, section 2.2, and RFC 5952, sections 1 and 4
    #[test]
    fn the_examples_of_the_standards() {
        let table = [
            ("ABCD:EF01:2345:6789:ABCD:EF01:2345:6789", "abcd:ef01:2345:6789:abcd:ef01:2345:6789"),
            ("2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"),
            ("FF01:0:0:0:0:0:0:101", "ff01::101"),
            ("0:0:0:0:0:0:0:1", "::1"),
            ("0:0:0:0:0:0:0:0", "::"),
            ("0:0:0:0:0:FFFF:129.144.52.38", "::ffff:129.144.52.38"),
            ("0:0:0:0:0:0:13.1.68.3", "::d01:4403"),
            ("2001:db8::0001", "2001:db8::1"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
            ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ];
        for (text, expected) in table {
            let address = parse_ipv6(text).unwrap();
            assert_eq!(written(address), expected, "{text}");
            assert_eq!(parse_ipv6(expected), Some(address));
        }
    }

    /// All texts of up to four of these parts, and all addresses of zeros and ones in eight groups.
    #[test]
    fn the_standard_library_agrees() {
        let parts = ["", ":", "::", "1", "0", "fFf0", "12345", "g", "1.2.3.4", "1:2:3:4:5"];
        let mut texts = std::vec![String::new()];
        for _ in 0..if cfg!(miri) { 2 } else { 4 } {
            texts = texts
                .iter()
                .flat_map(|text| parts.map(|part| std::format!("{text}{part}")))
                .collect();
            texts.sort();
            texts.dedup();
            for text in &texts {
                assert_eq!(parse_ipv6(text), text.parse().ok(), "{text}");
            }
        }
        for bits in 0..256_u16 {
            for group in [1, 0xffff, 0x0a0b] {
                let segments = [0, 1, 2, 3, 4, 5, 6, 7].map(|index| group * (bits >> index & 1));
                let address = Ipv6Addr::from(segments);
                assert_eq!(written(address), address.to_string());
            }
        }
    }
}
