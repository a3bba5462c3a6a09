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
