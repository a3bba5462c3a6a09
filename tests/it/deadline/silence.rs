//! Silent peers, pings and their pongs.

use std::time::Duration;

use hybi::{
    CloseCode, State,
    deadline::{Cause, Deadlines, Stage},
};

use super::{Open, TIMEOUTS, pong, seconds};
use crate::support::wire::{FIN, From, TEXT, header};

/// A Close with code 3008 (0x0bc0) from a server.
const TIMEOUT: [u8; 4] = [0x88, 2, 0x0b, 0xc0];

// P-dl-b
#[test]
fn a_silent_peer_gets_one_ping_and_then_a_close() {
    let mut open = Open::new(TIMEOUTS);
    assert_eq!(open.expire(19), Ok(Some(seconds(20))));
    assert!(open.outbox.is_empty());
    // The ping waits to be written.
    assert_eq!(open.expire(20), Ok(Some(seconds(50))));
    open.write_ping(20);
    assert_eq!(open.expire(24), Ok(Some(seconds(25))));
    assert!(open.outbox.is_empty());
    assert_eq!(open.expire(25), Err(Cause::Silence));
    assert_eq!(open.outbox, TIMEOUT);
    assert_eq!(open.websocket.state(), State::Failed);
    assert!(open.websocket.should_close_transport());
    assert_eq!(open.deadlines.cause(), Some(Cause::Silence));
    assert_eq!(Cause::Silence.close_code(), Some(CloseCode::TIMEOUT));
    // The Close has a deadline too.
    assert_eq!(open.expire(25), Ok(Some(seconds(55))));
    open.write(25, 4);
    assert_eq!(open.expire(34), Ok(Some(seconds(35))));
    assert_eq!(open.expire(35), Err(Cause::Closing));
}

// P-dl-b
#[test]
fn any_input_ends_silence() {
    let mut open = Open::new(TIMEOUTS);
    open.expire(20).unwrap();
    open.write_ping(20);
    open.read(24, &header(From::Client, FIN | TEXT, 1000)); // a frame in progress
    assert_eq!(open.expire(24), Ok(Some(seconds(24 + 25))));
    assert_eq!(open.expire(24 + 25), Err(Cause::Silence));
}

// P-dl-c
#[test]
fn only_the_matching_pong_answers_a_ping() {
    let mut open = Open::new(TIMEOUTS);
    open.read(10, &pong(b""));
    assert_eq!(open.expire(10), Ok(Some(seconds(30))));
    open.expire(30).unwrap();
    let nonce = open.write_ping(30);
    let mut other = nonce;
    other[1] ^= 1;
    let longer = [nonce[0], nonce[1], 0];
    for (second, payload) in
        [(45, &other[..]), (50, b""), (60, &nonce[..1]), (70, &longer), (75, b"\0\0")]
    {
        open.read(second, &pong(payload));
        assert!(open.expire(second).is_ok());
        assert_eq!(open.deadlines.round_trip(), None);
    }
    let mut answered = Open { outbox: Vec::new(), ..open };
    answered.read(80, &pong(&nonce));
    assert_eq!(answered.expire(80), Ok(Some(seconds(100))));
    assert_eq!(answered.deadlines.round_trip(), Some(seconds(50)));
    // A second pong with the nonce answers nothing.
    answered.expire(100).unwrap();
    assert_ne!(answered.write_ping(100), nonce);
    answered.read(101, &pong(&nonce));
    assert_eq!(answered.expire(101), Ok(Some(seconds(126))));
    assert_eq!(answered.deadlines.round_trip(), Some(seconds(50)));

    let mut unanswered = Open::new(TIMEOUTS);
    unanswered.expire(20).unwrap();
    unanswered.write_ping(20);
    for second in (20..80).step_by(10) {
        unanswered.read(second, &pong(b""));
        assert!(unanswered.expire(second).is_ok());
    }
    assert_eq!(unanswered.deadlines.deadline(), Some(seconds(80)));
    assert_eq!(unanswered.expire(80), Err(Cause::Unanswered));
    assert_eq!(unanswered.outbox, TIMEOUT);
    assert_eq!(Cause::Unanswered.close_code(), Some(CloseCode::TIMEOUT));
}

