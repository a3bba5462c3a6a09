//! Echo servers over asynchronous runtimes, to copy.
//!
//! Each binary in `src/bin` listens on a port and serves connections with one of these modules.

pub mod application;
#[path = "../../../shared/buffers.rs"]
mod buffers;
#[path = "../../../shared/clock.rs"]
mod clock;
#[path = "../../../shared/following.rs"]
mod following;
pub mod h2_client;
pub mod h2_echo;
pub mod h2_stream;
pub mod hyper_echo;
pub mod hyper_tls;
pub mod monoio_echo;
#[path = "../../../shared/report.rs"]
mod report;
pub mod room;
pub mod smol_echo;
pub mod tokio_client;
pub mod tokio_echo;
pub mod tokio_split;
pub mod tokio_transport;
