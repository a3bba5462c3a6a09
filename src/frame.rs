//! Frames: the unit on the wire (RFC 6455, section 5.2).
//!
//! This module owns the header of a frame, all rules that a single frame can break, and the table
//! of the order of frames. It knows nothing of messages: a [`Decoder`] does not check whether a
//! continuation has something to continue; a [`Connection`](crate::Connection) does.
//!
//! [`Header`] parses and encodes one header. [`Decoder`] and [`Encoder`] work on a stream of
//! frames, in byte slices of any length and without a buffer, for tools and tests. Use a
//! [`Relay`](crate::relay::Relay) for a gateway between two endpoints.
//!
//! ```text
//!  byte 0                byte 1               bytes 2 …
//! ┌───┬───┬───┬───┬────┬────┬───────────────┬─────────────────┬─────────────┬─────────┐
//! │FIN│RSV│RSV│RSV│op- │MASK│ length, or    │ longer length,  │ masking key,│ payload │
//! │   │ 1 │ 2 │ 3 │code│    │ 126, or 127   │ 0, 2 or 8 bytes │ 0 or 4 bytes│         │
//! └───┴───┴───┴───┴────┴────┴───────────────┴─────────────────┴─────────────┴─────────┘
//! ```
//!
//! Mask a stream of frames anew, without assembling messages:
//!
//! ```
//! use hybi::frame::{Decoder, Encoder, Part};
//!
//! let mut from_client = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
//! let mut to_server = Vec::new();
//! let mut decoder = Decoder::from_client();
//! let mut encoder = Encoder::new();
//!
//! let mut input = &mut from_client[..];
//! while let Some(part) = decoder.decode(&mut input)? {
//!     match part {
//!         Part::Header(header) => {
//!             to_server.extend_from_slice(&encoder.header(header.with_mask([1, 2, 3, 4]))?);
//!         }
//!         Part::Payload(bytes) => {
//!             encoder.payload(bytes)?;
//!             to_server.extend_from_slice(bytes);
//!         }
//!     }
//! }
//! assert_eq!(to_server, [0x81, 0x85, 1, 2, 3, 4, 0x49, 0x67, 0x6f, 0x68, 0x6e]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod decoder;
mod encoder;
mod header;
mod kind;
mod order;
mod parts;
mod reader;

pub use decoder::{Decoder, Part};
pub use encoder::{EncodeError, Encoder};
pub use header::{Header, HeaderBytes, InvalidHeader, Opcode, Reserved, Rules};
pub use kind::Kind;
pub use parts::FrameParts;

pub(crate) use header::DataOpcode;
pub(crate) use order::Order;
pub(crate) use reader::HeaderReader;

/// The length of the longest header in bytes: 2, a 64-bit length, and a masking key.
pub const MAX_HEADER: usize = 14;

/// The length of the longest payload of a control frame in bytes (RFC 6455, section 5.5).
pub const MAX_CONTROL: usize = 125;
