//! The deadlines of all programs, with real peers that do not cooperate. Each program gets short timeouts.

#![allow(clippy::unwrap_used, clippy::panic)] // tests panic

#[path = "../../peer/peer.rs"]
mod peer;
#[path = "../../peer/slow.rs"]
mod slow;

use std::{net::TcpStream, thread};

use peer::Server;

const HYPER: &str = env!("CARGO_BIN_EXE_hyper");
const IO_URING: &str = env!("CARGO_BIN_EXE_io_uring");
const SMOL: &str = env!("CARGO_BIN_EXE_smol");
const TOKIO: &str = env!("CARGO_BIN_EXE_tokio");
const TOKIO_SPLIT: &str = env!("CARGO_BIN_EXE_tokio_split");

/// All servers.
const ALL: [&str; 5] = [HYPER, IO_URING, SMOL, TOKIO, TOKIO_SPLIT];

fn set_timeouts(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(slow::PAUSE)).unwrap();
    stream.set_write_timeout(Some(slow::PAUSE)).unwrap();
    stream
}

/// Tests these servers at the same time.
fn with_each(programs: &[&str], timeouts: &str, test: impl Fn(&Server) + Sync) {
    thread::scope(|scope| {
        for program in programs {
            let test = &test;
            scope.spawn(move || test(&Server::start_timed(program, &[], timeouts)));
        }
    });
}

/// As [`with_each`] for all servers, with an open connection.
fn with_all(timeouts: &str, test: impl Fn(TcpStream) + Sync) {
    with_each(&ALL, timeouts, |server| test(set_timeouts(server.open())));
}

// P-sh-d, P-dl-a, A-15
#[test]
fn a_slow_request_gets_408() {
    with_each(&[IO_URING, SMOL, TOKIO, TOKIO_SPLIT], "opening=500", |server| {
        let stream = TcpStream::connect(server.address()).unwrap();
        let response = slow::sends_a_byte_now_and_then(set_timeouts(stream));
        assert!(response.starts_with("HTTP/1.1 408 "), "{response}");
    });
    // hyper parses the request, and gets no response to write.
    with_each(&[HYPER], "opening=500", |server| {
        let stream = TcpStream::connect(server.address()).unwrap();
        assert_eq!(slow::sends_a_byte_now_and_then(set_timeouts(stream)), "");
    });
}

// P-dl-b
#[test]
fn a_silent_peer_gets_a_ping_and_then_3008() {
    with_all("ping=200 silence=600", slow::is_silent);
}

// P-dl-h
#[test]
fn a_silent_peer_that_answers_pings_stays() {
    with_all("ping=50 silence=10000", slow::is_silent_but_answers_pings);
}

// P-dl-c
#[test]
fn only_the_pong_to_the_ping_counts() {
    with_all("ping=200 pong=600", slow::answers_with_other_pongs);
}

// P-dl-d
#[test]
fn a_peer_that_does_not_read_is_dropped() {
    with_all("writing=500", slow::does_not_read);
}

// P-cl-f, P-dl-e, G-08
#[test]
fn a_peer_that_does_not_close_the_transport_is_dropped() {
    with_all("closing=500", slow::does_not_end);
}

// P-dl-f
#[test]
fn an_old_connection_is_closed_with_1001() {
    with_all("age=600 closing=500", |stream| {
        let received = slow::talks_for_ever(stream);
        assert!(received.ends_with(slow::GOING_AWAY), "{received:?}");
    });
}
