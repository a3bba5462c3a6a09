//! The names of [tokio-tungstenite] 0.30, for programs that were written for it (feature `tungstenite`).
//!
//! Put `hybi_tokio::` before `tokio_tungstenite` in the `use` lines. The rest of the program remains:
//!
//! ```no_run
//! # #[cfg(feature = "deflate")] {
//! use futures_util::{SinkExt, StreamExt};
//! use hybi_tokio::tokio_tungstenite::{
//!     connect_async_with_config,
//!     tungstenite::{Message, protocol::WebSocketConfig},
//! };
//!
//! # async fn client() -> Result<(), Box<dyn std::error::Error>> {
//! let config = WebSocketConfig::default().compression(true); // the only new setting
//! let (mut websocket, _) =
//!     connect_async_with_config("wss://example.com/chat", Some(config), false).await?;
//! websocket.send(Message::text("Hello")).await?;
//! while let Some(message) = websocket.next().await {
//!     if let Message::Text(text) = message? {
//!         println!("{text}");
//!     }
//! }
//! # Ok(())
//! # }
//! # }
//! ```
//!
//! As there, the stream yields pings, pongs and the Close, `send` flushes, the stream ends after the closing
//! handshake, and the origin of a request is not checked. [`WebSocket`](crate::WebSocket),
//! [`Connect`](crate::Connect) and [`Acceptor`](crate::Acceptor) do more: use them in new programs.
//!
//! # What is not the same
//!
//! Names that do not exist, so that a program that uses them does not compile:
//!
//! - `WebSocketConfig::accept_unmasked_frames`: a server must not accept them (RFC 6455, section 5.1).
//! - A [`Frame`](tungstenite::protocol::frame::Frame) cannot be created. The variant
//!   [`Message::Frame`](tungstenite::Message::Frame) exists for programs that match on it.
//! - The blocking WebSocket of `tungstenite`, and the parts that it is made of: see [`hybi::blocking`].
//! - `native-tls`, and conversions from `url::Url` and `httparse::Request`. [`Connector`] has rustls only.
//! - The variants of [`ProtocolError`](tungstenite::error::ProtocolError) and
//!   [`UrlError`](tungstenite::error::UrlError) for errors that cannot occur here, and
//!   `HttparseError`. Violations that tungstenite does not have a name for are `Violation`, `Request`,
//!   `Response` and `Malformed`.
//!
//! Behaviour:
//!
//! - A violation of the peer is answered with a Close that has the code of the RFC, and a request that is
//!   refused with an HTTP response. tungstenite only returns the error.
//! - The transport ends in order. The stream of a server ends when the client has closed its direction too,
//!   or after 10 seconds. A test that waits for its server must drop its client first.
//! - The opening handshake may take 10 seconds, and so may the closing handshake, once the stream is polled.
//!   Afterwards the error is `Error::Io` with [`TimedOut`](std::io::ErrorKind::TimedOut).
//!   `WebSocketConfig::timeouts` changes both, and adds the deadlines for silent peers and for those that
//!   do not read.
//! - Input is checked by the rules of [hybi]: a Close with a code that must not be sent and a message with
//!   more than 131,072 fragments are errors. [`Config`](hybi::Config) and
//!   [`HeadLimits`](hybi::http1::HeadLimits) list all limits.
//! - A Close with a code that must not be sent, or with a reason of more than 123 bytes, and a ping with
//!   more than 125 bytes are errors, and are not sent.
//! - The fields `Host`, `Upgrade`, `Connection`, `Sec-WebSocket-Key`, `Sec-WebSocket-Version` and
//!   `Sec-WebSocket-Accept` are written by hybi. The key in a request is replaced by a new one. The host in a
//!   request is sent.
//! - A request with `Sec-WebSocket-Extensions` and a header field that begins with `Proxy-` are errors.
//! - `derive_accept_key` returns an empty string for a value that is not a key.
//! - A callback can select only a subprotocol that the client offers, and cannot change the status of a
//!   response that accepts. A response that rejects has `Connection: close` and `Content-Length`.
//! - `read_buffer_size` has no effect: an idle connection has no buffer.
//! - The `Display` texts of errors are different.
//!
//! [tokio-tungstenite]: https://docs.rs/tokio-tungstenite/0.30.0

mod client;
mod close;
mod config;
mod error;
mod message;
mod request;
mod server;
mod stream;
mod text;
#[cfg(feature = "rustls")]
mod tls;
#[cfg(not(feature = "rustls"))]
#[path = "tokio_tungstenite/tls/off.rs"]
mod tls;
mod websocket;

pub use client::{
    client_async, client_async_with_config, connect_async, connect_async_with_config,
};
pub use server::{
    accept_async, accept_async_with_config, accept_hdr_async, accept_hdr_async_with_config,
};
pub use stream::{Connector, MaybeTlsStream};
#[cfg(feature = "rustls")]
pub use tls::{client_async_tls, client_async_tls_with_config, connect_async_tls_with_config};
pub use websocket::WebSocketStream;

/// The names of `tungstenite`.
pub mod tungstenite {
    pub use super::{
        error::{Error, Result},
        message::Message,
        request::ClientRequestBuilder,
        text::Utf8Bytes,
    };
    pub use bytes::Bytes;
    pub use http;

    /// Requests of clients.
    pub mod client {
        pub use crate::tokio_tungstenite::request::{ClientRequestBuilder, IntoClientRequest};
    }

    /// Errors.
    pub mod error {
        pub use crate::tokio_tungstenite::error::{
            CapacityError, Error, ProtocolError, Result, SubProtocolError, TlsError, UrlError,
        };
    }

    /// Opening handshakes.
    pub mod handshake {
        pub use crate::tokio_tungstenite::server::derive_accept_key;

        /// Those of clients.
        pub mod client {
            pub use crate::tokio_tungstenite::request::{Request, Response, generate_key};
        }

        /// Those of servers.
        pub mod server {
            pub use crate::tokio_tungstenite::server::{
                Callback, ErrorResponse, NoCallback, Request, Response, create_response,
                create_response_with_body,
            };
        }
    }

    /// Open connections.
    pub mod protocol {
        pub use crate::tokio_tungstenite::{
            close::CloseFrame,
            config::{Role, WebSocketConfig},
            message::Message,
        };

        /// Frames.
        pub mod frame {
            pub use crate::tokio_tungstenite::{
                close::CloseFrame, message::Frame, text::Utf8Bytes,
            };

            /// Codes of frames.
            pub mod coding {
                pub use crate::tokio_tungstenite::close::CloseCode;
            }
        }
    }
}
