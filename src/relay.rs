//! A relay between a client and the server behind a gateway: it forwards every frame as it arrives,
//! without buffering it and without assembling messages.
//!
//! This module owns what a gateway has to do between the two: new masking keys, checking the
//! headers of frames, and a Close for the side that remains. It does not look into payloads.
//!
//! ```text
//!             ┌────────────────────── Relay ───────────────────────┐
//!   client ──►│ checks headers, masks anew in place                │──► server
//!          ◄──│                           checks headers, in place │◄──
//!             └────────────────────────────────────────────────────┘
//! ```
//!
//! A frame keeps its length, so the buffer that was read is the buffer to write: the relay replaces
//! the key in the header, and XORs the payload once with the difference of the two keys. It stores
//! only an incomplete header at the end of the input, up to 13 bytes.
//!
//! # Opening
//!
//! The two opening handshakes are ordinary ones. Wait for the response of the server behind the
//! gateway before you answer the client, so that the client gets the server's subprotocol or its
//! refusal:
//!
//! 1. Receive the client's request with [`server::Opening`](crate::server::Opening), and check its
//!    origin.
//! 2. Send a [`client::Request`](crate::client::Request) to the server, with the client's target,
//!    subprotocols and origin, as far as they are to be forwarded.
//! 3. Accept the client's request with the subprotocol that the server selected.
//! 4. Pass the bytes that each inbox holds [`unread`](crate::Inbox::unread) first. Drop the two
//!    connections that the handshakes return.
//!
//! The relay does not compress or decompress, so use no `deflate` on either side. The endpoints can
//! still negotiate extensions with each other, compression included:
//!
//! - Forward the client's offers with [`extensions`](crate::client::Request::extensions), and what the
//!   server accepts with [`extensions`](crate::server::Accept::extensions). An
//!   [`Extension`](crate::extension::Extension) can be written with `Display`.
//! - Pass the reserved bits of the accepted extensions to [`Relay::with_claims`]. All other reserved
//!   bits are violations.
//!
//! ```
//! use hybi::{client::Accepted, extension::Claims, frame::Reserved, random::{Entropy, OsEntropy}, relay::Relay};
//!
//! fn relay<E: Entropy>(accepted: &Accepted<'_, E>) -> Relay {
//!     let relay = Relay::new(OsEntropy::new());
//!     if accepted.extensions().any(|extension| extension.name() == "permessage-deflate") {
//!         return relay.with_claims(Claims::new().per_message(Reserved::RSV1));
//!     }
//!     relay
//! }
//! # let _ = relay::<OsEntropy>;
//! ```
//!
//! # Passing
//!
//! ```
//! use hybi::{random::OsEntropy, relay::{Relay, Side}};
//! use std::io::{self, Read, Write};
//!
//! struct Peer<S> {
//!     stream: S,
//!     /// Bytes to write to the stream.
//!     unwritten: Vec<u8>,
//! }
//!
//! /// Call it when `from` is readable and nothing is unwritten to the other side.
//! fn carry<S: Read + Write>(
//!     relay: &mut Relay,
//!     from: Side,
//!     client: &mut Peer<S>,
//!     server: &mut Peer<S>,
//! ) -> io::Result<()> {
//!     let (sender, receiver) = match from {
//!         Side::Client => (&mut *client, &mut *server),
//!         Side::Server => (&mut *server, &mut *client),
//!     };
//!     let mut bytes = [0; 16 * 1024];
//!     match sender.stream.read(&mut bytes)? {
//!         0 => relay.end_of_input(from),
//!         length => {
//!             for slice in relay.pass(from, &mut bytes[..length]).slices() {
//!                 receiver.unwritten.extend_from_slice(slice); // or write it, and keep the rest
//!             }
//!         }
//!     }
//!     relay.send_close(Side::Client, &mut client.unwritten);
//!     relay.send_close(Side::Server, &mut server.unwritten);
//!     // Write `unwritten`, then close the transport of a side that `should_close_transport`.
//!     // Call `end_of_input` for a transport that fails, too.
//!     Ok(())
//! }
//! # use std::{cell::RefCell, rc::Rc};
//! # #[derive(Clone, Default)]
//! # struct Wire(Rc<RefCell<Vec<u8>>>);
//! # impl Read for Wire {
//! #     fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
//! #         let mut wire = self.0.borrow_mut();
//! #         let length = bytes.len().min(wire.len());
//! #         bytes[..length].copy_from_slice(&wire[..length]);
//! #         wire.drain(..length);
//! #         Ok(length)
//! #     }
//! # }
//! # impl Write for Wire {
//! #     fn write(&mut self, bytes: &[u8]) -> io::Result<usize> { Ok(bytes.len()) }
//! #     fn flush(&mut self) -> io::Result<()> { Ok(()) }
//! # }
//!
//! # let (from_client, from_server) = (Wire::default(), Wire::default());
//! # let mut client = Peer { stream: from_client.clone(), unwritten: Vec::new() };
//! # let mut server = Peer { stream: from_server.clone(), unwritten: Vec::new() };
//! let mut relay = Relay::new(OsEntropy::new());
//! // The server sends "Hello" (RFC 6455, section 5.7), and its transport ends without a Close.
//! # from_server.0.borrow_mut().extend(b"\x81\x05Hello");
//! # carry(&mut relay, Side::Server, &mut client, &mut server)?;
//! # carry(&mut relay, Side::Server, &mut client, &mut server)?;
//! assert_eq!(client.unwritten, b"\x81\x05Hello\x88\x02\x03\xf3"); // 1011
//! assert!(relay.should_close_transport(Side::Server));
//! # assert!(!relay.should_close_transport(Side::Client) && relay.is_closing());
//! // The client replies to the Close.
//! # from_client.0.borrow_mut().extend(b"\x88\x82\x00\x00\x00\x00\x03\xf3");
//! # carry(&mut relay, Side::Client, &mut client, &mut server)?;
//! assert!(relay.should_close_transport(Side::Client));
//! # assert!(server.unwritten.is_empty() && !relay.is_closing());
//! # Ok::<(), io::Error>(())
//! ```
//!
//! # What is checked
//!
//! The relay checks headers and their order: reserved bits and opcodes, the form of lengths,
//! masking, control frames, and the order of fragments. A side that breaks a rule gets a Close with
//! the code of the violation. Valid bytes before the fault are forwarded, however the input was
//! cut.
//!
//! The two endpoints check the payloads, and answer each other: text that is not UTF-8 (1007), a
//! message that is too large (1009), the body of a Close (1002). The relay forwards a Close
//! unchanged, also an invalid one and the answer to it. It stores nothing, so it has no limits on
//! sizes.
//!
//! # Closing
//!
//! The relay forwards a Close, and the reply to it. It drops everything that follows the Close of a side.
//! It sends a Close of its own only if a side breaks the protocol, if a transport ends without a
//! Close, or if the source of masking keys fails:
//!
//! | event | Close to the side itself | Close to the other side |
//! | --- | --- | --- |
//! | a side breaks the protocol | the code of the violation | 1001 or 1011, see below |
//! | its transport ends without a Close | nothing | 1001 or 1011 |
//! | no masking key can be drawn | 1011, to the client | 1001, if a key can be drawn by then |
//!
//! - The server gets 1001: the client has gone away.
//! - The client gets 1011: an internal error. 1014 (bad gateway) is more precise, but it was
//!   registered after RFC 6455, and clients in wide use fail the connection when they receive it.
//!
//! No side gets a second Close, or anything after one. A Close is never sent inside a frame: the
//! rest of the frame is forwarded first, and if it cannot arrive any more, no Close is sent.
//!
//! # Masking
//!
//! Every frame to the server gets a key of its own, drawn with [`Entropy::masking_key`] when its
//! header arrives (RFC 6455, sections 5.3 and 10.3). The frame is forwarded while it arrives: a
//! client that learns the forwarded bytes in time knows the key, and can choose the rest of a long
//! frame accordingly. Section 10.3 requires that the sender of the payload cannot do this. It
//! matters where intermediaries on the way to the server might mistake these bytes for HTTP: use
//! TLS there, or two [`Connection`](crate::Connection)s and complete messages.

