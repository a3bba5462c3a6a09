//! The frames of one sender.
//!
//! ```text
//!   ┌────────┐  complete header   ┌─────────┐
//!   │ Header │ ─────────────────► │ Payload │
//!   └────────┘ ◄───────────────── └─────────┘
//!       │         end of payload
//!       │ the length of the frame is not known
//!       ▼
//!   ┌────────┐
//!   │ Opaque │ final
//!   └────────┘
//! ```

use alloc::vec::Vec;

use super::{
    Close, Coding, Event, Extensions, Inside, Limits, Opaque, Output, Pong, Rule, Sender,
    inflater::Inflater,
    message::Assembly,
    order::{Place, Sequence},
    pings::Pings,
};
use crate::{
    close::CloseCode,
    error::Violation,
    frame::{Header, MAX_CONTROL, MAX_HEADER, Opcode, Reserved, Rules},
    mask::Mask,
};

/// How many bytes to unmask at a time.
const PIECE: usize = 4096;

/// Any header whose length can be read. The other rules are checked here, so that the frames after a
/// violation can be found.
const LENIENT: Rules =
    Rules::from_any().allowing(Reserved::RSV1.union(Reserved::RSV2).union(Reserved::RSV3));

/// What the frames of one sender are inspected with.
pub(super) struct Context<'c, 's> {
    pub(super) limits: &'c Limits,
    pub(super) output: &'c mut Output<'s>,
    /// The pings and the Close of this sender.
    pub(super) own: &'c mut Controls,
    /// Those of its peer, which it answers.
    pub(super) of_peer: &'c mut Controls,
}

/// What the peer of a sender answers.
#[derive(Debug, Default)]
pub(super) struct Controls {
    pub(super) pings: Pings,
    /// The status code of its Close, if it has one.
    close_code: Option<u16>,
}

/// The frames of one sender.
#[derive(Debug)]
pub(super) struct Frames {
    sender: Sender,
    extensions: Extensions,
    inflater: Inflater,
    state: State,
    /// A piece of a payload; at most `PIECE` bytes.
    unmasked: Vec<u8>,
    sequence: Sequence,
    message: Option<Assembly>,
}

#[derive(Debug)]
enum State {
    /// The first bytes of a header.
    Header([u8; MAX_HEADER], usize),
    Payload(Payload),
    Opaque,
}

/// A frame whose header is complete.
#[derive(Debug)]
struct Payload {
    header: Header,
    /// The offset of the first byte of the frame.
    start: u64,
    /// Whether it is outside of messages.
    is_outside: bool,
    /// The number of bytes that have not been received.
    remaining: u64,
    mask: Option<Mask>,
    /// The payload of a control frame, so far.
    control: [u8; MAX_CONTROL],
    control_len: usize,
}

impl Frames {
    pub(super) fn new(sender: Sender, extensions: Extensions, is_start: bool) -> Self {
        let negotiated = match extensions {
            Extensions::Deflate(negotiated) => Some(negotiated),
            Extensions::Other(negotiated) => negotiated,
            Extensions::None | Extensions::Unknown => None,
        };
        let takeover = negotiated.is_none_or(|negotiated| match sender {
            Sender::Client => negotiated.client().context_takeover(),
            Sender::Server => negotiated.server().context_takeover(),
        });
        // An extension that is not known may have changed the data, so a failure proves nothing.
        let is_complete = (is_start || !takeover) && !extensions.may_be_others();
        Self {
            sender,
            extensions,
            inflater: Inflater::new(takeover, is_complete),
            state: State::Header([0; MAX_HEADER], 0),
            unmasked: Vec::new(),
            sequence: Sequence::new(is_start),
            message: None,
        }
    }

    /// Inspects the next bytes, the first of which has this offset.
    pub(super) fn receive(&mut self, bytes: &[u8], mut offset: u64, context: &mut Context<'_, '_>) {
        let mut rest = bytes;
        while let Some((&first, after)) = rest.split_first() {
            match &mut self.state {
                State::Opaque => return,
                State::Header(bytes, length) => {
                    if let Some(to) = bytes.get_mut(*length) {
                        *to = first;
                        *length += 1;
                    }
                    rest = after;
                    offset += 1;
                    self.parse_header(offset, context);
                }
                State::Payload(payload) => {
                    let length = usize::try_from(payload.remaining).unwrap_or(usize::MAX);
                    let length = length.min(rest.len()).min(PIECE);
                    let (piece, after) = rest.split_at(length);
                    rest = after;
                    self.receive_payload(piece, offset, context);
                    offset += length as u64;
                }
            }
        }
    }

    /// What the transport ends in.
    pub(super) const fn inside(&self) -> Inside {
        match self.state {
            State::Header(_, 0) if self.message.is_some() => Inside::Message,
            State::Header(_, 0) | State::Opaque => Inside::Nothing,
            _ => Inside::Frame,
        }
    }

