//! A reference implementation of the protocol, simple and slow, over the whole input at once.

use hybi::{Error, LimitExceeded, Violation};

use crate::event::{Kind, OwnedEvent};

/// A header, with the numbers on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    pub fin: bool,
    /// The three reserved bits, RSV1 the highest.
    pub reserved: u8,
    pub opcode: u8,
    pub length: u128,
    pub key: Option<[u8; 4]>,
    /// The length of the header, in bytes.
    pub size: usize,
}

/// Parses the header at the front. `None` if it is incomplete and may become valid.
///
/// # Errors
///
/// A violation that no further bytes can repair.
pub fn header(bytes: &[u8], masked: bool, reserved: u8) -> Result<Option<Header>, Violation> {
    let Some(&first) = bytes.first() else { return Ok(None) };
    let (fin, bits, opcode) = (first >= 0x80, first / 16 % 8, first % 16);
    if bits & !reserved != 0 {
        return Err(Violation::ReservedBits);
    }
    let control = match opcode {
        0..=2 => false,
        8..=10 => true,
        _ => return Err(Violation::ReservedOpcode(opcode)),
    };
    if control && !fin {
        return Err(Violation::FragmentedControl);
    }

    let Some(&second) = bytes.get(1) else { return Ok(None) };
    match (second >= 0x80, masked) {
        (true, false) => return Err(Violation::Masked),
        (false, true) => return Err(Violation::NotMasked),
        _ => {}
    }
    let short = second % 0x80;
    if control && short > 125 {
        return Err(Violation::ControlTooLong);
    }

    // The received bytes leave a range of possible lengths, which must overlap the valid range.
    let (width, smallest, largest) = match short {
        126 => (2, 126, (1 << 16) - 1),
        127 => (8, 1 << 16, (1 << 63) - 1),
        _ => (0, 0, 125),
    };
    let received = &bytes[2..bytes.len().min(2 + width)];
    let length = match width {
        0 => u128::from(short),
        _ => received.iter().fold(0, |length, &byte| length * 256 + u128::from(byte)),
    };
    let unit = 1_u128 << (8 * (width - received.len()));
    let (least, most) = (length * unit, length * unit + (unit - 1));
    if most < smallest {
        return Err(Violation::LengthNotMinimal);
    }
    if least > largest {
        return Err(Violation::LengthTopBit);
    }

    let size = 2 + width + if masked { 4 } else { 0 };
    if bytes.len() < size {
        return Ok(None);
    }
    let key = masked.then(|| [0, 1, 2, 3].map(|index| bytes[size - 4 + index]));
    Ok(Some(Header { fin, reserved: bits, opcode, length, key, size }))
}

/// The limits of a receiver.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub message: u128,
    pub frame: u128,
    pub fragments: u32,
    /// The size of an inbox that cannot grow.
    pub inbox: Option<usize>,
    /// Whether messages are received whole, rather than in chunks.
    pub whole: bool,
}

impl Limits {
    /// No limits.
    pub const NONE: Self = Self {
        message: u128::MAX,
        frame: u128::MAX,
        fragments: u32::MAX,
        inbox: None,
        whole: true,
    };
}

/// The reserved bits of custom extensions, RSV1 the highest.
#[derive(Clone, Copy, Debug, Default)]
pub struct Claims {
    /// Those of messages: only the first frame has them.
    pub messages: u8,
    /// Those of frames that are no part of a message.
    pub frames: u8,
}

/// The result of decoding.
#[derive(Clone, Debug, Default)]
pub struct Decoded {
    pub events: Vec<OwnedEvent>,
    pub error: Option<Error>,
    /// The part of an incomplete message that can be delivered.
    pub unfinished: Option<(Kind, Vec<u8>)>,
    /// The masking keys of all frames, including an incomplete one.
    pub keys: Vec<[u8; 4]>,
    /// The number of bytes that follow the last decoded frame.
    pub rest: usize,
}

