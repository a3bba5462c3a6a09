//! Checks the output and the received events against the calls.

use hybi::{CloseCode, State, Storage};
use hybi_fuzz::{
    event::OwnedEvent,
    keys::Keys,
    reference::{self, Decoded, Limits},
};

use super::{Came, End};
use crate::{
    role::Endpoint,
    settings::{Answering, Settings},
};

impl<R: Endpoint, S: Storage> End<R, S> {
    /// Checks the output against the calls.
    pub(crate) fn check_sent(&mut self, masked: bool) -> Decoded {
        self.write(usize::MAX);
        let decoded = reference::decode(&self.sent, masked, &Limits::NONE);
        assert_eq!(decoded.error, None);
        assert_eq!(decoded.rest, 0, "output after the Close");
        let numbers = decoded.keys.iter().map(|key| Keys::number(*key));
        assert!(numbers.is_sorted_by(|one, next| one < next), "a masking key is reused");
        assert_eq!(decoded.unfinished, self.open);

        let is_answer = |event: &OwnedEvent| matches!(event, OwnedEvent::Pong(payload) if !payload.starts_with(b"u"));
        let (answers, mut rest): (Vec<_>, Vec<_>) =
            decoded.events.iter().cloned().partition(is_answer);
        let closed = self.calls.iter().any(|event| matches!(event, OwnedEvent::Close(..)));
        if !closed && let Some(OwnedEvent::Close(code, reason)) = rest.last() {
            self.check_reply(*code, reason);
            rest.pop();
        }
        assert_eq!(rest, self.calls);
        self.check_answers(&answers);
        decoded
    }

    /// Checks an automatic Close: the reply to a Close, or to an error of the peer.
    fn check_reply(&self, code: Option<u16>, reason: &str) {
        assert_eq!(reason, "");
        match (self.events.last(), self.error) {
            (_, Some(error)) => assert_eq!(code, error.close_code().map(CloseCode::get)),
            (Some((OwnedEvent::Close(expected, _), _)), None) => assert_eq!(code, *expected),
            (other, None) => panic!("a Close without a reason, after {other:?}"),
        }
    }

    /// Checks that pongs repeat pings in order: all of them, if no limit applies.
    fn check_answers(&self, answers: &[OwnedEvent]) {
        let mut pings = self.events.iter().filter_map(|(event, before)| match event {
            OwnedEvent::Ping(payload) if *before == State::Open => {
                Some(OwnedEvent::Pong(payload.clone()))
            }
            _ => None,
        });
        let Settings { pongs, pong_backlog, outbox_size, outbox, .. } = self.settings;
        if pongs == Answering::All && (pong_backlog, outbox_size, outbox) == (None, None, None) {
            assert_eq!(pings.collect::<Vec<_>>(), answers);
            return;
        }
        assert!(pongs != Answering::Manual || answers.is_empty());
        for answer in answers {
            assert!(pings.any(|ping| ping == *answer), "a pong without a ping");
        }
    }

    /// Checks the received events against the output of the peer.
    pub(crate) fn check_events(&self, peer: &Decoded) {
        if self.input == Came::Garbage {
            return;
        }
        let mut expected = peer.events.iter();
        for (event, before) in &self.events {
            let drops = self.settings.drops(*before);
            let found = expected.find(|next| {
                assert!(*next == event || (drops && next.is_message()), "a wrong event");
                *next == event
            });
            assert!(found.is_some(), "an event that the peer did not send");
        }
        if self.input == Came::Whole {
            let closed = self.calls.iter().any(|event| matches!(event, OwnedEvent::Close(..)));
            let drops = closed && self.settings.drops(State::CloseSent);
            assert!(expected.all(|next| drops && next.is_message()), "a missing event");
        }
        if let (Some((kind, chunks)), Came::Whole) = (&self.joiner.open, self.input) {
            let (expected, message) = peer.unfinished.as_ref().expect("a message is incomplete");
            assert_eq!(kind, expected);
            assert!(message.starts_with(chunks));
        }
    }

    /// Checks that the close code is that of the Close of the peer.
    pub(crate) fn check_close(&self, peer: &Decoded) {
        let Some(OwnedEvent::Close(code, _)) = peer.events.last() else {
            panic!("no Close was sent")
        };
        assert_eq!(self.connection.close_code(), Some(code.unwrap_or(1005)));
    }
}
