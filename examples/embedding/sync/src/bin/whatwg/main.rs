//! The `WebSocket` of browsers, as the WHATWG WebSockets Standard specifies it, driven by steps on the
//! command line. Prints a line of JSON after each step and for each event:
//! `[what, readyState, bufferedAmount, protocol, extensions, details …]`.
//!
//! `cargo run --bin whatwg -- "new ws://127.0.0.1:9001/echo" "await open" "send Hello" "await message"
//! "close 1000 done" "await close"`
//!
//! | step | |
//! | --- | --- |
//! | `new URL PROTOCOL …` | calls the constructor |
//! | `send TEXT`, `send-text N`, `send-binary N` | sends a text, or `N` bytes |
//! | `close`, `close CODE`, `close CODE REASON`, `close - REASON` | closes |
//! | `await EVENT` | fires events up to this one, or up to `close` |
//! | `drain` | fires events until `bufferedAmount` is 0, or up to `close` |
//!
//! The interface is in `websocket.rs`. The network runs in a thread of its own, in `network.rs` and
//! `worker.rs`. `interop/whatwg` compares this program with the `WebSocket` of browsers.

#[path = "../../../../../shared/clock.rs"]
mod clock;
mod log;
mod network;
mod websocket;
mod worker;

use std::{error::Error, time::Duration};

use hybi::Message;
use log::{Value, print};
use websocket::{Event, Exception, WebSocket};

/// How long to wait for an event.
const TIMEOUT: Duration = Duration::from_secs(90);

/// How long to wait before `bufferedAmount` is read again.
const TURN: Duration = Duration::from_millis(10);

fn main() -> Result<(), Box<dyn Error>> {
    let mut steps = std::env::args().skip(1);
    let first = steps.next().unwrap_or_default();
    let Some(arguments) = first.strip_prefix("new ") else {
        return Err("the first step is: new URL PROTOCOL …".into());
    };
    let mut arguments = arguments.split(' ');
    let url = arguments.next().unwrap_or_default();
    let protocols: Vec<&str> = arguments.collect();
    let mut websocket = match WebSocket::new(url, &protocols) {
        Ok(websocket) => websocket,
        Err(exception) => {
            println!("{}", log::line(&["new".into(), exception.into()]));
            return Ok(());
        }
    };
    print("new", &websocket, &[websocket.url().into()]);
    for step in steps {
        run(&step, &mut websocket)?;
    }
    Ok(())
}

/// Runs a step.
fn run(step: &str, websocket: &mut WebSocket) -> Result<(), Box<dyn Error>> {
    let (verb, argument) = step.split_once(' ').unwrap_or((step, ""));
    let result = match verb {
        "await" => {
            while websocket.has_events() {
                if fire(websocket, TIMEOUT).ok_or("no event")? == argument {
                    break;
                }
            }
            return Ok(());
        }
        "drain" => {
            while websocket.buffered_amount() > 0 && websocket.has_events() {
                fire(websocket, TURN);
            }
            Ok(())
        }
        "send" => websocket.send(Message::Text(argument.into())),
        "send-text" => websocket.send(Message::Text("x".repeat(argument.parse()?))),
        "send-binary" => websocket.send(Message::Binary(vec![0xff; argument.parse()?])),
        "close" => close(argument, websocket)?,
        _ => return Err(format!("unknown step: {step}").into()),
    };
    let details: Vec<Value> = result.err().into_iter().map(Value::from).collect();
    print(verb, websocket, &details);
    Ok(())
}

/// `close CODE REASON`, where both are optional, and `-` is no code.
fn close(
    argument: &str,
    websocket: &mut WebSocket,
) -> Result<Result<(), Exception>, Box<dyn Error>> {
    let (code, reason) = match argument.split_once(' ') {
        Some((code, reason)) => (code, Some(reason)),
        None => (argument, None),
    };
    let code = match code {
        "" | "-" => None,
        number => Some(number.parse()?),
    };
    Ok(websocket.close(code, reason))
}

/// Fires the next event, and returns its name. `None` if there is none.
fn fire(websocket: &mut WebSocket, timeout: Duration) -> Option<&'static str> {
    let (name, details) = match websocket.next_event(timeout)? {
        Event::Open => ("open", vec![]),
        Event::Message(Message::Text(text)) => ("message", log::data("text", text.as_bytes())),
        Event::Message(Message::Binary(data)) => ("message", log::data("binary", &data)),
        Event::Error => ("error", vec![]),
        Event::Close(closed) => (
            "close",
            vec![closed.was_clean.into(), u64::from(closed.code).into(), closed.reason.into()],
        ),
    };
    // The `close` of the script is another entry than the `close` event.
    print(&format!("on{name}"), websocket, &details);
    Some(name)
}
