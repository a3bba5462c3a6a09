//! A relay: a client on one side, a server behind it on the other, and every frame of one passed on
//! to the other as it comes, without a buffer and without putting messages together.
//!
//! This module owns what a gateway has to do between the two: new masking keys, no frame that is
//! broken, and a Close for whoever is left alone. It knows nothing of messages' contents.
//!
//! ```text
//!             ┌────────────────────── Relay ───────────────────────┐
//!   client ──►│ headers are checked; masked anew, where it lies    │──► server
//!          ◄──│ where it lies                  headers are checked │◄──
//!             └────────────────────────────────────────────────────┘
//! ```
//!
//! A frame is as long when it leaves as it was when it came, so what was read is what is written:
//! the key in the header is replaced, and one XOR takes the payload from the old key to the new.
//! Only a header that is cut by the end of the input is kept, up to 13 bytes.
//!
//! # Opening
//!
//! The two opening handshakes are those of any server and any client. Let the server behind answer
//! first, so that the client gets the subprotocol that it chose, or a refusal:
//!
//! 1. [`server::Opening`](crate::server::Opening) on the client's transport gives a request, of an
//!    origin that the gateway lets in.
//! 2. [`client::Request`](crate::client::Request) asks the server behind, with the client's
//!    target, subprotocols and origin, as far as they are to be passed on.
//! 3. The request is accepted with the server's subprotocol.
//! 4. The bytes that each inbox holds [`unread`](crate::Inbox::unread) are the first to be passed.
//!    The two connections that the handshakes come to are dropped.
//!
//! Neither handshake may agree on an extension, for the relay would not know what it means: no
//! `deflate` on either side, no `extensions`. A frame with a reserved bit breaks the protocol.
//!
//! # Passing
//!
//! ```
//! use hybi::{random::OsEntropy, relay::{Relay, Side}};
//! use std::io::{self, Read, Write};
//!
//! /// What is known of one side.
//! struct Peer<S> {
//!     stream: S,
//!     /// What could not be written yet.
//!     unwritten: Vec<u8>,
//! }
//!
//! /// Call it when `from` can be read and nothing is unwritten to the other side.
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
//!     // Write what is unwritten, then close the transport of a side that `should_close_transport`. A transport
//!     // that fails has ended, too: `end_of_input`.
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
//! // The server says "Hello" (RFC 6455, section 5.7) and goes away without a Close.
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
//! All that a header and the order of headers tell: reserved bits and opcodes, lengths, the mask of
//! each side, control frames, and whether a continuation has something to continue. Whoever breaks
//! a rule gets a Close with its code. What is sound before the fault is passed on, however the
//! input was cut.
//!
//! What is inside the frames is for the two ends to judge, and they answer each other: text that is
//! not UTF-8 (1007), a message that is too large (1009), the body of a Close (1002). A Close passes
//! as it came, and so does the answer to one that is not valid. There is no limit on sizes, because
//! the relay stores nothing.
//!
//! # Closing
//!
//! A Close of one side is passed to the other, and its reply comes back the same way. What comes
//! from a side behind its Close is dropped. The relay has something to say only if one side breaks
//! the protocol, or ends without a Close, or if there is no masking key to be had:
//!
//! | what happens | to the side itself | to the other side |
//! | --- | --- | --- |
//! | a side breaks the protocol | the code of the violation | 1001 or 1011, see below |
//! | its transport ends without a Close | nothing | 1001 or 1011 |
//! | no masking key can be drawn | 1011, to the client | 1001, if a key can be drawn by then |
//!
//! - The server gets 1001: the client has gone away.
//! - The client gets 1011: something kept this server from going on. 1014, bad gateway, says more
//!   and is registered, but later than RFC 6455, and clients in wide use fail a connection whose
//!   Close has it.
//!
//! No side gets a second Close, or anything behind one. None gets a Close inside a frame: it gets
//! the rest of the frame first, and no Close at all if the rest cannot come any more.
//!
//! Each side stands in one state of each row:
//!
//! ```text
//!                    its Close               ┌────────┐
//!   what        ┌──────────────────────────► │ Closed │ ─────┐
//!   comes       │                            └────────┘      │ end of input
//!   from    ┌──────┐           end of input                  ▼
//!   it      │ Open │ ──────────────────────────────────► ┌───────┐
//!           └──────┘                                     │ Ended │
//!               │    a violation             ┌────────┐  └───────┘
//!               └──────────────────────────► │ Broken │ ─────▲ end of input
//!                                            └────────┘
//!
//!                    the other's Close
//!           ┌──────┐ ──────────────────────────────────► ┌────────┐
//!   what    │ Open │                                     │ Closed │
//!   goes    └──────┘ ───► ┌─────┐ ─────────────────────► └────────┘
//!   to it       │         │ Due │ send_close, or the other's Close that was on its way
//!               │         └─────┘
//!               ▼            ▼
//!            ┌──────────────────────┐   the other's transport ended inside a frame;
//!            │         Over         │   a Close could not be masked;
//!            └──────────────────────┘   from any state: its transport ended
//!
//!   Open to Due: it broke the protocol; the other did, or ended without a Close
//! ```
//!
//! # Masking
//!
//! Every frame to the server gets a key of its own, drawn from [`Entropy`] when its header arrives
//! (sections 5.3 and 10.3). But a frame leaves while it arrives: a client that learns in time what
//! has reached the server knows the key, and can choose the rest of a long frame by it, which
//! section 10.3 is to prevent. That matters where intermediaries on the way to the server might
//! take its bytes for HTTP. Use TLS there, or two [`Connection`](crate::Connection)s and whole
//! messages.

