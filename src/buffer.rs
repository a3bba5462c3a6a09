//! Buffers: the caller's inbox and outbox.
//!
//! This module owns the layout of the buffers and how they grow and shrink. It knows nothing of the
//! protocol.
//!
//! The [`Inbox`] is both the receive buffer and the reassembly buffer. Payload is unmasked in
//! place. The fragments of a message are moved left, over the headers and control frames between
//! them, to form one contiguous payload:
//!
//! ```text
//!          start        held      unread          end
//!   ┌────────┬────────────┬─────────┬──────────────┬──────────┐
//!   │  free  │ message so │  gap:   │ received,    │  spare   │
//!   │        │ far        │ headers │ unprocessed  │          │
//!   └────────┴────────────┴─────────┴──────────────┴──────────┘
//!
//! the payload of a fragment starts at `unread`: one pass unmasks it and moves it to `held`
//!
//!          start                 held   unread    end
//!   ┌────────┬─────────────────────┬──────┬────────┬──────────┐
//!   │  free  │ message so far      │ gap  │        │  spare   │
//!   └────────┴─────────────────────┴──────┴────────┴──────────┘
//!
//! the message is complete: it is delivered in place, and everything before `unread` is free
//!
//!                                       start = held
//!                                         unread   end
//!   ┌──────────────────────────────────────┬────────┬──────────┐
//!   │  free (the event still borrows it)   │        │  spare   │
//!   └──────────────────────────────────────┴────────┴──────────┘
//! ```
//!
//! After a message in a single frame, `start` and `held` stay where they are until the next header or
//! the next read moves them. Everything before `unread` is free all the same.
//!
//! A message in a single frame is never moved once it is complete in the inbox. Bytes move to the
//! front only when the caller asks for room and too little follows them. The cost of a message is
//! therefore linear in its length, however the peer fragments it.
//!
//! The [`Outbox`] collects the bytes to send. It is a `Vec<u8>`, a
//! [`GrowingOutbox`](crate::GrowingOutbox), a [`FixedOutbox`], or a type of the caller's.

mod cursor;
mod fixed_outbox;
mod found;
#[cfg(feature = "alloc")]
mod growing_outbox;
mod inbox;
#[cfg(feature = "deflate")]
mod inflated;
#[cfg(not(feature = "deflate"))]
#[path = "buffer/no_inflated.rs"]
mod inflated;
mod outbox;
mod storage;
mod text;

pub(crate) use cursor::Cursor;
pub use fixed_outbox::FixedOutbox;
pub(crate) use found::{Content, Found, Place};
#[cfg(feature = "alloc")]
pub use growing_outbox::GrowingOutbox;
pub use inbox::{FixedInbox, Inbox};
pub(crate) use inbox::{MAX_OVERHEAD, Parts};
#[cfg(feature = "deflate")]
pub(crate) use inflated::Inflated;
pub use outbox::Outbox;
pub(crate) use outbox::append_parts;
#[cfg(feature = "alloc")]
pub use storage::Growing;
pub use storage::{Fixed, Storage};
pub(crate) use text::TextRange;
