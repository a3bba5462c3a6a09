//! Both embeddings in a program without std and without an allocator.
//!
//! If a dependency used `std`, linking would fail with a second panic handler. If one used `alloc`, it
//! would fail without an allocator. The program also runs both embeddings.
#![no_std]
#![no_main]

#[path = "../../../../../tests/no_std/src/libc.rs"]
mod libc;
mod loopback;
mod task;

use core::{ffi::c_int, fmt::Write};

use hybi_embedding_no_std::over_smoltcp::{Hardware, converse};
use libc::Output;
use loopback::Loopback;
use smoltcp::time::Instant;

#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    let mut milliseconds = 0..;
    let clock = || Instant::from_millis(milliseconds.next().unwrap_or(i64::MAX));
    // Predictable, which is fine because no byte leaves the process.
    let mut words = 0..;
    let report = |step: core::fmt::Arguments<'_>| {
        let _ = writeln!(Output::standard(), "smoltcp: {step}");
    };
    let entropy = Hardware(|| words.next());
    if let Err(failure) = converse(&mut Loopback::new(), clock, entropy, report) {
        let _ = writeln!(Output::error(), "smoltcp: {failure:?}");
        return 1;
    }
    match task::run() {
        Ok(()) => {
            let _ = writeln!(Output::standard(), "embassy: an echo, and a deadline");
            0
        }
        Err(wrong) => {
            let _ = writeln!(Output::error(), "embassy: {wrong}");
            1
        }
    }
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    let _ = writeln!(Output::error(), "{info}");
    libc::abort()
}

/// Referenced by the compiled `core`, which could unwind. Never called.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
