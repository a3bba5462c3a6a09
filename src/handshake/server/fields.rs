//! Responses in HTTP/2 and HTTP/3, as fields.

use core::fmt::Display;

use super::{Accept, Error, Refusal, Response, check::Asked};
use crate::{
    connection::{Connection, Server},
    deflate::{Acceptance, Session},
    http1::{
        ReceivedHeaders,
        body::{Message, has_body},
    },
    http2::to_send::{self, FieldSink, LowerCase},
};

impl Accept<'_> {
    /// Accepts an extended CONNECT and returns the open connection. Calls `sink` with each field of the
    /// response, `:status` first: its name in lower case, and its value. Send the fields, and do not end
    /// the stream.
    ///
    /// The response has `sec-websocket-accept` only if the request has a `Sec-WebSocket-Key`, which some
    /// gateways send.
    ///
    /// # Errors
    ///
    /// As for [`finish`](Self::finish), except [`OutboxFull`](Error::OutboxFull).
    /// [`HttpVersion`](Error::HttpVersion) if the request is an upgrade in HTTP/1.1: call
    /// [`finish`](Self::finish). `sink` is not called in any of these cases.
    pub fn finish_fields(
        self,
        mut sink: impl FnMut(&dyn Display, &dyn Display),
    ) -> Result<Connection<Server>, Error> {
        let Asked::Connect(key) = &self.request.offer.asked else { return Err(Error::HttpVersion) };
        self.check()?;
        to_send::check_caller_fields(&self.fields)?;
        sink(&":status", &200);
        let accept = key.map(|key| key.accept());
        // It is base64.
        if let Some(accept) = accept.as_ref().and_then(|accept| core::str::from_utf8(accept).ok()) {
            sink(&"sec-websocket-accept", &accept);
        }
        if let Some(name) = self.subprotocol {
            sink(&"sec-websocket-protocol", &name);
        }
        let compression = self.deflate.accept(self.request.extensions());
        let answer = compression.as_ref().map(Acceptance::answer);
        if let Some(accepted) = self.accepted_extensions(answer) {
            sink(&"sec-websocket-extensions", &accepted);
        }
        to_send::write(&self.fields, &mut sink);
        let session = compression.map_or(Session::NONE, |accepted| accepted.session());
        Ok(Connection::server(self.config).with_session(session))
    }
}

impl<'a> Response<'a> {
    /// Responds in HTTP/2 or HTTP/3: calls `sink` with each field, `:status` first, and returns the
    /// body. Send both, and end the stream.
    ///
    /// # Errors
    ///
    /// [`Status`](Error::Status) and [`HeaderField`](Error::HeaderField), as for [`send`](Self::send).
    /// `sink` is not called.
    pub fn send_fields(
        self,
        mut sink: impl FnMut(&dyn Display, &dyn Display),
    ) -> Result<&'a [u8], Error> {
        self.check()?;
        to_send::check_caller_fields(&self.fields)?;
        Ok(self.write_fields(ReceivedHeaders::of_lines(b""), &mut sink))
    }

    /// Writes the fields, those of this crate first.
    fn write_fields(self, own: ReceivedHeaders<'_>, sink: &mut FieldSink<'_>) -> &'a [u8] {
        let status = self.status;
        sink(&":status", &status);
        for (name, value) in own {
            // The fields of this crate are ASCII.
            sink(&LowerCase(name), &core::str::from_utf8(value).unwrap_or_default());
        }
        to_send::write(&self.fields, sink);
        // RFC 9110, section 8.6: not even its length.
        if status != 204 {
            sink(&"content-length", &self.body.len());
        }
        if has_body(&Message::Response { status, answers_head: false }) { self.body } else { b"" }
    }
}

impl Refusal {
    /// The response to a refused request in HTTP/2 or HTTP/3: calls `sink` with each field, `:status`
    /// first, and returns the body. Send both, and end the stream. After
    /// [`ConnectFault::Section`](super::ConnectFault::Section), reset it instead of ending it.
    pub fn send_fields(self, mut sink: impl FnMut(&dyn Display, &dyn Display)) -> &'static [u8] {
        self.response().write_fields(ReceivedHeaders::of_lines(self.fields()), &mut sink)
    }
}
