//! The hub: every byte that its members get, and every byte that it allocates.

#![allow(clippy::unwrap_used)] // tests panic

#[path = "../../../shared/deadlines.rs"]
mod deadlines;
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
    time::Instant,
};

use counting::{Cost, Counting, KIB, measure};
use hub::{BEHIND, CONFIG, DRAINED, Hub, PATIENCE, TURN};
use hybi::{Connection, Inbox, Prepared};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MEMBERS: usize = 10_000;

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

/// What a member is told that was too slow: FIN and opcode 8, code 1008.
fn farewell() -> Vec<u8> {
    frame(0x88, b"\x03\xf0too slow")
}

/// A member's other end. What it receives is compared as it comes.
struct Peer {
    expected: Rc<[u8]>,
    received: usize,
    /// How many bytes the socket takes before it would block.
    room: usize,
    says: Vec<u8>,
    /// Whether it says nothing more.
    has_ended: bool,
    /// Whether the hub says nothing more.
    is_ended: bool,
    is_dropped: bool,
}

impl Peer {
    fn expecting(expected: &Rc<[u8]>, room: usize) -> Shared {
        let expected = Rc::clone(expected);
        Rc::new(RefCell::new(Self {
            expected,
            received: 0,
            room,
            says: vec![],
            has_ended: false,
            is_ended: false,
            is_dropped: false,
        }))
    }
}

type Shared = Rc<RefCell<Peer>>;

/// The hub's end of it.
struct Socket(Shared);

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut peer = self.0.borrow_mut();
        let length = bytes.len().min(peer.room);
        if length == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        assert_eq!(bytes[..length], peer.expected[peer.received..][..length]);
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
        if peer.says.is_empty() && !peer.has_ended {
            return Err(ErrorKind::WouldBlock.into());
        }
        let length = peer.says.as_slice().read(bytes)?;
        peer.says.drain(..length);
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
    hub.join(number, Socket(Rc::clone(peer)), websocket, inbox);
}

/// Has the socket take this many bytes more, and says so to the hub.
fn make_room(hub: &mut Hub<Socket>, number: usize, peer: &Shared, room: usize) {
    peer.borrow_mut().room += room;
    hub.ready(number);
}

#[test]
fn figures_are_printed() {
    let output = Command::new(env!("CARGO_BIN_EXE_hub")).output().unwrap();
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.ends_with("one message more, and 0 are left\n"), "{printed}");
}

