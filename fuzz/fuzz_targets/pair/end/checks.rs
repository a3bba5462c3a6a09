//! What went over the wire and what was heard, held against what was said.

use hybi::{CloseCode, State, Storage};
use hybi_fuzz::{
    event::Heard,
    keys::Keys,
    reference::{self, Decoded, Limits},
};

use super::{Came, End};
use crate::{
    role::Endpoint,
    settings::{Answering, Settings},
};

impl<R: Endpoint, S: Storage> End<R, S> {
    /// Holds what went over the wire against what was said.
    pub(crate) fn check_sent(&mut self, masked: bool) -> Decoded {
        self.write(usize::MAX);
        let decoded = reference::decode(&self.sent, masked, &Limits::NONE);
        assert_eq!(decoded.error, None);
        assert_eq!(decoded.rest, 0, "something follows the Close");
        let numbers = decoded.keys.iter().map(|key| Keys::number(*key));
        assert!(numbers.is_sorted_by(|one, next| one < next), "a key is used again");
        assert_eq!(decoded.unfinished, self.open);

        let is_answer =
            |heard: &Heard| matches!(heard, Heard::Pong(payload) if !payload.starts_with(b"u"));
        let (answers, mut rest): (Vec<_>, Vec<_>) =
            decoded.heard.iter().cloned().partition(is_answer);
        let closed = self.told.iter().any(|heard| matches!(heard, Heard::Close(..)));
        if !closed && let Some(Heard::Close(code, reason)) = rest.last() {
            self.check_reply(*code, reason);
            rest.pop();
        }
        assert_eq!(rest, self.told);
        self.check_answers(&answers);
        decoded
    }

    /// A Close that was sent by itself: the reply to the peer's, or to its fault.
    fn check_reply(&self, code: Option<u16>, reason: &str) {
        assert_eq!(reason, "");
        match (self.heard.last(), self.error) {
            (_, Some(error)) => assert_eq!(code, error.close_code().map(CloseCode::get)),
            (Some((Heard::Close(expected, _), _)), None) => assert_eq!(code, *expected),
            (other, None) => panic!("a Close for no reason, after {other:?}"),
        }
    }

    /// Pongs repeat pings, in order; all of them if nothing is in the way.
    fn check_answers(&self, answers: &[Heard]) {
        let mut pings = self.heard.iter().filter_map(|(heard, before)| match heard {
            Heard::Ping(payload) if *before == State::Open => Some(Heard::Pong(payload.clone())),
            _ => None,
        });
        let Settings { pongs, pong_backlog, outbox_size, outbox, .. } = self.settings;
        if pongs == Answering::All && (pong_backlog, outbox_size, outbox) == (None, None, None) {
            assert_eq!(pings.collect::<Vec<_>>(), answers);
            return;
        }
        assert!(pongs != Answering::Manual || answers.is_empty());
        for answer in answers {
            assert!(pings.any(|ping| ping == *answer), "a pong for no ping");
        }
    }

    /// Holds what was heard against what the peer sent.
    pub(crate) fn check_heard(&self, peer: &Decoded) {
        if self.input == Came::Garbage {
            return;
        }
        let mut expected = peer.heard.iter();
        for (heard, before) in &self.heard {
            let drops = self.settings.drops(*before);
            let found = expected.find(|next| {
                assert!(*next == heard || (drops && next.is_message()), "heard wrong");
                *next == heard
            });
            assert!(found.is_some(), "what nobody said");
        }
        if self.input == Came::Whole {
            let closed = self.told.iter().any(|heard| matches!(heard, Heard::Close(..)));
            let drops = closed && self.settings.drops(State::CloseSent);
            assert!(expected.all(|next| drops && next.is_message()), "not heard");
        }
        if let (Some((kind, chunks)), Came::Whole) = (&self.joiner.open, self.input) {
            let (expected, message) = peer.unfinished.as_ref().expect("a message is not complete");
            assert_eq!(kind, expected);
            assert!(message.starts_with(chunks));
        }
    }

    /// The close code is that of the peer's Close, of which there is one.
    pub(crate) fn check_close(&self, peer: &Decoded) {
        let Some(Heard::Close(code, _)) = peer.heard.last() else { panic!("no Close was sent") };
        assert_eq!(self.connection.close_code(), Some(code.unwrap_or(1005)));
    }
}
