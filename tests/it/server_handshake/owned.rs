//! Requests that outlive the inbox.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use hybi::{
    Connection, Inbox, Server,
    server::{Error, Opening, OwnedRequest, Request},
};

use crate::support::handshake::{
    head::KEY,
    proof::accept,
    server::{MARKER, opening, sound},
};

/// Runs a future by polling it again whenever it is pending.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// Is pending once.
async fn wait() {
    let mut has_waited = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut has_waited, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

async fn is_allowed(user: &[u8]) -> bool {
    wait().await;
    user == MARKER.as_bytes()
}

/// Responds after it has queried another service. The request is held across the `await`.
async fn answer(
    mut opening: Opening<'static>,
    mut inbox: Inbox,
) -> Result<(Option<Connection<Server>>, Vec<u8>), Error> {
    let mut outbox = Vec::new();
    let request = loop {
        match opening.receive(&mut inbox, &mut outbox)? {
            Some(request) => break request.to_owned(),
            None => wait().await,
        }
    };
    drop(inbox);
    let user = request.as_request().cookie("user").unwrap_or_default().to_vec();
    if is_allowed(&user).await {
        let websocket = request.as_request().accept().finish(&mut outbox)?;
        return Ok((Some(websocket), outbox));
    }
    request.as_request().reject(403).send(&mut outbox)?;
    Ok((None, outbox))
}

fn request(user: &str) -> Vec<u8> {
    sound().with("Cookie", &[format!("user={user}")]).bytes()
}

fn inbox_with(bytes: &[u8]) -> Inbox {
    let mut inbox = Inbox::with_capacity(bytes.len());
    assert_eq!(inbox.copy_from(bytes), bytes.len());
    inbox
}

// 6455-4.2.2-e
#[test]
fn a_request_is_held_across_an_await() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    for (user, is_open) in [(MARKER, true), ("nobody", false)] {
        let future = assert_send(answer(opening(), inbox_with(&request(user))));
        // On a different thread from the one that received it.
        let answered = std::thread::spawn(|| block_on(future)).join().unwrap();
        let (websocket, outbox) = answered.unwrap();
        assert_eq!(websocket.is_some(), is_open);
        let text = String::from_utf8(outbox).unwrap();
        if is_open {
            assert!(text.contains(&format!("Sec-WebSocket-Accept: {}\r\n", accept(KEY))), "{text}");
        } else {
            assert!(text.starts_with("HTTP/1.1 403 "), "{text}");
        }
    }
}

fn assert_same(owned: &OwnedRequest, request: &Request<'_>) {
    let kept = owned.as_request();
    assert_eq!((kept.target(), kept.path()), (request.target(), request.path()));
    assert_eq!((kept.host(), kept.origin()), (request.host(), request.origin()));
    assert!(kept.subprotocols().eq(request.subprotocols()));
    let names = |request: &Request<'_>| {
        request.extensions().map(|extension| extension.name().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&kept), names(request));
    assert!(kept.headers().iter().eq(request.headers().iter()));
    assert_eq!(format!("{kept:?}"), format!("{request:?}"));
    let mut answers = [Vec::new(), Vec::new()];
    kept.accept().finish(&mut answers[0]).unwrap();
    request.clone().accept().finish(&mut answers[1]).unwrap();
    assert_eq!(answers[0], answers[1]);
}

// 6455-4.2.2-e
#[test]
fn an_owned_request_is_the_same_request() {
    let heads = [
        sound(),
        sound().start(format!("GET http://b.example:8080/{MARKER}?x HTTP/1.1")),
        sound().with("Sec-WebSocket-Protocol", &["a, b", "c"]),
        sound().with("Sec-WebSocket-Extensions", &["x; y=1, z", "permessage-deflate"]),
        (0..90).fold(sound(), |head, i| head.with(&format!("X-{i}"), &["y"])),
    ];
    for head in heads {
        let bytes = [b"\r\n", &head.bytes()[..]].concat();
        let mut inbox = inbox_with(&bytes);
        let request = opening().receive(&mut inbox, &mut Vec::new()).unwrap().unwrap();
        let owned = request.to_owned();
        assert_same(&owned, &request);
        assert_same(&owned.clone(), &request);
        assert_same(&request.clone().into(), &request);
        let shown = format!("{owned:?}");
        assert!(!shown.contains(&format!("?{MARKER}")) && !shown.contains(KEY), "{shown}");
    }
}

#[cfg(feature = "http")]
#[test]
fn a_request_parsed_by_another_implementation_can_be_owned() {
    for uri in ["/chat?x=1", "http://b.example:8080/chat?x=1", "WSS://b.example/chat"] {
        let request = http::Request::get(uri)
            .header("Host", "a.example")
            .header("Upgrade", "websocket")
            .header("Connection", "Upgrade")
            .header("Sec-WebSocket-Key", KEY)
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Protocol", "chat, superchat")
            .body(())
            .unwrap();
        let origins = hybi::Origins::no_browser();
        let checked = Request::from_http(&request, &origins).unwrap();
        // The iterator is cloned where it is.
        let all: Vec<_> = checked.headers().iter().collect();
        for taken in 0..=all.len() {
            let mut rest = checked.headers().iter();
            assert_eq!(rest.by_ref().take(taken).count(), taken);
            assert!(rest.clone().eq(all[taken..].iter().copied()));
        }
        assert_same(&checked.to_owned(), &checked);
    }
}
