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

use hybi::{
    Client, CloseCode, Config, Connection, Event, GrowingOutbox, Inbox, deadline::Deadlines,
    inspect::Sender,
};

#[path = "shared/dial.rs"]
mod dial;

use dial::{
    timed::clock::{TURN, is_temporary, left, now, timeouts},
    trace::Trace,
};

/// The state that the typing thread and the receiving thread share.
struct Shared {
    websocket: Connection<Client>,
    outbox: GrowingOutbox,
    deadlines: Deadlines,
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
    let (outbox, deadlines) = (GrowingOutbox::new(), Deadlines::new(timeouts(), now()));
    let shared = Shared { websocket, outbox, deadlines, stream, trace: trace.clone() };
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
    with(shared, |Shared { websocket, outbox, .. }| {
        if websocket.state() == hybi::State::Open {
            websocket.close(CloseCode::NORMAL, "", outbox)?;
        }
        Ok(())
    })?;
    Ok(())
}

/// Prints events until the connection ends.
fn receive(
    shared: &Mutex<Shared>,
    mut reader: TcpStream,
    mut inbox: Inbox,
    trace: &Trace,
) -> Result<(), Box<dyn Error>> {
    loop {
        let until = with(shared, |Shared { websocket, outbox, .. }| {
            while let Some(event) = websocket.receive(&mut inbox, outbox)? {
                print(&event);
            }
            Ok(())
        })?;
        let state = lock(shared).websocket.state();
        if lock(shared).websocket.should_close_transport() {
            break;
        }
        reader.set_read_timeout(Some(left(until).map_or(TURN, |left| left.min(TURN))))?;
        match dial::read(&mut inbox, &mut reader, state) {
            Ok(0) => {
                lock(shared).websocket.end_of_input()?;
                break;
            }
            Ok(length) => {
                trace.pass(Sender::Server, dial::newest(&inbox, length));
                lock(shared).deadlines.on_read(now());
            }
            Err(error) if is_temporary(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let _ = reader.shutdown(Shutdown::Both);
    Ok(())
}

/// Calls `act` with the connection, then writes out the outbox, also after an error. Returns the next
/// deadline.
fn with(
    shared: &Mutex<Shared>,
    act: impl FnOnce(&mut Shared) -> Result<(), hybi::Error>,
) -> Result<Option<Duration>, Box<dyn Error>> {
    let mut shared = lock(shared);
    let result = act(&mut shared);
    let Shared { websocket, outbox, deadlines, stream, trace } = &mut *shared;
    let mut traced = 0;
    loop {
        let expired = deadlines.expire(now(), websocket, outbox);
        trace.pass(Sender::Client, &outbox.bytes()[traced..]);
        traced = outbox.bytes().len();
        let until = match expired {
            Ok(until) => until,
            Err(cause) => {
                if cause.close_code().is_some() {
                    // The outbox holds only the Close, which a socket takes at once.
                    let _ = stream.write(outbox.bytes());
                }
                return Err(cause.into());
            }
        };
        if outbox.is_empty() {
            result?;
            return Ok(until);
        }
        stream.set_write_timeout(left(until))?;
        match stream.write(outbox.bytes()) {
            Ok(length) => {
                outbox.consume(length)?;
                traced -= length;
                deadlines.on_write(now(), length);
            }
            Err(error) if is_temporary(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
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
