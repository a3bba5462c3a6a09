//! The embedding with two threads for each connection.

#![allow(clippy::unwrap_used, clippy::panic)] // tests panic

#[allow(dead_code)] // the end of the transport
#[path = "../src/bin/threads/duplex.rs"]
mod duplex;
#[path = "../../../shared/following.rs"]
mod following;
#[path = "../../peer/peer.rs"]
mod peer;
#[path = "../../../shared/timed.rs"]
mod timed;

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{self, Receiver, Sender},
    thread,
};

use duplex::{BACKLOG, Duplex};
use hybi::{
    CloseCode, Config, Connection, Event, Inbox, Role, deadline::Deadlines, random::OsEntropy,
};
use peer::TOO_LONG;
use timed::clock::{now, timeouts};

#[test]
fn echo() {
    let server = peer::Server::start(env!("CARGO_BIN_EXE_threads"));
    peer::check_echo(&server.url());
}

#[test]
fn a_peer_that_does_not_read_costs_no_memory() {
    const OFFERED: usize = 32 * 1024 * 1024;
    let server = peer::Server::start(env!("CARGO_BIN_EXE_threads"));
    // A binary message of 16 KiB, and a ping, each masked with a key of 0.
    let message = [&b"\x82\xfe\x40\x00\x00\x00\x00\x00"[..], &[b'm'; 16 * 1024]].concat();
    let ping = [&b"\x89\xfd\x00\x00\x00\x00"[..], &[b'p'; 125]].concat();
    for frame in [message, ping] {
        let mut stream = server.open();
        let before = server.resident_kib();
        let sent = peer::offer(&mut stream, frame.into_iter().cycle().take(OFFERED));
        let grown = server.resident_kib().saturating_sub(before);
        assert!(grown < 2 * 1024, "memory grew by {grown} KiB while {sent} bytes were sent");
    }
}

/// RFC 6455, section 5.7: "Hello" from a client, and the same as a ping.
const HELLO: [u8; 11] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
const PING: [u8; 11] = [0x89, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
const PONG: &[u8] = b"\x8a\x05Hello";

/// Both ends of a TCP connection.
fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let theirs = listener.accept().unwrap().0;
    theirs.set_read_timeout(Some(TOO_LONG)).unwrap();
    (ours, theirs)
}

fn shared<R: Role>(websocket: Connection<R>, outbox: Vec<u8>) -> Duplex<R> {
    Duplex::new(websocket, outbox, Deadlines::new(timeouts(), now()))
}

/// The loop of the reader. Calls `react` with each event.
fn read<R: Role>(
    duplex: &Duplex<R>,
    stream: &TcpStream,
    mut react: impl FnMut(Event<'_>),
) -> Result<(), String> {
    let mut inbox = Inbox::with_capacity(4096);
    loop {
        while let Some(event) = duplex.receive(&mut inbox).map_err(|error| error.to_string())? {
            react(event);
        }
        match duplex.read(&mut inbox, stream) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => return Err(error.to_string()),
        }
    }
}

fn send_texts(events: &Sender<String>) -> impl FnMut(Event<'_>) {
    |event| {
        if let Event::Text(text) = event {
            events.send(text.into()).unwrap();
        }
    }
}

#[test]
fn a_reply_of_the_reader_wakes_the_writer() {
    let (ours, mut theirs) = sockets();
    let duplex = shared(Connection::server(Config::new()), Vec::new());
    thread::scope(|scope| {
        scope.spawn(|| duplex.write(&ours));
        scope.spawn(|| read(&duplex, &ours, |_| {}));
        theirs.write_all(&PING).unwrap();
        let mut pong = [0; 7];
        theirs.read_exact(&mut pong).unwrap();
        assert_eq!(pong, PONG);
        drop(theirs);
    });
}

