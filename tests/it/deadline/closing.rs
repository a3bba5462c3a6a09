//! The closing handshake, and the maximum age.

use hybi::{
    CloseCode, CloseReply, Config, Connection, Event, FixedOutbox, Inbox, Outbox as _, State,
    deadline::{Cause, Deadlines, Stage},
};

use super::{Open, TIMEOUTS, pong, seconds};
use crate::support::wire::{CLOSE, FIN, From, close_body, frame};

/// A Close with code 1001 from a server.
const GOING_AWAY: [u8; 4] = [0x88, 2, 0x03, 0xe9];

// P-cl-f, P-dl-e, G-08
#[test]
fn the_closing_handshake_has_one_deadline() {
    let mut open = Open::new(TIMEOUTS);
    open.websocket.close(CloseCode::NORMAL, "", &mut open.outbox).unwrap();
    open.write(5, 4);
    for second in 5..15 {
        assert_eq!(open.expire(second), Ok(Some(seconds(15))));
        open.read(second, &pong(b"input does not extend it"));
    }
    assert_eq!(open.expire(15), Err(Cause::Closing));
    assert_eq!(open.deadlines.check(seconds(15), Stage::Closing, 0), Err(Cause::Closing));
}

// P-dl-e
#[test]
fn the_end_of_the_transport_has_the_same_deadline() {
    let mut open = Open::new(TIMEOUTS);
    open.read(5, &frame(From::Client, FIN | CLOSE, &close_body(1000, "")));
    assert!(open.websocket.should_close_transport());
    assert_eq!(open.expire(5), Ok(Some(seconds(35)))); // for the reply
    open.write(6, 4);
    let Open { mut deadlines, .. } = open;
    // The end of the input is awaited.
    assert_eq!(deadlines.check(seconds(15), Stage::Closing, 0), Ok(Some(seconds(16))));
    assert_eq!(deadlines.check(seconds(16), Stage::Closing, 0), Err(Cause::Closing));
}

/// The peer cannot read a Close before the output that precedes it.
#[test]
fn the_deadline_begins_when_the_output_is_written() {
    let mut open = Open::new(TIMEOUTS);
    open.websocket.send_binary(&[0; 100], &mut open.outbox).unwrap();
    open.expire(5).unwrap();
    open.websocket.close(CloseCode::NORMAL, "", &mut open.outbox).unwrap();
    assert_eq!(open.expire(10), Ok(Some(seconds(35))));
    open.write(30, 102); // what waited at 5; the Close still waits
    assert_eq!(open.expire(30), Ok(Some(seconds(60))));
    open.write(40, 4);
    assert_eq!(open.expire(40), Ok(Some(seconds(50))));
    assert_eq!(open.expire(50), Err(Cause::Closing));
}

// P-dl-f
#[test]
fn an_old_connection_is_closed_with_1001() {
    let mut open = Open::new(TIMEOUTS.age(Some(seconds(100))));
    for second in (0..100).step_by(10) {
        open.read(second, &pong(b""));
        open.expire(second).unwrap();
    }
    assert_eq!(open.deadlines.deadline(), Some(seconds(100)));
    assert_eq!(open.expire(100), Ok(Some(seconds(130))));
    assert_eq!(open.outbox, GOING_AWAY);
    assert_eq!(
        (open.deadlines.cause(), Cause::Age.close_code().unwrap().get()),
        (Some(Cause::Age), 1001)
    );
    open.write(100, 4);
    assert_eq!(
        (open.websocket.state(), open.expire(100)),
        (State::CloseSent, Ok(Some(seconds(110))))
    );
    let mut ignored = open.deadlines;
    assert_eq!(ignored.check(seconds(110), Stage::Closing, 0), Err(Cause::Closing));
    open.read(105, &frame(From::Client, FIN | CLOSE, &close_body(1001, "")));
    assert_eq!(open.websocket.close_code(), Some(1001));
    assert!(open.websocket.should_close_transport());
}

