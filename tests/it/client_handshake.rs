//! The client's opening handshake: the requests it sends and the responses it accepts.

mod advance;
mod failures;
mod hostile;
mod opening;
mod recorded;
mod redirects;
mod rejections;
mod requests;
mod round_trips;
mod traffic;
