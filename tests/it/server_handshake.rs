//! The server's side of the opening handshake: what it accepts, how it answers, what it refuses.

mod accepting;
mod hostile;
mod keeping;
mod limits;
mod looking;
mod refusals;
mod rejecting;
mod secrets;
mod smuggling;
mod traffic;
