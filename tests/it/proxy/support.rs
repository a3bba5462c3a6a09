//! Passes responses to a request for a tunnel.

use hybi::{
    Inbox, Storage, Uri,
    http1::HeadLimits,
    proxy::{Connect, Error, Failure, Opening, Response},
};

use crate::support::handshake::cut::cuts;

/// What became of a request for a tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The response is not complete.
    Waiting,
    Failed(Failure),
    Refused(u16),
    /// The status, and the bytes of the tunnel.
    Tunnel(u16, Vec<u8>),
}

pub(crate) fn connect() -> Connect<'static> {
    Connect::new(&Uri::parse("ws://server.example.com/chat").unwrap())
}

/// The opening of a request that was sent.
pub(crate) fn opening(limits: HeadLimits) -> Opening {
    connect().limits(limits).send(&mut Vec::new()).unwrap()
}

/// How a response is taken from an opening.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Receiving,
    /// By advancing and looking.
    Looking,
}

/// Receives the pieces one after the other, and continues after the response.
fn hear<S: Storage>(by: By, limits: HeadLimits, mut inbox: Inbox<S>, pieces: &[&[u8]]) -> Outcome {
    let mut opening = opening(limits);
    let mut outcome = Outcome::Waiting;
    for mut piece in pieces.iter().copied() {
        while !piece.is_empty() {
            let taken = inbox.copy_from(piece);
            piece = &piece[taken..];
            if outcome != Outcome::Waiting {
                // There is no second response.
                assert_eq!(opening.receive(&mut inbox).map(|_| ()), Err(Error::Over));
                take_tunnel(&mut outcome, &mut inbox);
                if taken == 0 {
                    break;
                }
                continue;
            }
            let response = match by {
                By::Receiving => opening.receive(&mut inbox),
                By::Looking => opening.advance(&mut inbox).map(|is_found| {
                    let looks = [opening.response(&inbox), opening.response(&inbox)];
                    assert_eq!(looks.map(|look| look.is_some()), [is_found; 2]);
                    looks[0]
                }),
            };
            match response {
                Ok(None) => assert!(taken > 0, "an inbox that is full of a head is an error"),
                Ok(Some(Response::Tunnel(tunnel))) => {
                    assert!(tunnel.headers().iter().count() < 100);
                    outcome = Outcome::Tunnel(tunnel.status(), Vec::new());
                }
                Ok(Some(Response::Refused(refused))) => {
                    outcome = Outcome::Refused(refused.status());
                }
                Err(Error::Failed(failure)) => outcome = Outcome::Failed(failure),
                Err(error) => panic!("{error}"),
            }
            take_tunnel(&mut outcome, &mut inbox);
        }
    }
    outcome
}

/// Takes the bytes of an open tunnel out of the inbox.
fn take_tunnel<S: Storage>(outcome: &mut Outcome, inbox: &mut Inbox<S>) {
    if let Outcome::Tunnel(_, bytes) = outcome {
        bytes.extend(inbox.unread());
        inbox.consume(inbox.unread().len()).unwrap();
    }
}

/// The outcome of these bytes, which must be the same for the whole, byte by byte, for every split in
/// two, and for inboxes that grow and one that does not.
pub(crate) fn outcome(bytes: &[u8], limits: HeadLimits) -> Outcome {
    let mut first = None;
    for pieces in cuts(bytes) {
        let fixed = Inbox::over(vec![0; bytes.len() + 1]);
        let outcomes = [
            hear(By::Receiving, limits, Inbox::with_capacity(64), &pieces),
            hear(By::Looking, limits, Inbox::with_capacity(64), &pieces),
            hear(By::Receiving, limits, fixed, &pieces),
        ];
        for outcome in outcomes {
            let first = first.get_or_insert_with(|| outcome.clone());
            assert_eq!(*first, outcome, "{}", bytes.escape_ascii());
        }
    }
    first.unwrap()
}
