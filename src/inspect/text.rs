//! The text of an entry.

use core::fmt::{Display, Formatter, Result};

use super::{
    Body, Check, Close, Coding, Entry, Event, Extensions, Field, Inside, Message, Opaque, Open,
    Request, Response,
};
use crate::{
    close::CloseCode,
    deflate::{Direction, Negotiated},
    frame::{Header, Opcode, Reserved},
};

/// How many bytes of a payload are shown by default.
const EXCERPT: usize = 80;

/// The fields whose values are hidden.
const CREDENTIALS: [&str; 4] = ["Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie"];

/// The text of an [`Entry`], by its [`Display`](core::fmt::Display).
#[derive(Clone, Copy, Debug)]
pub struct Text<'e, 'a> {
    entry: &'e Entry<'a>,
    excerpt: usize,
    credentials: bool,
}

impl<'a> Entry<'a> {
    /// The text of the entry, with options.
    pub const fn text(&self) -> Text<'_, 'a> {
        Text { entry: self, excerpt: EXCERPT, credentials: false }
    }
}

impl Text<'_, '_> {
    /// Shows at most this many bytes of a payload; 80 by default.
    #[must_use]
    pub const fn excerpt(self, bytes: usize) -> Self {
        Self { excerpt: bytes, ..self }
    }

    /// Whether to show the values of `Authorization`, `Proxy-Authorization`, `Cookie` and `Set-Cookie`;
    /// not by default.
    #[must_use]
    pub const fn credentials(self, show: bool) -> Self {
        Self { credentials: show, ..self }
    }
}

impl Display for Entry<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.text().fmt(f)
    }
}

impl Display for Text<'_, '_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { entry, excerpt: most, credentials } = *self;
        let Entry { at, sender, offset, event } = entry;
        write!(f, "{}.{:06} {} @{offset} ", at.as_secs(), at.subsec_micros(), sender.name())?;
        match event {
            Event::Request(request) => write_request(request, !credentials, f),
            Event::Response(response) => write_response(response, !credentials, f),
            Event::Body(Body { start, length }) => {
                match length {
                    Some(length) => write!(f, "body: {length} bytes")?,
                    None => f.write_str("body: unknown length")?,
                }
                write_payload(start, None, is_text(start), most, f)
            }
            Event::Open(open) => write_open(open, f),
            Event::Frame(header) => write_frame(header, f),
            Event::Message(message) => write_message(message, most, f),
            Event::Ping(payload) => {
                write!(f, "ping: {} bytes", payload.len())?;
                write_payload(payload, None, is_text(payload), most, f)
            }
            Event::Pong(pong) => {
                write!(f, "pong: {} bytes", pong.payload.len())?;
                write_payload(pong.payload, None, is_text(pong.payload), most, f)?;
                match pong.answers {
                    Some(ping) => {
                        write!(f, ", answers the ping @{} after {:?}", ping.offset, ping.after)
                    }
                    None => f.write_str(", unsolicited"),
                }
            }
            Event::Close(close) => write_close(close, f),
            Event::Violation(rule) => write!(f, "violation by the {}: {rule}", sender.name()),
            Event::Opaque(reason) => write!(f, "not inspected from here: {}", reason_text(*reason)),
            Event::End(end) => {
                f.write_str(match end.inside {
                    Inside::Nothing => "end",
                    Inside::Head => "end, inside a head",
                    Inside::Frame => "end, inside a frame",
                    Inside::Message => "end, inside a message",
                })?;
                match end.unanswered {
                    0 => Ok(()),
                    1 => f.write_str(", 1 ping unanswered"),
                    count => write!(f, ", {count} pings unanswered"),
                }
            }
        }
    }
}

fn write_request(request: &Request<'_>, hides: bool, f: &mut Formatter<'_>) -> Result {
    let Request { method, target, minor, fields } = request;
    write!(f, "request: {method} {target} HTTP/1.{minor}")?;
    fields.iter().try_for_each(|field| write_field(field, hides, f))
}

fn write_response(response: &Response<'_>, hides: bool, f: &mut Formatter<'_>) -> Result {
    let Response { status, reason, minor, fields } = response;
    write!(f, "response: HTTP/1.{minor} {status} {}", reason.escape_ascii())?;
    fields.iter().try_for_each(|field| write_field(field, hides, f))
}

fn write_field(field: &Field<'_>, hides: bool, f: &mut Formatter<'_>) -> Result {
    write!(f, "\n    {}: ", field.name)?;
    if hides && CREDENTIALS.iter().any(|name| name.eq_ignore_ascii_case(field.name)) {
        f.write_str("(hidden)")?;
    } else {
        write!(f, "{}", field.value.escape_ascii())?;
    }
    match field.check {
        Check::Unused => Ok(()),
        Check::Valid => f.write_str("  [valid]"),
        Check::Broken(rule) => write!(f, "  [{}]", rule.id()),
    }
}

fn write_open(open: &Open<'_>, f: &mut Formatter<'_>) -> Result {
    match open.subprotocol {
        Some(name) => write!(f, "open: subprotocol {name}, ")?,
        None => f.write_str("open: no subprotocol, ")?,
    }
    match open.extensions {
        Extensions::None => f.write_str("no extension"),
        Extensions::Unknown => f.write_str("unknown extensions"),
        Extensions::Other(None) => f.write_str("extensions that are not inspected"),
        Extensions::Deflate(negotiated) => write_deflate(negotiated, f),
        Extensions::Other(Some(negotiated)) => {
            write_deflate(negotiated, f)?;
            f.write_str(", extensions that are not inspected")
        }
    }
}

