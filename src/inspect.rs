//! A passive observer of a connection: the bytes of both directions go in, a timeline comes out.
//!
//! [`Inspector`] takes the bytes that a client and a server send to each other, split anywhere, and
//! reports each request and response with a result for each field, what was negotiated, every frame,
//! every message unmasked and decompressed, pings with their pongs, and Close frames. When an endpoint
//! breaks a rule, it reports the rule, the offset of the byte and the culprit, and goes on as far as
//! possible. It is meant for proxies, logs, tests and captured traffic.
//!
//! This module owns the timeline and its text. It knows nothing of sockets and of time: the caller
//! passes both the bytes and the time of their arrival. It never sends anything, so it cannot change
//! what it observes.
//!
//! ```
//! use hybi::inspect::{Inspector, Sender};
//! use std::time::Duration;
//!
//! let request = b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
//!     Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
//!     Sec-WebSocket-Version: 13\r\n\r\n";
//! let response = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
//!     Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
//! let frame = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
//!
//! let mut lines = Vec::new();
//! let mut inspector = Inspector::new();
//! let mut at = Duration::ZERO;
//! for (sender, bytes) in [
//!     (Sender::Client, &request[..]),
//!     (Sender::Server, response),
//!     (Sender::Client, frame),
//! ] {
//!     inspector.receive(sender, bytes, at, |entry| lines.push(entry.to_string()));
//!     at += Duration::from_millis(1);
//! }
//! assert_eq!(lines[3], "0.002000 client @161 frame: text, FIN, mask 37fa213d, 5 bytes");
//! assert_eq!(lines[4], r#"0.002000 client @161 message: text, 5 bytes in 1 frame: "Hello""#);
//! ```
//!
//! # Phases
//!
//! ```text
//!             request head              101 to a request for a WebSocket
//!  ┌─────────┐ ─────────► ┌──────────┐ ────────────────────────► ┌──────┐
//!  │ Request │            │ Response │                           │ Open │ frames
//!  └─────────┘            └──────────┘ ◄─┐ 1xx                   └──────┘
//!    ▲   │ ▲   no body     │   │  │  └────┘                          ▲
//!    │   │ └───────────────┘   │  └──────────┐                       │ without_handshake
//!    │   │       ┌──────┐      │             │ 101 to another request,
//!    │   │       │ Body │ ◄────┘ other       │ a faulty head
//!    │   │       └──────┘                    ▼
//!    │   │         │  │ length not known  ┌────────┐
//!    └───┼─────────┘  └─────────────────► │ Opaque │ final
//!        └──────────────────────────────► └────────┘
//!                  a faulty head
//! ```
//!
//! A direction also becomes opaque alone: after a violation that hides where its next frame begins, and
//! if more than [`Limits::held`] of its bytes arrive before the other direction has sent what explains
//! them.
//!
//! # What is not inspected
//!
//! TLS, HTTP/2 and HTTP/3, tunnels through a proxy, and what extensions other than permessage-deflate
//! encode: see [`Extensions::Other`]. Window sizes below 2^15 are reported, but not enforced. Whether a ping or a Close
//! should have been answered depends on what its receiver has seen, so a missing answer is no
//! violation; [`End::unanswered`] counts pings.

mod direction;
mod entry;
mod frames;
mod handshake;
mod inflater;
mod limits;
mod message;
mod opening;
mod order;
mod pings;
mod rule;
mod text;

pub use entry::{
    Answered, Body, Check, Close, Coding, End, Entry, Event, Extensions, Field, Inside, Message,
    Opaque, Open, Pong, Request, Response, Sender,
};
pub use limits::Limits;
pub use rule::Rule;
pub use text::Text;

use alloc::boxed::Box;
use core::time::Duration;

use direction::Direction;
use frames::{Context, Controls, Frames};
use opening::{Asked, ResponseBody};

use crate::http1::{scanner::Scanner, start_line::Kind};

/// Observes one connection.
///
/// Call [`receive`](Self::receive) with the bytes of each direction as they arrive, and
/// [`end`](Self::end) when the transport ends in a direction. Both call a closure with each [`Entry`].
/// The entries depend on the order of bytes between the directions, but not on how each is split.
///
/// In a proxy, call `receive` before you pass the bytes on. Then no response precedes its request.
#[derive(Debug)]
pub struct Inspector {
    limits: Limits,
    phase: Phase,
    client: Direction,
    server: Direction,
}

#[derive(Debug)]
enum Phase {
    Request(Scanner),
    Response(Scanner, Asked),
    Body(ResponseBody),
    Open(Box<BothWays>),
    Opaque,
}

/// Both directions of an open connection.
#[derive(Debug)]
struct BothWays {
    client: Frames,
    server: Frames,
    of_client: Controls,
    of_server: Controls,
}

/// Where entries go.
struct Output<'s> {
    at: Duration,
    /// The sender of the bytes that are being received.
    receiving: Sender,
    sink: &'s mut dyn FnMut(Entry<'_>),
}

impl Output<'_> {
    fn emit(&mut self, sender: Sender, offset: u64, event: Event<'_>) {
        (self.sink)(Entry { at: self.at, sender, offset, event });
    }
}

impl Inspector {
    /// Observes a connection from its first byte.
    pub const fn new() -> Self {
        Self::with_limits(Limits::new())
    }

    /// As [`new`](Self::new), with other limits.
    pub const fn with_limits(limits: Limits) -> Self {
        let phase = Phase::Request(Scanner::new(Kind::Request, limits.head));
        Self { limits, phase, client: Direction::new(), server: Direction::new() }
    }

