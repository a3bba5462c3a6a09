//! Handshakes as extended CONNECT: fields in place of a head.

use std::{collections::BTreeSet, fmt::Display};

use hybi::{
    Connection, Origins, Server,
    client::{self, Exchange, Failure},
    http2::Field,
    server::{Accept, ConnectFault, Error, Refusal, Request},
};

use super::{client::SampleNonce, head::KEY};

/// Fields to be changed one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields(pub(crate) Vec<(Vec<u8>, Vec<u8>)>);

impl Fields {
    /// One more field.
    pub(crate) fn and(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.0.push((name.as_ref().into(), value.as_ref().into()));
        self
    }

    /// A field for each of these values in place of those of this name: there, if there is one, or
    /// at the end.
    pub(crate) fn with(mut self, name: &str, values: &[impl AsRef<[u8]>]) -> Self {
        let is_same = |(other, _): &(Vec<u8>, Vec<u8>)| other == name.as_bytes();
        let place = self.0.iter().position(is_same).unwrap_or(self.0.len());
        self.0.retain(|field| !is_same(field));
        let fields = values.iter().map(|value| (name.into(), value.as_ref().into()));
        self.0.splice(place..place, fields);
        self
    }

    /// As an implementation of HTTP/2 or HTTP/3 hands them out.
    pub(crate) fn pairs(&self) -> Vec<Field<'_>> {
        self.0.iter().map(|(name, value)| (&name[..], &value[..])).collect()
    }

    /// The values of the fields of this name.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let fields = self.0.iter().filter(|(other, _)| other == name.as_bytes());
        fields.map(|(_, value)| std::str::from_utf8(value).unwrap()).collect()
    }

    /// Takes a field that the crate hands out.
    pub(crate) fn take(&mut self, name: &dyn Display, value: &dyn Display) {
        self.0.push((name.to_string().into(), value.to_string().into()));
    }

    /// Checks that HTTP/2 and HTTP/3 carry these fields of a message.
    pub(crate) fn assert_sound(&self) {
        let mut is_regular = false;
        for (name, value) in &self.0 {
            let shown = (name.escape_ascii().to_string(), value.escape_ascii().to_string());
            assert!(!name.iter().any(u8::is_ascii_uppercase), "{shown:?}");
            assert!(!is_regular || name[0] != b':', "{shown:?}");
            is_regular |= name[0] != b':';
            assert_eq!(value.trim_ascii(), value, "{shown:?}");
            for other in ["connection", "upgrade", "transfer-encoding", "keep-alive", "host"] {
                assert_ne!(name, other.as_bytes());
            }
        }
    }
}

/// The valid request that others differ from.
pub(crate) fn sound() -> Fields {
    Fields::default()
        .and(":method", "CONNECT")
        .and(":protocol", "websocket")
        .and(":scheme", "https")
        .and(":path", "/chat")
        .and(":authority", "server.example.com")
        .and("sec-websocket-version", "13")
}

/// Accepts a request, and takes the fields of the response.
pub(crate) fn finish(accept: Accept<'_>) -> Result<(Fields, Connection<Server>), Error> {
    let mut fields = Fields::default();
    let websocket = accept.finish_fields(|name, value| fields.take(name, value));
    if websocket.is_err() {
        assert_eq!(fields, Fields::default(), "nothing was handed out");
    }
    fields.assert_sound();
    websocket.map(|websocket| (fields, websocket))
}

/// What is the same in a request of each version of HTTP.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    target: String,
    path: String,
    host: String,
    origin: Option<String>,
    subprotocols: Vec<String>,
    extensions: Vec<String>,
    cookies: Vec<(Vec<u8>, Vec<u8>)>,
    /// The names and values of other fields.
    headers: BTreeSet<(String, Vec<u8>)>,
}

