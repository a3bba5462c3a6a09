//! The client's side of the opening handshake: what it asks, which answers it accepts.

mod asking;
mod failures;
mod hostile;
mod looking;
mod opening;
mod refusals;
mod round_trips;
mod traffic;