mod end;
mod frames;
use end::{End, Input, Output};
use frames::Frames;

use crate::{
    buffer::Outbox,
    close::CloseCode,
    error::Error,
    extension::Claims,
    frame::{FrameParts, Header, HeaderBytes, Opcode},
    random::{Entropy, EntropyError},
};

/// The header of a Close frame with a code and no reason, unmasked.
const CLOSE: Header = match Header::control(Opcode::Close, &[0; 2]) {
    Some(header) => header,
    #[allow(clippy::panic)] // while compiling, never while running
    None => panic!("not a frame"),
};

/// A side of a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The client. To it, the relay is the server.
    Client,
    /// The server behind the gateway. To it, the relay is the client.
    Server,
}

/// Forwards frames between a client and a server; see [the module](self).
#[derive(Debug)]
pub struct Relay<
    #[cfg(feature = "getrandom")] E = crate::random::OsEntropy,
    #[cfg(not(feature = "getrandom"))] E,
> {
    entropy: E,
    client: End,
    server: End,
    failure: Option<(Side, Error)>,
}

impl<E: Entropy> Relay<E> {
    /// Relays between two connections whose opening handshakes are complete. `entropy` is the
    /// source of the masking keys for the server.
    pub const fn new(entropy: E) -> Self {
        let client = End::new(Side::Client, Claims::NONE);
        let server = End::new(Side::Server, Claims::NONE);
        Self { entropy, client, server, failure: None }
    }

