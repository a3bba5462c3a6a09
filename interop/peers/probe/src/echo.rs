//! The peer that the checks expect, so that hybi can be checked with itself.

use hybi::{CloseCode, Message, Role};

use crate::{
    Failure,
    link::{Link, Received},
};

/// Echoes until the connection ends, and prints the code and the reason of the peer's Close.
pub(crate) fn run<R: Role>(link: &mut Link<R>) -> Result<(), Failure> {
    loop {
        match link.next()? {
            Received::Message(Message::Text(text)) if text == "ping" => {
                link.websocket.send_ping(b"hello", &mut link.outbox)?;
            }
            Received::Message(Message::Text(text)) if text == "close" => {
                let code = CloseCode::new(4001).ok_or("not a close code")?;
                link.websocket.close(code, "bye", &mut link.outbox)?;
            }
            Received::Message(message) => link.websocket.send(&message, &mut link.outbox)?,
            Received::Ping(_) | Received::Pong(_) => {}
            Received::Close(code, reason) => println!("closed {code} {}", reason.escape_debug()),
            Received::End => return Ok(()),
        }
    }
}
