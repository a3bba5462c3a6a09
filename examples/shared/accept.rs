//! Accepts connections, each for a thread of its own, also when threads, descriptors or
//! memory run out.

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

/// How many connections are served at a time. Further ones wait until one of these ends.
const CONNECTIONS: usize = 2000;

/// The stack of a thread. It is address space: only what is used takes memory.
pub(crate) const STACK: usize = 256 * 1024;

/// Address space that is left to those who are served. Without any, their next allocation would end
/// the process.
///
/// With a limit on address space (`ulimit -v`), also set `MALLOC_ARENA_MAX=1`: glibc otherwise takes
/// 64 MiB of it at once when a thread allocates for the first time, and so the reserve as well.
const RESERVE: usize = 40 * 1024 * 1024;

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
            reserve()?;
            // If there is no thread for it, the connection is closed. `thread::spawn` would panic.
            thread::Builder::new().stack_size(STACK).spawn(move || serve(stream))
        });
        if let Err(error) = accepted {
            // Such as too many open files: others end in the meantime.
            report(format_args!("cannot serve a connection: {error}"));
            thread::sleep(PAUSE);
        }
    }
}

/// Fails if there is less than the reserve. It is address space, too: no memory is taken.
fn reserve() -> io::Result<()> {
    let mut reserve = Vec::<u8>::new();
    let reserved = reserve.try_reserve_exact(RESERVE);
    black_box(&reserve); // so that the allocation is not optimized away
    reserved.map_err(|_| ErrorKind::OutOfMemory.into())
}
