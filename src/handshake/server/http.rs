//! Requests parsed by another HTTP implementation (feature `http`).

use http::{Method, Response, StatusCode, Version, header};

use super::{Refusal, Request, check, request::Source, response::upgrade_fields};
use crate::{
    handshake::{Origins, uri::Authority},
    http1::{HeadLimits, ReceivedHeaders, known::Known, start_line::RequestLine},
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
        headers: &'i http::HeaderMap,
        origins: Option<&Origins<'_>>,
    ) -> Result<Self, Refusal> {
        let known = Known::collect(ReceivedHeaders::of_map(headers));
        Self::check_known(uri, headers, &known, origins)
    }

    fn check_known(
        uri: &'i http::Uri,
        headers: &'i http::HeaderMap,
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
        let required = ReceivedHeaders::of_lines(upgrade_fields(self.status()));
        for (name, value) in required.iter().chain(ReceivedHeaders::of_lines(self.fields())) {
            if let (Ok(name), Ok(value)) =
                (header::HeaderName::try_from(name), header::HeaderValue::from_bytes(value))
            {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}
