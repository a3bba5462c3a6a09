//! An echo server whose codec for permessage-deflate (RFC 7692) is libdeflate, a library in C. Each
//! connection has a thread.
//!
//! It shows how to replace the codec of the crate: the handshake does not name a `Deflate`, and a custom
//! extension negotiates permessage-deflate and claims its bit (`extension.rs`). The codec itself is in
//! `codec.rs`.
//!
//! `cargo run --bin libdeflate -- 127.0.0.1:9001` serves.
//!
//! `cargo run --release --bin libdeflate` compares the codecs in memory (`compare.rs`).

#[path = "../../../../../shared/accept.rs"]
mod accept;
mod codec;
mod compare;
mod extension;
mod inflate;
#[path = "../../../../../shared/timed.rs"]
mod timed;

use std::{
    error::Error,
    net::{TcpListener, TcpStream},
};

use codec::Codecs;
use extension::Session;
use hybi::{GrowingOutbox, Inbox, Origins, Outbox, server::Opening};
use timed::{Timed, clock::timeouts};

/// When this many bytes wait in the outbox, they are written before more messages are answered.
const BATCH: usize = 64 * 1024;

/// A codec has a hash table of 128 KiB, so a connection has one only while it answers.
static CODECS: Codecs = Codecs::new();

fn main() -> Result<(), Box<dyn Error>> {
    let Some(address) = std::env::args().nth(1) else { return compare::compare() };
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    accept::serve_each(&listener, |stream| {
        if let Err(error) = serve(&stream) {
            accept::report(error);
        }
    })
}

/// One connection.
fn serve(stream: &TcpStream) -> Result<(), Box<dyn Error>> {
    stream.set_nodelay(true)?;
    let mut timed = Timed::new(stream, timeouts());
    let (mut inbox, mut response) = (Inbox::with_capacity(16 * 1024), Vec::new());
    let session = match open(&mut timed, &mut inbox, &mut response) {
        Ok(Some(session)) => session,
        refused => {
            timed.end(&response); // with the reason
            return refused.map(|_| ());
        }
    };
    let mut outbox = GrowingOutbox::new();
    outbox.append(&response);
    let ended = converse(session, &mut inbox, &mut outbox, &mut timed);
    timed.end(outbox.bytes()); // after an error, with the Close for it
    ended
}

/// The opening handshake; `None` if the peer sent no request.
fn open(
    stream: &mut Timed<'_>,
    inbox: &mut Inbox,
    outbox: &mut Vec<u8>,
) -> Result<Option<Session>, Box<dyn Error>> {
    let mut opening = Opening::new(Origins::same_host().or_no_browser());
    while stream.read_request(&mut opening, inbox, outbox)? > 0 {
        if let Some(request) = opening.receive(inbox, outbox)? {
            return Session::accept(request, outbox).map(Some);
        }
    }
    Ok(None)
}

/// Data transfer.
fn converse(
    mut session: Session,
    inbox: &mut Inbox,
    outbox: &mut GrowingOutbox,
    stream: &mut Timed<'_>,
) -> Result<(), Box<dyn Error>> {
    loop {
        let mut codec = CODECS.take().ok_or("no memory for a codec")?;
        while outbox.bytes().len() < BATCH
            && let Some(event) = session.websocket.receive_extended(inbox, outbox)?
        {
            session.answer(event, &mut codec, outbox)?;
        }
        CODECS.give_back(codec);
        // Sends a ping to a silent peer, or fails if it has taken too long.
        let until = stream.expire(&mut session.websocket, outbox)?;
        if !outbox.is_empty() {
            if let Some(written) = stream.write_once(outbox.bytes(), until)? {
                outbox.consume(written)?;
            }
            continue;
        }
        if session.websocket.should_close_transport() {
            return Ok(());
        }
        if stream.read_once(inbox, until)? == Some(0) {
            return Ok(session.websocket.end_of_input()?);
        }
    }
}
