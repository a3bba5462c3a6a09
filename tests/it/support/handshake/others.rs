//! The same requests, parsed by another HTTP implementation (feature `http`).

use std::{collections::BTreeSet, fmt::Debug};

use httparse::Status;
use hybi::{
    Origins,
    server::{Refusal, Request},
};

use super::http::Response;

/// Checks that a request has the same content and gets the same response when it is parsed by
/// another implementation.
pub(crate) fn assert_accepted<T: Debug + PartialEq>(
    request: &[u8],
    see: impl Fn(&Request<'_>) -> T,
    seen: &T,
    answer: &[u8],
) {
    let Some(parsed) = parse(request) else { return };
    let checked = Request::from_http(&parsed, &Origins::any()).unwrap();
    assert_eq!(see(&checked), *seen);
    let (response, _) = checked.accept().finish_http().unwrap();
    assert_eq!(response.status(), 101);
    let expected = Response::parse(answer);
    let names: BTreeSet<_> = response.headers().keys().map(http::HeaderName::as_str).collect();
    for name in &names {
        let values: Vec<_> = response.headers().get_all(*name).iter().collect();
        assert_eq!(values, expected.all(name), "{name}");
    }
    assert_eq!(names, expected.names().collect());
}

/// Checks that a request is refused for the same reason when it is parsed by another
/// implementation.
pub(crate) fn assert_refused(request: &[u8], refusal: Refusal) {
    // These are decided by the parser or by the origin policy.
    if matches!(refusal, Refusal::Head(_) | Refusal::Origin) {
        return;
    }
    let Some(parsed) = parse(request) else { return };
    // HTTP/1.0 has no upgrade, so for `from_http` this is a plain request.
    let refusal = if refusal == Refusal::HttpVersion { Refusal::NotWebSocket } else { refusal };
    let error = Request::from_http(&parsed, &Origins::any()).map(|_| ()).unwrap_err();
    assert_eq!(error, refusal, "{}", request.escape_ascii());
    let response = error.to_http();
    assert_eq!(response.status(), refusal.status());
    assert!(!response.body().is_empty());
    if response.status() == 426 {
        assert_eq!(response.headers()["Sec-WebSocket-Version"], "13");
    }
}

/// `None` if the other implementation refuses the request or changes its target.
fn parse(bytes: &[u8]) -> Option<http::Request<()>> {
    let mut fields = [httparse::EMPTY_HEADER; 128];
    let mut head = httparse::Request::new(&mut fields);
    let Ok(Status::Complete(length)) = head.parse(bytes) else { return None };
    assert_eq!(length, bytes.len());
    let target = head.path?;
    let version =
        if head.version == Some(0) { http::Version::HTTP_10 } else { http::Version::HTTP_11 };
    let mut request = http::Request::builder().method(head.method?).uri(target).version(version);
    for field in head.headers.iter() {
        request = request.header(field.name, field.value);
    }
    let request = request.body(()).ok()?;
    (request.uri().path_and_query()?.as_str() == target).then_some(request)
}