// P-dl-c
#[test]
fn pings_of_the_application_coexist() {
    let mut open = Open::new(TIMEOUTS);
    open.websocket.send_ping(b"mine", &mut open.outbox).unwrap();
    open.write(1, 6);
    open.read(2, &pong(b"mine"));
    open.expire(2).unwrap();
    assert_eq!(open.deadlines.round_trip(), None);
    open.expire(22).unwrap();
    let nonce = open.write_ping(22);
    open.websocket.send_ping(b"mine", &mut open.outbox).unwrap();
    open.write(23, 6);
    open.read(24, &[pong(&nonce), pong(b"mine")].concat());
    open.expire(24).unwrap();
    assert_eq!(open.deadlines.round_trip(), Some(seconds(2)));
}

#[test]
fn the_round_trip_begins_when_the_ping_is_written() {
    let mut open = Open::new(TIMEOUTS);
    open.expire(20).unwrap();
    open.expire(27).unwrap(); // the transport takes nothing
    let nonce = open.write_ping(27);
    open.read(30, &pong(&nonce));
    open.expire(30).unwrap();
    assert_eq!(open.deadlines.round_trip(), Some(seconds(3)));
}

/// A program that was suspended must not blame the peer.
#[test]
fn a_late_call_sends_a_ping_first() {
    let mut open = Open::new(TIMEOUTS);
    assert!(open.expire(1000).is_ok());
    let nonce = open.write_ping(1000);
    let mut answered = open;
    assert_eq!(answered.expire(1004), Ok(Some(seconds(1005))));
    answered.read(1004, &pong(&nonce));
    assert_eq!(answered.expire(1004), Ok(Some(seconds(1024))));
}

/// If the caller does not report reads, pongs do.
#[test]
fn a_pong_ends_silence_by_itself() {
    let mut open = Open::new(TIMEOUTS);
    for second in [20, 41, 62] {
        open.expire(second).unwrap();
        let nonce = open.write_ping(second);
        let _ = open.inbox.copy_from(&pong(&nonce));
        let _ = open.websocket.receive(&mut open.inbox, &mut open.outbox).unwrap();
        assert_eq!(open.expire(second + 1), Ok(Some(seconds(second + 21))));
    }
}

#[test]
fn each_deadline_can_be_turned_off() {
    let mut open = Open::new(TIMEOUTS.ping(None));
    assert_eq!(open.expire(24), Ok(Some(seconds(25))));
    assert_eq!(open.expire(25), Err(Cause::Silence));
    // Pings only.
    let mut open = Open::new(TIMEOUTS.silence(None).pong(None));
    open.expire(20).unwrap();
    open.write_ping(20);
    assert_eq!(open.expire(20), Ok(None));
    // A ping that could not be answered in time is not sent.
    let mut open = Open::new(TIMEOUTS.silence(Some(seconds(20))));
    assert_eq!(open.expire(20), Err(Cause::Silence));
    assert_eq!(open.outbox, b"\x88\x02\x0b\xc0");
    let mut open = Open::new(TIMEOUTS.ping(None).silence(None));
    assert_eq!(open.expire(1_000_000), Ok(None));
}

/// Without a connection that could send a ping.
#[test]
fn a_transport_alone_has_a_deadline_for_silence() {
    let mut deadlines = Deadlines::new(TIMEOUTS, seconds(0));
    assert_eq!(deadlines.check(seconds(0), Stage::Open, 0), Ok(Some(seconds(20))));
    assert_eq!(deadlines.check(seconds(20), Stage::Open, 0), Ok(Some(seconds(25))));
    deadlines.on_read(seconds(24));
    assert_eq!(deadlines.check(seconds(25), Stage::Open, 0), Ok(Some(seconds(49))));
    assert_eq!(deadlines.check(seconds(49), Stage::Open, 0), Err(Cause::Silence));
}

#[test]
fn hostile_times_do_not_panic() {
    let times =
        [Duration::ZERO, seconds(30), Duration::MAX, seconds(u64::MAX), Duration::from_nanos(1)];
    for timeouts in [TIMEOUTS, TIMEOUTS.silence(Some(Duration::MAX)).writing(Duration::ZERO)] {
        for first in times {
            for second in times {
                for third in times {
                    let mut open = Open::new(timeouts);
                    open.deadlines = Deadlines::new(timeouts, first);
                    let Open { websocket, outbox, deadlines, .. } = &mut open;
                    let _ = deadlines.expire(second, websocket, outbox);
                    deadlines.on_read(third);
                    deadlines.on_write(first, usize::MAX);
                    let _ = deadlines.expire(third, websocket, outbox);
                    deadlines.on_write(second, 1);
                    let _ = deadlines.check(first, Stage::Closing, usize::MAX);
                    let _ = deadlines.deadline();
                }
            }
        }
    }
}
