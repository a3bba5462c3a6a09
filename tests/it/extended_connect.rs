//! The opening handshake in HTTP/2 and HTTP/3: the extended CONNECT.
//!
//! The tables of `server_handshake` and `client_handshake` run over it too: see
//! [`connect`](crate::support::handshake::connect). What is here is what only it has.

mod accepting;
mod application;
mod client;
mod gateway;
mod hostile;
#[cfg(feature = "http")]
mod types;