    /// Forwards the reserved bits of the extensions that the two endpoints have negotiated. Call it
    /// before the first [`pass`](Self::pass). permessage-deflate has RSV1 per message.
    #[must_use]
    pub fn with_claims(self, claims: Claims) -> Self {
        let (client, server) = (End::new(Side::Client, claims), End::new(Side::Server, claims));
        Self { client, server, ..self }
    }

    /// Converts bytes received from this side, in place, and returns the bytes to send to the other
    /// side.
    ///
    /// All of `bytes` is consumed. Conversion stops at the first fault, and the rest is dropped;
    /// [`failure`](Self::failure) returns the fault. Queue the returned bytes for writing, then
    /// call [`send_close`](Self::send_close) for both sides.
    pub fn pass<'a>(&mut self, from: Side, bytes: &'a mut [u8]) -> FrameParts<'a> {
        let Self { entropy, client, server, failure } = self;
        let (sender, receiver) = match from {
            Side::Client => (client, server),
            Side::Server => (server, client),
        };
        let mut completed = None;
        let mut in_place = 0..0;
        let mut at = 0;
        while sender.input == Input::Open
            && let Some(rest) = bytes.get_mut(at..).filter(|rest| !rest.is_empty())
        {
            if sender.frames.in_payload() {
                at += sender.frames.payload(rest);
            } else {
                match begin(&mut sender.frames, receiver, entropy, rest) {
                    Ok(Some((taken, None))) => at += taken,
                    Ok(Some((taken, header))) => {
                        completed = header;
                        in_place.start = taken;
                        at = taken;
                    }
                    Ok(None) => break,
                    Err(error) => {
                        failure.get_or_insert((from, error));
                        let code = error.close_code().unwrap_or(CloseCode::INTERNAL_ERROR);
                        sender.fail(code, receiver);
                        break;
                    }
                }
            }
            if sender.frames.is_forwarded() {
                in_place.end = at;
            }
            if sender.frames.has_closed() {
                sender.close(receiver);
            }
        }
        let in_place = bytes.get(in_place);
        debug_assert!(in_place.is_some());
        FrameParts::new(completed.unwrap_or(HeaderBytes::EMPTY), in_place.unwrap_or_default())
    }

    /// Call it when this side's transport has ended or failed: nothing more is received from it or
    /// sent to it. Then call [`send_close`](Self::send_close) for the other side. A second call for
    /// the same side has no effect.
    pub fn end_of_input(&mut self, from: Side) {
        let (ended, other) = self.ends(from);
        if ended.end(other) {
            self.failure.get_or_insert((from, Error::ConnectionLost));
        }
    }

    /// Appends the relay's own Close to the outbox of this side, if one is due, the frame in
    /// progress to this side is complete, and the outbox has room for the 4 bytes to a client, or 8
    /// to a server. Everything that [`pass`](Self::pass) returned for this side must have been
    /// queued or written before.
    ///
    /// Call it for both sides after each [`pass`](Self::pass) and
    /// [`end_of_input`](Self::end_of_input), and again when a full outbox has room.
    pub fn send_close(&mut self, to: Side, outbox: &mut impl Outbox) {
        let (end, other) = self.ends(to);
        let Output::Due(code) = end.output else { return };
        // Section 5.4: a control frame may stand between two fragments, not inside one.
        if other.frames.is_torn() {
            return;
        }
        let body = code.get().to_be_bytes();
        let Ok(header) = readdress(CLOSE, to, &mut self.entropy) else {
            // The Close can never be sent, so close the transport without one.
            self.ends(to).0.output = Output::Over;
            return;
        };
        if header.encoded_len() + body.len() > outbox.room() {
            return;
        }
        outbox.append_frame(&header, &body);
        self.ends(to).0.output = Output::Closed;
    }

    /// Whether to close this side's transport, once everything is written to it.
    ///
    /// The relay closes the client's transport as soon as a Close was sent and received, and waits
    /// for the server to close its own (section 7.1.1). It does not wait for a side that broke the
    /// protocol.
    pub const fn should_close_transport(&self, side: Side) -> bool {
        match side {
            Side::Client => self.client.should_close_transport(),
            Side::Server => self.server.should_close_transport(),
        }
    }

    /// Whether the relay is closing and waits for one of the sides. Bound the time for this (ten seconds
    /// are common), such as with [`Deadlines::check`](crate::deadline::Deadlines::check), and then close
    /// both transports.
    pub const fn is_closing(&self) -> bool {
        self.client.is_closing() || self.server.is_closing()
    }

    /// The first failure, and the side that it came from; `None` if there was none. It is a
    /// violation, [`Error::ConnectionLost`] if a transport ended without a Close, or
    /// [`Error::Entropy`].
    pub const fn failure(&self) -> Option<(Side, Error)> {
        self.failure
    }

    /// This side, and the other.
    const fn ends(&mut self, side: Side) -> (&mut End, &mut End) {
        match side {
            Side::Client => (&mut self.client, &mut self.server),
            Side::Server => (&mut self.server, &mut self.client),
        }
    }
}