mod end;
mod frames;
use end::{End, Input, Output};
use frames::Frames;

use crate::{
    CloseCode, Error, Outbox,
    frame::{FrameParts, Header, HeaderBytes, Opcode},
    random::{Entropy, EntropyError},
};

/// The header of a Close frame with a code and no reason, unmasked.
const CLOSE: Header = match Header::new(Opcode::Close, true, 2) {
    Ok(header) => header,
    #[allow(clippy::panic)] // while compiling, never while running
    Err(_) => panic!("not a frame"),
};

/// A side of a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The client's, to which the relay is the server.
    Client,
    /// That of the server behind, to which the relay is the client.
    Server,
}

/// Joins a client to a server behind it; see [the module](self).
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
    /// Between two connections whose opening handshakes are complete, with the source of the
    /// masking keys for the server.
    pub const fn new(entropy: E) -> Self {
        let (client, server) = (End::new(Side::Client), End::new(Side::Server));
        Self { entropy, client, server, failure: None }
    }

    /// Turns what this side sent, where it lies, into what is to be sent to the other side.
    ///
    /// It ends at the first fault, if there is one; [`failure`](Self::failure) tells which. Once
    /// what was passed is with what waits to be written, call [`send_close`](Self::send_close) for
    /// both sides.
    pub fn pass<'a>(&mut self, from: Side, bytes: &'a mut [u8]) -> FrameParts<'a> {
        let Self { entropy, client, server, failure } = self;
        let (sender, receiver) = match from {
            Side::Client => (client, server),
            Side::Server => (server, client),
        };
        let mut completed = None;
        let mut in_place = 0..0;
        let mut at = 0;
        while at < bytes.len() && sender.input == Input::Open {
            let rest = &mut bytes[at..];
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
        FrameParts::new(completed.unwrap_or(HeaderBytes::EMPTY), &bytes[in_place])
    }

    /// Says that this side's transport has ended, or failed: nothing more comes from it, and
    /// nothing more goes to it. A second call says nothing new.
    pub fn end_of_input(&mut self, from: Side) {
        let (ended, other) = self.ends(from);
        if ended.end(other) {
            self.failure.get_or_insert((from, Error::ConnectionLost));
        }
    }

    /// Puts the Close into the outbox that this side is to have from the relay, if it is to have
    /// one and the outbox has room: behind all that was passed to it.
    ///
    /// Call it for both sides after each [`pass`](Self::pass) and
    /// [`end_of_input`](Self::end_of_input).
    pub fn send_close(&mut self, to: Side, outbox: &mut impl Outbox) {
        let (end, other) = self.ends(to);
        let Output::Due(code) = end.output else { return };
        // Section 5.4: a control frame may stand between two fragments, not inside one.
        if other.frames.is_torn() {
            return;
        }
        let body = code.get().to_be_bytes();
        let Ok(header) = readdress(CLOSE, to, &mut self.entropy) else {
            // It can never be sent: the transport is closed all the same.
            self.ends(to).0.output = Output::Over;
            return;
        };
        if header.encoded_len() + body.len() > outbox.room() {
            return;
        }
        outbox.append_frame(&header, &body);
        self.ends(to).0.output = Output::Closed;
    }

    /// Whether this side's transport is to be closed, once all is written to it.
    ///
    /// The client's is closed as soon as it has sent and got a Close, while the server is left to
    /// close its own (section 7.1.1). A side that broke the protocol is not waited for.
    pub const fn should_close_transport(&self, side: Side) -> bool {
        match side {
            Side::Client => self.client.should_close_transport(),
            Side::Server => self.server.should_close_transport(),
        }
    }

    /// Whether the end is near and depends on one of the sides: start a timer (ten seconds are
    /// usual) and close both transports when it runs out.
    pub const fn is_closing(&self) -> bool {
        self.client.is_closing() || self.server.is_closing()
    }

    /// What kept the two from closing as they should, if anything did: which side it came from,
    /// and what it was.
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

/// Begins the frame whose header comes first in `input`, and tells how many bytes of it the header
/// takes. If a part of the header came before, it is given apart, and whole.
fn begin(
    frames: &mut Frames,
    receiver: &End,
    entropy: &mut impl Entropy,
    input: &mut [u8],
) -> Result<Option<(usize, Option<HeaderBytes>)>, Error> {
    let Some((came, taken)) = frames.header(input)? else { return Ok(None) };
    // Once a Close is due to the other side, or was sent, frames are dropped.
    if receiver.output != Output::Open {
        frames.begin(&came, None);
        return Ok(Some((taken, None)));
    }
    let leaves = readdress(came, receiver.side, entropy)?;
    frames.begin(&came, Some(&leaves));
    if taken < leaves.encoded_len() {
        return Ok(Some((taken, Some(leaves.encode()))));
    }
    if let Some(key) = leaves.masking_key() {
        // The key is the last part of a header.
        input[taken - key.len()..taken].copy_from_slice(&key);
    }
    Ok(Some((taken, None)))
}

/// The header as this side is to have it.
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
