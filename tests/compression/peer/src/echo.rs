//! The conversation, which is the same in both roles.

use std::{io::Write, net::TcpStream};

use hybi::{
    Connection, Event, Inbox, Role, State,
    extension::deflate::{Direction, Parameters},
};

use crate::Failure;

/// Says what was agreed on, then sends every message back until the connection ends.
pub(crate) fn run<R: Role>(
    mut websocket: Connection<R>,
    mut inbox: Inbox,
    stream: &mut TcpStream,
) -> Result<(), Failure> {
    let mut outbox = Vec::new();
    let ended = converse(&mut websocket, &mut inbox, &mut outbox, stream);
    // Also after an error: the Close frame that says what it was is in the outbox.
    stream.write_all(&outbox)?;
    ended
}

fn converse<R: Role>(
    websocket: &mut Connection<R>,
    inbox: &mut Inbox,
    outbox: &mut Vec<u8>,
    stream: &mut TcpStream,
) -> Result<(), Failure> {
    websocket.send_text(&report(websocket.compression()), outbox)?;
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
        match inbox.read_from(stream) {
            Ok(0) => return Ok(websocket.end_of_input()?),
            // Behind both Close frames, a reset is as good an end as any.
            Err(_) if websocket.state() == State::Closed => return Ok(()),
            read => read?,
        };
    }
}

/// What was agreed on, as JSON.
fn report(agreed: Option<Parameters>) -> String {
    let direction = |direction: Direction| {
        format!(
            r#"{{"window": {}, "takeover": {}}}"#,
            direction.window_bits(),
            direction.takeover()
        )
    };
    agreed.map_or_else(
        || "null".into(),
        |agreed| {
            let (server, client) = (direction(agreed.server()), direction(agreed.client()));
            format!(r#"{{"server": {server}, "client": {client}}}"#)
        },
    )
}
