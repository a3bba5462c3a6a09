//! The echo: the loop of the README, with deadlines, and a ping for a silent peer.

use std::error::Error;

use hybi::{Connection, Event, GrowingOutbox, Inbox, Server};

use crate::{frames::Report, tapped::Tapped, timed::Timed};

/// Sends every message back, until the connection ends.
pub(crate) fn run(
    mut websocket: Connection<Server>,
    mut inbox: Inbox,
    stream: &mut Timed<'_>,
    report: &Report,
) -> Result<(), Box<dyn Error>> {
    let (mut outbox, mut sent) = (GrowingOutbox::new(), Tapped::sent(report));
    let mut received = Tapped::received(report);
    let ended =
        converse(&mut websocket, &mut inbox, &mut outbox, stream, [&mut received, &mut sent]);
    // Also after an error: the outbox holds a Close frame with the reason.
    sent.pass(outbox.bytes());
    stream.end(outbox.bytes());
    ended
}

fn converse(
    websocket: &mut Connection<Server>,
    inbox: &mut Inbox,
    outbox: &mut GrowingOutbox,
    stream: &mut Timed<'_>,
    [received, sent]: [&mut Tapped; 2],
) -> Result<(), Box<dyn Error>> {
    // The first frames may have come with the request.
    received.pass_traced(inbox.unread());
    loop {
        while let Some(event) = websocket.receive(inbox, outbox)? {
            match event {
                Event::Text(text) => websocket.send_text(text, outbox)?,
                Event::Binary(data) => websocket.send_binary(data, outbox)?,
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
            }
        }
        // Sends a ping to a silent peer, or fails if it has taken too long.
        let until = stream.expire(websocket, outbox)?;
        if !outbox.is_empty() {
            if let Some(written) = stream.write_once(outbox.bytes(), until)? {
                sent.pass(&outbox.bytes()[..written]);
                outbox.consume(written)?;
            }
            continue;
        }
        if websocket.should_close_transport() {
            return Ok(());
        }
        match stream.read_once(inbox, until)? {
            Some(0) => return Ok(websocket.end_of_input()?),
            Some(length) => received.pass_last(inbox.unread(), length),
            None => {} // the deadline has passed
        }
    }
}
