//! The opening handshake (RFC 6455, section 4) over HTTP/1.1.
//!
//! This module owns everything before the first frame. It knows nothing of frames: what it yields
//! is an open [`Connection`](crate::Connection), and bytes behind the head stay in the inbox, where
//! they are the first frames.
//!
//! Each state is a type that holds what the state has, and passes into the next:
//!
//! ```text
//!  server   Opening ──receive──► Request ──accept──► Accept ──finish──► Connection<Server>
//!              │                    └──reject──► Response ──send──► (close the transport)
//!              ├──receive_any──► HttpRequest ──respond──► Response ──send──►
//!              └──receive──► error: the refusal is in the outbox (close the transport)
//!
//!  client   Request ──send──► Opening ──receive──► Accepted ──finish──► Connection<Client>
//!                                │                 Refused: any other status (close)
//!                                └──receive──► error (close the transport)
//! ```
//!
//! The negotiation itself works on header fields from any source; HTTP/1.1 is one.

pub mod client;
mod controls;
mod field;
mod fields;
mod head;
mod key;
mod known;
mod negotiation;
mod origin;
mod response;
mod scanner;
pub mod server;
mod start_line;
pub(crate) mod token;
mod uri;

pub use field::Field;
pub use fields::{Fields, FieldsIter};
pub use head::{HeadFault, HeadLimits};
pub use origin::Origins;
pub use response::Response;
pub use uri::{Authority, Host, MAX_URI, ResourceName, Uri, UriError};
