//! The parameters of the extension (RFC 7692, section 7.1).

use core::fmt;

use super::NAME;
use crate::extension::{Extension, Value};

/// The parameters of one direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Direction {
    pub(crate) window_bits: u8,
    pub(crate) context_takeover: bool,
}

impl Direction {
    /// A direction with a window of 2^`window_bits` bytes. `None` if `window_bits` is not from 8 to
    /// 15.
    pub const fn new(window_bits: u8, context_takeover: bool) -> Option<Self> {
        match window_bits {
            8..=15 => Some(Self { window_bits, context_takeover }),
            _ => None,
        }
    }

    /// The base-2 logarithm of the maximum window of the sender in bytes, from 8 to 15.
    pub const fn window_bits(&self) -> u8 {
        self.window_bits
    }

    /// Whether the sender keeps its window between messages.
    pub const fn context_takeover(&self) -> bool {
        self.context_takeover
    }
}

/// The negotiated parameters of both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Negotiated {
    pub(crate) server: Direction,
    pub(crate) client: Direction,
}

impl Negotiated {
    /// The parameters for the messages of the server, and for those of the client.
    pub const fn new(server: Direction, client: Direction) -> Self {
        Self { server, client }
    }

    /// The parameters for the messages that the server sends.
    pub const fn server(&self) -> Direction {
        self.server
    }

    /// The parameters for the messages that the client sends.
    pub const fn client(&self) -> Direction {
        self.client
    }
}

/// One element of `Sec-WebSocket-Extensions`, in an offer or in a response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) server_no_takeover: bool,
    pub(crate) client_no_takeover: bool,
    pub(crate) server_bits: Option<u8>,
    /// `Bare` if the parameter has no value, which is valid only in an offer.
    pub(crate) client_bits: Option<Bits>,
}

/// The value of `client_max_window_bits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bits {
    Bare,
    Of(u8),
}

impl Element {
    /// Parses an element. `None` if a parameter is undefined, repeated, or has an invalid value
    /// (section 7.1).
    pub(crate) fn parse(extension: &Extension<'_>) -> Option<Self> {
        let mut element = Self::default();
        for parameter in extension.parameters() {
            let once = match (parameter.name(), parameter.value()) {
                ("server_no_context_takeover", None) => set(&mut element.server_no_takeover),
                ("client_no_context_takeover", None) => set(&mut element.client_no_takeover),
                ("server_max_window_bits", Some(value)) => {
                    element.server_bits.replace(parse_bits(value)?).is_none()
                }
                ("client_max_window_bits", None) => {
                    element.client_bits.replace(Bits::Bare).is_none()
                }
                ("client_max_window_bits", Some(value)) => {
                    element.client_bits.replace(Bits::Of(parse_bits(value)?)).is_none()
                }
                _ => return None,
            };
            if !once {
                return None;
            }
        }
        Some(element)
    }
}

impl Element {
    /// Writes the element as a list contains it.
    pub(crate) fn write(self, sink: &mut impl FnMut(&str)) {
        sink(NAME);
        if self.server_no_takeover {
            sink("; server_no_context_takeover");
        }
        if self.client_no_takeover {
            sink("; client_no_context_takeover");
        }
        if let Some(bits) = self.server_bits {
            sink("; server_max_window_bits=");
            sink(decimal(bits));
        }
        match self.client_bits {
            None => {}
            Some(Bits::Bare) => sink("; client_max_window_bits"),
            Some(Bits::Of(bits)) => {
                sink("; client_max_window_bits=");
                sink(decimal(bits));
            }
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut result = Ok(());
        self.write(&mut |part| result = result.and_then(|()| f.write_str(part)));
        result
    }
}

/// A number of bits, from 8 to 15, in decimal.
fn decimal(bits: u8) -> &'static str {
    let numbers = ["8", "9", "10", "11", "12", "13", "14", "15"];
    numbers.get(usize::from(bits.wrapping_sub(8))).copied().unwrap_or_default()
}

/// Sets a flag, and returns whether it was clear.
fn set(flag: &mut bool) -> bool {
    !core::mem::replace(flag, true)
}

/// Parses a number from 8 to 15, in decimal without leading zeros (section 7.1.2).
fn parse_bits(value: Value<'_>) -> Option<u8> {
    (8..=15).find(|bits: &u8| {
        let (tens, ones) = (bits / 10, bits % 10);
        let digits = [b'0' + tens, b'0' + ones];
        value.bytes().eq(digits.into_iter().skip(usize::from(tens == 0)))
    })
}
