//! A server and a client in HTTP/3 (RFC 9220), to copy. QUIC and HTTP/3 are those of the crate `quiche`,
//! which does no I/O, like hybi: a task moves datagrams and bytes between the two and a UDP socket.

pub mod client;
#[path = "../../../shared/clock.rs"]
mod clock;
mod listener;
#[path = "../../../shared/report.rs"]
mod report;
pub mod server;
mod transport;
mod websocket;
