//! The client for the fuzzing server of the Autobahn test suite.
//!
//! `cargo run --release --example autobahn_client -- ws://127.0.0.1:9002 hybi`

use std::{error::Error, io::Write};

use hybi::{Config, Event};

#[path = "shared/dial.rs"]
mod dial;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, agent] = &arguments[..] else {
        return Err("usage: autobahn_client URL AGENT".into());
    };
    let url = url.trim_end_matches('/');
    let mut count = 0;
    run(&format!("{url}/getCaseCount"), |text| count = text.parse().unwrap_or(0))?;
    println!("{count} cases");
    for case in 1..=count {
        // Some cases must end with an error. The suite judges that.
        if let Err(error) = run(&format!("{url}/runCase?case={case}&agent={agent}"), |_| {}) {
            println!("case {case}: {error}");
        }
    }
    run(&format!("{url}/updateReports?agent={agent}"), |_| {})
}

/// Echoes all messages until the connection ends. Calls `look` with each text.
fn run(url: &str, mut look: impl FnMut(&str)) -> Result<(), Box<dyn Error>> {
    let dial::Dialed { mut websocket, mut stream, mut inbox } =
        dial::dial(url, None, Config::new())?;
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
        stream.write_all(&outbox)?;
        outbox.clear();
        received?;
        if websocket.should_close_transport() {
            return Ok(());
        }
        if dial::read(&mut inbox, &mut stream, websocket.state())? == 0 {
            return Ok(websocket.end_of_input()?);
        }
    }
}