/// Begins the frame whose header is at the front of `input`, and returns the number of bytes that
/// the header takes there. If a part of the header was kept from before, the complete header is
/// returned separately, because it does not fit into `input`.
fn begin(
    frames: &mut Frames,
    receiver: &End,
    entropy: &mut impl Entropy,
    input: &mut [u8],
) -> Result<Option<(usize, Option<HeaderBytes>)>, Error> {
    let Some((from, taken)) = frames.header(input)? else { return Ok(None) };
    // Frames are dropped once a Close to the other side is due or was sent.
    if receiver.output != Output::Open {
        frames.begin(&from, None);
        return Ok(Some((taken, None)));
    }
    let to = readdress(from, receiver.side, entropy)?;
    frames.begin(&from, Some(&to));
    // The key is the last field of a header (section 5.2).
    let last_field = input.get_mut(..taken).and_then(<[u8]>::last_chunk_mut);
    match (last_field, to.masking_key()) {
        (_, None) if taken >= to.encoded_len() => {}
        (Some(field), Some(key)) if taken >= to.encoded_len() => *field = key,
        _ => return Ok(Some((taken, Some(to.encode())))),
    }
    Ok(Some((taken, None)))
}

/// The header of the same frame to this side: unmasked, or with a key of its own.
fn readdress(header: Header, to: Side, entropy: &mut impl Entropy) -> Result<Header, EntropyError> {
    match to {
        // Section 5.1: a server masks no frame.
        Side::Client => Ok(header.without_mask()),
        Side::Server => {
            // Section 5.3: a fresh key for every frame.
            Ok(header.with_mask(entropy.masking_key()?))
        }
    }
}
