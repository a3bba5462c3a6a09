//! WebSockets without std and without an allocator.
//!
//! - [`over_smoltcp`]: a server and a client that are polled, over sockets of smoltcp.
//! - [`over_embassy`]: an asynchronous server, over any stream with the traits of `embedded-io-async`.
//!
//! All buffers are arrays. The programs in `src/bin` run these modules on an operating system with std.
#![no_std]

pub mod over_embassy;
pub mod over_smoltcp;

pub use hybi::deadline::Cause;
