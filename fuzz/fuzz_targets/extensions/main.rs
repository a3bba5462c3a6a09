//! Connections with any claimed reserved bits, with and without compression. Arbitrary bytes give the
//! same events for any split and either kind of inbox, and what one endpoint sends arrives at the
//! other.

#![no_main]

mod receive;
mod send;

use arbitrary::{Arbitrary, Unstructured};
use hybi::{
    Connection, Role,
    deflate::{Deflate, Direction, Negotiated},
    extension,
};
use hybi_fuzz::{cuts::Cuts, event::reserved, memory::Counting, reference};
use libfuzzer_sys::fuzz_target;

#[global_allocator]
static MEMORY: Counting = Counting::new();

/// RSV1, as a number.
const RSV1: u8 = 4;

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    settings: Settings,
    cuts: Cuts<'a>,
    received: receive::Received<'a>,
    sent: Vec<send::Step<'a>>,
}

/// What both endpoints have negotiated.
#[derive(Clone, Copy, Debug, Arbitrary)]
struct Settings {
    /// Whether the endpoint that receives is the server.
    server: bool,
    /// Compression, with or without context takeover.
    deflate: Option<bool>,
    #[arbitrary(with = |u: &mut Unstructured| u.int_in_range(0..=7))]
    messages: u8,
    #[arbitrary(with = |u: &mut Unstructured| u.int_in_range(0..=7))]
    after_compression: u8,
    #[arbitrary(with = |u: &mut Unstructured| u.int_in_range(0..=7))]
    frames: u8,
}

fuzz_target!(|input: Input<'_>| {
    let Input { settings, cuts, received, sent } = input;
    received.check(settings, cuts);
    send::check(settings, cuts, &sent);
});

impl Settings {
    /// The bits of messages, of messages that are encoded after compression, and of frames. No bit is
    /// in two sets, except that the second is part of the first.
    const fn bits(self) -> (u8, u8, u8) {
        let free = if self.deflate.is_some() { 7 & !RSV1 } else { 7 };
        let messages = (self.messages | self.after_compression) & free;
        (messages, self.after_compression & free, self.frames & free & !messages)
    }

    fn claims(self) -> extension::Claims {
        let (messages, after, frames) = self.bits();
        extension::Claims::new()
            .per_message(reserved(messages))
            .per_message_after_compression(reserved(after))
            .per_frame(reserved(frames))
    }

    /// The same for the reference, which does not decompress.
    const fn reference(self) -> reference::Claims {
        let (messages, _, frames) = self.bits();
        reference::Claims { messages, frames }
    }

    /// Enables on a connection what was negotiated.
    fn apply<R: Role>(self, connection: Connection<R>) -> Connection<R> {
        let connection = match self.deflate {
            None => connection,
            Some(takeover) => {
                let direction = Direction::new(15, takeover).expect("15 bits are valid");
                let deflate = Deflate::new().threshold(20);
                connection.with_deflate(&deflate, Negotiated::new(direction, direction))
            }
        };
        connection.with_claims(self.claims()).expect("the claims do not conflict")
    }
}
