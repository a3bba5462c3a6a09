//! The server's opening handshake: the requests it accepts, its responses, and the requests it
//! refuses.

mod accepting;
mod advance;
mod hostile;
mod limits;
mod owned;
mod recorded;
mod refusals;
mod rejecting;
mod secrets;
mod smuggling;
mod traffic;
