//! An interactive client for the terminal. It sends each typed line as text, and prints events.
//!
//! `cargo run --example connect -- ws://127.0.0.1:9001/chat`
//!
//! With `--trace`, it also prints a timeline of requests, frames and messages to standard error.
//!
//! With `--proxy http://HOST:PORT` or `--proxy http://USER:PASSWORD@HOST:PORT` it goes
//! through the tunnel of an HTTP proxy.
//!
//! The end of standard input (Ctrl-D) closes the connection. The exit status is 0 after a clean
//! close, 1 after any other end, and 2 if the command line is wrong.

use std::{
    error::Error,
    io::{BufRead, Write},
    net::{Shutdown, TcpStream},
    process::ExitCode,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use hybi::{Client, CloseCode, Config, Connection, Event, Inbox, inspect::Sender};

#[path = "shared/dial.rs"]
mod dial;

use dial::trace::Trace;

/// How long to wait for the server while the connection is closing.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// The state that the typing thread and the receiving thread share.
struct Shared {
    websocket: Connection<Client>,
    outbox: Vec<u8>,
    stream: TcpStream,
    trace: Trace,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (trace, arguments) = match &arguments[..] {
        ["--trace", rest @ ..] => (Trace::new(String::new()), rest),
        all => (Trace::default(), all),
    };
    let (proxy, url) = match *arguments {
        [url] => (None, url),
        ["--proxy", proxy, url] => (Some(proxy), url),
        _ => {
            eprintln!(
                "usage: connect [--trace] [--proxy URL] URL      such as ws://127.0.0.1:9001/chat"
            );
            return ExitCode::from(2);
        }
    };
    match run(proxy, url, &trace) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("connect: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(proxy: Option<&str>, url: &str, trace: &Trace) -> Result<(), Box<dyn Error>> {
    let dial::Dialed { websocket, stream, inbox } = dial::dial(url, proxy, Config::new(), trace)?;
    eprintln!("connected to {url}; Ctrl-D closes");
    let reader = stream.try_clone()?;
    let shared = Shared { websocket, outbox: Vec::new(), stream, trace: trace.clone() };
    let shared = Arc::new(Mutex::new(shared));

    let typing = Arc::clone(&shared);
    // This thread ends with the process, because reading a line cannot be interrupted.
    thread::spawn(move || {
        if let Err(error) = type_lines(&typing) {
            eprintln!("connect: {error}");
        }
    });
    receive(&shared, reader, inbox, trace)
}

/// Sends each line of standard input, then closes.
fn type_lines(shared: &Mutex<Shared>) -> Result<(), Box<dyn Error>> {
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        with(shared, |Shared { websocket, outbox, .. }| websocket.send_text(&line, outbox))?;
    }
    with(shared, |Shared { websocket, outbox, stream, .. }| {
        if websocket.state() == hybi::State::Open {
            websocket.close(CloseCode::NORMAL, "", outbox)?;
            // A read timeout would not affect the read that the other thread is waiting in.
            if let Ok(stream) = stream.try_clone() {
                thread::spawn(move || {
                    thread::sleep(CLOSE_TIMEOUT);
                    let _ = stream.shutdown(Shutdown::Both);
                });
            }
        }
        Ok(())
    })
}

/// Prints events until the connection ends.
fn receive(
    shared: &Mutex<Shared>,
    mut reader: TcpStream,
    mut inbox: Inbox,
    trace: &Trace,
) -> Result<(), Box<dyn Error>> {
    loop {
        with(shared, |Shared { websocket, outbox, .. }| {
            while let Some(event) = websocket.receive(&mut inbox, outbox)? {
                print(&event);
            }
            Ok(())
        })?;
        let state = lock(shared).websocket.state();
        if lock(shared).websocket.should_close_transport() {
            break;
        }
        let length = dial::read(&mut inbox, &mut reader, state)?;
        trace.pass(Sender::Server, dial::newest(&inbox, length));
        if length == 0 {
            lock(shared).websocket.end_of_input()?;
            break;
        }
    }
    let _ = reader.shutdown(Shutdown::Both);
    Ok(())
}

/// Calls `act` with the connection, then writes out the outbox, also after an error.
fn with(
    shared: &Mutex<Shared>,
    act: impl FnOnce(&mut Shared) -> Result<(), hybi::Error>,
) -> Result<(), Box<dyn Error>> {
    let mut shared = lock(shared);
    let result = act(&mut shared);
    let Shared { outbox, stream, trace, .. } = &mut *shared;
    trace.pass(Sender::Client, outbox);
    stream.write_all(outbox)?;
    outbox.clear();
    Ok(result?)
}

fn lock(shared: &Mutex<Shared>) -> std::sync::MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn print(event: &Event<'_>) {
    match event {
        // Escaped, so that the peer cannot control the terminal.
        Event::Text(text) => println!("< {}", text.escape_debug()),
        Event::Binary(data) => println!("< {} bytes of binary data", data.len()),
        Event::Ping(data) => println!("  ping, {} bytes", data.len()),
        Event::Pong(data) => println!("  pong, {} bytes", data.len()),
        Event::Close(close) => match close.code() {
            Some(code) => println!("  closed: {code} {}", close.reason().escape_debug()),
            None => println!("  closed without a code"),
        },
    }
}
