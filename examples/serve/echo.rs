//! The echo: the loop of the README, with an account of its bytes for a peer that asks for it.

use std::error::Error;

use hybi::{Connection, Event, Inbox, Server};

use crate::{
    PONG, SILENCE, WRITING,
    timed::{Timed, is_late},
};

/// The subprotocol under which each echo is followed by a text message that says how many bytes
/// the message and its echo took on the wire, as in `{"received":11,"sent":7}`.
///
/// All that was read since the message before is counted as received. The report is not counted;
/// it is too short to be compressed.
pub(crate) const WIRE_BYTES: &str = "hybi-wire-bytes";

/// Sends every message back, until the connection ends.
pub(crate) fn run(
    mut websocket: Connection<Server>,
    mut inbox: Inbox,
    stream: &mut Timed<'_>,
    reports: bool,
) -> Result<(), Box<dyn Error>> {
    let mut outbox = Vec::new();
    let ended = converse(&mut websocket, &mut inbox, &mut outbox, stream, reports);
    // Also after an error: the Close frame that says what it was is in the outbox.
    stream.write_out(&mut outbox, WRITING)?;
    ended
}

fn converse(
    websocket: &mut Connection<Server>,
    inbox: &mut Inbox,
    outbox: &mut Vec<u8>,
    stream: &mut Timed<'_>,
    reports: bool,
) -> Result<(), Box<dyn Error>> {
    // How many bytes were read and are in no report; the first may have come with the request.
    let mut read = inbox.unread().len() as u64;
    loop {
        while let Some(event) = websocket.receive(inbox, outbox)? {
            let before = outbox.len();
            match event {
                Event::Text(text) => websocket.send_text(text, outbox)?,
                Event::Binary(data) => websocket.send_binary(data, outbox)?,
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => continue,
            }
            if reports {
                let unread = inbox.unread().len() as u64;
                let (received, sent) = (read - unread, outbox.len() - before);
                // The largest echo leaves no room in the outbox for more.
                stream.write_out(outbox, WRITING)?;
                let report = format!(r#"{{"received":{received},"sent":{sent}}}"#);
                websocket.send_text(&report, outbox)?;
                read = unread;
            }
        }
        stream.write_out(outbox, WRITING)?;
        if websocket.should_close_transport() {
            return Ok(());
        }
        let length = match inbox.read_from(stream.within(SILENCE)) {
            Err(error) if is_late(&error) => {
                websocket.send_ping(b"", outbox)?;
                stream.write_out(outbox, WRITING)?;
                inbox.read_from(stream.within(PONG))?
            }
            result => result?,
        };
        if length == 0 {
            return Ok(websocket.end_of_input()?);
        }
        read += length as u64;
    }
}
