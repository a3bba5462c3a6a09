//! The hub: checks every byte that its members receive, and its memory.

#![allow(clippy::unwrap_used)] // tests panic

#[path = "../src/bin/hub/hub.rs"]
mod hub;
#[path = "../../peer/peer.rs"]
mod peer;

use std::{
    cell::RefCell,
    io::{self, ErrorKind, Read, Write},
    net::TcpStream,
    process::Command,
    rc::Rc,
    time::Duration,
};

use counting::{Cost, Counting, KIB, measure};
use hub::{CONFIG, DRAINED, Hub, QUEUE, TURN};
use hybi::{
    Connection, Inbox, Prepared,
    deadline::{Deadlines, Timeouts},
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MEMBERS: usize = 10_000;

/// When all members join.
const START: Duration = Duration::ZERO;

const PING: Duration = Duration::from_secs(40);
const SILENCE: Duration = Duration::from_secs(50);
const WRITING: Duration = Duration::from_secs(30);
const CLOSING: Duration = Duration::from_secs(10);

const TIMEOUTS: Timeouts =
    Timeouts::new().ping(Some(PING)).silence(Some(SILENCE)).writing(WRITING).closing(CLOSING);

/// RFC 6455, section 5.2: the frame of a server, for lengths up to 65535.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(u8::try_from(length).unwrap()),
        length => {
            frame.push(126);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    frame.extend(payload);
    frame
}

/// FIN and opcode 1.
fn text_frame(text: &str) -> Vec<u8> {
    frame(0x81, text.as_bytes())
}

/// The Close to a member that is too slow: FIN and opcode 8, code 1008.
fn close_too_slow() -> Vec<u8> {
    frame(0x88, b"\x03\xf0too slow")
}

/// The peer of a member. Checks the bytes that it receives.
struct Peer {
    expected: Rc<[u8]>,
    /// All bytes that were received, instead of a check of them.
    output: Option<Vec<u8>>,
    received: usize,
    /// How many bytes the socket accepts before it would block.
    room: usize,
    to_send: Vec<u8>,
    /// Whether the peer has shut down its output.
    has_ended: bool,
    /// Whether the hub has shut down its output.
    is_ended: bool,
    is_dropped: bool,
}

impl Peer {
    fn expecting(expected: &Rc<[u8]>, room: usize) -> Shared {
        let expected = Rc::clone(expected);
        Rc::new(RefCell::new(Self {
            expected,
            output: None,
            received: 0,
            room,
            to_send: vec![],
            has_ended: false,
            is_ended: false,
            is_dropped: false,
        }))
    }

    fn recording() -> Shared {
        let peer = Self::expecting(&[].into(), usize::MAX);
        peer.borrow_mut().output = Some(vec![]);
        peer
    }
}

type Shared = Rc<RefCell<Peer>>;

/// The socket of a member.
struct Socket(Shared);

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut peer = self.0.borrow_mut();
        let length = bytes.len().min(peer.room);
        if length == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        match &mut peer.output {
            Some(output) => output.extend(&bytes[..length]),
            None => assert_eq!(bytes[..length], peer.expected[peer.received..][..length]),
        }
        peer.received += length;
        peer.room -= length;
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Socket {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut peer = self.0.borrow_mut();
        if peer.to_send.is_empty() && !peer.has_ended {
            return Err(ErrorKind::WouldBlock.into());
        }
        let length = peer.to_send.as_slice().read(bytes)?;
        peer.to_send.drain(..length);
        Ok(length)
    }
}

impl hub::Socket for Socket {
    fn end_output(&mut self) -> io::Result<()> {
        self.0.borrow_mut().is_ended = true;
        Ok(())
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.0.borrow_mut().is_dropped = true;
    }
}

fn join(hub: &mut Hub<Socket>, number: usize, peer: &Shared) {
    let (websocket, inbox) = (Connection::server(CONFIG), Inbox::with_capacity(KIB));
    let deadlines = Deadlines::new(TIMEOUTS, START);
    hub.join(number, Socket(Rc::clone(peer)), websocket, inbox, deadlines);
    hub.ready(number, START);
}

/// Gives a turn to each member with a deadline that has passed.
fn sweep(hub: &mut Hub<Socket>, now: Duration) {
    for number in hub.due(now).collect::<Vec<_>>() {
        hub.ready(number, now);
    }
}

/// Lets the socket accept this many more bytes, and reports it as ready.
fn make_room(hub: &mut Hub<Socket>, number: usize, peer: &Shared, room: usize) {
    peer.borrow_mut().room += room;
    hub.ready(number, START);
}