    /// Inspects the header so far, which ends at this offset. Each violation is reported at the byte that
    /// proves it, before the header is complete.
    fn parse_header(&mut self, end: u64, context: &mut Context<'_, '_>) {
        let State::Header(bytes, length) = self.state else { return };
        let start = end - length as u64;
        let violation = match bytes.get(..length) {
            Some([first]) => self.first_violation(*first),
            Some([_, second]) => self.masking_violation(second & 0x80 != 0),
            _ => None,
        };
        if let Some(rule) = violation {
            context.output.emit(self.sender, end - 1, Event::Violation(rule));
        }
        match Header::parse(bytes.get(..length).unwrap_or_default(), LENIENT) {
            Ok(None) => {}
            Ok(Some(header)) => self.begin(header, start, context),
            Err(violation) => {
                let rule = rule_of(violation);
                let reason = if rule == Rule::ReservedOpcode && self.extensions.may_be_others() {
                    Opaque::Extension
                } else {
                    context.output.emit(self.sender, end - 1, Event::Violation(rule));
                    Opaque::Violation
                };
                context.output.emit(self.sender, end - 1, Event::Opaque(reason));
                self.state = State::Opaque;
            }
        }
    }

    fn begin(&mut self, header: Header, start: u64, context: &mut Context<'_, '_>) {
        context.output.emit(self.sender, start, Event::Frame(header));
        let is_outside =
            !header.opcode().is_control() && self.begin_data(&header) == Place::Outside;
        self.state = State::Payload(Payload {
            header,
            start,
            is_outside,
            remaining: header.payload_len(),
            mask: header.masking_key().map(Mask::new),
            control: [0; MAX_CONTROL],
            control_len: 0,
        });
        if header.payload_len() == 0 {
            self.end(context);
        }
    }

    /// The rule that the reserved bits or the order of a frame with this first byte breaks.
    fn first_violation(&self, first: u8) -> Option<Rule> {
        let header = |first: u8| Header::parse(&[first, 0], LENIENT).ok().flatten();
        // The FIN bit and the opcode may be violations too, which are reported next.
        if let Some(header) = header(first | 0x80) {
            let order = self.sequence.violation(&header, self.is_extended(&header));
            self.reserved_violation(&header).or(order)
        } else {
            self.reserved_violation(&header(first & 0x70 | 0x82)?)
        }
    }

    /// Whether it has reserved bits that an extension that is not known may define.
    const fn is_extended(&self, header: &Header) -> bool {
        self.extensions.may_be_others() && !header.reserved().is_empty()
    }

    fn reserved_violation(&self, header: &Header) -> Option<Rule> {
        let reserved = header.reserved();
        match self.extensions {
            _ if reserved.is_empty() => None,
            Extensions::Deflate(_) if reserved == Reserved::RSV1 => {
                let begins = matches!(header.opcode(), Opcode::Text | Opcode::Binary);
                (!begins).then_some(Rule::CompressedBit)
            }
            Extensions::None | Extensions::Deflate(_) => Some(Rule::ReservedBits),
            Extensions::Other(_) | Extensions::Unknown => None,
        }
    }

    const fn masking_violation(&self, is_masked: bool) -> Option<Rule> {
        match (self.sender, is_masked) {
            (Sender::Client, false) => Some(Rule::NotMasked),
            (Sender::Server, true) => Some(Rule::Masked),
            _ => None,
        }
    }

    /// Begins or continues a message, and returns where the frame belongs.
    fn begin_data(&mut self, header: &Header) -> Place {
        let is_extended = self.is_extended(header);
        let place = self.sequence.place(header, is_extended);
        match (place, &mut self.message) {
            (Place::Begins, _) => self.begin_message(header),
            (Place::Continues, Some(message)) if is_extended => message.set_extended(),
            _ => {}
        }
        if let Some(message) = &mut self.message
            && place != Place::Outside
        {
            message.begin_frame();
        }
        place
    }

    fn begin_message(&mut self, header: &Header) {
        let coding = self.coding(header.reserved());
        let is_skipped = coding == Coding::Unknown && header.reserved().contains(Reserved::RSV1);
        let is_abandoned = self.message.as_ref().is_some_and(Assembly::is_compressed);
        if is_abandoned || is_skipped {
            self.inflater.lose_window();
        }
        let is_validated = coding != Coding::Unknown && !self.extensions.may_be_others();
        self.message = Some(Assembly::new(header.opcode(), coding, is_validated));
    }

    /// How a message is encoded whose first frame has these reserved bits.
    fn coding(&self, reserved: Reserved) -> Coding {
        match self.extensions {
            _ if reserved.is_empty() => Coding::Plain,
            Extensions::Deflate(_) | Extensions::Other(Some(_)) | Extensions::Unknown
                if reserved == Reserved::RSV1 =>
            {
                Coding::Inflated
            }
            _ => Coding::Unknown,
        }
    }

