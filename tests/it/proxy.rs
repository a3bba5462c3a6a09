//! A tunnel through an HTTP proxy: requests, responses, and a WebSocket through the tunnel.

mod challenges;
mod hostile;
mod requests;
mod responses;
mod support;
mod through;
