//! The differences between the two roles.

use hybi::{Client, Connection, Error, Prepared, Role, Server, frame::FrameParts};
use hybi_fuzz::{event::Kind, keys::Keys};

use crate::outbox::Out;

/// A role, with the calls that differ between roles.
pub(crate) trait Endpoint: Role + Sized {
    const IS_CLIENT: bool;

    /// Frames a message without an outbox. A client masks it in the buffer.
    fn framed<'a>(
        connection: &mut Connection<Self>,
        kind: Kind,
        buffer: &'a mut [u8],
    ) -> Result<FrameParts<'a>, Error>;

    /// Sends a prepared message. `None` for a client.
    fn send_prepared(
        connection: &mut Connection<Self>,
        prepared: &Prepared,
        outbox: &mut Out,
    ) -> Option<Result<(), Error>>;
}

impl Endpoint for Server {
    const IS_CLIENT: bool = false;

    fn framed<'a>(
        connection: &mut Connection<Self>,
        kind: Kind,
        buffer: &'a mut [u8],
    ) -> Result<FrameParts<'a>, Error> {
        match kind {
            Kind::Text => connection.frame_text(text(buffer)),
            Kind::Binary => connection.frame_binary(buffer),
        }
    }

    fn send_prepared(
        connection: &mut Connection<Self>,
        prepared: &Prepared,
        outbox: &mut Out,
    ) -> Option<Result<(), Error>> {
        Some(connection.send_prepared(prepared, outbox))
    }
}

impl Endpoint for Client<Keys> {
    const IS_CLIENT: bool = true;

    fn framed<'a>(
        connection: &mut Connection<Self>,
        kind: Kind,
        buffer: &'a mut [u8],
    ) -> Result<FrameParts<'a>, Error> {
        match kind {
            Kind::Text => connection.mask_text(buffer),
            Kind::Binary => connection.mask_binary(buffer),
        }
    }

    fn send_prepared(
        _: &mut Connection<Self>,
        _: &Prepared,
        _: &mut Out,
    ) -> Option<Result<(), Error>> {
        None
    }
}

/// The text in a buffer that contains text.
pub(crate) fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("the buffer contains text")
}
