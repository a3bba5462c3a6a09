//! The deadlines of all programs, with real peers that do not cooperate. Each program gets short timeouts.

#![allow(clippy::unwrap_used, clippy::panic)] // tests panic

#[path = "../../peer/peer.rs"]
mod peer;
#[path = "../../peer/slow.rs"]
mod slow;

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use peer::Server;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, pem::PemObject},
};

const ECHO: &str = env!("CARGO_BIN_EXE_echo");
const HUB: &str = env!("CARGO_BIN_EXE_hub");
const LIBDEFLATE: &str = env!("CARGO_BIN_EXE_libdeflate");
const MIO: &str = env!("CARGO_BIN_EXE_mio");
const RELAY: &str = env!("CARGO_BIN_EXE_relay");
const RUSTLS: &str = env!("CARGO_BIN_EXE_rustls");
const SHARED_BUFFERS: &str = env!("CARGO_BIN_EXE_shared_buffers");
const SERVE: &str = env!("CARGO_BIN_EXE_serve");
const THREADS: &str = env!("CARGO_BIN_EXE_threads");

/// The programs that send pings, with the target of a request.
const PINGERS: [(&str, &str); 7] = [
    (HUB, "/"),
    (LIBDEFLATE, "/"),
    (MIO, "/"),
    (SERVE, "/"),
    (SERVE, "/chat"),
    (SHARED_BUFFERS, "/"),
    (THREADS, "/"),
];

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    set_timeouts(&stream);
    stream
}

fn set_timeouts(stream: &TcpStream) {
    stream.set_read_timeout(Some(slow::PAUSE)).unwrap();
    stream.set_write_timeout(Some(slow::PAUSE)).unwrap();
}

/// Opens a connection to this target.
fn open(server: &Server, target: &str, fields: &str) -> TcpStream {
    let (stream, answer) = server.ask(target, fields);
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    set_timeouts(&stream);
    stream
}

/// Tests all of these at the same time.
fn with_each(
    programs: &[(&'static str, &'static str)],
    timeouts: &str,
    test: impl Fn(TcpStream) + Sync,
) {
    thread::scope(|scope| {
        for (program, target) in programs {
            let test = &test;
            scope.spawn(move || {
                let server = Server::start_timed(program, &[], timeouts);
                // `echo` accepts only this page.
                let is_echo = *program == ECHO;
                let fields = if is_echo { "Origin: https://example.com\r\n" } else { "" };
                test(open(&server, target, fields));
            });
        }
    });
}

/// A relay with these timeouts, and its upstream server.
fn relay(timeouts: &str) -> (Server, Server) {
    let upstream = Server::start(MIO);
    (Server::start_timed(RELAY, &[upstream.address()], timeouts), upstream)
}

// P-sh-d, P-dl-a, A-15
#[test]
fn a_slow_request_gets_408() {
    thread::scope(|scope| {
        for program in [ECHO, HUB, LIBDEFLATE, MIO, RELAY, SERVE, SHARED_BUFFERS, THREADS] {
            scope.spawn(move || {
                let server = Server::start_timed(program, &[], "opening=500");
                let response = slow::sends_a_byte_now_and_then(connect(&server));
                assert!(response.starts_with("HTTP/1.1 408 "), "{program}: {response}");
            });
        }
    });
}

// P-dl-b
#[test]
fn a_silent_peer_gets_a_ping_and_then_3008() {
    with_each(&PINGERS, "ping=200 silence=600", slow::is_silent);
}

// P-dl-h
#[test]
fn a_silent_peer_that_answers_pings_stays() {
    with_each(&PINGERS, "ping=50 silence=10000", slow::is_silent_but_answers_pings);
}

// P-dl-c
#[test]
fn only_the_pong_to_the_ping_counts() {
    with_each(&PINGERS, "ping=200 pong=600", slow::answers_with_other_pongs);
}

// P-dl-d
#[test]
fn a_peer_that_does_not_read_is_dropped() {
    with_each(
        &[
            (ECHO, "/"),
            (HUB, "/"),
            (LIBDEFLATE, "/"),
            (MIO, "/"),
            (SERVE, "/"),
            (SHARED_BUFFERS, "/"),
            (THREADS, "/"),
        ],
        "writing=500",
        |stream| {
            slow::does_not_read(stream);
        },
    );
    let (relay, _upstream) = relay("writing=500");
    slow::does_not_read(open(&relay, "/", ""));
}

