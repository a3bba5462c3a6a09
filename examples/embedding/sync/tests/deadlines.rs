//! The deadlines that the examples share.

#[path = "../../../shared/deadlines.rs"]
mod deadlines;

use std::time::{Duration, Instant};

use deadlines::{Deadlines, Due, Patience};

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

static PATIENCE: Patience = Patience {
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
    let mut deadlines = Deadlines::opening(&PATIENCE, start);
    for second in 0..10 {
        assert_eq!(deadlines.due(start + seconds(second)), Due::Nothing);
        deadlines.heard(start + seconds(second));
    }
    assert_eq!(deadlines.due(start + seconds(10)), Due::End);
}

#[test]
fn a_silent_peer_is_asked_once_and_then_dropped() {
    let start = Instant::now();
    let mut deadlines = Deadlines::open(&PATIENCE, start);
    assert_eq!(deadlines.due(start + seconds(19)), Due::Nothing);
    assert_eq!(deadlines.due(start + seconds(20)), Due::Ping);
    assert_eq!(deadlines.due(start + seconds(24)), Due::Nothing);
    let mut answered = deadlines;
    answered.heard(start + seconds(24));
    assert_eq!(answered.due(start + seconds(25)), Due::Nothing);
    assert_eq!(answered.due(start + seconds(44)), Due::Ping);
    assert_eq!(deadlines.due(start + seconds(25)), Due::End);
}

#[test]
fn a_peer_that_takes_a_part_now_and_then_is_dropped() {
    let start = Instant::now();
    let mut deadlines = Deadlines::open(&PATIENCE, start);
    for second in 0..30 {
        deadlines.wrote(false, start + seconds(second));
        assert_eq!(deadlines.due(start + seconds(second)), Due::Nothing);
    }
    let mut in_time = deadlines;
    in_time.wrote(true, start + seconds(29));
    in_time.heard(start + seconds(29));
    assert_eq!(in_time.due(start + seconds(30)), Due::Nothing);
    assert_eq!(deadlines.due(start + seconds(30)), Due::End);
}

#[test]
fn the_time_in_which_a_peer_is_not_read_is_no_silence() {
    let start = Instant::now();
    for (is_asked, due) in [(false, Due::Ping), (true, Due::End)] {
        let mut deadlines = Deadlines::open(&PATIENCE, start);
        let mut begun = start;
        if is_asked {
            begun += seconds(20);
            assert_eq!(deadlines.due(begun), Due::Ping);
        }
        // One second later the peer stops to read what waits, and goes on after 28 more.
        let left = if is_asked { 4 } else { 19 };
        deadlines.wrote(false, begun + seconds(1));
        assert_eq!(deadlines.due(begun + seconds(28)), Due::Nothing);
        deadlines.wrote(true, begun + seconds(29));
        assert_eq!(deadlines.due(begun + seconds(29)), Due::Nothing);
        assert_eq!(deadlines.due(begun + seconds(28 + left)), Due::Nothing);
        assert_eq!(deadlines.due(begun + seconds(29 + left)), due);
    }
}

/// A socket takes what it is given at once, whether or not there is still a peer.
#[test]
fn output_does_not_extend_the_deadline_of_a_silent_peer() {
    let start = Instant::now();
    let mut deadlines = Deadlines::open(&PATIENCE, start);
    assert_eq!(deadlines.due(start + seconds(20)), Due::Ping);
    for second in 20..25 {
        let now = start + seconds(second);
        assert_eq!(deadlines.due(now), Due::Nothing);
        deadlines.wrote(false, now);
        deadlines.wrote(true, now);
    }
    assert_eq!(deadlines.due(start + seconds(25)), Due::End);
}

// P-cl-f, G-08
#[test]
fn the_closing_handshake_has_one_deadline() {
    let start = Instant::now();
    let mut deadlines = Deadlines::open(&PATIENCE, start);
    for second in 0..10 {
        deadlines.closing(start + seconds(second));
        deadlines.heard(start + seconds(second));
        assert_eq!(deadlines.due(start + seconds(second)), Due::Nothing);
    }
    assert_eq!(deadlines.due(start + seconds(10)), Due::End);
}
