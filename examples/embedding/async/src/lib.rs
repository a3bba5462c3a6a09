//! Echo servers over asynchronous runtimes, one file for each, to be copied.
//!
//! Each binary in `src/bin` opens a port and hands every connection to one of these.

#[path = "../../../shared/deadlines.rs"]
mod deadlines;
pub mod hyper_echo;
pub mod monoio_echo;
#[path = "../../../shared/report.rs"]
mod report;
pub mod room;
pub mod smol_echo;
pub mod tokio_client;
pub mod tokio_echo;
pub mod tokio_split;
pub mod tokio_transport;
