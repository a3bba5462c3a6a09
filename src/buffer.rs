//! Buffers: the caller's inbox and outbox.
//!
//! This module owns where bytes lie and how buffers grow and shrink. It knows nothing of the
//! protocol.
//!
//! The [`Inbox`] is the receive buffer and the reassembly buffer in one. Bytes are read into their
//! final place and unmasked there; fragments of one message are moved left together, over the
//! headers and control frames between them:
//!
//! ```text
//!          start        held      unread          end
//!   ┌────────┬────────────┬─────────┬──────────────┬──────────┐
//!   │  free  │ message so │  gap:   │ received,    │  spare   │
//!   │        │ far        │ headers │ not looked at│          │
//!   └────────┴────────────┴─────────┴──────────────┴──────────┘
//!
//!   a fragment's payload arrives at `unread`: it is unmasked and moved to `held` in one pass
//!
//!          start                 held   unread    end
//!   ┌────────┬─────────────────────┬──────┬────────┬──────────┐
//!   │  free  │ message so far      │ gap  │        │  spare   │
//!   └────────┴─────────────────────┴──────┴────────┴──────────┘
//!
//!   the message is complete: it is delivered where it lies, and all before `unread` is free
//!
//!                                       start = held
//!                                         unread   end
//!   ┌──────────────────────────────────────┬────────┬──────────┐
//!   │  free (the event still borrows it)   │        │  spare   │
//!   └──────────────────────────────────────┴────────┴──────────┘
//! ```
//!
//! A message that one frame holds is never moved while it is whole in the inbox. Bytes are moved
//! to the front only when room is asked for and there is none behind them, so the cost of a
//! message stays linear however it is cut.
//!
//! The [`Outbox`] takes what is to be sent: a `Vec<u8>`, a [`GrowingOutbox`](crate::GrowingOutbox), a
//! [`FixedOutbox`], or the caller's own.

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
