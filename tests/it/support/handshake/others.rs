//! The same request, taken apart by another implementation of HTTP (feature `http`).

use std::{collections::BTreeSet, fmt::Debug};

use httparse::Status;
use hybi::{
    Origins,
    server::{Refusal, Request},
};

use super::http::Response;

/// Checks that the same is seen in a request, and answered, if somebody else has parsed it.
pub(crate) fn assert_accepted<T: Debug + PartialEq>(
    request: &[u8],
    see: impl Fn(&Request<'_>) -> T,
    seen: &T,
    answer: &[u8],
) {
    let Some(parsed) = parse(request) else { return };
    let judged = Request::from_http(&parsed, &Origins::any()).unwrap();
    assert_eq!(see(&judged), *seen);
    let (response, _) = judged.accept().finish_http().unwrap();
    assert_eq!(response.status(), 101);
    let expected = Response::parse(answer);
    let names: BTreeSet<_> = response.headers().keys().map(http::HeaderName::as_str).collect();
    for name in &names {
        let values: Vec<_> = response.headers().get_all(*name).iter().collect();
        assert_eq!(values, expected.all(name), "{name}");
    }
    assert_eq!(names, expected.names().collect());
}

/// Checks that a request is refused for the same reason if somebody else has parsed it.
pub(crate) fn assert_refused(request: &[u8], refusal: Refusal) {
    // What the parser or the origin decides is not decided here.
    if matches!(refusal, Refusal::Head(_) | Refusal::Origin) {
        return;
    }
    let Some(parsed) = parse(request) else { return };
    // HTTP/1.0 upgrades nothing, so there such a request is a plain one.
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

/// `None` if the other implementation does not take it, or changes its target.
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
