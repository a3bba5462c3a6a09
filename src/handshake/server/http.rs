//! Requests parsed by another HTTP implementation (feature `http`).

use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Version};

use super::{Refusal, Request, check, request::Source, response::upgrade_fields};
use crate::{
    handshake::{Origins, uri::Authority},
    http1::{
        Excerpt, FieldError, HeadLimits, ReceivedHeaders, known::Known, start_line::RequestLine,
        to_send::CallerFields,
    },
    http2,
};

impl<'i> Request<'i> {
    /// Checks a request that an HTTP/1.1 server such as hyper has parsed. The rules are the same as
    /// for a request that [this crate](super::Opening) parses.
    ///
    /// ```
    /// use hybi::{Connection, Origins, Server, server};
    ///
    /// fn upgrade<B>(request: &http::Request<B>) -> (http::Response<String>, Option<Connection<Server>>) {
    ///     let accepted = server::Request::from_http(request, &Origins::any())
    ///         .map_err(server::Error::from)
    ///         .and_then(|request| request.accept().finish_http());
    ///     match accepted {
    ///         Ok((response, websocket)) => (response.map(|()| String::new()), Some(websocket)),
    ///         Err(server::Error::Refused(refusal)) => (refusal.to_http().map(String::from), None),
    ///         Err(misuse) => panic!("{misuse}"),
    ///     }
    /// }
    /// # let asked = http::Request::get("/chat").header("Host", "server.example.com")
    /// #     .header("Upgrade", "websocket").header("Connection", "Upgrade")
    /// #     .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
    /// #     .header("Sec-WebSocket-Version", "13").body(()).unwrap();
    /// # let (response, websocket) = upgrade(&asked);
    /// # assert_eq!(response.headers()["Sec-WebSocket-Accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    /// # assert!(websocket.is_some());
    /// # assert_eq!(upgrade(&http::Request::new(())).0.status(), 426);
    /// ```
    ///
    /// # Errors
    ///
    /// [`Refusal::NotWebSocket`] if the request does not ask for a WebSocket: the server may serve
    /// it as plain HTTP. Otherwise, the rule that the request violates.
    pub fn from_http<B>(
        request: &'i http::Request<B>,
        origins: &Origins<'_>,
    ) -> Result<Self, Refusal> {
        let known = Known::collect(ReceivedHeaders::of_map(request.headers()));
        known.check_lists(HeadLimits::new()).map_err(Refusal::Head)?;
        // RFC 9110, section 7.8: in HTTP/1.0, Upgrade is ignored.
        let is_http_1_0 = matches!(request.version(), Version::HTTP_09 | Version::HTTP_10);
        if is_http_1_0 || !check::asks_for_websocket(&known) {
            return Err(Refusal::NotWebSocket);
        }
        if request.version() != Version::HTTP_11 {
            return Err(Refusal::HttpVersion);
        }
        if request.method() != Method::GET {
            return Err(Refusal::Method);
        }
        Self::check_known(request.uri(), request.headers(), &known, Some(origins))
    }

    /// Checks a WebSocket request again. `origins` is `None` if its origin was checked before.
    pub(super) fn recheck_http(
        uri: &'i http::Uri,
        headers: &'i HeaderMap,
        origins: Option<&Origins<'_>>,
    ) -> Result<Self, Refusal> {
        let known = Known::collect(ReceivedHeaders::of_map(headers));
        Self::check_known(uri, headers, &known, origins)
    }

    fn check_known(
        uri: &'i http::Uri,
        headers: &'i HeaderMap,
        known: &Known<'i>,
        origins: Option<&Origins<'_>>,
    ) -> Result<Self, Refusal> {
        let path = uri.path();
        if !path.starts_with('/') {
            return Err(Refusal::Target);
        }
        // RFC 9112, section 3.2.2: the host of an absolute target replaces Host.
        let host = match (uri.scheme_str(), uri.authority()) {
            (_, None) => None,
            // RFC 3986, section 3.1: schemes compare without regard to case.
            (Some(scheme), Some(authority))
                if ["http", "https", "ws", "wss"]
                    .iter()
                    .any(|one| scheme.eq_ignore_ascii_case(one)) =>
            {
                Some(Authority::parse(authority.as_str()).map_err(|_| Refusal::Target)?)
            }
            _ => return Err(Refusal::Target),
        };
        let target = uri.path_and_query().map_or("", |target| target.as_str());
        let line = RequestLine { method: "GET", target, minor: 1 };
        Self::check_fields(Source::Http(uri, headers), line, path, host, known, origins)
    }
}

impl Refusal {
    /// The response to a refused request, in the types of the `http` crate.
    pub fn to_http(self) -> Response<&'static str> {
        let mut response = Response::new(self.text());
        *response.status_mut() =
            StatusCode::from_u16(self.status()).unwrap_or(StatusCode::BAD_REQUEST);
        insert_lines(response.headers_mut(), upgrade_fields(self.status()));
        insert_lines(response.headers_mut(), self.fields());
        response
    }
}

impl<'a> super::Response<'a> {
    /// The response in the types of the `http` crate, for an HTTP server that writes it itself.
    ///
    /// # Errors
    ///
    /// [`Status`](super::Error::Status) and [`HeaderField`](super::Error::HeaderField), as for
    /// [`send`](Self::send).
    pub fn to_http(&self) -> Result<Response<&'a [u8]>, super::Error> {
        self.check()?;
        let mut response = Response::new(self.body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).map_err(|_| super::Error::Status(self.status))?;
        let headers = response.headers_mut();
        if self.answers_connect {
            http2::to_send::check_caller_fields(&self.fields)?;
        } else {
            insert_lines(headers, upgrade_fields(self.status));
        }
        append_caller_fields(headers, &self.fields)?;
        Ok(response)
    }
}

/// Inserts field lines of this crate.
fn insert_lines(headers: &mut HeaderMap, lines: &[u8]) {
    for (name, value) in ReceivedHeaders::of_lines(lines) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value))
        {
            headers.insert(name, value);
        }
    }
}

/// Appends the caller's fields.
pub(super) fn append_caller_fields(
    headers: &mut HeaderMap,
    fields: &CallerFields<'_>,
) -> Result<(), FieldError> {
    for (index, (name, value)) in fields.iter().enumerate() {
        let excerpt = Excerpt::from(name);
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| FieldError::Name { index, name: excerpt })?;
        let value =
            HeaderValue::from_str(value).map_err(|_| FieldError::Value { index, name: excerpt })?;
        headers.append(name, value);
    }
    Ok(())
}
