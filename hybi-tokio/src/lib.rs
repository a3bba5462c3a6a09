//! WebSockets over [tokio], on the sans-IO engine [hybi].
//!
//! A client, with TLS and compression:
//!
//! ```no_run
//! use hybi_tokio::{Connect, hybi::{CloseCode, Event, deflate::Deflate}};
//!
//! # async fn client() -> Result<(), Box<dyn std::error::Error>> {
//! let mut websocket = Connect::new("wss://example.com/chat").compression(Deflate::new()).open().await?;
//! websocket.send_text("Hello").await?;
//! while let Some(event) = websocket.next().await? {
//!     if let Event::Text(text) = event {
//!         println!("{text}");
//!         break;
//!     }
//! }
//! websocket.close(CloseCode::NORMAL, "").await?;
//! # Ok(())
//! # }
//! ```
//!
//! A server that echoes:
//!
//! ```no_run
//! use hybi_tokio::{Acceptor, hybi::{Event, Origins}};
//! use tokio::net::TcpListener;
//!
//! # async fn server() -> Result<(), Box<dyn std::error::Error>> {
//! let acceptor = Acceptor::new(Origins::same_host().or_no_browser());
//! let listener = TcpListener::bind("127.0.0.1:9001").await?;
//! loop {
//!     let (stream, _) = listener.accept().await?;
//!     let acceptor = acceptor.clone();
//!     tokio::spawn(async move {
//!         let mut websocket = acceptor.accept(stream).await?;
//!         while let Some((event, mut sender)) = websocket.next_with_sender().await? {
//!             match event {
//!                 Event::Text(text) => sender.feed_text(text).await?,
//!                 Event::Binary(data) => sender.feed_binary(data).await?,
//!                 Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {} // answered already
//!             }
//!         }
//!         Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//!     });
//! }
//! # }
//! ```
//!
//! # What is built in
//!
//! - Deadlines ([`hybi::deadline`]) for the opening handshake, silent peers, peers that do not read and
//!   the closing handshake. Set them with `timeouts`; the defaults are safe on the open Internet.
//! - Limits on messages, frames, fragments and the outbox ([`hybi::Config`]).
//! - Backpressure: [`feed_text`](WebSocket::feed_text) and the methods that send wait while the outbox is
//!   above its high-water mark.
//! - An idle connection holds no buffer.
//!
//! # Features
//!
//! - `deflate` (default): compression (RFC 7692).
//! - `rustls` (default): `wss` by rustls, with the root certificates of Mozilla.
//! - `proxy-env`: `Proxy::from_env`, for the proxies of the environment.
//! - `h2`: clients in HTTP/2 (RFC 8441). `Connect::open_http2` opens a WebSocket on a connection of its own,
//!   and `Connect::open_on` opens several on an `Http2` connection that they share.
//! - `hyper`: `Acceptor::upgrade`, for requests that hyper has parsed, in HTTP/1.1 and HTTP/2.
//! - `axum`: the extractor `Upgrade`.
//! - `tungstenite`: the names of tokio-tungstenite.
//!
//! The runtime needs its time driver (`enable_time`), and its I/O driver for TCP.

mod accept;
#[cfg(feature = "axum")]
mod axum;
mod bounds;
mod buffers;
mod channel;
mod connect;
mod direct;
mod error;
mod futures;
mod halves;
mod opening;
mod sender;
mod shutdown;
mod tasks;
mod timer;
#[cfg(feature = "tungstenite")]
pub mod tokio_tungstenite;
#[cfg(feature = "hyper")]
mod upgrade;
mod websocket;

pub use accept::{AcceptError, Acceptor, HttpRequest, Incoming, Request};
#[cfg(feature = "axum")]
pub use axum::Upgrade;
pub use connect::{Connect, ConnectError, Proxy, ProxyError, Stream};
#[cfg(feature = "h2")]
pub use connect::{Http2, Http2Stream};
pub use error::Error;
pub use halves::{ReceiveHalf, SendHalf};
pub use sender::Sender;
pub use shutdown::Shutdown;
#[cfg(feature = "hyper")]
pub use upgrade::Upgrading;
pub use websocket::WebSocket;

pub use hybi;
#[cfg(feature = "rustls")]
pub use tokio_rustls::rustls;

#[cfg(all(doctest, feature = "rustls", feature = "deflate"))]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(all(doctest, feature = "rustls", feature = "deflate", feature = "tungstenite"))]
#[doc = include_str!("../docs/migration.md")]
struct Migration;
