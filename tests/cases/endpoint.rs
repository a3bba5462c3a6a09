//! The endpoint under test: a [`Connection`] that sends every message back.

use hybi::{
    Connection, Error, Event, Inbox, Origins, Role, Uri,
    client::{self, Request},
    random::{Entropy, EntropyError},
    server::Opening,
};

#[cfg(not(feature = "deflate"))]
use without_compression as compression;

pub(crate) use compression::Settings;

/// A server or a client after its opening handshake.
pub(crate) trait Endpoint {
    /// Reads bytes from the transport and returns the bytes to write.
    fn read(&mut self, bytes: &[u8]) -> Vec<u8>;

    /// Reads the end of the input.
    fn read_end(&mut self) -> Result<(), Error>;

    fn should_close_transport(&self) -> bool;

    /// The error that ended the connection.
    fn error(&self) -> Option<Error>;
}

/// The loop of the README.
struct Echo<R: Role> {
    websocket: Connection<R>,
    inbox: Inbox,
    error: Option<Error>,
}

impl<R: Role> Endpoint for Echo<R> {
    fn read(&mut self, mut bytes: &[u8]) -> Vec<u8> {
        let mut outbox = Vec::new();
        while self.error.is_none() && !self.websocket.should_close_transport() {
            let copied = self.inbox.copy_from(bytes);
            bytes = &bytes[copied..];
            self.error = self.echo(&mut outbox).err();
            if bytes.is_empty() {
                break;
            }
        }
        outbox
    }

    fn read_end(&mut self) -> Result<(), Error> {
        self.websocket.end_of_input()
    }

    fn should_close_transport(&self) -> bool {
        self.websocket.should_close_transport()
    }

    fn error(&self) -> Option<Error> {
        self.error
    }
}

impl<R: Role> Echo<R> {
    fn echo(&mut self, outbox: &mut Vec<u8>) -> Result<(), Error> {
        while let Some(event) = self.websocket.receive(&mut self.inbox, outbox)? {
            match event {
                Event::Text(text) => self.websocket.send_text(text, outbox)?,
                Event::Binary(data) => self.websocket.send_binary(data, outbox)?,
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
            }
        }
        Ok(())
    }
}

/// A server that has read this request, and its response.
pub(crate) fn server(request: &[u8], compression: Settings<'_>) -> (Box<dyn Endpoint>, Vec<u8>) {
    let (mut inbox, mut response) = (Inbox::with_capacity(16 * 1024), Vec::new());
    assert_eq!(inbox.copy_from(request), request.len());
    let mut opening = Opening::new(Origins::any());
    let accept = opening.receive(&mut inbox, &mut response).unwrap().unwrap().accept();
    let websocket = compression::accept(accept, compression).finish(&mut response).unwrap();
    (Box::new(Echo { websocket, inbox, error: None }), response)
}

/// A client. `answer` returns the response to its request.
pub(crate) fn client(
    answer: impl FnOnce(&[u8]) -> Vec<u8>,
    compression: Settings<'_>,
) -> Box<dyn Endpoint> {
    let uri = Uri::parse("ws://localhost/").unwrap();
    let request = compression::request(Request::new(&uri), compression);
    let mut bytes = Vec::new();
    let mut opening = request.send_with(SampleNonce, &mut bytes).unwrap();
    let response = answer(&bytes);
    let mut inbox = Inbox::with_capacity(16 * 1024);
    assert_eq!(inbox.copy_from(&response), response.len());
    match opening.receive(&mut inbox).unwrap().unwrap() {
        client::Response::Accepted(accepted) => {
            let websocket = accepted.finish();
            Box::new(Echo { websocket, inbox, error: None })
        }
        client::Response::Rejected(_) => panic!("status 101 is no rejection"),
    }
}

/// Returns the nonce of section 1.3. The masking keys are its first bytes.
struct SampleNonce;

impl Entropy for SampleNonce {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.iter_mut().zip(b"the sample nonce").for_each(|(byte, from)| *byte = *from);
        Ok(())
    }
}

#[cfg(feature = "deflate")]
mod compression {
    use hybi::{client::Request, deflate::Deflate, server::Accept};

    /// The compression of an endpoint, if any.
    pub(crate) type Settings<'a> = Option<&'a Deflate>;

    pub(super) fn accept<'a>(accept: Accept<'a>, settings: Settings<'a>) -> Accept<'a> {
        match settings {
            Some(deflate) => accept.deflate(deflate),
            None => accept,
        }
    }

    pub(super) fn request<'a>(request: Request<'a>, settings: Settings<'a>) -> Request<'a> {
        match settings {
            Some(deflate) => request.deflate(deflate),
            None => request,
        }
    }
}

/// The same without compression.
#[cfg(not(feature = "deflate"))]
mod without_compression {
    use hybi::{client::Request, server::Accept};

    pub(crate) type Settings<'a> = Option<&'a std::convert::Infallible>;

    pub(super) fn accept<'a>(accept: Accept<'a>, _: Settings<'a>) -> Accept<'a> {
        accept
    }

    pub(super) fn request<'a>(request: Request<'a>, _: Settings<'a>) -> Request<'a> {
        request
    }
}
