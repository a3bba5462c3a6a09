//! Feeding requests to a server.

use std::fmt::Debug;

use hybi::{
    Connection, Event, FixedOutbox, Inbox, Origins, Outbox, Server, Storage,
    server::{Error, Opening, Refusal, Request},
};

use super::{
    cut::cuts,
    head::{Head, KEY},
    http::Response,
};

/// The masked frame of section 5.7: a text message that says `Hello`.
pub(crate) const HELLO: [u8; 11] =
    [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];

/// A string that only comes from the request: it must not be in the answer.
pub(crate) const MARKER: &str = "Marker5f1c";

/// What became of a connection to a server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome<T> {
    /// The request is not complete.
    Waiting,
    Refused(Refusal),
    /// What was seen in the request, and the messages that came behind it.
    Open(T, Vec<String>),
}

/// A sound request whose target, host, subprotocol, origin and cookie have the marker in them.
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

/// A server that lets everybody in.
pub(crate) fn opening() -> Opening<'static> {
    Opening::new(Origins::any())
}

/// Feeds the pieces one after the other, as far as the inbox has room; accepts what there is to
/// be accepted, and goes on after a refusal.
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
                    Ok(None) => assert_eq!(outbox.pending(), 0, "the answer comes last"),
                    Ok(Some(request)) => {
                        assert_eq!(outbox.pending(), 0, "nobody has answered yet");
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
                    assert_eq!(outbox.pending(), before, "a request is answered once");
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

/// Checks that a request is accepted, and nothing that comes behind it lost, however it is cut;
/// yields what is seen in it, and the answer.
pub(crate) fn assert_accepted<T: Debug + PartialEq>(
    request: &[u8],
    see: impl Fn(&Request<'_>) -> T,
) -> (T, Vec<u8>) {
    let mut first = None;
    for (behind, messages) in [(&[][..], &[][..]), (&HELLO, &["Hello"])] {
        let bytes = [request, behind].concat();
        for pieces in cuts(&bytes) {
            let (outcome, answer) = serve_both(&opening(), &pieces, &see);
            let Outcome::Open(seen, heard) = outcome else {
                panic!("{outcome:?}: {}", request.escape_ascii());
            };
            assert_eq!(heard, messages, "the frame behind the request");
            let found = (seen, answer);
            match &first {
                None => first = Some(found),
                Some(first) => assert_eq!(*first, found),
            }
        }
    }
    let (seen, answer) = first.unwrap();
    #[cfg(feature = "http")]
    super::others::assert_accepted(request, &see, &seen, &answer);
    (seen, answer)
}

/// Checks that a request is refused in this way, once and for all, however it is cut and whatever
/// comes behind it; yields the answer.
pub(crate) fn assert_refused(
    opening: &Opening<'_>,
    request: &[u8],
    refusal: Refusal,
    status: u16,
) -> Response {
    let mut first = None;
    for behind in [&[][..], &[&sound().bytes()[..], &HELLO].concat()] {
        let bytes = [request, behind].concat();
        for pieces in cuts(&bytes) {
            let (outcome, answer) = serve_both(opening, &pieces, |_| ());
            assert_eq!(outcome, Outcome::Refused(refusal), "{}", request.escape_ascii());
            assert_eq!(*first.get_or_insert_with(|| answer.clone()), answer);
        }
    }
    #[cfg(feature = "http")]
    super::others::assert_refused(request, refusal);
    let response = Response::parse(&first.unwrap());
    assert_eq!(response.status, status, "{}", request.escape_ascii());
    response.assert_ends_the_connection();
    for echoed in [MARKER, KEY] {
        let text = format!("{response:?}").to_lowercase();
        assert!(!text.contains(&echoed.to_lowercase()), "{text}");
    }
    response
}

/// Feeds a server with growing buffers and one with fixed ones, which must do the same.
fn serve_both<T: Debug + PartialEq>(
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
