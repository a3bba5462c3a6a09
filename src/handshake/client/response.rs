//! A server's response.

use super::check;
use crate::{
    buffer::Outbox,
    close::CloseCode,
    connection::{Client, Connection},
    error::Error,
    extension::{self, Extension},
    http1::{ReceivedHeaders, body::content_length},
    random::Entropy,
};

/// A server's response to the request.
///
/// The enum is exhaustive: a server either accepts, with status 101 in HTTP/1.1 and 2xx in HTTP/2 and
/// HTTP/3, or does not.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // one per connection, and short-lived
pub enum Response<'i, E: Entropy> {
    /// The server accepted: the connection is open.
    Accepted(Accepted<'i, E>),
    /// The server did not accept: this is a plain HTTP response. Close the transport after it.
    Rejected(Rejected<'i>),
}

/// A response that accepts the WebSocket and passed all checks. Bytes after it stay in the inbox,
/// where they are the first frames.
#[must_use = "call `finish` to get the connection"]
pub struct Accepted<'i, E: Entropy> {
    pub(super) websocket: Connection<Client<E>>,
    pub(super) fields: ReceivedHeaders<'i>,
    pub(super) subprotocol: Option<&'i str>,
}

impl<'i, E: Entropy> Accepted<'i, E> {
    /// The subprotocol that the server selected, which is one of those offered.
    pub const fn subprotocol(&self) -> Option<&'i str> {
        self.subprotocol
    }

    /// The extensions that the server accepted, in order of use. All of them were offered.
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'i>> + Clone + use<'i, E> {
        let fields = self.fields.all("Sec-WebSocket-Extensions");
        fields.flat_map(extension::parsed)
    }

    /// All header fields of the response.
    pub const fn headers(&self) -> ReceivedHeaders<'i> {
        self.fields
    }

    /// Returns the open connection.
    pub fn finish(self) -> Connection<Client<E>> {
        self.websocket
    }

    /// Returns the open connection. If the server did not accept this extension, such as
    /// `permessage-deflate`, a Close with code 1010 and the name of the extension is in the outbox
    /// (section 7.4.1), and the connection [is closing](Connection::is_closing).
    ///
    /// # Errors
    ///
    /// As for [`close`](Connection::close).
    pub fn finish_requiring(
        self,
        extension: &str,
        outbox: &mut impl Outbox,
    ) -> Result<Connection<Client<E>>, Error> {
        let is_accepted = self.extensions().any(|accepted| accepted.name() == extension);
        let mut websocket = self.websocket;
        if !is_accepted {
            websocket.close(CloseCode::MANDATORY_EXTENSION, extension, outbox)?;
        }
        Ok(websocket)
    }
}

/// Shows only the names of the fields: their values and the subprotocol may contain credentials.
impl<E: Entropy> core::fmt::Debug for Accepted<'_, E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Accepted").field("fields", &self.fields).finish_non_exhaustive()
    }
}

/// A response that does not accept the WebSocket, such as a redirect, an authentication challenge
/// or an error.
///
/// The caller decides what to do next. To follow a redirect, start a new handshake on a new
/// connection. Do not send the credentials again unless scheme, host and port are all unchanged.
///
/// # The rest of the body
///
/// The body often explains the status. [`body`](Self::body) returns the part that has arrived. The
/// rest arrives on the transport, and in the inbox as its [unread](crate::Inbox::unread) bytes:
///
/// ```
/// use hybi::{Inbox, client::Rejected};
/// use std::io::{self, Read};
///
/// // let (status, length) = (rejected.status(), rejected.content_length());
/// // let body = read_body(length, &mut inbox, &mut stream)?;
/// fn read_body<'i>(
///     length: Option<u64>,
///     inbox: &'i mut Inbox,
///     stream: &mut impl Read,
/// ) -> io::Result<&'i [u8]> {
///     const LIMIT: usize = 4096; // less than the capacity of the inbox
///     let length = length.and_then(|length| usize::try_from(length).ok());
///     let length = length.unwrap_or(LIMIT).min(LIMIT);
///     while inbox.unread().len() < length && inbox.read_from(stream)? > 0 {}
///     Ok(inbox.unread().get(..length).unwrap_or(inbox.unread()))
/// }
/// ```
///
/// Read a body that does not fit into the inbox in pieces: remove the unread bytes with
/// [`Inbox::consume`](crate::Inbox::consume), then read more.
#[derive(Clone, Copy)]
pub struct Rejected<'i> {
    pub(super) status: u16,
    pub(super) fields: ReceivedHeaders<'i>,
    pub(super) body: &'i [u8],
}

impl<'i> Rejected<'i> {
    /// The status, 200 to 599.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// All header fields of the response, such as `Location` or `WWW-Authenticate`.
    pub const fn headers(&self) -> ReceivedHeaders<'i> {
        self.fields
    }

    /// The part of the body that has arrived. It stays in the inbox. If another HTTP implementation
    /// received the response, that implementation has the body, and this is empty; see
    /// [`with_body`](Self::with_body).
    pub const fn body(&self) -> &'i [u8] {
        self.body
    }

    /// The same response with this body, which another HTTP implementation has received:
    ///
    /// ```
    /// use hybi::{Uri, client::{Request, Response}};
    ///
    /// let uri = Uri::parse("wss://server.example.com/chat")?;
    /// let mut exchange = Request::new(&uri).send_fields(|_, _| {})?;
    /// let response = exchange.receive_fields(&[(b":status", b"403")])?;
    /// let Some(Response::Rejected(rejected)) = response else { panic!("{response:?}") };
    /// assert_eq!(rejected.body(), b"");
    /// // let body = stream.read().await?;
    /// # let body = b"members only".to_vec();
    /// let owned = rejected.with_body(&body).to_owned();
    /// assert_eq!(owned.as_rejected().body(), b"members only");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn with_body<'b>(self, body: &'b [u8]) -> Rejected<'b>
    where
        'i: 'b,
    {
        Rejected { status: self.status, fields: self.fields, body }
    }

    /// The length of the whole body in bytes, if the header section contains it.
    ///
    /// `None` means that the body is in chunks (`Transfer-Encoding`, which this crate does not
    /// decode), that it ends with the connection, or that `Content-Length` is malformed.
    pub fn content_length(&self) -> Option<u64> {
        content_length(self.status, self.fields)
    }

    /// The versions of the WebSocket protocol that the server lists in `Sec-WebSocket-Version`
    /// (section 4.4).
    pub fn versions(&self) -> impl Iterator<Item = u8> + Clone + use<'i> {
        check::versions(self.fields)
    }
}

/// Shows only the status and the names of the fields.
impl core::fmt::Debug for Rejected<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Rejected")
            .field("status", &self.status)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}
