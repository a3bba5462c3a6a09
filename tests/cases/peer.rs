//! The peer that runs a case against an endpoint, through memory in place of a socket.

use hybi::Error;

use super::{
    case::{Case, Cut, End, Piece, Step},
    deflate::Codec,
    endpoint::{self, Endpoint, Settings},
    negotiation::Terms,
    wire::{Answer, BINARY, CLOSE, CONTINUATION, FIN, PONG, RSV1, Reader, TEXT, Writer},
};

/// The role of the endpoint under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tested {
    Server,
    Client,
}

pub(crate) const BOTH: [Tested; 2] = [Tested::Server, Tested::Client];

/// The key and the accept value of RFC 6455, section 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The peer of an endpoint, after the opening handshake.
pub(crate) struct Peer {
    endpoint: Box<dyn Endpoint>,
    tested: Tested,
    writer: Writer,
    reader: Reader,
    codec: Option<Codec>,
    /// The opcode and the payload of the message in progress, and whether it is compressed.
    message: Option<(u8, Vec<u8>, bool)>,
    answers: Vec<Answer>,
    /// The body of the endpoint's Close.
    close: Option<Vec<u8>>,
}

impl Peer {
    /// Opens a connection without compression.
    pub(crate) fn connect(tested: Tested) -> Self {
        let endpoint = match tested {
            Tested::Server => endpoint::server(&request(""), None).0,
            Tested::Client => endpoint::client(|_| response(""), None),
        };
        Self::new(tested, endpoint)
    }

    /// Opens a connection with compression on these terms.
    pub(crate) fn connect_compressed(
        tested: Tested,
        terms: &Terms,
        settings: Settings<'_>,
    ) -> Result<Self, String> {
        let mut codec = None;
        let endpoint = match tested {
            Tested::Server => {
                let (endpoint, response) = endpoint::server(&request(terms.offer), settings);
                codec = Some(terms.as_client(&extensions(&response).join(", "))?);
                endpoint
            }
            Tested::Client => {
                let answer = |request: &[u8]| {
                    let (answer, made) = terms.as_server(&extensions(request).join(", "));
                    codec = Some(made);
                    response(&answer)
                };
                endpoint::client(answer, settings)
            }
        };
        Ok(Self { codec, ..Self::new(tested, endpoint) })
    }

    fn new(tested: Tested, endpoint: Box<dyn Endpoint>) -> Self {
        let is_client = tested == Tested::Server;
        Self {
            endpoint,
            tested,
            writer: Writer::new(is_client),
            reader: Reader::new(!is_client),
            codec: None,
            message: None,
            answers: Vec::new(),
            close: None,
        }
    }

    /// Runs a case. An error describes the difference to what is expected.
    pub(crate) fn run(mut self, case: Case) -> Result<(), String> {
        let mut steps = case.steps.peekable();
        while let Some(step) = steps.next() {
            self.send(&step)?;
            compare("answers", &std::mem::take(&mut self.answers), &step.answers)?;
            let is_last = steps.peek().is_none() && !matches!(case.end, End::PeerCloses);
            if self.close.is_some() != is_last {
                return Err(format!("the endpoint's Close after a step: {:02x?}", self.close));
            }
        }
        if matches!(case.end, End::PeerCloses) {
            let step = Step::silent(vec![super::case::close(1000, "")], Cut::Whole);
            self.send(&step)?;
            compare("answers", &self.answers, &Vec::new())?;
        }
        self.finish(case.end)
    }

    /// Checks the endpoint's Close and that it ends the transport.
    fn finish(mut self, end: End) -> Result<(), String> {
        let code = match end {
            End::PeerCloses => Some(1000),
            End::Reply(code) => code,
            End::Fails(code) => Some(code),
        };
        let body = self.close.take().ok_or("there is no Close")?;
        let sent = match *body {
            [] => None,
            [high, low, ..] => Some(u16::from_be_bytes([high, low])),
            [_] => return Err("the Close has one byte".into()),
        };
        compare("code", &sent, &code)?;
        if self.reader.is_within_a_frame() {
            return Err("bytes follow the Close".into());
        }
        let fails = matches!(end, End::Fails(_));
        compare("violation", &matches!(self.endpoint.error(), Some(Error::Protocol(_))), &fails)?;
        // After a failure, each role closes the transport. After a closing handshake, the client
        // waits for the server to do so (sections 5.5.1 and 7.1.1).
        let waits = !fails && self.tested == Tested::Client;
        compare("should close the transport", &self.endpoint.should_close_transport(), &!waits)?;
        if waits {
            compare("end of input", &self.endpoint.read_end(), &Ok(()))?;
            compare("should close the transport", &self.endpoint.should_close_transport(), &true)?;
        }
        Ok(())
    }

    fn send(&mut self, step: &Step) -> Result<(), String> {
        let (mut wire, mut ends) = (Vec::new(), Vec::new());
        for piece in &step.pieces {
            self.write(piece, &mut wire, &mut ends)?;
        }
        match step.cut {
            Cut::Whole => self.deliver(&wire),
            Cut::Every(size) => wire.chunks(size).try_for_each(|chunk| self.deliver(chunk)),
            Cut::Frames => {
                let starts = [0].into_iter().chain(ends.iter().copied());
                starts.zip(&ends).try_for_each(|(start, end)| self.deliver(&wire[start..*end]))
            }
        }
    }