fn write_deflate(negotiated: Negotiated, f: &mut Formatter<'_>) -> Result {
    f.write_str("permessage-deflate (client: ")?;
    write_direction(negotiated.client(), f)?;
    f.write_str("; server: ")?;
    write_direction(negotiated.server(), f)?;
    f.write_str(")")
}

fn write_direction(direction: Direction, f: &mut Formatter<'_>) -> Result {
    let takeover = if direction.context_takeover() { "" } else { "no " };
    write!(f, "window 2^{}, {takeover}context takeover", direction.window_bits())
}

fn write_frame(header: &Header, f: &mut Formatter<'_>) -> Result {
    f.write_str("frame: ")?;
    f.write_str(match header.opcode() {
        Opcode::Continuation => "continuation",
        Opcode::Text => "text",
        Opcode::Binary => "binary",
        Opcode::Close => "close",
        Opcode::Ping => "ping",
        Opcode::Pong => "pong",
    })?;
    let bits = [
        (header.fin(), ", FIN"),
        (header.reserved().contains(Reserved::RSV1), ", RSV1"),
        (header.reserved().contains(Reserved::RSV2), ", RSV2"),
        (header.reserved().contains(Reserved::RSV3), ", RSV3"),
    ];
    bits.iter().filter(|(is_set, _)| *is_set).try_for_each(|(_, name)| f.write_str(name))?;
    if let Some(key) = header.masking_key() {
        write!(f, ", mask {:08x}", u32::from_be_bytes(key))?;
    }
    write!(f, ", {} bytes", header.payload_len())
}

fn write_message(message: &Message<'_>, most: usize, f: &mut Formatter<'_>) -> Result {
    let kind = if message.opcode == Opcode::Text { "text" } else { "binary" };
    write!(f, "message: {kind}, {} bytes in {} frame", message.length, message.frames)?;
    if message.frames != 1 {
        f.write_str("s")?;
    }
    match message.coding {
        Coding::Plain => {}
        Coding::Inflated => write!(f, ", compressed to {} bytes", message.wire_length)?,
        Coding::UnknownWindow => f.write_str(", compressed with an unknown window")?,
        Coding::Invalid => f.write_str(", compressed, invalid")?,
        Coding::TooLong => f.write_str(", compressed, too long")?,
        Coding::Unknown => f.write_str(", of unknown coding")?,
    }
    let is_text = message.opcode == Opcode::Text && message.coding != Coding::Unknown;
    write_payload(message.payload, Some(message.length), is_text, most, f)
}

fn write_close(close: &Close<'_>, f: &mut Formatter<'_>) -> Result {
    match close.code.map(|code| (code, CloseCode::new(code))) {
        None => f.write_str("close: no code")?,
        Some((_, Some(code))) => write!(f, "close: {code}")?,
        Some((code, None)) => write!(f, "close: {code} (invalid)")?,
    }
    write_payload(close.reason, None, true, Close::MAX, f)
}

impl Close<'_> {
    /// The longest reason, in bytes.
    const MAX: usize = 123;
}

const fn reason_text(reason: Opaque) -> &'static str {
    match reason {
        Opaque::Violation => "the violation hides where the next frame or head begins",
        Opaque::Tls => "this is TLS",
        Opaque::NotWebSocket => "this is not a WebSocket",
        Opaque::Head => "the head exceeds Limits::head",
        Opaque::Extension => "an extension that is not known may define the opcode",
        Opaque::Held => "more than Limits::held came before the other direction explained it",
    }
}

/// Whether to show a payload of no declared type as text.
fn is_text(payload: &[u8]) -> bool {
    core::str::from_utf8(payload).is_ok()
}

/// Writes the start of a payload: as text in quotes, or in hexadecimal. `length` is that of the whole
/// payload.
fn write_payload(
    kept: &[u8],
    length: Option<u64>,
    is_text: bool,
    most: usize,
    f: &mut Formatter<'_>,
) -> Result {
    if kept.is_empty() {
        return Ok(());
    }
    f.write_str(": ")?;
    let shown = kept.get(..most).unwrap_or(kept);
    let is_cut = length.unwrap_or(kept.len() as u64) > shown.len() as u64;
    if is_text {
        f.write_str("\"")?;
        for chunk in shown.utf8_chunks() {
            write!(f, "{}", chunk.valid().escape_debug())?;
            // A character that is cut by the excerpt is omitted.
            if !(is_cut && ends(chunk.invalid(), shown)) {
                write!(f, "{}", chunk.invalid().escape_ascii())?;
            }
        }
        f.write_str("\"")?;
    } else {
        for byte in shown {
            write!(f, "{byte:02x}")?;
        }
    }
    if is_cut { f.write_str("...") } else { Ok(()) }
}

/// Whether `part` is at the end of `whole`, of which it is a slice.
fn ends(part: &[u8], whole: &[u8]) -> bool {
    part.as_ptr_range().end == whole.as_ptr_range().end
}
