//! Requests and responses in the types of the `http` crate (feature `http`).

use std::{format, string::ToString};

use core::fmt::Display;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request as HttpRequest, Version, header};

use super::{Error, Exchange, Failure, Request, Response};
use crate::{
    handshake::key::Key,
    http1::ReceivedHeaders,
    http2,
    random::{Entropy, OsEntropy},
};

impl<'a> Request<'a> {
    /// The request in the types of the `http` crate, for an HTTP/1.1 client such as hyper or reqwest.
    /// Pass the response to [`Exchange::receive_http`]. After a response with status 101, take over the
    /// transport from that client. Bytes that the client has read after the response are the first
    /// input of the connection.
    ///
    /// The URI of the request is absolute (`http` or `https`). A client that does not choose the
    /// connection by the URI, such as hyper's `client::conn`, sends it unchanged: replace it with the
    /// path and the query.
    ///
    /// ```
    /// use hybi::{Uri, client::{Request, Response}};
    ///
    /// let uri = Uri::parse("ws://server.example.com/chat")?;
    /// let (request, mut exchange) = Request::new(&uri).send_http()?;
    /// assert_eq!(request.uri(), "http://server.example.com/chat");
    /// # let response = http::Response::builder().status(403).body(())?;
    /// // let response = client.request(request).await?;
    /// match exchange.receive_http(&response)? {
    ///     None => {} // an interim response
    ///     Some(Response::Accepted(accepted)) => drop(accepted.finish()),
    ///     Some(Response::Rejected(rejected)) => assert_eq!(rejected.status(), 403),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`send_with`](Self::send_with), except [`OutboxFull`](Error::OutboxFull). In addition,
    /// [`HttpTypes`](Error::HttpTypes).
    pub fn send_http(self) -> Result<(HttpRequest<()>, Exchange<'a>), Error> {
        self.send_http_with(OsEntropy::new())
    }

    /// As [`send_http`](Self::send_http), with the key and the masking keys from the caller's source.
    ///
    /// # Errors
    ///
    /// As for [`send_http`](Self::send_http).
    pub fn send_http_with<E: Entropy>(
        self,
        mut entropy: E,
    ) -> Result<(HttpRequest<()>, Exchange<'a, E>), Error> {
        self.check()?;
        let key = Key::generate(&mut entropy)?;
        let mut request = self.to_http(Method::GET, Version::HTTP_11)?;
        let headers = request.headers_mut();
        append(headers, &"host", &self.uri.authority())?;
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        let value = HeaderValue::from_bytes(key.as_bytes()).map_err(|_| Error::HttpTypes)?;
        headers.insert(header::SEC_WEBSOCKET_KEY, value);
        let (offered, accept) = (self.offered(), Some(key.accept()));
        Ok((request, Exchange::new(offered, accept, self.config, self.limits, entropy)))
    }

    /// The extended CONNECT of [`send_fields`](Self::send_fields) in the types of the `http` crate, for
    /// an HTTP/2 or HTTP/3 client.
    ///
    /// The types cannot hold `:protocol`. With the crate `h2`, insert
    /// `h2::ext::Protocol::from_static("websocket")` into the extensions of the request; with hyper,
    /// `hyper::ext::Protocol`.
    ///
    /// # Errors
    ///
    /// As for [`send_fields`](Self::send_fields). In addition, [`HttpTypes`](Error::HttpTypes).
    pub fn send_http_connect(self) -> Result<(HttpRequest<()>, Exchange<'a>), Error> {
        self.send_http_connect_with(OsEntropy::new())
    }

    /// As [`send_http_connect`](Self::send_http_connect), with masking keys from the caller's source.
    ///
    /// # Errors
    ///
    /// As for [`send_http_connect`](Self::send_http_connect).
    pub fn send_http_connect_with<E: Entropy>(
        self,
        entropy: E,
    ) -> Result<(HttpRequest<()>, Exchange<'a, E>), Error> {
        self.check_for_connect()?;
        let request = self.to_http(Method::CONNECT, Version::HTTP_2)?;
        Ok((request, Exchange::new(self.offered(), None, self.config, self.limits, entropy)))
    }

    /// The request with the fields that are the same in all versions of HTTP.
    fn to_http(&self, method: Method, version: Version) -> Result<HttpRequest<()>, Error> {
        let (scheme, authority) = (self.scheme(), self.uri.authority());
        let target = match self.target {
            Some(target) => format!("{scheme}://{authority}{target}"),
            None => format!("{scheme}://{authority}{}", self.uri.resource_name()),
        };
        let mut request = HttpRequest::new(());
        *request.method_mut() = method;
        *request.version_mut() = version;
        *request.uri_mut() = target.try_into().map_err(|_| Error::HttpTypes)?;
        let mut result = Ok(());
        self.write_fields(&mut |name, value| {
            if result.is_ok() {
                result = append(request.headers_mut(), name, value);
            }
        });
        result.map(|()| request)
    }
}

impl<E: Entropy> Exchange<'_, E> {
    /// Checks a response in the types of the `http` crate. Returns `None` for an interim response (1xx),
    /// which another response follows.
    ///
    /// A request of `send_http` is accepted with status 101 and the right `Sec-WebSocket-Accept`, a
    /// request of `send_http_connect` with any 2xx.
    ///
    /// # Errors
    ///
    /// As for [`receive_fields`](Self::receive_fields). If the request is one of `send_http`, close the
    /// transport.
    pub fn receive_http<'i, B>(
        &mut self,
        response: &'i http::Response<B>,
    ) -> Result<Option<Response<'i, E>>, Error> {
        self.receive(|exchange| {
            let status = response.status().as_u16();
            let headers = ReceivedHeaders::of_map(response.headers());
            let is_old = matches!(response.version(), Version::HTTP_09 | Version::HTTP_10);
            if is_old && status == 101 {
                return Err(Failure::HttpVersion);
            }
            if exchange.is_connect() {
                http2::check_fields(headers).map_err(Failure::Section)?;
            }
            exchange.check(status, headers)
        })
    }
}

/// Appends a field. Its grammar must have been checked.
fn append(headers: &mut HeaderMap, name: &dyn Display, value: &dyn Display) -> Result<(), Error> {
    let name = HeaderName::try_from(name.to_string()).map_err(|_| Error::HttpTypes)?;
    let mut value = HeaderValue::try_from(value.to_string()).map_err(|_| Error::HttpTypes)?;
    value.set_sensitive(name == header::AUTHORIZATION);
    headers.try_append(name, value).map_err(|_| Error::HttpTypes)?;
    Ok(())
}
