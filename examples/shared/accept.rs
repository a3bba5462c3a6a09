//! Accepts connections and serves each on its own thread. Survives a shortage of threads, descriptors
//! or memory.

use std::{
    hint::black_box,
    io::{self, ErrorKind},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};

#[path = "report.rs"]
mod report;

pub(crate) use report::report;

/// The most connections at a time. Further ones wait to be accepted.
const CONNECTIONS: usize = 2000;

/// The stack of a thread, in bytes of address space. Only the used part takes memory.
pub(crate) const STACK: usize = 256 * 1024;

/// Address space that must be free before a connection is accepted, in bytes. Otherwise the next
/// allocation of another connection could abort the process.
///
/// With a limit on address space (`ulimit -v`), also set `MALLOC_ARENA_MAX=1`. Otherwise glibc
/// reserves 64 MiB for the first allocation of each thread, which exceeds this reserve.
const RESERVE: usize = 40 * 1024 * 1024;

/// How long to wait after a connection could not be accepted or served.
const PAUSE: Duration = Duration::from_millis(50);

/// Calls `serve` for each connection, on its own thread.
pub(crate) fn serve_each(
    listener: &TcpListener,
    serve: impl Fn(TcpStream) + Send + Sync + 'static,
) -> ! {
    let serve = Arc::new(serve);
    loop {
        // Each thread holds one reference until it ends or panics.
        if Arc::strong_count(&serve) > CONNECTIONS {
            thread::sleep(PAUSE);
            continue;
        }
        let accepted = listener.accept().and_then(|(stream, _)| {
            let serve = Arc::clone(&serve);
            reserve()?;
            // Without a thread, the connection is closed. `thread::spawn` would panic instead.
            thread::Builder::new().stack_size(STACK).spawn(move || serve(stream))
        });
        if let Err(error) = accepted {
            // Such as too many open files. Wait for other connections to end.
            report(format_args!("cannot serve a connection: {error}"));
            thread::sleep(PAUSE);
        }
    }
}

/// Fails if less address space than the reserve is free. Takes no memory.
fn reserve() -> io::Result<()> {
    let mut reserve = Vec::<u8>::new();
    let reserved = reserve.try_reserve_exact(RESERVE);
    black_box(&reserve); // keeps the allocation from being optimized away
    reserved.map_err(|_| ErrorKind::OutOfMemory.into())
}
