//! The echo: the loop of the README.

use std::{error::Error, io::Write, net::TcpStream};

use hybi::{Connection, Event, Inbox, Server};

/// Sends every message back, until the connection ends.
pub(crate) fn run(
    mut websocket: Connection<Server>,
    mut inbox: Inbox,
    stream: &mut TcpStream,
) -> Result<(), Box<dyn Error>> {
    // An echo has no opinion on how long its peer may be silent.
    stream.set_read_timeout(None)?;
    let mut outbox = Vec::new();
    let ended = converse(&mut websocket, &mut inbox, &mut outbox, stream);
    // Also after an error: the Close frame that says what it was is in the outbox.
    stream.write_all(&outbox)?;
    ended
}

fn converse(
    websocket: &mut Connection<Server>,
    inbox: &mut Inbox,
    outbox: &mut Vec<u8>,
    stream: &mut TcpStream,
) -> Result<(), Box<dyn Error>> {
    loop {
        while let Some(event) = websocket.receive(inbox, outbox)? {
            match event {
                Event::Text(text) => websocket.send_text(text, outbox)?,
                Event::Binary(data) => websocket.send_binary(data, outbox)?,
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
            }
        }
        stream.write_all(outbox)?;
        outbox.clear();
        if websocket.is_done() {
            return Ok(());
        }
        if inbox.read_from(stream)? == 0 {
            return Ok(websocket.end_of_input()?);
        }
    }
}
