//! The checks of a peer. They are the same for both roles.
//!
//! The peer echoes each message, with two exceptions: it answers the text `ping` with a ping, and the text
//! `close` with a Close frame that has the code 4001 and the reason `bye`.

use std::{thread, time::Duration};

use hybi::{CloseCode, Fragment, Message, Role};

use crate::{
    Failure,
    link::{Link, Received},
    policy::SUBPROTOCOL,
};

/// How a check ended, if it did not fail.
pub(crate) enum Outcome {
    Passed(String),
    /// The peer does not have what is checked.
    Lacking(&'static str),
}

/// A result as a line: `pass`, `lack` or `fail`, and the details.
pub(crate) fn line(result: Result<Outcome, Failure>) -> String {
    match result {
        Ok(Outcome::Passed(details)) => format!("pass {details}"),
        Ok(Outcome::Lacking(what)) => format!("lack {what}"),
        Err(error) => format!("fail {error}"),
    }
}

/// Runs a check over an open connection, until the connection has ended.
pub(crate) fn run<R: Role>(name: &str, link: &mut Link<R>) -> Result<Outcome, Failure> {
    let compressed = ["takeover", "no-takeover", "z-empty", "z-large", "z-fragments"];
    if compressed.contains(&name) && link.websocket.compression().is_none() {
        finish(link)?;
        return Ok(Outcome::Lacking("no compression"));
    }
    let mut details = String::new();
    match name {
        "text" => echo(link, text("Grüße, 世界"))?,
        "empty" => {
            echo(link, text(""))?;
            echo(link, Message::Binary(Vec::new()))?;
            echo(link, text("not empty"))?;
        }
        "large" => echo(link, Message::Binary(noise(1 << 20)))?,
        "fragments" => fragments(link, ["one ", "two ", "three"])?,
        "ping" => ping(link)?,
        "pinged" => pinged(link)?,
        "takeover" | "no-takeover" => details = takeover(link, name == "takeover")?,
        "z-empty" => {
            for message in ["before", "", "", "after"] {
                echo(link, text(message))?;
            }
        }
        "z-large" => echo(link, text(&"All work and no play. ".repeat(1 << 16)[..1 << 20]))?,
        "z-fragments" => {
            let [one, two, three] = [1, 2, 3].map(|number| format!("part {number} ").repeat(100));
            fragments(link, [&one, &two, &three])?;
        }
        "subprotocol" => match link.subprotocol.as_deref() {
            Some(SUBPROTOCOL) => echo(link, text("chosen"))?,
            Some(other) => return Err(format!("the subprotocol is {other}").into()),
            None => {
                finish(link)?;
                return Ok(Outcome::Lacking("no subprotocol"));
            }
        },
        "idle" => {
            thread::sleep(Duration::from_secs(3));
            echo(link, text("still here"))?;
        }
        "origin" => echo(link, text("allowed"))?,
        "close" => {
            let code = CloseCode::new(4000).ok_or("not a close code")?;
            link.websocket.close(code, "done", &mut link.outbox)?;
            return Ok(Outcome::Passed(ended(link)?));
        }
        "no-code" => {
            link.websocket.close_without_code(&mut link.outbox)?;
            return Ok(Outcome::Passed(ended(link)?));
        }
        "closed" => {
            closed(link)?;
            return Ok(Outcome::Passed(details));
        }
        _ => return Err(format!("{name} is not a check").into()),
    }
    finish(link)?;
    Ok(Outcome::Passed(details))
}

fn echo<R: Role>(link: &mut Link<R>, message: Message) -> Result<(), Failure> {
    link.websocket.send(&message, &mut link.outbox)?;
    expect(&link.next()?, &Received::Message(message))
}

/// Sends a message in three fragments, with a ping after the first. The pong may arrive before or after the
/// message.
fn fragments<R: Role>(link: &mut Link<R>, parts: [&str; 3]) -> Result<(), Failure> {
    let Link { websocket, outbox, .. } = link;
    websocket.send_text_fragment(parts[0], Fragment::More, outbox)?;
    websocket.send_ping(b"between", outbox)?;
    websocket.send_text_fragment(parts[1], Fragment::More, outbox)?;
    websocket.send_text_fragment(parts[2], Fragment::Last, outbox)?;
    let expected = [Received::Pong(b"between".into()), Received::Message(text(&parts.concat()))];
    let first = link.next()?;
    let second = &expected[usize::from(first == expected[0])];
    if !expected.contains(&first) {
        return Err(unexpected(&first));
    }
    expect(&link.next()?, second)
}

fn ping<R: Role>(link: &mut Link<R>) -> Result<(), Failure> {
    for payload in [&b"payload"[..], b"", &[0xff; 125]] {
        link.websocket.send_ping(payload, &mut link.outbox)?;
        expect(&link.next()?, &Received::Pong(payload.into()))?;
    }
    echo(link, text("after"))
}

fn pinged<R: Role>(link: &mut Link<R>) -> Result<(), Failure> {
    link.websocket.send_text("ping", &mut link.outbox)?;
    match link.next()? {
        Received::Ping(_) => echo(link, text("after")),
        other => Err(unexpected(&other)),
    }
}

/// Sends the same message three times. The lengths of the echoes on the wire show whether the peer uses the
/// context takeover that was negotiated.
fn takeover<R: Role>(link: &mut Link<R>, allowed: bool) -> Result<String, Failure> {
    let Some(negotiated) = link.websocket.compression() else {
        return Err("no compression".into());
    };
    let theirs = if R::IS_SERVER { negotiated.client() } else { negotiated.server() };
    if theirs.context_takeover() && !allowed {
        return Err("context takeover was negotiated, but not allowed".into());
    }
    let message: String = noise(8000).iter().map(|byte| char::from(b'a' + byte % 16)).collect();
    let mut lengths = [0; 3];
    for length in &mut lengths {
        link.take_received();
        echo(link, text(&message))?;
        *length = link.take_received();
    }
    let [first, .., last] = lengths;
    let details = match (first < message.len() * 3 / 4, last < first / 4) {
        (false, _) => "echoes are not compressed",
        (true, false) => "without takeover",
        (true, true) if theirs.context_takeover() => "with takeover",
        (true, true) => return Err("takeover was not negotiated, but used".into()),
    };
    Ok(format!("{details}: {lengths:?} of {} bytes", message.len()))
}

/// Sends a Close and waits for an answer. Other checks check how the peer closes.
fn finish<R: Role>(link: &mut Link<R>) -> Result<(), Failure> {
    link.websocket.close(CloseCode::NORMAL, "", &mut link.outbox)?;
    link.flush()?;
    let _ = link.next();
    Ok(())
}

/// Waits for the answer to our Close, and the end of the transport. A peer should answer with the same code,
/// but need not.
fn ended<R: Role>(link: &mut Link<R>) -> Result<String, Failure> {
    let code = match link.next()? {
        Received::Close(code, _) => code,
        other => return Err(unexpected(&other)),
    };
    let end = link.next().map_err(|error| format!("after both Close frames: {error}"))?;
    expect(&end, &Received::End)?;
    Ok(format!("answered with {code}"))
}

fn closed<R: Role>(link: &mut Link<R>) -> Result<(), Failure> {
    link.websocket.send_text("close", &mut link.outbox)?;
    expect(&link.next()?, &Received::Close(4001, "bye".into()))?;
    expect(&link.next()?, &Received::End)
}

fn expect(received: &Received, expected: &Received) -> Result<(), Failure> {
    if received == expected { Ok(()) } else { Err(unexpected(received)) }
}

fn unexpected(received: &Received) -> Failure {
    let what = match received {
        Received::Message(message) => {
            let bytes = message.as_bytes();
            let start = bytes[..bytes.len().min(20)].escape_ascii();
            format!("another message of {} bytes: {start}", bytes.len())
        }
        Received::Ping(_) => "a ping".into(),
        Received::Pong(payload) => format!("a pong of {} bytes", payload.len()),
        Received::Close(code, reason) => format!("a Close with {code} {}", reason.escape_debug()),
        Received::End => "the end of the connection".into(),
    };
    format!("received {what}").into()
}

fn text(text: &str) -> Message {
    Message::Text(text.into())
}

/// Bytes that do not compress.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let step = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    };
    std::iter::repeat_with(step).take(length).collect()
}
