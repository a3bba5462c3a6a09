//! Events for logs: what is reported, and that nothing secret is.

use std::{
    fmt::{Debug, Write as _},
    sync::{Arc, Mutex},
};

use hybi::{CloseCode, Config, Connection, Inbox, Prepared};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::with_default,
};

use crate::support::wire::{CLOSE, FIN, From, PING, TEXT, frame};

/// Keeps each event as a line: the level, the message, and the fields in their order.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "hybi"
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line { message: String::new(), fields: String::new() };
        event.record(&mut line);
        let level = event.metadata().level();
        self.0.lock().unwrap().push(format!("{level} {}{}", line.message, line.fields));
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            write!(self.fields, " {}={value:?}", field.name()).unwrap();
        }
    }
}

fn lines(run: impl FnOnce()) -> Vec<String> {
    let lines = Lines::default();
    with_default(lines.clone(), run);
    Arc::into_inner(lines.0).unwrap().into_inner().unwrap()
}

/// A server receives these frames. Errors are ignored.
fn server(input: &[u8], before: impl FnOnce(&mut Connection<hybi::Server>, &mut Vec<u8>)) {
    let mut websocket = Connection::server(Config::new());
    let (mut inbox, mut outbox) = (Inbox::with_capacity(1000), Vec::new());
    before(&mut websocket, &mut outbox);
    assert_eq!(inbox.copy_from(input), input.len());
    while matches!(websocket.receive(&mut inbox, &mut outbox), Ok(Some(_))) {}
    let _ = websocket.end_of_input();
}

#[test]
fn each_frame_and_the_end_are_reported() {
    let input = [
        frame(From::Client, FIN | TEXT, b"secret"),
        frame(From::Client, FIN | PING, b"secret"),
        frame(From::Client, FIN | CLOSE, b"\x03\xe8secret"),
    ];
    let got = lines(|| server(&input.concat(), |_, _| {}));
    let expected = [
        "TRACE received a frame opcode=Text fin=true reserved=Reserved(0) length=6",
        "TRACE received a frame opcode=Ping fin=true reserved=Reserved(0) length=6",
        "TRACE sent a frame opcode=Pong fin=true reserved=Reserved(0) length=6",
        "TRACE received a frame opcode=Close fin=true reserved=Reserved(0) length=8",
        "DEBUG the peer has sent a Close code=1000",
        "TRACE sent a frame opcode=Close fin=true reserved=Reserved(0) length=2",
    ];
    assert_eq!(got, expected);
}

#[test]
fn everything_that_is_sent_is_reported() {
    let got = lines(|| {
        server(b"", |websocket, outbox| {
            websocket.send_text("secret", outbox).unwrap();
            websocket.send_prepared(&Prepared::binary(b"secret"), outbox).unwrap();
            let _ = websocket.frame_text("secret").unwrap();
            websocket.close(CloseCode::GOING_AWAY, "secret", outbox).unwrap();
        });
    });
    let expected = [
        "TRACE sent a frame opcode=Text fin=true reserved=Reserved(0) length=6",
        "TRACE sent a frame opcode=Binary fin=true reserved=Reserved(0) length=6",
        "TRACE sent a frame opcode=Text fin=true reserved=Reserved(0) length=6",
        "TRACE sent a frame opcode=Close fin=true reserved=Reserved(0) length=8",
        "DEBUG the connection was lost",
    ];
    assert_eq!(got, expected);
}

#[test]
fn a_failure_is_reported_with_its_close_code() {
    let got = lines(|| server(&frame(From::Server, FIN | TEXT, b"secret"), |_, _| {}));
    let expected = [
        "DEBUG the connection fails code=1002 error=the peer broke the protocol: a client's frame is not \
         masked (RFC 6455, section 5.1)",
        "TRACE sent a frame opcode=Close fin=true reserved=Reserved(0) length=2",
    ];
    assert_eq!(got, expected);
}
