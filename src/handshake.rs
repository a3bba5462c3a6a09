//! The opening handshake (RFC 6455, section 4) in HTTP/1.1, and in HTTP/2 and HTTP/3 (RFC 8441, RFC
//! 9220).
//!
//! This module owns everything before the first frame: the requests, responses and states of both
//! roles, URIs and origins. It returns an open [`Connection`](crate::Connection) and leaves the
//! bytes after the head in the inbox, where they are the first frames. It knows nothing about
//! frames.
//!
//! The states of each role are drawn in the docs of [`server`] and [`client`]. The checks work on
//! header fields from any source: this crate's HTTP/1.1 parser, an HTTP/2 or HTTP/3 implementation, or
//! the `http` crate. If another HTTP implementation reads and writes the messages, there are fewer
//! states:
//!
//! ```text
//!  server   Request::from_connect, from_http ──► Request ──accept──► Accept ──finish_fields──►
//!  client   Request ──send_fields, send_http──► Exchange ──receive_fields──► Accepted ──finish──►
//! ```

pub(crate) mod awaited;
pub mod client;
pub(crate) mod key;
mod origin;
pub mod server;
mod uri;

pub use origin::{OriginError, OriginFault, Origins};
#[cfg(feature = "alloc")]
pub use uri::UriBuf;
pub use uri::{Authority, Host, ResourceName, Uri, UriError};

/// A version: 0 to 255 in decimal, without leading zeros (section 4.3).
pub(crate) fn parse_version(value: &[u8]) -> Option<u8> {
    let canonical = matches!(value, [b'0'] | [b'1'..=b'9', ..]);
    if !canonical || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    core::str::from_utf8(value).ok()?.parse().ok()
}