#[test]
fn all_members_get_all_messages() {
    let messages: Vec<String> = (0..BEHIND).map(|number| "ä".repeat(number * 40)).collect();
    let expected: Rc<[u8]> = messages.iter().flat_map(|text| text_frame(text)).collect();
    let mut hub = Hub::new();
    // Every second socket takes a part of the second message, and the rest by and by.
    let room = |number| if number % 2 == 0 { 1 << 30 } else { 100 - number % 90 };
    let peers: Vec<_> = (0..MEMBERS).map(|n| Peer::expecting(&expected, room(n))).collect();
    for (number, peer) in peers.iter().enumerate() {
        join(&mut hub, number, peer);
    }
    for text in &messages {
        hub.broadcast(Prepared::text(text));
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
fn what_one_says_goes_to_all() {
    let expected: Rc<[u8]> = text_frame("Hello").into();
    let mut hub = Hub::new();
    let peers: Vec<_> = (0..10).map(|_| Peer::expecting(&expected, usize::MAX)).collect();
    for (number, peer) in peers.iter().enumerate() {
        join(&mut hub, number, peer);
    }
    // RFC 6455, section 5.7: "Hello" from a client.
    let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    peers[3].borrow_mut().says.extend(hello);
    hub.ready(3);
    for peer in peers {
        assert_eq!(peer.borrow().received, expected.len());
    }
}

/// RFC 6455, section 5.7: "Hello" from a client; the same as a ping.
const HELLO: [u8; 11] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
const PING: [u8; 11] = [0x89, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];

#[test]
fn a_member_that_never_stops_writing_leaves_the_others_their_turn() {
    const COUNT: usize = 10_000;
    let expected: Rc<[u8]> = text_frame("Hello").repeat(COUNT).into();
    let mut hub = Hub::new();
    let speaker = Peer::expecting(&expected, usize::MAX);
    let listener = Peer::expecting(&expected, usize::MAX);
    join(&mut hub, 0, &speaker);
    join(&mut hub, 1, &listener);
    speaker.borrow_mut().says = HELLO.repeat(COUNT);
    let (mut turns, mut heard) = (0, 0);
    loop {
        let (goes_on, cost) = measure(|| hub.ready(0));
        let received = listener.borrow().received / text_frame("Hello").len();
        assert!(received - heard <= TURN, "{} messages in one turn", received - heard);
        assert!(cost.peaks_within(128 * KIB), "{cost:?}");
        heard = received;
        turns += 1;
        if !goes_on {
            break;
        }
        assert!(turns < COUNT, "it makes no progress");
    }
    assert_eq!((heard, speaker.borrow().received), (COUNT, expected.len()));
}

#[test]
fn a_turn_ends_also_if_all_that_comes_is_pings() {
    const COUNT: usize = 10_000;
    let expected: Rc<[u8]> = frame(0x8a, b"Hello").repeat(COUNT).into();
    let mut hub = Hub::new();
    let peer = Peer::expecting(&expected, usize::MAX);
    join(&mut hub, 0, &peer);
    peer.borrow_mut().says = PING.repeat(COUNT);
    let mut turns = 1;
    while hub.ready(0) {
        turns += 1;
    }
    assert!(turns >= COUNT / TURN, "{turns} turns");
    assert_eq!(peer.borrow().received, expected.len());
}

#[test]
fn a_silent_member_is_asked_and_then_dropped() {
    // A ping without payload.
    let ping = frame(0x89, b"");
    let expected: Rc<[u8]> = ping.repeat(2).into();
    let mut hub = Hub::new();
    let peers = [(); 2].map(|()| Peer::expecting(&expected, usize::MAX));
    for (number, peer) in peers.iter().enumerate() {
        join(&mut hub, number, peer);
    }
    let asked = Instant::now() + PATIENCE.silence;
    hub.sweep(asked);
    for peer in &peers {
        assert_eq!(peer.borrow().received, ping.len());
    }
    // An empty pong, masked with a key of 0.
    peers[1].borrow_mut().says = vec![0x8a, 0x80, 0, 0, 0, 0];
    hub.ready(1);
    hub.sweep(asked + PATIENCE.pong);
    assert!(peers[0].borrow().is_dropped && !peers[1].borrow().is_dropped);
}

#[test]
fn a_slow_member_is_closed_and_the_others_notice_nothing() {
    let news = "news".repeat(50);
    let count = BEHIND + 2;
    let mut hub = Hub::new();
    let all: Rc<[u8]> = text_frame(&news).repeat(count).into();
    // The first message is on its way when the member is given up: its frame is completed.
    let slow: Rc<[u8]> = [text_frame(&news), farewell()].concat().into();
    let swift = Peer::expecting(&all, usize::MAX);
    let polite = Peer::expecting(&slow, 5);
    let silent = Peer::expecting(&slow, 0);
    for (number, peer) in [&swift, &polite, &silent].into_iter().enumerate() {
        join(&mut hub, number, peer);
    }
    for _ in 0..count {
        hub.broadcast(Prepared::text(&news));
    }
    assert_eq!(swift.borrow().received, all.len());
    assert_eq!((polite.borrow().received, silent.borrow().received), (5, 0));

    // One takes the Close and answers it: code 1008, masked with a key of 0.
    polite.borrow_mut().says = vec![0x88, 0x82, 0, 0, 0, 0, 0x03, 0xf0];
    make_room(&mut hub, 1, &polite, usize::MAX - 5);
    assert_eq!(polite.borrow().received, slow.len());
    assert!(polite.borrow().is_ended && !polite.borrow().is_dropped);
    polite.borrow_mut().has_ended = true;
    hub.ready(1);
    assert!(polite.borrow().is_dropped);

    // The other takes nothing until its time is up.
    hub.sweep(Instant::now());
    assert!(!silent.borrow().is_dropped);
    hub.sweep(Instant::now() + PATIENCE.closing);
    assert!(silent.borrow().is_dropped);
    assert_eq!(hub.len(), 1);
}

#[test]
fn a_member_that_catches_up_in_time_stays() {
    let expected: Rc<[u8]> = text_frame("news").repeat(BEHIND + 2).into();
    let mut hub = Hub::new();
    let peer = Peer::expecting(&expected, 0);
    join(&mut hub, 0, &peer);
    for _ in 0..=BEHIND {
        hub.broadcast(Prepared::text("news"));
    }
    make_room(&mut hub, 0, &peer, usize::MAX);
    hub.broadcast(Prepared::text("news"));
    assert_eq!(peer.borrow().received, expected.len());
}

#[test]
fn a_member_that_breaks_the_protocol_is_told() {
    // RFC 6455, section 5.1: a frame that is not masked; 1002 is the answer.
    let expected: Rc<[u8]> = frame(0x88, b"\x03\xea").into();
    let mut hub = Hub::new();
    let peer = Peer::expecting(&expected, usize::MAX);
    join(&mut hub, 0, &peer);
    peer.borrow_mut().says = text_frame("Hello");
    hub.ready(0);
    assert_eq!(peer.borrow().received, expected.len());
    assert!(peer.borrow().is_ended && !peer.borrow().is_dropped);
    peer.borrow_mut().has_ended = true;
    hub.ready(0);
    assert!(peer.borrow().is_dropped);
}

// P-cl-f, G-08
#[test]
fn a_member_that_is_closed_is_read_within_bounds() {
    let expected: Rc<[u8]> = frame(0x88, b"\x03\xea").into();
    let peers = [(); 2].map(|()| Peer::expecting(&expected, usize::MAX));
    let [endless, idle] = &peers;
    let mut hub = Hub::new();
    for (number, peer) in peers.iter().enumerate() {
        join(&mut hub, number, peer);
        peer.borrow_mut().says = text_frame("not masked");
        hub.ready(number);
    }
    // One goes on and on. What is dropped takes turns, too.
    let mut said = 0;
    while !endless.borrow().is_dropped {
        assert!(said <= DRAINED.get(), "{said} bytes were read");
        endless.borrow_mut().says = vec![0; KIB * KIB];
        said += KIB * KIB;
        let ((), cost) = measure(|| while hub.ready(0) {});
        assert!(cost.peaks_within(128 * KIB), "{cost:?}");
    }
    // The other does not end the connection.
    hub.sweep(Instant::now());
    assert!(!idle.borrow().is_dropped);
    hub.sweep(Instant::now() + PATIENCE.closing);
    assert!(idle.borrow().is_dropped);
}

/// What is sent is not all read before the answer is written. If the socket were closed then, it
/// would be reset.
// 6455-7.1.1-a
#[test]
fn the_final_bytes_arrive_though_input_is_left() {
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
fn a_member_that_does_not_take_its_close_is_dropped() {
    let mut hub = Hub::new();
    let peer = Peer::expecting(&[].into(), 0);
    join(&mut hub, 0, &peer);
    peer.borrow_mut().says = text_frame("not masked");
    hub.ready(0);
    assert!(!peer.borrow().is_dropped);
    hub.sweep(Instant::now() + PATIENCE.closing);
    assert!(peer.borrow().is_dropped);
}

#[test]
fn memory_is_bounded() {
    let news = "~".repeat(KIB);
    let expected: Rc<[u8]> = text_frame(&news).into();

    let (mut hub, _peers, cost) = fill(&expected, expected.len());
    assert!(cost.kept <= (MEMBERS * 640).cast_signed(), "{cost:?}");
    // Where all keep up, a message is in memory once.
    let ((), cost) = measure(|| hub.broadcast(Prepared::text(&news)));
    assert!(cost.totals_within(2 * KIB), "{cost:?}");
    drop(hub);

    // Where nobody does, one frame is kept for each, in a vector that grows to twice its size when
    // the Close comes behind it. The hundred messages are not.
    let (mut hub, _peers, _) = fill(&expected, 0);
    let ((), cost) = measure(|| {
        for _ in 0..100 {
            hub.broadcast(Prepared::text(&news));
        }
    });
    assert!(cost.peaks_within(MEMBERS * (2 * expected.len() + 128)), "{cost:?}");
    assert_eq!(hub.len(), MEMBERS);
    hub.sweep(Instant::now() + PATIENCE.closing);
    assert_eq!(hub.len(), 0);
}

#[test]
fn memory_is_given_back() {
    let expected: Rc<[u8]> = text_frame("news").repeat(BEHIND).into();
    let (mut hub, peers, _) = fill(&expected, 0);
    let ((), cost) = measure(|| {
        for _ in 0..BEHIND {
            hub.broadcast(Prepared::text("news"));
        }
        for (number, peer) in peers.iter().enumerate() {
            // An unasked pong with the payload "x", and a key of 0.
            peer.borrow_mut().says = vec![0x8a, 0x81, 0, 0, 0, 0, b'x'];
            make_room(&mut hub, number, peer, expected.len());
            peer.borrow_mut().says = Vec::new();
        }
    });
    // The queue of those who were behind stays: a pointer for each message.
    assert!(cost.kept <= (MEMBERS * 8 * BEHIND).cast_signed(), "{cost:?}");
}

/// A hub with all its members, and what that cost.
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