/// Such as the 101 response of the opening handshake.
#[test]
fn without_a_writer_a_close_follows_the_outbox() {
    let (ours, mut theirs) = sockets();
    let duplex = shared(Connection::server(Config::new()), b"waits".to_vec());
    duplex.write_close(CloseCode::TRY_AGAIN_LATER, &ours).unwrap();
    let mut bytes = Vec::new();
    theirs.read_to_end(&mut bytes).unwrap();
    // RFC 6455, section 5.5.1: FIN and opcode 8, code 1013.
    assert_eq!(bytes, b"waits\x88\x02\x03\xf5");
}

#[test]
fn reading_goes_on_while_writing_is_stuck() {
    // More than the buffers of the sockets.
    const LENGTH: usize = 64 * 1024 * 1024;
    let (ours, mut theirs) = sockets();
    let duplex = shared(Connection::server(Config::new()), Vec::new());
    let (received, events) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| duplex.write(&ours));
        scope.spawn(|| read(&duplex, &ours, send_texts(&received)));
        let data = vec![0x5a; LENGTH];
        duplex.send(|websocket, outbox| websocket.send_binary(&data, outbox)).unwrap();
        // The header shows that the write has started. The rest is not read for now.
        let mut header = [0; 10];
        theirs.read_exact(&mut header).unwrap();
        assert_eq!(header, *b"\x82\x7f\x00\x00\x00\x00\x04\x00\x00\x00");
        for _ in 0..100 {
            theirs.write_all(&HELLO).unwrap();
            assert_eq!(events.recv_timeout(TOO_LONG).unwrap(), "Hello");
        }
        let mut payload = vec![0; LENGTH];
        theirs.read_exact(&mut payload).unwrap();
        assert!(payload == data);
        drop(theirs);
    });
}

#[test]
fn many_threads_send_both_ways() {
    let (ours, theirs) = sockets();
    let server = shared(Connection::server(Config::new()), Vec::new());
    let client = shared(Connection::client(Config::new(), OsEntropy::new()), Vec::new());
    let (to_server, at_server) = mpsc::channel();
    let (to_client, at_client) = mpsc::channel();
    thread::scope(|scope| {
        let writers = [scope.spawn(|| server.write(&ours)), scope.spawn(|| client.write(&theirs))];
        let readers = [
            scope.spawn(|| read(&server, &ours, send_texts(&to_server))),
            scope.spawn(|| read(&client, &theirs, send_texts(&to_client))),
        ];
        for sender in 0..SENDERS {
            let (server, client) = (&server, &client);
            scope.spawn(move || send(server, sender));
            scope.spawn(move || send(client, sender));
        }
        expect_all(&at_server);
        expect_all(&at_client);
        client.send(|client, outbox| client.close(CloseCode::NORMAL, "", outbox)).unwrap();
        for reader in readers {
            reader.join().unwrap().unwrap(); // a clean close on both sides
        }
        for writer in writers {
            let _ = writer.join().unwrap(); // the last shutdown may fail if the peer is gone
        }
    });
}

const SENDERS: usize = 4;
const MESSAGES: usize = 2000;

fn send<R: Role>(duplex: &Duplex<R>, sender: usize) {
    for number in 0..MESSAGES {
        let text = format!("{sender} {number} {}", "~".repeat(number));
        let sent = duplex.send(|websocket, outbox| {
            assert!(outbox.len() < BACKLOG);
            websocket.send_text(&text, outbox)
        });
        sent.unwrap();
    }
}

/// Receives all messages of all senders, and checks the order for each sender.
fn expect_all(messages: &Receiver<String>) {
    let mut next = [0; SENDERS];
    for _ in 0..SENDERS * MESSAGES {
        let message = messages.recv_timeout(TOO_LONG).unwrap();
        let (sender, _) = message.split_once(' ').unwrap();
        let sender: usize = sender.parse().unwrap();
        let number = next[sender];
        assert_eq!(message, format!("{sender} {number} {}", "~".repeat(number)));
        next[sender] += 1;
    }
}
