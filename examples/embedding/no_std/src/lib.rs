//! WebSockets without std and without an allocator.
//!
//! - [`over_smoltcp`]: a server and a client that are polled, over sockets of smoltcp.
//! - [`over_embassy`]: a server that awaits, over whatever implements the traits of
//!   `embedded-io-async`.
//!
//! All buffers are arrays whose size is known when the program is built. The programs that run
//! them, in `src/bin`, have an operating system and std.
#![no_std]

pub mod over_embassy;
pub mod over_smoltcp;
