//! Requests of HTTP/2 and HTTP/3 in the types of the `http` crate (feature `http`).

use http::Version;

use super::{ConnectFault, Refusal, Request};
use crate::{
    handshake::Origins,
    http1::ReceivedHeaders,
    http2::{self, RequestSection},
};

impl<'i> Request<'i> {
    /// As [`from_connect`](Self::from_connect), for a request in the types of the `http` crate. They
    /// cannot hold `:protocol`, so it is an argument of its own: `None` if the request has none.
    ///
    /// The crate `h2` stores it in the extensions of the request as `h2::ext::Protocol`, hyper as
    /// `hyper::ext::Protocol`. Respond with [`finish_http`](super::Accept::finish_http),
    /// [`Response::to_http`](super::Response::to_http) or [`Refusal::to_http`].
    ///
    /// ```
    /// use hybi::{Origins, server};
    ///
    /// # let request = http::Request::connect("https://server.example.com/chat")
    /// #     .version(http::Version::HTTP_2)
    /// #     .header("sec-websocket-version", "13").body(()).unwrap();
    /// # mod h2 { pub mod ext { #[derive(Clone)] pub struct Protocol; impl Protocol { pub fn as_str(&self) -> &str { "" } } } }
    /// let protocol = request.extensions().get::<h2::ext::Protocol>().map(|p| p.as_str());
    /// # let protocol = protocol.or(Some("websocket"));
    /// let request = server::Request::from_http_connect(&request, protocol, &Origins::any())?;
    /// let (response, websocket) = request.accept().finish_http()?;
    /// assert_eq!(response.status(), 200);
    /// # let _ = websocket;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`from_connect`](Self::from_connect). A request in HTTP/1.1 is not an extended CONNECT.
    pub fn from_http_connect<B>(
        request: &'i http::Request<B>,
        protocol: Option<&'i str>,
        origins: &Origins<'_>,
    ) -> Result<Self, Refusal> {
        if matches!(request.version(), Version::HTTP_09 | Version::HTTP_10 | Version::HTTP_11) {
            return Err(ConnectFault::NotExtended.into());
        }
        let headers = ReceivedHeaders::of_map(request.headers());
        http2::check_fields(headers)?;
        let uri = request.uri();
        let section = RequestSection {
            method: request.method().as_str().as_bytes(),
            protocol: protocol.map(str::as_bytes),
            scheme: uri.scheme_str().map(str::as_bytes),
            path: uri.path_and_query().map(|path| path.as_str().as_bytes()),
            authority: uri.authority().map(|authority| authority.as_str().as_bytes()),
            headers,
        };
        Self::check_section(section, origins)
    }
}
