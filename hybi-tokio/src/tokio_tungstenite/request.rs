//! Requests of clients.

use http::{
    HeaderName, HeaderValue,
    header::{
        CONNECTION, HOST, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
    },
    uri,
};
use hybi::{Uri, client};

use super::error::{Result, UrlError};

/// A request of a client.
pub type Request = http::Request<()>;

/// A response to a client. A response that does not accept has the part of its body that has arrived.
pub type Response = http::Response<Option<Vec<u8>>>;

/// A value that can be converted into a request: a URI, as text or in the type of the crate `http`, or a
/// request.
pub trait IntoClientRequest {
    /// Converts the value into a request.
    ///
    /// # Errors
    ///
    /// The URI or a header field is malformed.
    fn into_client_request(self) -> Result<Request>;
}

impl IntoClientRequest for &str {
    fn into_client_request(self) -> Result<Request> {
        self.parse::<uri::Uri>()?.into_client_request()
    }
}

impl IntoClientRequest for &String {
    fn into_client_request(self) -> Result<Request> {
        self.as_str().into_client_request()
    }
}

impl IntoClientRequest for String {
    fn into_client_request(self) -> Result<Request> {
        self.as_str().into_client_request()
    }
}

impl IntoClientRequest for &uri::Uri {
    fn into_client_request(self) -> Result<Request> {
        self.clone().into_client_request()
    }
}

impl IntoClientRequest for uri::Uri {
    fn into_client_request(self) -> Result<Request> {
        let host = match self.authority() {
            Some(authority) => HeaderValue::try_from(host_and_port(authority))?,
            None => return Err(UrlError::NoHostName.into()),
        };
        let mut request = Request::new(());
        let headers = request.headers_mut();
        headers.insert(HOST, host);
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        headers.insert(SEC_WEBSOCKET_KEY, HeaderValue::try_from(generate_key())?);
        *request.uri_mut() = self;
        Ok(request)
    }
}

impl IntoClientRequest for Request {
    fn into_client_request(self) -> Result<Request> {
        Ok(self)
    }
}

/// The authority without a user name and a password.
pub(super) fn host_and_port(authority: &uri::Authority) -> &str {
    authority.as_str().rsplit_once('@').map_or(authority.as_str(), |(_, host)| host)
}

/// A random value for `Sec-WebSocket-Key`. It is empty if the operating system has no randomness; then no
/// request can be sent either.
///
/// A request that this crate sends has another key.
pub fn generate_key() -> String {
    let key = || {
        let request = client::Request::new(&Uri::parse("ws://localhost/").ok()?);
        let (request, _) = request.send_http().ok()?;
        let key = request.headers().get(SEC_WEBSOCKET_KEY)?;
        Some(key.to_str().ok()?.to_owned())
    };
    key().unwrap_or_default()
}

/// A request with header fields and subprotocols.
#[derive(Clone, Debug)]
pub struct ClientRequestBuilder {
    uri: uri::Uri,
    fields: Vec<(String, String)>,
    subprotocols: Vec<String>,
}

impl ClientRequestBuilder {
    /// A request for this URI.
    #[must_use]
    pub const fn new(uri: uri::Uri) -> Self {
        Self { uri, fields: Vec::new(), subprotocols: Vec::new() }
    }

    /// Adds a header field.
    #[must_use]
    pub fn with_header<K: Into<String>, V: Into<String>>(mut self, name: K, value: V) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// Offers a subprotocol.
    #[must_use]
    pub fn with_sub_protocol<P: Into<String>>(mut self, name: P) -> Self {
        self.subprotocols.push(name.into());
        self
    }
}

impl IntoClientRequest for ClientRequestBuilder {
    fn into_client_request(self) -> Result<Request> {
        let mut request = self.uri.into_client_request()?;
        let headers = request.headers_mut();
        for (name, value) in self.fields {
            headers.append(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
        }
        if !self.subprotocols.is_empty() {
            let names = HeaderValue::try_from(self.subprotocols.join(", "))?;
            headers.append(SEC_WEBSOCKET_PROTOCOL, names);
        }
        Ok(request)
    }
}