impl Seen {
    pub(crate) fn of(request: &Request<'_>) -> Self {
        let own = ["host", "connection", "upgrade", "sec-websocket-key"];
        let headers = request.headers().iter().map(|(name, value)| (name.to_lowercase(), value));
        let headers = headers.filter(|(name, _)| !own.contains(&&name[..]));
        Self {
            target: request.target().into(),
            path: request.path().into(),
            host: request.host().to_string(),
            origin: request.origin().map(Into::into),
            subprotocols: request.subprotocols().map(Into::into).collect(),
            extensions: request.extensions().map(|extension| extension.name().into()).collect(),
            cookies: request.cookies().map(|(name, value)| (name.into(), value.into())).collect(),
            headers: headers.map(|(name, value)| (name, value.into())).collect(),
        }
    }
}

/// Checks that a request is accepted like this one of HTTP/1.1.
pub(crate) fn assert_accepted(request: &[u8], seen: &Seen) {
    let Some(fields) = translate(request) else { return };
    // In HTTP/2 and HTTP/3, even a length of 0 is refused.
    if !fields.all("content-length").is_empty() {
        return;
    }
    let pairs = fields.pairs();
    let checked = Request::from_connect(&pairs, &Origins::any()).unwrap();
    assert_eq!(Seen::of(&checked), *seen);
    let owned = checked.to_owned();
    assert_eq!(Seen::of(&owned.as_request()), *seen);
    let (response, _) = finish(checked.accept()).unwrap();
    assert_eq!(response.0, [(b":status".to_vec(), b"200".to_vec())]);
    #[cfg(feature = "http")]
    for version in [http::Version::HTTP_2, http::Version::HTTP_3] {
        let Some(request) = to_http(&fields, version) else { continue };
        let checked = Request::from_http_connect(&request, Some("websocket"), &Origins::any());
        assert_eq!(Seen::of(&checked.unwrap()), *seen);
    }
}

/// Checks that a request is refused like this one of HTTP/1.1.
pub(crate) fn assert_refused(request: &[u8], refusal: Refusal) {
    let expected = match refusal {
        Refusal::Version
        | Refusal::NoVersion
        | Refusal::Subprotocols
        | Refusal::Extensions
        | Refusal::OriginSyntax
        | Refusal::Expectation
        | Refusal::Body => refusal,
        Refusal::UnsupportedVersion(version) => {
            Refusal::Connect(ConnectFault::UnsupportedVersion(version))
        }
        // What HTTP/1.1 or the policy refuses is not refused here.
        _ => return,
    };
    let Some(fields) = translate(request) else { return };
    let check = |pairs: &[Field<'_>]| {
        Request::from_connect(pairs, &Origins::any()).map(|_| ()).unwrap_err()
    };
    assert_eq!(check(&fields.pairs()), expected, "{}", request.escape_ascii());
    #[cfg(feature = "http")]
    for version in [http::Version::HTTP_2, http::Version::HTTP_3] {
        let Some(request) = to_http(&fields, version) else { continue };
        let checked = Request::from_http_connect(&request, Some("websocket"), &Origins::any());
        assert_eq!(checked.map(|_| ()).unwrap_err(), expected);
    }
}

/// A request of HTTP/1.1 as a gateway passes it on; `None` if there is no such extended CONNECT.
fn translate(request: &[u8]) -> Option<Fields> {
    let (line, fields) = parse(request)?;
    let target = line.strip_prefix("GET ")?.strip_suffix(" HTTP/1.1")?;
    if !target.starts_with('/') {
        return None;
    }
    let mut translated = sound().with(":path", &[target]).with("sec-websocket-version", &[""; 0]);
    let mut hosts = 0;
    for (name, value) in fields {
        match &*name {
            "host" => {
                translated = translated.with(":authority", &[&value]).and("host", value);
                hosts += 1;
            }
            "connection" | "upgrade" | "sec-websocket-key" => {}
            "transfer-encoding" | "keep-alive" | "te" | "proxy-connection" => return None,
            _ => translated.0.push((name.into(), value)),
        }
    }
    (hosts == 1).then_some(translated)
}

/// The start line of a head, and its fields with their names in lower case.
fn parse(head: &[u8]) -> Option<(String, Vec<(String, Vec<u8>)>)> {
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r"));
    let line = String::from_utf8(lines.next()??.into()).ok()?;
    let mut fields = Vec::new();
    for field in lines {
        let Some(field) = field.filter(|field| !field.is_empty()) else { continue };
        let colon = field.iter().position(|byte| *byte == b':')?;
        let name = String::from_utf8(field[..colon].to_ascii_lowercase()).ok()?;
        fields.push((name, field[colon + 1..].trim_ascii().into()));
    }
    Some((line, fields))
}

