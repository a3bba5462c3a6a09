//! The echo: the loop of the README, with deadlines, and a ping for a silent peer.

use std::error::Error;

use hybi::{Connection, Event, Inbox, Server};

use crate::{PONG, SILENCE, tapped::Tapped, timed::is_timeout};

/// Sends every message back, until the connection ends.
pub(crate) fn run(
    mut websocket: Connection<Server>,
    mut inbox: Inbox,
    reader: &mut Tapped<'_>,
    writer: &mut Tapped<'_>,
) -> Result<(), Box<dyn Error>> {
    let mut outbox = Vec::new();
    let ended = converse(&mut websocket, &mut inbox, &mut outbox, reader, writer);
    // Also after an error: the outbox holds a Close frame with the reason.
    writer.write_out(&mut outbox)?;
    ended
}

fn converse(
    websocket: &mut Connection<Server>,
    inbox: &mut Inbox,
    outbox: &mut Vec<u8>,
    reader: &mut Tapped<'_>,
    writer: &mut Tapped<'_>,
) -> Result<(), Box<dyn Error>> {
    // The first frames may have come with the request.
    reader.pass(inbox.unread());
    loop {
        while let Some(event) = websocket.receive(inbox, outbox)? {
            match event {
                Event::Text(text) => websocket.send_text(text, outbox)?,
                Event::Binary(data) => websocket.send_binary(data, outbox)?,
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
            }
        }
        writer.write_out(outbox)?;
        if websocket.should_close_transport() {
            return Ok(());
        }
        let length = match reader.read_into(inbox, SILENCE) {
            Err(error) if is_timeout(&error) => {
                websocket.send_ping(b"", outbox)?;
                writer.write_out(outbox)?;
                reader.read_into(inbox, PONG)?
            }
            result => result?,
        };
        if length == 0 {
            return Ok(websocket.end_of_input()?);
        }
    }
}
