//! Feeds requests to a server.

use std::fmt::Debug;

use hybi::{
    Connection, Event, FixedOutbox, Inbox, Origins, Outbox, Server, Storage,
    server::{Error, Opening, Refusal, Request},
};

use super::{
    connect::Seen,
    cut::cuts,
    head::{Head, KEY},
    http::Response,
};

/// The masked frame of section 5.7: the text message `Hello`.
pub(crate) const HELLO: [u8; 11] =
    [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];

/// A string from the request, which must not appear in the response.
pub(crate) const MARKER: &str = "Marker5f1c";

/// The state of a server after its input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome<T> {
    /// The request is incomplete.
    Waiting,
    Refused(Refusal),
    /// The value that `see` returned for the request, and the messages after it.
    Open(T, Vec<String>),
}

/// A valid request with the marker in its target, host, subprotocol, origin and cookie.
pub(crate) fn sound() -> Head {
    Head::default()
        .start(format!("GET /{MARKER}?{MARKER} HTTP/1.1"))
        .with("Host", &[format!("{MARKER}.example.com")])
        .with("Upgrade", &["websocket"])
        .with("Connection", &["Upgrade"])
        .with("Sec-WebSocket-Key", &[KEY])
        .with("Origin", &[format!("http://{MARKER}.example.com")])
        .with("Sec-WebSocket-Protocol", &[MARKER])
        .with("Sec-WebSocket-Version", &["13"])
        .with("Cookie", &[MARKER])
}

/// A server that allows every origin.
pub(crate) fn opening() -> Opening<'static> {
    Opening::new(Origins::any())
}

/// Feeds the pieces to a server in order, as far as the inbox has room. Accepts the request, and
/// continues after a refusal.
pub(crate) fn serve<S: Storage, T>(
    mut opening: Opening<'_>,
    mut inbox: Inbox<S>,
    outbox: &mut impl Outbox,
    pieces: &[&[u8]],
    see: impl Fn(&Request<'_>) -> T,
) -> Outcome<T> {
    let mut outcome = Outcome::Waiting;
    let mut websocket: Option<Connection<Server>> = None;
    for mut piece in pieces.iter().copied() {
        loop {
            let taken = inbox.copy_from(piece);
            piece = &piece[taken..];
            match (&mut outcome, &mut websocket) {
                (Outcome::Waiting, _) => match opening.receive(&mut inbox, outbox) {
                    Ok(None) => assert_eq!(
                        outbox.pending(),
                        0,
                        "nothing is sent before the request is complete"
                    ),
                    Ok(Some(request)) => {
                        assert_eq!(
                            outbox.pending(),
                            0,
                            "nothing is sent before the request is accepted"
                        );
                        outcome = Outcome::Open(see(&request), Vec::new());
                        websocket = Some(request.accept().finish(outbox).unwrap());
                    }
                    Err(Error::Refused(refusal)) => outcome = Outcome::Refused(refusal),
                    Err(error) => panic!("{error}"),
                },
                (Outcome::Open(_, messages), Some(websocket)) => {
                    while let Some(event) = websocket.receive(&mut inbox, outbox).unwrap() {
                        let Event::Text(text) = event else { panic!("{event:?}") };
                        messages.push(text.into());
                    }
                    if piece.is_empty() {
                        break;
                    }
                }
                (Outcome::Refused(_), _) | (Outcome::Open(..), None) => {
                    let before = outbox.pending();
                    let error = opening.receive(&mut inbox, outbox).unwrap_err();
                    assert_eq!(error, Error::HandshakeOver);
                    assert_eq!(outbox.pending(), before, "only one response is sent");
                    break;
                }
            }
            if taken == 0 && matches!(outcome, Outcome::Waiting) {
                break;
            }
        }
    }
    outcome
}

/// Checks that a request is accepted and that no input after it is lost, for every split of the
/// input. Returns what `see` returned, and the response.
pub(crate) fn assert_accepted<T: Debug + PartialEq>(
    request: &[u8],
    see: impl Fn(&Request<'_>) -> T,
) -> (T, Vec<u8>) {
    let mut first = None;
    for (after, messages) in [(&[][..], &[][..]), (&HELLO, &["Hello"])] {
        let bytes = [request, after].concat();
        for pieces in cuts(&bytes) {
            let (outcome, answer) = serve_all(&opening(), &pieces, &see);
            let Outcome::Open(seen, received) = outcome else {
                panic!("{outcome:?}: {}", request.escape_ascii());
            };
            assert_eq!(received, messages, "the frame after the request");
            let found = (seen, answer);
            match &first {
                None => first = Some(found),
                Some(first) => assert_eq!(*first, found),
            }
        }
    }
    let (seen, answer) = first.unwrap();
    let mut inbox = Inbox::with_capacity(request.len());
    assert_eq!(inbox.copy_from(request), request.len());
    let received =
        opening().receive(&mut inbox, &mut Vec::new()).unwrap().map(|request| Seen::of(&request));
    super::connect::assert_accepted(request, &received.unwrap());
    #[cfg(feature = "http")]
    super::others::assert_accepted(request, &see, &seen, &answer);
    (seen, answer)
}

/// Checks that a request is refused for this reason and stays refused, for every split of the input
/// and with any input after it. Returns the response.
pub(crate) fn assert_refused(
    opening: &Opening<'_>,
    request: &[u8],
    refusal: Refusal,
    status: u16,
) -> Response {
    let mut first = None;
    for after in [&[][..], &[&sound().bytes()[..], &HELLO].concat()] {
        let bytes = [request, after].concat();
        for pieces in cuts(&bytes) {
            let (outcome, answer) = serve_all(opening, &pieces, |_| ());
            assert_eq!(outcome, Outcome::Refused(refusal), "{}", request.escape_ascii());
            assert_eq!(*first.get_or_insert_with(|| answer.clone()), answer);
        }
    }
    super::connect::assert_refused(request, refusal);
    #[cfg(feature = "http")]
    super::others::assert_refused(request, refusal);
    let response = Response::parse(&first.unwrap());
    assert_eq!(response.status, status, "{}", request.escape_ascii());
    response.assert_ends_the_connection();
    for secret in [MARKER, KEY] {
        let text = format!("{response:?}").to_lowercase();
        assert!(!text.contains(&secret.to_lowercase()), "{text}");
    }
    response
}

/// Feeds servers with growing and with fixed buffers, and checks that their outcomes are equal.
fn serve_all<T: Debug + PartialEq>(
    opening: &Opening<'_>,
    pieces: &[&[u8]],
    see: impl Fn(&Request<'_>) -> T,
) -> (Outcome<T>, Vec<u8>) {
    let mut outbox = Vec::new();
    let inbox = Inbox::with_capacity(64);
    let outcome = serve(opening.clone(), inbox, &mut outbox, pieces, &see);

    let mut fixed = FixedOutbox::over([0; 1024]);
    let inbox = Inbox::over(vec![0; pieces.iter().map(|piece| piece.len()).sum()]);
    assert_eq!(outcome, serve(opening.clone(), inbox, &mut fixed, pieces, &see));
    assert_eq!(outbox, fixed.bytes());
    (outcome, outbox)
}