/// The same request in the types of the `http` crate, which has no place for `:protocol`; `None` if
/// they do not take it.
#[cfg(feature = "http")]
pub(crate) fn to_http(fields: &Fields, version: http::Version) -> Option<http::Request<()>> {
    let pseudo = |name| fields.all(name).first().map(ToString::to_string);
    let (scheme, authority) = (pseudo(":scheme")?, pseudo(":authority")?);
    let path = pseudo(":path")?;
    let uri: http::Uri = format!("{scheme}://{authority}{path}").parse().ok()?;
    // A fragment is left out, and such a target is not the same.
    if uri.path_and_query()?.as_str() != path {
        return None;
    }
    let mut request =
        http::Request::builder().method(pseudo(":method")?.as_str()).uri(uri).version(version);
    for (name, value) in fields.0.iter().filter(|(name, _)| name[0] != b':') {
        request = request.header(&name[..], &value[..]);
    }
    request.body(()).ok()
}

/// Checks that this answer opens a connection too if it comes to an extended CONNECT.
pub(crate) fn assert_opens(request: client::Request<'_>, answer: &[u8]) {
    let Some(fields) = translate_answer(answer) else { return };
    let pairs = fields.pairs();
    let response = exchange(request).1.receive_fields(&pairs).unwrap();
    let Some(client::Response::Accepted(accepted)) = response else {
        panic!("not accepted: {}", answer.escape_ascii());
    };
    assert_eq!(accepted.subprotocol(), fields.all("sec-websocket-protocol").first().copied());
    let names = accepted.extensions().map(|extension| extension.name());
    let list = fields.all("sec-websocket-extensions").join(",");
    let parts = list.split(',').map(|part| part.split(';').next().unwrap_or_default().trim());
    assert!(names.eq(parts.filter(|name| !name.is_empty())));
}

/// Checks that a client's handshake fails in the same way if this answer comes to its extended
/// CONNECT.
pub(crate) fn assert_fails(request: client::Request<'_>, answer: &[u8], failure: Failure) {
    let is_common = matches!(
        failure,
        Failure::Extensions
            | Failure::ExtensionNotOffered
            | Failure::ExtensionTwice
            | Failure::Deflate
            | Failure::Subprotocol
            | Failure::NoSubprotocol
    );
    let Some(fields) = translate_answer(answer).filter(|_| is_common) else { return };
    let error = exchange(request).1.receive_fields(&fields.pairs()).map(|_| ()).unwrap_err();
    assert_eq!(error, client::Error::Failed(failure), "{}", answer.escape_ascii());
}

/// The fields of a request, and the exchange.
pub(crate) fn exchange(request: client::Request<'_>) -> (Fields, Exchange<'_, SampleNonce>) {
    let mut fields = Fields::default();
    let exchange = request.send_fields_with(SampleNonce, |name, value| fields.take(name, value));
    fields.assert_sound();
    assert!(!format!("{fields:?}").contains(KEY));
    (fields, exchange.unwrap())
}

/// The answer of a gateway: status 200 for 101, and no field that belongs to HTTP/1.1. `None` if there
/// is no such answer.
fn translate_answer(answer: &[u8]) -> Option<Fields> {
    let (line, fields) = parse(answer)?;
    line.strip_prefix("HTTP/1.1 101")?;
    let is_malformed = |value: &[u8]| value.iter().any(u8::is_ascii_control);
    let mut translated = Fields::default().and(":status", "200");
    for (name, value) in fields {
        match &*name {
            "connection" | "upgrade" | "sec-websocket-accept" => {}
            "transfer-encoding" | "keep-alive" | "te" | "proxy-connection" => return None,
            _ if is_malformed(&value) || name.contains([' ', '\t']) => return None,
            _ => translated.0.push((name.into(), value)),
        }
    }
    Some(translated)
}
