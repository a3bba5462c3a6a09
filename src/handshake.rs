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
//!              └──receive──► error: the refusal is in the outbox (close the transport), and
//!                                   `refused` shows the request
//!
//!  client   Request ──send──► Opening ──receive──► Accepted ──finish──► Connection<Client>
//!                                │                 Rejected: any other status (close)
//!                                └──receive──► error (close the transport)
//! ```
//!
//! The negotiation itself works on header fields from any source; HTTP/1.1 is one.

pub mod client;
mod key;
mod origin;
pub mod server;
mod uri;

pub use origin::{OriginError, OriginFault, Origins};
#[cfg(feature = "alloc")]
pub use uri::UriBuf;
pub use uri::{Authority, Host, ResourceName, Uri, UriError};

/// 0 to 255 in decimal, without leading zeros (section 4.3).
fn parse_version(value: &[u8]) -> Option<u8> {
    let canonical = matches!(value, [b'0'] | [b'1'..=b'9', ..]);
    if !canonical || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    core::str::from_utf8(value).ok()?.parse().ok()
}
