//! The client for the fuzzing server of the Autobahn test suite.
//!
//! `cargo run --release --example autobahn_client -- ws://127.0.0.1:9002 hybi`
//!
//! With `--trace` at the end, it prints a timeline of each case to standard error.

use std::{error::Error, io::Write};

use hybi::{Config, Event, inspect::Sender};

#[path = "shared/dial.rs"]
mod dial;

use dial::trace::Trace;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (url, agent, has_trace) = match arguments[..] {
        [url, agent] => (url, agent, false),
        [url, agent, "--trace"] => (url, agent, true),
        _ => return Err("usage: autobahn_client URL AGENT [--trace]".into()),
    };
    let url = url.trim_end_matches('/');
    let mut count = 0;
    let untraced = Trace::default();
    run(&format!("{url}/getCaseCount"), &untraced, |text| count = text.parse().unwrap_or(0))?;
    println!("{count} cases");
    for case in 1..=count {
        let trace = if has_trace { Trace::new(format!("#{case} ")) } else { Trace::default() };
        // Some cases must end with an error. The suite checks that.
        let target = format!("{url}/runCase?case={case}&agent={agent}");
        if let Err(error) = run(&target, &trace, |_| {}) {
            println!("case {case}: {error}");
        }
    }
    run(&format!("{url}/updateReports?agent={agent}"), &untraced, |_| {})
}

/// Echoes all messages until the connection ends. Calls `look` with each text.
fn run(url: &str, trace: &Trace, mut look: impl FnMut(&str)) -> Result<(), Box<dyn Error>> {
    let dial::Dialed { mut websocket, mut stream, mut inbox } =
        dial::dial(url, None, Config::new(), trace)?;
    let mut outbox = Vec::new();
    loop {
        let received = loop {
            match websocket.receive(&mut inbox, &mut outbox) {
                Ok(None) => break Ok(()),
                Ok(Some(Event::Text(text))) => {
                    look(text);
                    websocket.send_text(text, &mut outbox)?;
                }
                Ok(Some(Event::Binary(data))) => websocket.send_binary(data, &mut outbox)?,
                Ok(Some(Event::Ping(_) | Event::Pong(_) | Event::Close(_))) => {}
                Err(error) => break Err(error),
            }
        };
        // Also after an error: the outbox holds a Close frame with the reason.
        trace.pass(Sender::Client, &outbox);
        stream.write_all(&outbox)?;
        outbox.clear();
        received?;
        if websocket.should_close_transport() {
            return Ok(());
        }
        let length = dial::read(&mut inbox, &mut stream, websocket.state())?;
        trace.pass(Sender::Server, dial::newest(&inbox, length));
        if length == 0 {
            return Ok(websocket.end_of_input()?);
        }
    }
}