#[test]
fn figures_are_printed() {
    let output = Command::new(env!("CARGO_BIN_EXE_hub")).output().unwrap();
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.ends_with("after one more message, 0 are left\n"), "{printed}");
}

#[test]
fn all_members_get_all_messages() {
    let messages: Vec<String> = (0..QUEUE).map(|number| "ä".repeat(number * 40)).collect();
    let expected: Rc<[u8]> = messages.iter().flat_map(|text| text_frame(text)).collect();
    let mut hub = Hub::new();
    // Every second socket accepts a part of the second message, and the rest in pieces.
    let room = |number| if number % 2 == 0 { 1 << 30 } else { 100 - number % 90 };
    let peers: Vec<_> = (0..MEMBERS).map(|n| Peer::expecting(&expected, room(n))).collect();
    for (number, peer) in peers.iter().enumerate() {
        join(&mut hub, number, peer);
    }
    for text in &messages {
        hub.broadcast(Prepared::text(text), START);
    }
    for (number, peer) in peers.iter().enumerate() {
        assert_eq!(peer.borrow().received, expected.len().min(room(number)));
        for _ in 0..=expected.len() / 1000 {
            make_room(&mut hub, number, peer, 1000 + number % 7);
        }
        assert_eq!(peer.borrow().received, expected.len());
    }
    assert_eq!(hub.len(), MEMBERS);
}

#[test]
fn a_message_goes_to_all_members() {
    let expected: Rc<[u8]> = text_frame("Hello").into();
    let mut hub = Hub::new();
    let peers: Vec<_> = (0..10).map(|_| Peer::expecting(&expected, usize::MAX)).collect();
    for (number, peer) in peers.iter().enumerate() {
        join(&mut hub, number, peer);
    }
    // RFC 6455, section 5.7: "Hello" from a client.
    let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    peers[3].borrow_mut().to_send.extend(hello);
    hub.ready(3, START);
    for peer in peers {
        assert_eq!(peer.borrow().received, expected.len());
    }
}

/// RFC 6455, section 5.7: "Hello" from a client; the same as a ping.
const HELLO: [u8; 11] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
const HELLO_PING: [u8; 11] = [0x89, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];

#[test]
fn a_busy_sender_does_not_starve_the_others() {
    const COUNT: usize = 10_000;
    let expected: Rc<[u8]> = text_frame("Hello").repeat(COUNT).into();
    let mut hub = Hub::new();
    let speaker = Peer::expecting(&expected, usize::MAX);
    let listener = Peer::expecting(&expected, usize::MAX);
    join(&mut hub, 0, &speaker);
    join(&mut hub, 1, &listener);
    speaker.borrow_mut().to_send = HELLO.repeat(COUNT);
    let (mut turns, mut before) = (0, 0);
    loop {
        let (has_more, cost) = measure(|| hub.ready(0, START));
        let received = listener.borrow().received / text_frame("Hello").len();
        assert!(received - before <= TURN, "{} messages in one turn", received - before);
        assert!(cost.peaks_within(128 * KIB), "{cost:?}");
        before = received;
        turns += 1;
        if !has_more {
            break;
        }
        assert!(turns < COUNT, "the hub makes no progress");
    }
    assert_eq!((before, speaker.borrow().received), (COUNT, expected.len()));
}

#[test]
fn a_flood_of_pings_does_not_extend_a_turn() {
    const COUNT: usize = 10_000;
    let expected: Rc<[u8]> = frame(0x8a, b"Hello").repeat(COUNT).into();
    let mut hub = Hub::new();
    let peer = Peer::expecting(&expected, usize::MAX);
    join(&mut hub, 0, &peer);
    peer.borrow_mut().to_send = HELLO_PING.repeat(COUNT);
    let mut turns = 1;
    while hub.ready(0, START) {
        turns += 1;
    }
    assert!(turns >= COUNT / TURN, "{turns} turns");
    assert_eq!(peer.borrow().received, expected.len());
}

