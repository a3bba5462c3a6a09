//! Frames: the unit on the wire (RFC 6455, section 5.2).
//!
//! This module owns the bits of a frame's header and all the rules that one frame can break by
//! itself. It knows nothing of messages: whether a continuation has something to continue is a
//! question for [`Connection`](crate::Connection).
//!
//! [`Header`] is one header, parsed or to be written. [`Decoder`] takes a stream of any length
//! apart over plain byte slices, without a buffer, and [`Encoder`] puts one together: what a tool
//! or a test needs. A gateway between two endpoints is a [`Relay`](crate::relay::Relay).
//!
//! ```text
//!  byte 0                byte 1               bytes 2 …
//! ┌───┬───┬───┬───┬────┬────┬───────────────┬─────────────────┬─────────────┬─────────┐
//! │FIN│RSV│RSV│RSV│op- │MASK│ length, or    │ longer length,  │ masking key,│ payload │
//! │   │ 1 │ 2 │ 3 │code│    │ 126, or 127   │ 0, 2 or 8 bytes │ 0 or 4 bytes│         │
//! └───┴───┴───┴───┴────┴────┴───────────────┴─────────────────┴─────────────┴─────────┘
//! ```
//!
//! Masking a stream of frames anew, without reassembling messages:
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
//! # Ok::<(), hybi::Error>(())
//! ```

mod decoder;
mod encoder;
mod header;
mod kind;
mod order;
mod parts;
mod reader;

pub use decoder::{Decoder, Part};
pub use encoder::Encoder;
pub use header::{Header, HeaderBytes, InvalidHeader, Opcode, Reserved, Rules};
pub(crate) use kind::Kind;
pub use parts::FrameParts;

pub(crate) use header::DataOpcode;
pub(crate) use order::Order;
pub(crate) use reader::HeaderReader;

/// The longest header, in bytes.
pub const MAX_HEADER: usize = 14;

/// The longest payload of a control frame, in bytes (section 5.5).
pub const MAX_CONTROL: usize = 125;
