//! A conversation of the client and the server in one program.

use core::fmt::Arguments;

use hybi::{CloseCode, Error, Event, Fragment, random::Entropy};
use smoltcp::{phy::Device, time::Instant};

use super::{
    Failure, MESSAGE,
    network::{Memory, Network},
};

/// Runs a client and a server over a loopback device, and reports each step that succeeded.
///
/// # Errors
///
/// The first step that failed.
pub fn converse<D: Device, E: Entropy>(
    device: &mut D,
    mut clock: impl FnMut() -> Instant,
    mut entropy: E,
    mut report: impl FnMut(Arguments<'_>),
) -> Result<(), Failure> {
    let mut memory = Memory::new();
    let mut network = Network::connect(device, &mut clock, &mut entropy, 50_001, &mut memory)?;

    network.send(|websocket, outbox| websocket.send_text("Wasser kocht über", outbox))?;
    network.expect(|event| event == Event::Text("Wasser kocht über"))?;
    report(format_args!("a text comes back"));

    network.send(|websocket, outbox| websocket.send_binary(&LARGEST, outbox))?;
    network.expect(|event| event == Event::Binary(&LARGEST))?;
    report(format_args!("{MESSAGE} bytes come back, all that the inbox holds"));

    network.send(|websocket, outbox| {
        websocket.send_text_fragment("Wasser k", Fragment::More, outbox)?;
        websocket.send_ping(b"still there?", outbox)?;
        websocket.send_text_fragment("ocht ü", Fragment::More, outbox)?;
        websocket.send_text_fragment("ber", Fragment::Last, outbox)
    })?;
    network.expect(|event| event == Event::Pong(b"still there?"))?;
    network.expect(|event| event == Event::Text("Wasser kocht über"))?;
    report(format_args!("a message in fragments comes back, and before it a pong"));

    network.send(|websocket, outbox| websocket.close(CloseCode::NORMAL, "done", outbox))?;
    network.expect(|event| closes(event, CloseCode::NORMAL))?;
    network.end()??;
    report(format_args!("both ends close with 1000"));

    let mut memory = Memory::new();
    let mut network = Network::connect(device, &mut clock, &mut entropy, 50_002, &mut memory)?;
    network.send(|websocket, outbox| websocket.send_binary(&TOO_LARGE, outbox))?;
    network.expect(|event| closes(event, CloseCode::MESSAGE_TOO_BIG))?;
    let Err(Failure::WebSocket(error @ Error::Limit(_))) = network.end()? else {
        return Err(Failure::Unexpected);
    };
    report(format_args!("one byte more is refused with 1009: {error}"));
    Ok(())
}

const LARGEST: [u8; MESSAGE] = [0x5a; MESSAGE];
const TOO_LARGE: [u8; MESSAGE + 1] = [0x5a; MESSAGE + 1];

fn closes(event: Event<'_>, code: CloseCode) -> bool {
    matches!(event, Event::Close(close) if close.code() == Some(code))
}