#[test]
fn a_silent_member_gets_a_ping_and_is_then_dropped() {
    let mut hub = Hub::new();
    let peers = [(); 2].map(|()| Peer::recording());
    for (number, peer) in peers.iter().enumerate() {
        join(&mut hub, number, peer);
    }
    sweep(&mut hub, PING.saturating_sub(Duration::from_nanos(1)));
    assert_eq!(peers[0].borrow().output, Some(vec![]));
    sweep(&mut hub, PING);
    let ping = peers[1].borrow().output.clone().unwrap();
    assert_eq!((&ping[..2], ping.len()), (&b"\x89\x02"[..], 4));
    // A pong with the same payload, masked with a key of 0.
    peers[1].borrow_mut().to_send = vec![0x8a, 0x82, 0, 0, 0, 0, ping[2], ping[3]];
    hub.ready(1, PING);
    sweep(&mut hub, SILENCE);
    // The other gets a Close with 3008 too.
    let output = peers[0].borrow().output.clone().unwrap();
    assert_eq!(output[ping.len()..], *b"\x88\x02\x0b\xc0");
    assert!(peers[0].borrow().is_ended && !peers[1].borrow().is_ended);
    sweep(&mut hub, SILENCE + CLOSING);
    assert!(peers[0].borrow().is_dropped && !peers[1].borrow().is_dropped);
}

#[test]
fn a_slow_member_is_closed_without_affecting_the_others() {
    let news = "news".repeat(50);
    let count = QUEUE + 2;
    let mut hub = Hub::new();
    let all: Rc<[u8]> = text_frame(&news).repeat(count).into();
    // Part of the first message is already written, so the Close follows the rest of its frame.
    let slow: Rc<[u8]> = [text_frame(&news), close_too_slow()].concat().into();
    let swift = Peer::expecting(&all, usize::MAX);
    let polite = Peer::expecting(&slow, 5);
    let silent = Peer::expecting(&slow, 0);
    for (number, peer) in [&swift, &polite, &silent].into_iter().enumerate() {
        join(&mut hub, number, peer);
    }
    for _ in 0..count {
        hub.broadcast(Prepared::text(&news), START);
    }
    assert_eq!(swift.borrow().received, all.len());
    assert_eq!((polite.borrow().received, silent.borrow().received), (5, 0));

    // One peer reads the Close and replies: code 1008, masked with a key of 0.
    polite.borrow_mut().to_send = vec![0x88, 0x82, 0, 0, 0, 0, 0x03, 0xf0];
    make_room(&mut hub, 1, &polite, usize::MAX - 5);
    assert_eq!(polite.borrow().received, slow.len());
    assert!(polite.borrow().is_ended && !polite.borrow().is_dropped);
    polite.borrow_mut().has_ended = true;
    hub.ready(1, START);
    assert!(polite.borrow().is_dropped);

    // The other reads nothing until the deadline.
    sweep(&mut hub, CLOSING);
    assert!(!silent.borrow().is_dropped);
    sweep(&mut hub, WRITING);
    assert!(silent.borrow().is_dropped);
    assert_eq!(hub.len(), 1);
}

#[test]
fn a_member_that_catches_up_in_time_stays() {
    let expected: Rc<[u8]> = text_frame("news").repeat(QUEUE + 2).into();
    let mut hub = Hub::new();
    let peer = Peer::expecting(&expected, 0);
    join(&mut hub, 0, &peer);
    for _ in 0..=QUEUE {
        hub.broadcast(Prepared::text("news"), START);
    }
    make_room(&mut hub, 0, &peer, usize::MAX);
    hub.broadcast(Prepared::text("news"), START);
    assert_eq!(peer.borrow().received, expected.len());
}

#[test]
fn a_member_that_violates_the_protocol_gets_a_close() {
    // RFC 6455, section 5.1: a frame that is not masked; 1002 is the answer.
    let expected: Rc<[u8]> = frame(0x88, b"\x03\xea").into();
    let mut hub = Hub::new();
    let peer = Peer::expecting(&expected, usize::MAX);
    join(&mut hub, 0, &peer);
    peer.borrow_mut().to_send = text_frame("Hello");
    hub.ready(0, START);
    assert_eq!(peer.borrow().received, expected.len());
    assert!(peer.borrow().is_ended && !peer.borrow().is_dropped);
    peer.borrow_mut().has_ended = true;
    hub.ready(0, START);
    assert!(peer.borrow().is_dropped);
}

// P-cl-f, G-08
#[test]
fn input_after_a_close_is_discarded_within_limits() {
    let expected: Rc<[u8]> = frame(0x88, b"\x03\xea").into();
    let peers = [(); 2].map(|()| Peer::expecting(&expected, usize::MAX));
    let [endless, idle] = &peers;
    let mut hub = Hub::new();
    for (number, peer) in peers.iter().enumerate() {
        join(&mut hub, number, peer);
        peer.borrow_mut().to_send = text_frame("not masked");
        hub.ready(number, START);
    }
    // One peer sends without end. Discarding takes turns too.
    let mut sent = 0;
    while !endless.borrow().is_dropped {
        assert!(sent <= DRAINED.get(), "{sent} bytes were read");
        endless.borrow_mut().to_send = vec![0; KIB * KIB];
        sent += KIB * KIB;
        let ((), cost) = measure(|| while hub.ready(0, START) {});
        assert!(cost.peaks_within(128 * KIB), "{cost:?}");
    }
    // The other does not close the connection.
    sweep(&mut hub, START);
    assert!(!idle.borrow().is_dropped);
    sweep(&mut hub, CLOSING);
    assert!(idle.borrow().is_dropped);
}

