//! Accepts connections, each for a thread of its own, whatever the system is short of.

use std::{
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};

/// How many connections are served at a time. Further ones wait until one of these ends.
const CONNECTIONS: usize = 2000;

/// The stack of a thread. It is address space: only what is used takes memory.
pub(crate) const STACK: usize = 256 * 1024;

/// How long to wait when a connection cannot be accepted or served, instead of trying in a loop.
const PAUSE: Duration = Duration::from_millis(50);

/// Calls `serve` with each connection, on a thread of its own.
pub(crate) fn serve_each(
    listener: &TcpListener,
    serve: impl Fn(TcpStream) + Send + Sync + 'static,
) -> ! {
    let serve = Arc::new(serve);
    loop {
        // Each thread holds one reference until it ends, also by a panic.
        if Arc::strong_count(&serve) > CONNECTIONS {
            thread::sleep(PAUSE);
            continue;
        }
        let accepted = listener.accept().and_then(|(stream, _)| {
            let serve = Arc::clone(&serve);
            // If there is no thread for it, the connection is closed. `thread::spawn` would panic.
            thread::Builder::new().stack_size(STACK).spawn(move || serve(stream))
        });
        if let Err(error) = accepted {
            // Such as too many open files: others end in the meantime.
            eprintln!("cannot serve a connection: {error}");
            thread::sleep(PAUSE);
        }
    }
}
