//! The echo, for both roles.

use std::{io::Write, net::TcpStream};

use hybi::{
    Connection, Event, Fragment, Inbox, Role, State,
    deflate::{Direction, Negotiated},
};

use crate::Failure;

/// Reports the negotiated parameters, then echoes messages until the connection ends.
pub(crate) fn run<R: Role>(
    mut websocket: Connection<R>,
    mut inbox: Inbox,
    fragment_size: Option<usize>,
    stream: &mut TcpStream,
) -> Result<(), Failure> {
    let mut outbox = Vec::new();
    let ended = converse(&mut websocket, &mut inbox, &mut outbox, fragment_size, stream);
    // Also after an error: the outbox holds a Close frame with the reason.
    stream.write_all(&outbox)?;
    ended
}

fn converse<R: Role>(
    websocket: &mut Connection<R>,
    inbox: &mut Inbox,
    outbox: &mut Vec<u8>,
    fragment_size: Option<usize>,
    stream: &mut TcpStream,
) -> Result<(), Failure> {
    let size = fragment_size.unwrap_or(usize::MAX);
    websocket.send_text(&report(websocket.compression()), outbox)?;
    loop {
        while let Some(event) = websocket.receive(inbox, outbox)? {
            match event {
                Event::Text(text) => {
                    for (piece, fragment) in Fragment::split_text(text, size) {
                        websocket.send_text_fragment(piece, fragment, outbox)?;
                    }
                }
                Event::Binary(data) => {
                    for (piece, fragment) in Fragment::split_binary(data, size) {
                        websocket.send_binary_fragment(piece, fragment, outbox)?;
                    }
                }
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
            }
        }
        stream.write_all(outbox)?;
        outbox.clear();
        if websocket.should_close_transport() {
            return Ok(());
        }
        match inbox.read_from(stream) {
            Ok(0) => return Ok(websocket.end_of_input()?),
            // After both Close frames, a reset is a normal end.
            Err(_) if websocket.state() == State::Closed => return Ok(()),
            read => read?,
        };
    }
}

/// The negotiated parameters as JSON.
fn report(agreed: Option<Negotiated>) -> String {
    let direction = |direction: Direction| {
        format!(
            r#"{{"window": {}, "takeover": {}}}"#,
            direction.window_bits(),
            direction.context_takeover()
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
