//! In the proofs, this takes the place of httparse. It has the interface that hybi uses, does not
//! panic, and returns what the optimizer knows nothing about. So the code around it is proved for any
//! result.
#![no_std]

use core::hint::black_box;

/// A header field.
#[derive(Clone, Copy)]
pub struct Header<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value.
    pub value: &'a [u8],
}

/// An unused place for a header field.
pub const EMPTY_HEADER: Header<'static> = Header { name: "", value: b"" };

/// Whether the input was complete.
pub enum Status<T> {
    /// The result.
    Complete(T),
    /// It was not.
    Partial,
}

/// Why the input cannot be parsed.
pub enum Error {
    /// The name of a field is malformed.
    HeaderName,
    /// There are more fields than places.
    TooManyHeaders,
}

/// Returns anything, and stores anything in any number of the places.
pub fn parse_headers<'b: 'h, 'h>(
    source: &'b [u8],
    places: &'h mut [Header<'b>],
) -> Result<Status<(usize, &'h [Header<'b>])>, Error> {
    for place in &mut *places {
        *place = black_box(Header { name: "", value: source });
    }
    black_box(Ok(Status::Complete((source.len(), &*places))))
}