/// Decodes a stream of frames, up to a Close, an error, or the end.
pub fn decode(bytes: &[u8], masked: bool, limits: &Limits) -> Decoded {
    decode_extended(bytes, masked, limits, Claims::default())
}

/// The same with custom extensions. Their messages are received whole.
pub fn decode_extended(bytes: &[u8], masked: bool, limits: &Limits, claims: Claims) -> Decoded {
    let mut receiver = Receiver { limits: *limits, claims, ..Receiver::NEW };
    let mut decoded = Decoded::default();
    let mut rest = bytes;
    let result = loop {
        match receiver.frame(&mut rest, masked, &mut decoded) {
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    decoded.error = result.err();
    decoded.rest = rest.len();
    decoded.unfinished = receiver.message.map(|(kind, mut message)| {
        if kind == Kind::Text {
            message.truncate(valid_length(&message));
        }
        (kind, message)
    });
    decoded
}

struct Receiver {
    limits: Limits,
    claims: Claims,
    message: Option<(Kind, Vec<u8>)>,
    /// The reserved bits of the message.
    bits: u8,
    /// The length of the message, up to the end of the current frame.
    length: u128,
    fragments: u32,
}

impl Receiver {
    const NEW: Self = Self {
        limits: Limits::NONE,
        claims: Claims { messages: 0, frames: 0 },
        message: None,
        bits: 0,
        length: 0,
        fragments: 0,
    };

    /// Decodes one frame from the front. Returns whether there may be more.
    fn frame(
        &mut self,
        rest: &mut &[u8],
        masked: bool,
        decoded: &mut Decoded,
    ) -> Result<bool, Error> {
        let allowed = self.claims.messages | self.claims.frames;
        let Some(header) = header(rest, masked, allowed)? else { return Ok(false) };
        let body = &rest[header.size..];
        let length = usize::try_from(header.length).unwrap_or(usize::MAX);
        let mut payload = body[..length.min(body.len())].to_vec();
        for (index, byte) in payload.iter_mut().enumerate() {
            *byte ^= header.key.map_or(0, |key| key[index % 4]);
        }
        let complete = body.len() >= length;
        decoded.keys.extend(header.key);

        if header.opcode >= 8 {
            if header.reserved != 0 {
                return Err(Violation::ReservedBits.into());
            }
            self.fits(header.size + length)?;
            if !complete {
                return Ok(false);
            }
            *rest = &body[length..];
            let event = control(header.opcode, payload)?;
            let more = !matches!(event, OwnedEvent::Close(..));
            decoded.events.push(event);
            return Ok(more);
        }

        if header.reserved & self.claims.frames != 0 {
            self.check_frame(&header)?;
            self.fits(header.size + length)?;
            if complete {
                *rest = &body[length..];
                let Header { opcode, fin, reserved, .. } = header;
                decoded.events.push(OwnedEvent::Frame(opcode, fin, reserved, payload));
            }
            return Ok(complete);
        }

        self.begin(&header)?;
        let Some((kind, mut message)) = self.message.take() else { return Ok(false) };
        message.extend_from_slice(&payload);
        *rest = &body[payload.len()..];
        let last = complete && header.fin;
        let cut = last && valid_length(&message) < message.len();
        let is_text = kind == Kind::Text && self.bits == 0;
        if is_text && (cut || is_beyond_repair(&message)) {
            self.message = Some((kind, message));
            return Err(Violation::TextNotUtf8.into());
        }
        if last {
            decoded.events.push(match self.bits {
                0 => OwnedEvent::message(kind, message),
                bits => OwnedEvent::Extended(kind, bits, message),
            });
            (self.length, self.fragments) = (0, 0);
        } else {
            self.message = Some((kind, message));
        }
        Ok(complete)
    }

    /// Checks the header of a data frame.
    fn begin(&mut self, header: &Header) -> Result<(), Error> {
        match (header.opcode, &self.message) {
            (0, None) => return Err(Violation::NothingToContinue.into()),
            (1 | 2, Some(_)) => return Err(Violation::MessageInsideMessage.into()),
            (1, None) => self.message = Some((Kind::Text, Vec::new())),
            (2, None) => self.message = Some((Kind::Binary, Vec::new())),
            _ if header.reserved != 0 => return Err(Violation::ReservedBits.into()),
            _ => {}
        }
        if header.opcode != 0 {
            self.bits = header.reserved;
        }
        let Limits { message, fragments, inbox, whole, .. } = self.limits;
        self.fragments += 1;
        self.length += header.length;
        if self.fragments > fragments {
            return Err(LimitExceeded::Fragments { limit: fragments }.into());
        }
        self.check_frame(header)?;
        if self.length > message {
            let (size, limit) = (number(self.length), number(message));
            return Err(LimitExceeded::MessageSize { size, limit }.into());
        }
        // From the documentation of `Inbox`: before the last fragment, the longest control frame must
        // still fit.
        let kept = if header.fin { 0 } else { 139 };
        let room = inbox.filter(|_| whole).map(|size| size.saturating_sub(kept) as u128);
        if let Some(room) = room.filter(|&room| self.length > room) {
            let (size, limit) = (number(self.length), number(room));
            return Err(LimitExceeded::InboxSize { size, limit }.into());
        }
        Ok(())
    }

    /// Checks the size of a frame.
    fn check_frame(&self, header: &Header) -> Result<(), Error> {
        let frame = self.limits.frame;
        if header.length > frame {
            let (size, limit) = (number(header.length), number(frame));
            return Err(LimitExceeded::FrameSize { size, limit }.into());
        }
        Ok(())
    }

    /// Checks that a control frame, or one of an extension, fits into the inbox next to the message in
    /// progress.
    fn fits(&self, size: usize) -> Result<(), Error> {
        let held = match &self.message {
            Some((_, message)) if self.limits.whole => message.len(),
            Some((Kind::Text, message)) => message.len() - valid_length(message),
            _ => 0,
        };
        let room = self.limits.inbox.map(|inbox| inbox - held);
        match room.filter(|&room| size > room) {
            Some(room) => {
                Err(LimitExceeded::InboxSize { size: size as u64, limit: room as u64 }.into())
            }
            None => Ok(()),
        }
    }
}

fn number(length: u128) -> u64 {
    u64::try_from(length).expect("limits are below 2^64")
}

fn control(opcode: u8, payload: Vec<u8>) -> Result<OwnedEvent, Violation> {
    Ok(match (opcode, &payload[..]) {
        (9, _) => OwnedEvent::Ping(payload),
        (10, _) => OwnedEvent::Pong(payload),
        (_, []) => OwnedEvent::Close(None, String::new()),
        (_, [_]) => return Err(Violation::CloseBodyTooShort),
        (_, [high, low, reason @ ..]) => {
            let code = u16::from(*high) * 256 + u16::from(*low);
            if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
                return Err(Violation::CloseCode(code));
            }
            match core::str::from_utf8(reason) {
                Ok(reason) => OwnedEvent::Close(Some(code), reason.into()),
                Err(_) => return Err(Violation::CloseReasonNotUtf8),
            }
        }
    })
}

/// The length of the valid UTF-8 at the front.
pub fn valid_length(text: &[u8]) -> usize {
    core::str::from_utf8(text).map_or_else(|error| error.valid_up_to(), str::len)
}

/// Whether no further bytes can make this valid UTF-8.
pub fn is_beyond_repair(text: &[u8]) -> bool {
    core::str::from_utf8(text).is_err_and(|error| error.error_len().is_some())
}

/// Encodes a frame of up to 125 bytes.
pub fn encode(opcode: u8, key: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a control frame is short");
    let mut frame = vec![0x80 | opcode, length];
    if let Some(key) = key {
        frame[1] |= 0x80;
        frame.extend_from_slice(&key);
    }
    let key = key.unwrap_or_default();
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}
