//! Sending, and checks of the results.

use hybi::{CloseCode, Error, Fragment, Misuse, Outbox, OutboxFull, Prepared, State, Storage};
use hybi_fuzz::event::{Kind, OwnedEvent};

use super::End;
use crate::{
    MESSAGE,
    role::{Endpoint, text},
};

impl<R: Endpoint, S: Storage> End<R, S> {
    pub(crate) fn message(&mut self, kind: Kind, payload: &[u8]) {
        let (state, open) = (self.state(), self.open.is_some());
        let Self { connection, outbox, .. } = self;
        let result = match kind {
            Kind::Text => connection.send_text(text(payload), outbox),
            Kind::Binary => connection.send_binary(payload, outbox),
        };
        self.may(result, state, open.then_some(Misuse::MessageOpen), || {
            OwnedEvent::message(kind, payload.into())
        });
    }

    pub(crate) fn fragment(&mut self, kind: Kind, payload: &[u8], last: bool) {
        let before = self.open.as_ref().map_or(0, |(_, message)| message.len());
        if before + payload.len() > MESSAGE {
            return;
        }
        let state = self.state();
        let other = self.open.as_ref().is_some_and(|(open, _)| *open != kind);
        let fragment = if last { Fragment::Last } else { Fragment::More };
        let Self { connection, outbox, .. } = self;
        let result = match kind {
            Kind::Text => connection.send_text_fragment(text(payload), fragment, outbox),
            Kind::Binary => connection.send_binary_fragment(payload, fragment, outbox),
        };
        self.check(result, state, other.then_some(Misuse::KindChanged));
        if result.is_ok() {
            let mut message = self.open.take().map(|(_, message)| message).unwrap_or_default();
            message.extend_from_slice(payload);
            if last {
                self.calls.push(OwnedEvent::message(kind, message));
            } else {
                self.open = Some((kind, message));
            }
        }
    }

    pub(crate) fn framed(&mut self, kind: Kind, payload: &str) {
        let (state, open) = (self.state(), self.open.is_some());
        // The contents of the outbox must be written first.
        self.write(usize::MAX);
        let mut buffer = payload.as_bytes().to_vec();
        let framed = R::framed(&mut self.connection, kind, &mut buffer).map(|framed| {
            assert_eq!(framed.slices(), [framed.header(), framed.payload()]);
            framed.slices().concat()
        });
        let result = framed.map(|bytes| self.transmit(&bytes));
        if result.is_err() {
            assert_eq!(buffer, payload.as_bytes());
        }
        self.may(result, state, open.then_some(Misuse::MessageOpen), || {
            OwnedEvent::message(kind, payload.into())
        });
    }

    pub(crate) fn prepared(&mut self, kind: Kind, payload: &str) {
        let (state, open) = (self.state(), self.open.is_some());
        let prepared = match kind {
            Kind::Text => Prepared::text(payload),
            Kind::Binary => Prepared::binary(payload.as_bytes()),
        };
        let Some(result) = R::send_prepared(&mut self.connection, &prepared, &mut self.outbox)
        else {
            return;
        };
        self.may(result, state, open.then_some(Misuse::MessageOpen), || {
            OwnedEvent::message(kind, payload.into())
        });
    }

    pub(crate) fn ping(&mut self, payload: &[u8]) {
        // The first byte distinguishes pongs that reply to pings from other pongs.
        let payload = [b"p", payload].concat();
        let result = self.connection.send_ping(&payload, &mut self.outbox);
        self.control(result, payload.len(), OwnedEvent::Ping(payload));
    }

    pub(crate) fn pong(&mut self, payload: &[u8]) {
        let payload = [b"u", payload].concat();
        let result = self.connection.send_pong(&payload, &mut self.outbox);
        self.control(result, payload.len(), OwnedEvent::Pong(payload));
    }

    fn control(&mut self, result: Result<(), Error>, length: usize, event: OwnedEvent) {
        let long = (length > 125).then_some(Misuse::ControlTooLong(length));
        self.may(result, self.state(), long, || event);
    }

    pub(crate) fn close(&mut self, number: u16, reason: &str) {
        let codes = [1000, 1001, 1002, 1003, 1007, 1010, 1011, 1014, 3000, 4999, 1005];
        let number = codes.get(usize::from(number % 16)).map_or(number, |code| *code);
        let Some(code) = CloseCode::new(number) else { return };
        let state = self.state();
        let result = self.connection.close(code, reason, &mut self.outbox);
        if reason.len() > 123 || (number == 1010 && !R::IS_CLIENT) {
            assert!(matches!(
                result,
                Err(Error::Misuse(Misuse::ReasonTooLong(_) | Misuse::MandatoryExtensionByServer))
            ));
            return;
        }
        self.record_close(result, state, OwnedEvent::Close(Some(number), reason.into()));
    }

    pub(crate) fn record_close(
        &mut self,
        result: Result<(), Error>,
        before: State,
        close: OwnedEvent,
    ) {
        self.may(result, before, None, || close);
        if result.is_ok() {
            assert_eq!(self.state(), State::CloseSent);
        }
    }

    pub(crate) fn close_if_open(&mut self) {
        if self.state() == State::Open {
            self.close(0, "");
            assert_eq!(self.state(), State::CloseSent, "the Close was not sent");
        }
    }

    /// Checks the result of a call that sends. `misuse` is the expected error of an open connection.
    fn may(
        &mut self,
        result: Result<(), Error>,
        before: State,
        misuse: Option<Misuse>,
        event: impl FnOnce() -> OwnedEvent,
    ) {
        self.check(result, before, misuse);
        if result.is_ok() {
            self.calls.push(event());
        }
    }

    fn check(&self, result: Result<(), Error>, before: State, misuse: Option<Misuse>) {
        let misuse = if before == State::Open { misuse } else { Some(Misuse::NotOpen) };
        match (result, misuse) {
            (Ok(()), None) => {}
            (Err(Error::Misuse(found)), Some(expected)) => assert_eq!(found, expected),
            (Err(Error::AboveHighWater { pending, high_water }), None) => {
                assert_eq!(pending, self.outbox.pending());
                assert_eq!(high_water, self.settings.config_outbox_size());
                assert!(pending >= high_water, "the outbox is below the high-water mark");
            }
            (Err(Error::OutboxFull(OutboxFull { needed, room })), None) => {
                assert_eq!(room, self.outbox.room());
                assert!(needed > room, "the outbox has room");
            }
            (result, misuse) => panic!("{result:?} instead of {misuse:?}"),
        }
    }
}