/// The hub has unread input when it has written its final bytes. Closing the socket then would reset
/// it.
// 6455-7.1.1-a
#[test]
fn the_final_bytes_arrive_despite_unread_input() {
    let server = peer::Server::start_with(env!("CARGO_BIN_EXE_hub"), &[]);
    let rest = vec![0; 256 * KIB];
    // RFC 6455, section 5.2: a frame that is not masked; the header of a message of 1 MiB.
    let too_large = b"\x82\xff\0\0\0\0\0\x10\0\0\0\0\0\0";
    for (frame, code) in [(&b"\x82\x05"[..], b"\x03\xea"), (too_large, b"\x03\xf1")] {
        let mut stream = server.open();
        stream.write_all(&[frame, &rest].concat()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert_eq!(answer[0], 0x88);
        assert_eq!(answer[2..4], code[..]);
    }
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(peer::TOO_LONG)).unwrap();
    let request = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                   Origin: https://example.org\r\n\r\n";
    stream.write_all(&[request.as_bytes(), &rest].concat()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
}

#[test]
fn a_member_that_does_not_read_its_close_is_dropped() {
    let mut hub = Hub::new();
    let peer = Peer::expecting(&[].into(), 0);
    join(&mut hub, 0, &peer);
    peer.borrow_mut().to_send = text_frame("not masked");
    hub.ready(0, START);
    assert!(!peer.borrow().is_dropped);
    sweep(&mut hub, WRITING);
    assert!(peer.borrow().is_dropped);
}

#[test]
fn memory_is_bounded() {
    let news = "~".repeat(KIB);
    let expected: Rc<[u8]> = text_frame(&news).into();

    let (mut hub, _peers, cost) = fill(&expected, expected.len());
    assert!(cost.kept <= (MEMBERS * 736).cast_signed(), "{cost:?}");
    // While all members keep up, a message is in memory once.
    let ((), cost) = measure(|| hub.broadcast(Prepared::text(&news), START));
    assert!(cost.totals_within(2 * KIB), "{cost:?}");
    drop(hub);

    // If no member does, each has one frame in its outbox, whose capacity doubles when the Close is
    // appended. The hundred messages are not copied.
    let (mut hub, _peers, _) = fill(&expected, 0);
    let ((), cost) = measure(|| {
        for _ in 0..100 {
            hub.broadcast(Prepared::text(&news), START);
        }
    });
    assert!(cost.peaks_within(MEMBERS * (2 * expected.len() + 128)), "{cost:?}");
    assert_eq!(hub.len(), MEMBERS);
    sweep(&mut hub, WRITING);
    assert_eq!(hub.len(), 0);
}

#[test]
fn memory_is_freed() {
    let expected: Rc<[u8]> = text_frame("news").repeat(QUEUE).into();
    let (mut hub, peers, _) = fill(&expected, 0);
    let ((), cost) = measure(|| {
        for _ in 0..QUEUE {
            hub.broadcast(Prepared::text("news"), START);
        }
        for (number, peer) in peers.iter().enumerate() {
            // An unsolicited pong with the payload "x", and a masking key of 0.
            peer.borrow_mut().to_send = vec![0x8a, 0x81, 0, 0, 0, 0, b'x'];
            make_room(&mut hub, number, peer, expected.len());
            peer.borrow_mut().to_send = Vec::new();
        }
    });
    // The queues keep their capacity: a pointer for each message.
    assert!(cost.kept <= (MEMBERS * 8 * QUEUE).cast_signed(), "{cost:?}");
}

/// A hub with all its members, and the cost of creating it.
fn fill(expected: &Rc<[u8]>, room: usize) -> (Hub<Socket>, Vec<Shared>, Cost) {
    let peers: Vec<_> = (0..MEMBERS).map(|_| Peer::expecting(expected, room)).collect();
    let (hub, cost) = measure(|| {
        let mut hub = Hub::new();
        for (number, peer) in peers.iter().enumerate() {
            join(&mut hub, number, peer);
        }
        hub
    });
    (hub, peers, cost)
}
