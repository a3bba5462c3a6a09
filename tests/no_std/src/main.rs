//! Two WebSocket endpoints with fixed-size buffers, without std and without an allocator.
//!
//! The program proves that the crate works without them by linking and running. A dependency on
//! `std` would add a second panic handler, and one on `alloc` would require an allocator, which
//! does not exist. The exit status is 0, or the number of the [`Step`] that failed.
#![no_std]
#![no_main]

mod conversation;
mod endpoint;
mod libc;

use core::{ffi::c_int, fmt::Write};

use libc::Output;

#[unsafe(no_mangle)]
extern "C" fn main() -> c_int {
    match conversation::run() {
        Ok(()) => {
            let _ =
                writeln!(Output::standard(), "a whole conversation, without std and an allocator");
            0
        }
        Err((step, wrong)) => {
            let _ = writeln!(Output::error(), "{step:?}: {wrong:?}");
            step as c_int
        }
    }
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    let _ = writeln!(Output::error(), "{info}");
    libc::abort()
}

/// Referenced by the precompiled `core`, which supports unwinding. Never called here.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
