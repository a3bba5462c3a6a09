//! The application of an HTTP server. It is the same for all versions of HTTP.

use http::{Response, Version};
use hybi::{
    Connection, Server,
    server::{Accept, Request},
};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::room::Room;

/// The most messages that wait for a WebSocket, in addition to its outbox.
const WAITING: usize = 16;

/// An accepted request: the response to send, the WebSocket, and the messages of the application.
pub(crate) type Joined = (Response<()>, Connection<Server>, Receiver<String>);

/// What a server does with a WebSocket, in addition to the echo.
pub trait Application: Send + Sync {
    /// Accepts a request. Returns the response, and the messages to send over the WebSocket.
    ///
    /// `version` is for the application's records: the request and the WebSocket are the same in all
    /// versions.
    fn join<'r>(&self, request: Request<'r>, version: Version) -> (Accept<'r>, Receiver<String>);
}

/// Sends each typed line over all WebSockets, and first the version of HTTP if the path is `/version`.
impl Application for Room<Sender<String>> {
    fn join<'r>(&self, request: Request<'r>, version: Version) -> (Accept<'r>, Receiver<String>) {
        let (sender, messages) = channel(WAITING);
        if request.path() == "/version" {
            // There is room, because the channel is new.
            let _ = sender.try_send(format!("{version:?}"));
        }
        self.remove(Sender::is_closed);
        self.add(sender);
        (request.accept().select_subprotocol(&["echo"]), messages)
    }
}