    /// Writes a piece. `ends` are the indexes after each frame.
    fn write(
        &mut self,
        piece: &Piece,
        wire: &mut Vec<u8>,
        ends: &mut Vec<usize>,
    ) -> Result<(), String> {
        match piece {
            Piece::Frame(first, payload) => self.writer.frame(*first, payload, wire),
            Piece::Header(first, length) => self.writer.header(*first, *length, wire),
            Piece::Payload(bytes) => self.writer.payload(bytes, wire),
            Piece::Compressed(opcode, message, size) => {
                let codec = self.codec.as_mut().ok_or("compression was not negotiated")?;
                let payload = codec.compress(message);
                let mut first = RSV1 | opcode;
                let mut parts = payload.chunks(*size).peekable();
                while let Some(part) = parts.next() {
                    let fin = if parts.peek().is_none() { FIN } else { 0 };
                    self.writer.frame(fin | first, part, wire);
                    first = CONTINUATION;
                }
            }
        }
        ends.push(wire.len());
        Ok(())
    }

    /// Delivers bytes to the endpoint and reads its answers.
    fn deliver(&mut self, bytes: &[u8]) -> Result<(), String> {
        let answer = self.endpoint.read(bytes);
        if answer.is_empty() {
            return Ok(());
        }
        self.reader.feed(&answer);
        while let Some(frame) = self.reader.next()? {
            if self.close.is_some() {
                return Err(format!("a frame after the Close: {:02x}", frame.first));
            }
            self.take(frame.first, frame.payload)?;
        }
        Ok(())
    }

    /// Takes a frame: a control frame, or a part of a message.
    fn take(&mut self, first: u8, payload: Vec<u8>) -> Result<(), String> {
        let (is_final, rsv, opcode) = (first & FIN != 0, first & 0x70, first & 0x0f);
        let is_control = opcode >= CLOSE;
        if is_control && (!is_final || rsv != 0 || payload.len() > 125) {
            return Err(format!("an invalid control frame: {first:02x}"));
        }
        let is_known = rsv == 0 || self.has_negotiated(rsv);
        match (opcode, &mut self.message) {
            (CLOSE, _) => self.close = Some(payload),
            (PONG, _) => self.answers.push(Answer::Pong(payload)),
            (CONTINUATION, Some((_, message, _))) if rsv == 0 => {
                message.extend_from_slice(&payload);
            }
            (TEXT | BINARY, message @ None) if is_known => {
                *message = Some((opcode, payload, rsv != 0));
            }
            _ => return Err(format!("an unexpected frame: {first:02x}")),
        }
        if !is_control && is_final {
            let (opcode, payload, is_compressed) = self.message.take().unwrap();
            let payload = self.decompress(payload, is_compressed)?;
            let make = if opcode == TEXT { Answer::Text } else { Answer::Binary };
            self.answers.push(make(payload));
        }
        Ok(())
    }

    fn has_negotiated(&self, rsv: u8) -> bool {
        rsv == RSV1 && self.codec.is_some()
    }

    /// The data of a message.
    fn decompress(&mut self, payload: Vec<u8>, is_compressed: bool) -> Result<Vec<u8>, String> {
        match &mut self.codec {
            Some(codec) if is_compressed => codec.decompress(&payload),
            _ => Ok(payload),
        }
    }
}

fn compare<T: PartialEq + std::fmt::Debug>(
    what: &str,
    actual: &T,
    expected: &T,
) -> Result<(), String> {
    if actual == expected {
        return Ok(());
    }
    Err(format!("{what}: {actual:?}, but expected {expected:?}"))
}

/// A request with this value of `Sec-WebSocket-Extensions`, if it is not empty.
fn request(extensions: &str) -> Vec<u8> {
    let start = "GET / HTTP/1.1\r\nHost: localhost\r\nSec-WebSocket-Version: 13";
    head(&format!("{start}\r\nSec-WebSocket-Key: {KEY}"), extensions)
}

/// A response to the sample key.
fn response(extensions: &str) -> Vec<u8> {
    let start = "HTTP/1.1 101 Switching Protocols";
    head(&format!("{start}\r\nSec-WebSocket-Accept: {ACCEPT}"), extensions)
}

fn head(start: &str, extensions: &str) -> Vec<u8> {
    let extensions = match extensions {
        "" => String::new(),
        value => format!("\r\nSec-WebSocket-Extensions: {value}"),
    };
    format!("{start}\r\nUpgrade: websocket\r\nConnection: Upgrade{extensions}\r\n\r\n").into()
}

/// The values of `Sec-WebSocket-Extensions` in the head that an endpoint sent.
fn extensions(head: &[u8]) -> Vec<&str> {
    let lines = std::str::from_utf8(head).unwrap().lines();
    lines.filter_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: ")).collect()
}
