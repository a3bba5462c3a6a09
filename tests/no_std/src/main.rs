//! Two WebSocket endpoints talk to each other in fixed arrays, without std and without an allocator.
//!
//! That it links is half of the proof: a dependency that used `std` would bring a second panic
//! handler, one that used `alloc` would ask for an allocator, and there is none. The other half is
//! that it runs. The exit status is 0, or the number of the [`Step`] that failed.
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

/// Named by the compiled `core`, which could unwind; never called here.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
