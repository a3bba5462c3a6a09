//! The deadlines that the examples share.

#[path = "../../../shared/deadlines.rs"]
mod deadlines;

use std::time::{Duration, Instant};

use deadlines::{Deadlines, Due, Timeouts};

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

static TIMEOUTS: Timeouts = Timeouts {
    opening: seconds(10),
    writing: seconds(30),
    silence: seconds(20),
    pong: seconds(5),
    closing: seconds(10),
};

// P-sh-d, A-15
#[test]
fn input_does_not_extend_the_opening_handshake() {
    let start = Instant::now();
    let mut deadlines = Deadlines::opening(&TIMEOUTS, start);
    for second in 0..10 {
        assert_eq!(deadlines.due(start + seconds(second)), Due::Nothing);
        deadlines.on_read(start + seconds(second));
    }
    assert_eq!(deadlines.due(start + seconds(10)), Due::Drop);
}

#[test]
fn a_silent_peer_gets_one_ping_and_is_then_dropped() {
    let start = Instant::now();
    let mut deadlines = Deadlines::open(&TIMEOUTS, start);
    assert_eq!(deadlines.due(start + seconds(19)), Due::Nothing);
    assert_eq!(deadlines.due(start + seconds(20)), Due::Ping);
    assert_eq!(deadlines.due(start + seconds(24)), Due::Nothing);
    let mut answered = deadlines;
    answered.on_read(start + seconds(24));
    assert_eq!(answered.due(start + seconds(25)), Due::Nothing);
    assert_eq!(answered.due(start + seconds(44)), Due::Ping);
    assert_eq!(deadlines.due(start + seconds(25)), Due::Drop);
}

#[test]
fn partial_reads_do_not_extend_the_writing_deadline() {
    let start = Instant::now();
    let mut deadlines = Deadlines::open(&TIMEOUTS, start);
    for second in 0..30 {
        deadlines.set_flushed(false, start + seconds(second));
        assert_eq!(deadlines.due(start + seconds(second)), Due::Nothing);
    }
    let mut in_time = deadlines;
    in_time.set_flushed(true, start + seconds(29));
    in_time.on_read(start + seconds(29));
    assert_eq!(in_time.due(start + seconds(30)), Due::Nothing);
    assert_eq!(deadlines.due(start + seconds(30)), Due::Drop);
}

#[test]
fn time_without_reading_does_not_count_as_silence() {
    let start = Instant::now();
    for (ping_sent, due) in [(false, Due::Ping), (true, Due::Drop)] {
        let mut deadlines = Deadlines::open(&TIMEOUTS, start);
        let mut begin = start;
        if ping_sent {
            begin += seconds(20);
            assert_eq!(deadlines.due(begin), Due::Ping);
        }
        // The peer stops reading after one second, and continues 28 seconds later.
        let left = if ping_sent { 4 } else { 19 };
        deadlines.set_flushed(false, begin + seconds(1));
        assert_eq!(deadlines.due(begin + seconds(28)), Due::Nothing);
        deadlines.set_flushed(true, begin + seconds(29));
        assert_eq!(deadlines.due(begin + seconds(29)), Due::Nothing);
        assert_eq!(deadlines.due(begin + seconds(28 + left)), Due::Nothing);
        assert_eq!(deadlines.due(begin + seconds(29 + left)), due);
    }
}

/// A write to a socket succeeds even if the peer is gone.
#[test]
fn output_does_not_extend_the_deadline_of_a_silent_peer() {
    let start = Instant::now();
    let mut deadlines = Deadlines::open(&TIMEOUTS, start);
    assert_eq!(deadlines.due(start + seconds(20)), Due::Ping);
    for second in 20..25 {
        let now = start + seconds(second);
        assert_eq!(deadlines.due(now), Due::Nothing);
        deadlines.set_flushed(false, now);
        deadlines.set_flushed(true, now);
    }
    assert_eq!(deadlines.due(start + seconds(25)), Due::Drop);
}

// P-cl-f, G-08
#[test]
fn the_closing_handshake_has_one_deadline() {
    let start = Instant::now();
    let mut deadlines = Deadlines::open(&TIMEOUTS, start);
    for second in 0..10 {
        deadlines.on_closing(start + seconds(second));
        deadlines.on_read(start + seconds(second));
        assert_eq!(deadlines.due(start + seconds(second)), Due::Nothing);
    }
    assert_eq!(deadlines.due(start + seconds(10)), Due::Drop);
}
