//! permessage-deflate (RFC 7692) as an extension of our own: the handshake, and messages with RSV1.

use std::error::Error;

use hybi::{
    CloseCode, Config, Connection, Error as WebSocketError, Event, ExtendedEvent, Misuse, Outbox,
    Server,
    extension::{Claims, ExtendedMessage, Extension},
    frame::{Kind, Reserved},
    server::Request,
};

use crate::codec::{Codec, Decoder, Encoder, Fault};

/// The most bytes of a message, compressed and not.
pub(crate) const LIMIT: usize = 1024 * 1024;

const CONFIG: Config = Config::new().max_message_size(LIMIT as u64);

const NAME: &str = "permessage-deflate";

/// Neither side keeps its window.
const RESPONSE: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// The bit of a compressed message (section 6).
const COMPRESSED: Reserved = Reserved::RSV1;

/// The length in bytes from which messages are compressed.
const THRESHOLD: usize = 256;

/// A connection that may have negotiated the extension.
pub(crate) struct Session {
    pub(crate) websocket: Connection<Server>,
    compresses: bool,
}

impl Session {
    /// Accepts a request, and the extension if an offer of it is acceptable.
    pub(crate) fn accept(
        request: Request<'_>,
        outbox: &mut Vec<u8>,
    ) -> Result<Self, Box<dyn Error>> {
        let compresses = request.extensions().any(is_acceptable);
        let accept = request.accept().config(CONFIG);
        if compresses {
            return Ok(Self::compressing(accept.extensions(RESPONSE).finish(outbox)?)?);
        }
        Ok(Self { websocket: accept.finish(outbox)?, compresses })
    }

    /// A session that has negotiated the extension.
    pub(crate) fn compressing(websocket: Connection<Server>) -> Result<Self, Misuse> {
        let websocket = websocket.with_claims(Claims::new().per_message(COMPRESSED))?;
        Ok(Self { websocket, compresses: true })
    }

    /// Echoes a message, or closes the connection if the message is not valid.
    pub(crate) fn answer(
        &mut self,
        event: ExtendedEvent<'_>,
        codec: &mut Codec,
        outbox: &mut impl Outbox,
    ) -> Result<(), WebSocketError> {
        let Codec { encoder, decoder } = codec;
        let message = match event {
            ExtendedEvent::Message(message) => match decompress(message, decoder) {
                Ok(message) => message,
                Err((code, reason)) => return self.websocket.close(code, reason, outbox),
            },
            ExtendedEvent::Event(event) => event,
            ExtendedEvent::Frame(_) => return Ok(()), // no bit is claimed per frame
        };
        self.send(message, encoder, outbox)
    }

    /// Sends a message, compressed if it becomes shorter.
    pub(crate) fn send(
        &mut self,
        message: Event<'_>,
        encoder: &mut Encoder,
        outbox: &mut impl Outbox,
    ) -> Result<(), WebSocketError> {
        let (kind, bytes) = match message {
            Event::Text(text) => (Kind::Text, text.as_bytes()),
            Event::Binary(data) => (Kind::Binary, data),
            Event::Ping(_) | Event::Pong(_) | Event::Close(_) => return Ok(()),
        };
        if self.compresses
            && bytes.len() >= THRESHOLD
            && let Some(payload) = encoder.encode(bytes)
        {
            let message = ExtendedMessage { kind, reserved: COMPRESSED, payload };
            return self.websocket.send_extended(message, outbox);
        }
        match message {
            Event::Text(text) => self.websocket.send_text(text, outbox),
            _ => self.websocket.send_binary(bytes, outbox),
        }
    }
}

/// Returns the message, or the code and the reason to close with.
pub(crate) fn decompress<'d>(
    message: ExtendedMessage<'_>,
    decoder: &'d mut Decoder,
) -> Result<Event<'d>, (CloseCode, &'static str)> {
    match (message.kind, decoder.decode(message.payload, LIMIT)) {
        // RFC 6455, section 8.1. The crate does not check the text, because it is compressed.
        (Kind::Text, Ok(bytes)) => match str::from_utf8(bytes) {
            Ok(text) => Ok(Event::Text(text)),
            Err(_) => Err((CloseCode::INVALID_PAYLOAD, "not UTF-8")),
        },
        (Kind::Binary, Ok(bytes)) => Ok(Event::Binary(bytes)),
        (_, Err(Fault::Invalid)) => Err((CloseCode::INVALID_PAYLOAD, "not DEFLATE")),
        (_, Err(Fault::TooLong)) => Err((CloseCode::MESSAGE_TOO_BIG, "too long")),
    }
}

/// Whether our response accepts this offer (section 7.1).
fn is_acceptable(offer: Extension<'_>) -> bool {
    let mut parameters = offer.parameters().enumerate();
    offer.name() == NAME
        && parameters.all(|(index, parameter)| {
            let name = parameter.name();
            let is_valid = match (name, parameter.value()) {
                (
                    "server_no_context_takeover"
                    | "client_no_context_takeover"
                    | "client_max_window_bits",
                    None,
                ) => true,
                ("client_max_window_bits", Some(bits)) => {
                    ["8", "9", "10", "11", "12", "13", "14", "15"].iter().any(|one| bits == **one)
                }
                // `server_max_window_bits`: libdeflate always uses a window of 32 KiB.
                _ => false,
            };
            is_valid && !offer.parameters().take(index).any(|earlier| earlier.name() == name)
        })
}