// P-dl-f
#[test]
fn an_old_connection_is_closed_while_output_waits() {
    let mut open = Open::new(TIMEOUTS.age(Some(seconds(100))));
    open.read(80, &pong(b""));
    open.websocket.send_text("", &mut open.outbox).unwrap();
    assert_eq!(open.expire(80), Ok(Some(seconds(100))));
    assert_eq!(open.expire(100), Ok(Some(seconds(110))));
    assert!(open.outbox.ends_with(&GOING_AWAY));
}

#[test]
fn a_close_without_room_is_sent_later() {
    let mut websocket = Connection::server(Config::new());
    let mut outbox = FixedOutbox::over([0; 8]);
    let mut deadlines = Deadlines::new(TIMEOUTS.age(Some(seconds(10))), seconds(0));
    websocket.send_text("Hello", &mut outbox).unwrap();
    deadlines.expire(seconds(9), &mut websocket, &mut outbox).unwrap();
    let until = deadlines.expire(seconds(10), &mut websocket, &mut outbox);
    assert_eq!((until, outbox.pending()), (Ok(Some(seconds(39))), 7));
    outbox.consume(7).unwrap();
    deadlines.on_write(seconds(12), 7);
    let until = deadlines.expire(seconds(12), &mut websocket, &mut outbox);
    assert_eq!((until, outbox.bytes()), (Ok(Some(seconds(42))), &GOING_AWAY[..]));

    // Not even a Close fits.
    let mut websocket = Connection::server(Config::new());
    let mut outbox = FixedOutbox::over([0; 3]);
    let mut deadlines = Deadlines::new(TIMEOUTS.age(Some(seconds(10))), seconds(0));
    deadlines.expire(seconds(0), &mut websocket, &mut outbox).unwrap();
    let until = deadlines.expire(seconds(10), &mut websocket, &mut outbox);
    assert_eq!(until, Ok(Some(seconds(20))));
    let until = deadlines.expire(seconds(20), &mut websocket, &mut outbox);
    assert_eq!(until, Err(Cause::Closing));
}

// P-dl-f
#[test]
fn a_close_that_the_caller_answers_stays_unanswered_after_the_maximum_age() {
    let config = Config::new().close_reply(CloseReply::Manual);
    let mut websocket = Connection::server(config);
    let mut inbox = Inbox::with_capacity(100);
    // There is no room for the Close of the maximum age.
    let mut outbox = FixedOutbox::over([0; 8]);
    websocket.send_text("Hello", &mut outbox).unwrap();
    let mut deadlines = Deadlines::new(TIMEOUTS.age(Some(seconds(10))), seconds(0));
    deadlines.expire(seconds(10), &mut websocket, &mut outbox).unwrap();
    // The Close of the peer arrives, and then there is room.
    let close = frame(From::Client, FIN | CLOSE, &close_body(1000, ""));
    assert_eq!(inbox.copy_from(&close), close.len());
    assert!(matches!(websocket.receive(&mut inbox, &mut outbox), Ok(Some(Event::Close(_)))));
    outbox.consume(7).unwrap();
    deadlines.on_write(seconds(12), 7);
    deadlines.expire(seconds(12), &mut websocket, &mut outbox).unwrap();
    assert_eq!(outbox.pending(), 0);
    // The caller sends its own.
    websocket.close(CloseCode::NORMAL, "", &mut outbox).unwrap();
    assert_eq!(outbox.bytes(), [0x88, 2, 0x03, 0xe8]);
}

#[test]
fn an_outbox_without_room_for_a_ping_or_a_close() {
    let mut websocket = Connection::server(Config::new());
    let mut outbox = FixedOutbox::over([0; 3]);
    let mut deadlines = Deadlines::new(TIMEOUTS, seconds(0));
    deadlines.expire(seconds(0), &mut websocket, &mut outbox).unwrap();
    let until = deadlines.expire(seconds(20), &mut websocket, &mut outbox);
    assert_eq!((until, outbox.pending()), (Ok(Some(seconds(25))), 0));
    let until = deadlines.expire(seconds(25), &mut websocket, &mut outbox);
    assert_eq!((until, outbox.pending()), (Err(Cause::Silence), 0));
}