    /// Observes a connection after its opening handshake, with the extensions that it has negotiated.
    /// The first byte of each direction must begin a frame, which may continue a message. Of that
    /// message, only frames are reported.
    ///
    /// Messages may refer to earlier ones that were not seen. If that is the reason why one cannot be
    /// decompressed, its [`Coding`] is [`UnknownWindow`](Coding::UnknownWindow).
    pub fn without_handshake(extensions: Extensions, limits: Limits) -> Self {
        let phase = Phase::Open(Box::new(BothWays::new(extensions, false)));
        Self { limits, phase, client: Direction::new(), server: Direction::new() }
    }

    /// Takes the next bytes of a sender, which arrived at this time, and calls `sink` with each new
    /// entry. Times are relative to any fixed point.
    pub fn receive(
        &mut self,
        sender: Sender,
        bytes: &[u8],
        at: Duration,
        mut sink: impl FnMut(Entry<'_>),
    ) {
        let mut output = Output { at, receiving: sender, sink: &mut sink };
        let mut rest = bytes;
        while !rest.is_empty() {
            let (limits, is_open) = (self.limits, matches!(self.phase, Phase::Open(_)));
            let direction = self.direction(sender);
            if direction.is_opaque || direction.has_ended {
                direction.offset += rest.len() as u64;
                return;
            }
            if is_open {
                return self.pass(sender, rest, &mut output);
            }
            let room = limits.held.saturating_sub(direction.held().len()).min(rest.len());
            if room == 0 {
                let offset = direction.end();
                output.emit(sender, offset, Event::Opaque(Opaque::Held));
                direction.set_opaque();
                continue;
            }
            let (piece, after) = rest.split_at(room);
            direction.hold(piece);
            rest = after;
            while self.advance(&mut output) {}
        }
    }

    /// Reports the end of the transport in the direction of this sender, at this time. Later bytes of
    /// the sender are ignored.
    pub fn end(&mut self, sender: Sender, at: Duration, mut sink: impl FnMut(Entry<'_>)) {
        let mut output = Output { at, receiving: sender, sink: &mut sink };
        if core::mem::replace(&mut self.direction(sender).has_ended, true) {
            return;
        }
        if let (Phase::Body(body), Sender::Server) = (&mut self.phase, sender) {
            body.report(&mut output);
        }
        let direction = self.direction(sender);
        let (offset, is_held) = (direction.end(), !direction.held().is_empty());
        let (inside, unanswered) = match (&self.phase, sender) {
            (Phase::Open(open), Sender::Client) => {
                (open.client.inside(), open.of_server.pings.len())
            }
            (Phase::Open(open), Sender::Server) => {
                (open.server.inside(), open.of_client.pings.len())
            }
            (Phase::Request(_), Sender::Client) | (Phase::Response(..), Sender::Server)
                if is_held =>
            {
                (Inside::Head, 0)
            }
            _ => (Inside::Nothing, 0),
        };
        output.emit(sender, offset, Event::End(End { inside, unanswered }));
    }

    const fn direction(&mut self, sender: Sender) -> &mut Direction {
        match sender {
            Sender::Client => &mut self.client,
            Sender::Server => &mut self.server,
        }
    }

    /// Inspects the next frames of a sender.
    fn pass(&mut self, sender: Sender, bytes: &[u8], output: &mut Output<'_>) {
        let limits = self.limits;
        let Phase::Open(open) = &mut self.phase else { return };
        let BothWays { client, server, of_client, of_server } = &mut **open;
        let (frames, own, of_peer) = match sender {
            Sender::Client => (client, of_client, of_server),
            Sender::Server => (server, of_server, of_client),
        };
        let mut context = Context { limits: &limits, output, own, of_peer };
        let direction = match sender {
            Sender::Client => &mut self.client,
            Sender::Server => &mut self.server,
        };
        frames.receive(bytes, direction.offset, &mut context);
        direction.offset += bytes.len() as u64;
    }

    /// Explains held bytes, and returns whether the phase has changed.
    fn advance(&mut self, output: &mut Output<'_>) -> bool {
        match &mut self.phase {
            Phase::Request(_) => self.scan_request(output),
            Phase::Response(..) => self.scan_response(output),
            Phase::Body(_) => self.receive_body(output),
            Phase::Open(_) => {
                for sender in [Sender::Client, Sender::Server] {
                    let held = self.direction(sender).take();
                    self.pass(sender, &held, output);
                }
                false
            }
            Phase::Opaque => {
                self.client.set_opaque();
                self.server.set_opaque();
                false
            }
        }
    }

    /// Reports that neither direction is inspected from here on.
    fn emit_opaque(&mut self, reason: Opaque, output: &mut Output<'_>) {
        for sender in [Sender::Client, Sender::Server] {
            let direction = self.direction(sender);
            if !direction.is_opaque && !direction.has_ended {
                output.emit(sender, direction.offset, Event::Opaque(reason));
            }
        }
    }
}

impl Default for Inspector {
    fn default() -> Self {
        Self::new()
    }
}

impl BothWays {
    fn new(extensions: Extensions, is_start: bool) -> Self {
        Self {
            client: Frames::new(Sender::Client, extensions, is_start),
            server: Frames::new(Sender::Server, extensions, is_start),
            of_client: Controls::default(),
            of_server: Controls::default(),
        }
    }
}