    fn receive_payload(&mut self, piece: &[u8], offset: u64, context: &mut Context<'_, '_>) {
        let State::Payload(payload) = &mut self.state else { return };
        let data = match &mut payload.mask {
            None => piece,
            Some(mask) => {
                self.unmasked.clear();
                self.unmasked.resize(piece.len(), 0);
                mask.copy(piece, &mut self.unmasked);
                &self.unmasked
            }
        };
        payload.remaining -= data.len() as u64;
        if payload.header.opcode().is_control() {
            let free = payload.control.iter_mut().skip(payload.control_len);
            free.zip(data).for_each(|(to, from)| *to = *from);
            payload.control_len += data.len();
        } else if let Some(message) = &mut self.message
            && !payload.is_outside
            && let Some(at) = message.push(data, &mut self.inflater, context.limits)
        {
            let event = Event::Violation(Rule::TextNotUtf8);
            context.output.emit(self.sender, offset + at as u64, event);
        }
        if payload.remaining == 0 {
            self.end(context);
        }
    }

    /// Ends the frame.
    fn end(&mut self, context: &mut Context<'_, '_>) {
        let state = core::mem::replace(&mut self.state, State::Header([0; MAX_HEADER], 0));
        let State::Payload(payload) = state else { return };
        let Payload { header, start, is_outside, control, control_len, .. } = payload;
        let control = control.get(..control_len).unwrap_or_default();
        match header.opcode() {
            Opcode::Ping => {
                context.own.pings.add(control, start, context.output.at, context.limits.pings);
                context.output.emit(self.sender, start, Event::Ping(control));
            }
            Opcode::Pong => {
                let answers = context.of_peer.pings.answer(control, context.output.at);
                let pong = Pong { payload: control, answers };
                context.output.emit(self.sender, start, Event::Pong(pong));
            }
            Opcode::Close => {
                self.sequence.close();
                self.close(control, start, &header, context);
            }
            Opcode::Continuation | Opcode::Text | Opcode::Binary if is_outside => {}
            Opcode::Continuation | Opcode::Text | Opcode::Binary => {
                self.end_data(header.fin(), start, context);
            }
        }
    }

    fn end_data(&mut self, fin: bool, start: u64, context: &mut Context<'_, '_>) {
        let Some(message) = &mut self.message else { return };
        if let Some(rule) = message.end_frame(fin, &mut self.inflater) {
            context.output.emit(self.sender, start, Event::Violation(rule));
        }
        if fin {
            context.output.emit(self.sender, start, Event::Message(message.message()));
            self.message = None;
        }
    }

    /// Reports a Close.
    fn close(&self, body: &[u8], start: u64, header: &Header, context: &mut Context<'_, '_>) {
        let (code, reason) = match body.split_first_chunk::<2>() {
            Some((code, reason)) => (Some(u16::from_be_bytes(*code)), reason),
            None => (None, &[][..]),
        };
        let Context { output, own, of_peer, .. } = context;
        output.emit(self.sender, start, Event::Close(Close { code, reason }));
        own.close_code = code;
        if self.is_extended(header) {
            // The body may be encoded.
            return;
        }
        let offset = start + header.encoded_len() as u64;
        if body.len() == 1 {
            output.emit(self.sender, offset, Event::Violation(Rule::CloseBody));
        }
        // Section 5.5.1: the reply to a Close typically has its code, also that of a client.
        let is_reply = of_peer.close_code == code;
        match code.and_then(|code| code_violation(code, self.sender)) {
            None => {}
            Some(Rule::CloseCodeOfClient) if is_reply => {}
            Some(rule) => output.emit(self.sender, offset, Event::Violation(rule)),
        }
        if let Err(error) = core::str::from_utf8(reason) {
            let offset = offset + 2 + error.valid_up_to() as u64;
            output.emit(self.sender, offset, Event::Violation(Rule::CloseReason));
        }
    }
}

/// The rule that a status code breaks (RFC 6455, section 7.4).
const fn code_violation(code: u16, sender: Sender) -> Option<Rule> {
    match (code, sender) {
        (0..=999, _) => Some(Rule::CloseCodeUnused),
        (1004, _) => Some(Rule::CloseCodeReserved),
        (1005 | 1006 | 1015, _) => Some(Rule::CloseCodeLocal),
        (1010, Sender::Server) => Some(Rule::CloseCodeOfClient),
        (5000.., _) => Some(Rule::CloseCodeRange),
        _ if CloseCode::new(code).is_none() => Some(Rule::CloseCodeUnassigned),
        _ => None,
    }
}

/// The rule of a violation in a header.
const fn rule_of(violation: Violation) -> Rule {
    match violation {
        Violation::ReservedOpcode(_) => Rule::ReservedOpcode,
        Violation::FragmentedControl => Rule::FragmentedControl,
        Violation::ControlTooLong => Rule::ControlTooLong,
        Violation::LengthNotMinimal => Rule::LengthNotMinimal,
        Violation::LengthTopBit => Rule::LengthTopBit,
        _ => Rule::ReservedBits,
    }
}