// P-cl-f, P-dl-e, G-08
#[test]
fn a_peer_that_does_not_close_the_transport_is_dropped() {
    let timeouts = "closing=500";
    with_each(&[(ECHO, "/")], timeouts, slow::does_not_end);
    with_each(&PINGERS, timeouts, slow::does_not_end);
    let (relay, _upstream) = relay(timeouts);
    slow::does_not_end(open(&relay, "/", ""));
}

// P-dl-f
#[test]
fn an_old_connection_is_closed_with_1001() {
    let timeouts = "age=600 closing=500";
    with_each(&PINGERS, timeouts, |stream| {
        let received = slow::talks_for_ever(stream);
        assert!(received.ends_with(slow::GOING_AWAY), "{received:?}");
    });
    // These cannot send a Close of their own, and drop the connection.
    with_each(&[(ECHO, "/")], timeouts, |stream| drop(slow::talks_for_ever(stream)));
    let (relay, _upstream) = relay(timeouts);
    slow::talks_for_ever(open(&relay, "/", ""));
}

// P-dl-b
#[test]
fn a_silent_relay_is_closed() {
    let (relay, _upstream) = relay("silence=500");
    let mut stream = open(&relay, "/", "");
    stream.set_read_timeout(Some(peer::TOO_LONG)).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
}

// P-dl-g
#[test]
fn a_chatty_peer_is_slowed_down() {
    const PINGS: usize = 100;
    let server = Server::start(SERVE);
    let (mut stream, _) = server.ask("/chat", "");
    let start = Instant::now();
    stream.write_all(&b"\x89\x80\0\0\0\0".repeat(PINGS)).unwrap();
    let mut pongs = [0; 2 * PINGS];
    stream.read_exact(&mut pongs).unwrap();
    assert_eq!(pongs[..], b"\x8a\0".repeat(PINGS));
    // 50 at once, then one every 20 ms. The last one is answered before it waits for a token.
    assert!(start.elapsed() >= Duration::from_millis(20 * (100 - 50 - 1)));
}

type Tls = StreamOwned<ClientConnection, TcpStream>;

/// Connects to a server over TLS. Its certificate is in this file.
fn connect_secure(server: &Server, certificate: &str) -> Tls {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let mut tls = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(peer::TOO_LONG)).unwrap();
    while tls.is_handshaking() {
        tls.complete_io(&mut stream).unwrap();
    }
    StreamOwned::new(tls, stream)
}

fn open_secure(server: &Server, certificate: &str) -> Tls {
    let mut stream = connect_secure(server, certificate);
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Version: 13\r\n\r\n";
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0]; // reads nothing after the response head
        stream.read_exact(&mut byte).unwrap();
        answer.extend(byte);
    }
    set_timeouts(&stream.sock);
    stream
}

// P-dl-a, P-dl-b, P-dl-d, P-dl-e, P-dl-f
#[test]
fn over_tls() {
    type Case = (&'static str, fn(&Server, &str));
    let cases: [Case; 6] = [
        ("opening=500", |server, certificate| {
            let stream = connect_secure(server, certificate);
            set_timeouts(&stream.sock);
            let response = slow::sends_a_byte_now_and_then(stream);
            assert!(response.starts_with("HTTP/1.1 408 "), "{response}");
        }),
        ("ping=200 silence=600", |server, certificate| {
            slow::is_silent(open_secure(server, certificate));
        }),
        ("ping=50 silence=10000", |server, certificate| {
            slow::is_silent_but_answers_pings(open_secure(server, certificate));
        }),
        ("writing=500", |server, certificate| {
            slow::does_not_read(open_secure(server, certificate));
        }),
        ("closing=500", |server, certificate| {
            slow::does_not_end(open_secure(server, certificate));
        }),
        ("age=600 closing=500", |server, certificate| {
            let received = slow::talks_for_ever(open_secure(server, certificate));
            assert!(received.ends_with(slow::GOING_AWAY), "{received:?}");
        }),
    ];
    for (number, (timeouts, test)) in cases.into_iter().enumerate() {
        let certificate = format!("{}/deadlines-{number}.pem", env!("CARGO_TARGET_TMPDIR"));
        let server = Server::start_timed(RUSTLS, &[&certificate], timeouts);
        test(&server, &certificate);
    }
}
