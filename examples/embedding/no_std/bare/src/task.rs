//! The echo for embassy, polled without an executor. Its clock advances when a task waits for it.

use core::{
    convert::Infallible,
    future,
    pin::pin,
    sync::atomic::{AtomicU64, Ordering},
    task::{Context, Poll, Waker},
};

use embassy_time_driver::{Driver, time_driver_impl};
use embedded_io_async::{ErrorType, Read, Write};
use hybi_embedding_no_std::{
    Cause,
    over_embassy::{Echo, Failure},
};

/// Runs the echo to a clean close, and to its deadline.
pub(crate) fn run() -> Result<(), &'static str> {
    let mut stream = Stream { input: CLIENT, is_silent: false, output: [0; 512], written: 0 };
    if block_on(Echo::new().run(&mut stream)).is_err() {
        return Err("the connection did not close cleanly");
    }
    let output = &stream.output[..stream.written];
    if !(output.starts_with(b"HTTP/1.1 101 ") && output.ends_with(ANSWERS)) {
        return Err("the output is wrong");
    }

    let mut silent = Stream { is_silent: true, written: 0, ..stream };
    match block_on(Echo::new().run(&mut silent)) {
        Err(Failure::Late(Cause::Opening)) => {}
        _ => return Err("the deadline did not expire"),
    }
    if !silent.output.starts_with(b"HTTP/1.1 408 ") {
        return Err("there is no response");
    }
    Ok(())
}

/// A request, then "Hello" and a ping as in RFC 6455, section 5.7, and a Close.
const CLIENT: &[u8] = b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n\
    \x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\
    \x89\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\
    \x88\x82\0\0\0\0\x03\xe8";

const ANSWERS: &[u8] = b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\
    \x81\x05Hello\x8a\x05Hello\x88\x02\x03\xe8";

struct Stream {
    input: &'static [u8],
    /// Whether reads never complete.
    is_silent: bool,
    output: [u8; 512],
    written: usize,
}

impl ErrorType for Stream {
    type Error = Infallible;
}

impl Read for Stream {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        if self.is_silent {
            future::pending::<()>().await;
        }
        self.input.read(buffer).await
    }
}

impl Write for Stream {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let room = &mut self.output[self.written..][..bytes.len()];
        room.copy_from_slice(bytes);
        self.written += bytes.len();
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

/// Advances to the time that a task waits for.
struct Clock(AtomicU64);

time_driver_impl!(static CLOCK: Clock = Clock(AtomicU64::new(0)));

impl Driver for Clock {
    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        self.0.fetch_max(at, Ordering::Relaxed);
        waker.wake_by_ref();
    }
}
