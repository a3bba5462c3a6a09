//! Peers that do not read, or read slowly.

use hybi::deadline::Cause;

use super::{Open, TIMEOUTS, pong, seconds};

fn with_output(length: usize) -> Open {
    let mut open = Open::new(TIMEOUTS);
    open.websocket.send_binary(&vec![0; length], &mut open.outbox).unwrap();
    open
}

// P-dl-d
#[test]
fn reading_a_byte_now_and_then_does_not_extend_the_deadline() {
    let mut open = with_output(100);
    for second in 0..30 {
        assert_eq!(open.expire(second), Ok(Some(seconds(30))));
        open.write(second, 1);
    }
    assert_eq!(open.expire(30), Err(Cause::Unread));
    assert_eq!(Cause::Unread.close_code(), None);
    assert_eq!(open.outbox.len(), 102 - 30, "nothing is added");
    assert_eq!(open.expire(30), Err(Cause::Unread));
}

// P-dl-d
#[test]
fn a_peer_that_reads_steadily_has_no_limit() {
    let mut open = with_output(100);
    for second in 0..1000 {
        assert!(open.expire(second).is_ok(), "second {second}");
        open.write(second, 10);
        // As much as is written: the outbox is never empty.
        open.websocket.send_binary(&[0; 8], &mut open.outbox).unwrap();
    }
}

/// If the caller does not report writes, an empty outbox does.
#[test]
fn an_empty_outbox_ends_the_deadline() {
    let mut open = with_output(100);
    assert_eq!(open.expire(0), Ok(Some(seconds(30))));
    open.outbox.clear();
    assert_eq!(open.expire(29), Ok(Some(seconds(49))));
    open.websocket.send_text("", &mut open.outbox).unwrap();
    assert_eq!(open.expire(30), Ok(Some(seconds(60))));
}

#[test]
fn time_without_reading_does_not_count_as_silence() {
    for is_pinged in [false, true] {
        let mut open = Open::new(TIMEOUTS);
        let (mut begin, mut left) = (0, 19);
        if is_pinged {
            open.expire(20).unwrap();
            open.write_ping(20);
            (begin, left) = (20, 4);
        }
        open.expire(begin).unwrap();
        // The peer stops reading after one second, and continues 28 seconds later.
        open.websocket.send_text("", &mut open.outbox).unwrap();
        assert_eq!(open.expire(begin + 1), Ok(Some(seconds(begin + 31))));
        assert!(open.expire(begin + 28).is_ok());
        open.write(begin + 29, 2);
        assert_eq!(open.expire(begin + 29), Ok(Some(seconds(begin + 29 + left))));
    }
}

/// A write to a socket succeeds even if the peer is gone.
#[test]
fn output_does_not_extend_the_deadline_of_a_silent_peer() {
    let mut open = Open::new(TIMEOUTS);
    open.expire(20).unwrap();
    open.write_ping(20);
    for second in 20..25 {
        open.websocket.send_text("", &mut open.outbox).unwrap();
        assert!(open.expire(second).is_ok());
        open.write(second, 2);
    }
    assert_eq!(open.expire(25), Err(Cause::Silence));
}

#[test]
fn input_during_a_write_counts_once() {
    let mut open = with_output(98);
    open.expire(0).unwrap();
    open.read(10, &pong(b""));
    open.write(25, 100);
    // Not at 10 + 20, because output waited until 25, and not at 10 + 25 + 20.
    assert_eq!(open.expire(25), Ok(Some(seconds(45))));
}
