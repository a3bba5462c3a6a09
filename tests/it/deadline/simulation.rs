//! A server with its loop, a transport and a clock, all simulated. The peer is up to the test.
//!
//! The loop is that of the guide. The bounds are checked here in another way than in the crate: each is
//! a stopwatch that runs only while its operation is in progress.

use std::{collections::VecDeque, time::Duration};

use hybi::{
    Connection, Event, GrowingOutbox, Inbox, Origins, Server,
    deadline::{Cause, Deadlines, Stage, Timeouts},
    server::Opening,
};

/// All times are in milliseconds.
pub(super) type Ms = u64;

pub(super) const fn ms(count: Ms) -> Duration {
    Duration::from_millis(count)
}

/// The timeouts, once more as numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) opening: Ms,
    pub(super) ping: Ms,
    pub(super) silence: Ms,
    pub(super) pong: Ms,
    pub(super) writing: Ms,
    pub(super) closing: Ms,
    pub(super) age: Ms,
}

impl Limits {
    const fn timeouts(&self) -> Timeouts {
        Timeouts::new()
            .opening(ms(self.opening))
            .ping(Some(ms(self.ping)))
            .silence(Some(ms(self.silence)))
            .pong(Some(ms(self.pong)))
            .writing(ms(self.writing))
            .closing(ms(self.closing))
            .age(Some(ms(self.age)))
    }
}

pub(super) const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\n\
    Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

#[allow(clippy::large_enum_variant)] // there is one for each test
enum Protocol {
    Opening(Opening<'static>),
    Open(Connection<Server>),
    /// The outbox holds what is left.
    Over,
}

/// How the connection has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The transport was dropped.
    Dropped(Cause),
    /// The server has written all output, and the peer has closed the transport.
    Closed,
}

/// Stopwatches: how long each operation has been in progress, without the time that does not count.
#[derive(Default)]
struct Watches {
    opening: Ms,
    /// Since the last input.
    silence: Ms,
    /// Since a ping was written that is not answered.
    pong: Option<Ms>,
    closing: Ms,
}

pub(super) struct Simulation {
    limits: Limits,
    start: Ms,
    pub(super) now: Ms,
    protocol: Protocol,
    inbox: Inbox,
    outbox: GrowingOutbox,
    deadlines: Deadlines,
    watches: Watches,
    /// The bytes that wait, with the time since which they wait.
    waiting: VecDeque<(Ms, usize)>,
    /// How many bytes the transport takes.
    room: usize,
    /// The output that the peer has not looked at.
    pub(super) output: Vec<u8>,
    /// The nonce of the ping that is not answered.
    pub(super) nonce: Option<[u8; 2]>,
    peer_has_closed: bool,
    pub(super) end: Option<End>,
}

impl Simulation {
    pub(super) fn new(limits: Limits, start: Ms) -> Self {
        let mut simulation = Self {
            limits,
            start,
            now: start,
            protocol: Protocol::Opening(Opening::new(Origins::any())),
            inbox: Inbox::with_capacity(256),
            outbox: GrowingOutbox::new(),
            deadlines: Deadlines::new(limits.timeouts(), ms(start)),
            watches: Watches::default(),
            waiting: VecDeque::new(),
            room: 0,
            output: Vec::new(),
            nonce: None,
            peer_has_closed: false,
            end: None,
        };
        simulation.turns();
        simulation
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(&self.protocol, Protocol::Open(websocket) if websocket.state() == hybi::State::Open)
    }

    pub(super) fn is_opening(&self) -> bool {
        matches!(self.protocol, Protocol::Opening(_))
    }

    pub(super) fn cause(&self) -> Option<Cause> {
        self.deadlines.cause()
    }

    /// The peer sends these bytes.
    pub(super) fn input(&mut self, bytes: &[u8]) {
        if self.end.is_none() && !self.peer_has_closed {
            self.deadlines.on_read(ms(self.now));
            self.watches.silence = 0;
            if matches!(self.protocol, Protocol::Over) {
                return self.turns();
            }
            for piece in bytes.chunks(256) {
                let mut rest = piece;
                while !rest.is_empty() {
                    let taken = self.inbox.copy_from(rest);
                    rest = &rest[taken..];
                    self.turns();
                    if matches!(self.protocol, Protocol::Over) || self.end.is_some() {
                        return;
                    }
                }
            }
        }
    }

    /// The peer closes the transport.
    pub(super) fn close(&mut self) {
        self.peer_has_closed = true;
        if let Protocol::Open(websocket) = &mut self.protocol {
            let _ = websocket.end_of_input();
        } else {
            self.protocol = Protocol::Over;
        }
        self.turns();
    }

    /// The transport takes this many more bytes.
    pub(super) fn read(&mut self, length: usize) {
        self.room = self.room.saturating_add(length);
        self.turns();
    }

    /// The application sends a message.
    pub(super) fn send(&mut self, length: usize) {
        if let Protocol::Open(websocket) = &mut self.protocol {
            // Fails if the connection is closing.
            let _ = websocket.send_binary(&vec![0; length], &mut self.outbox);
        }
        self.turns();
    }

    /// Passes time. Wakes up at the deadlines.
    pub(super) fn pass(&mut self, time: Ms) {
        let until = self.now + time;
        while self.end.is_none() {
            let deadline =
                self.deadlines.deadline().map(|at| u64::try_from(at.as_millis()).unwrap());
            match deadline.filter(|at| *at <= until) {
                Some(deadline) => {
                    self.elapse(deadline - self.now);
                    self.wake_up();
                }
                None => return self.elapse(until - self.now),
            }
        }
    }

    /// Each wake-up is necessary: something is sent, or the connection ends.
    fn wake_up(&mut self) {
        let before = (self.outbox.bytes().len(), self.output.len());
        self.turns();
        let has_sent = (self.outbox.bytes().len(), self.output.len()) != before;
        assert!(has_sent || self.end.is_some(), "an unnecessary wake-up at {}", self.now);
    }

    fn elapse(&mut self, time: Ms) {
        self.now += time;
        let (watches, is_waiting) = (&mut self.watches, !self.outbox.is_empty());
        match &self.protocol {
            Protocol::Opening(_) => watches.opening += time,
            _ if is_waiting => {}
            Protocol::Open(websocket) if websocket.state() == hybi::State::Open => {
                watches.silence += time;
                watches.pong = watches.pong.map(|pong| pong + time);
            }
            Protocol::Open(_) | Protocol::Over => watches.closing += time,
        }
    }

    /// The loop, until it waits.
    fn turns(&mut self) {
        for turn in 0.. {
            assert!(turn < 10_000, "the loop does not wait");
            if self.end.is_some() {
                return;
            }
            let end_or_deadline = self.turn();
            self.end = match end_or_deadline {
                Err(end) => Some(end),
                Ok((true, _)) => None,
                Ok((false, deadline)) => {
                    assert!(deadline.is_none_or(|at| at > ms(self.now)), "a deadline has passed");
                    self.check_bounds();
                    return;
                }
            };
        }
    }

    /// One turn. Returns whether anything was written, and the deadline.
    fn turn(&mut self) -> Result<(bool, Option<Duration>), End> {
        self.receive();
        self.note_output();
        let now = ms(self.now);
        let Self { deadlines, outbox, .. } = self;
        let expired = match &mut self.protocol {
            Protocol::Opening(opening) => deadlines.expire_opening(now, opening, outbox),
            Protocol::Open(websocket) => deadlines.expire(now, websocket, outbox),
            Protocol::Over => deadlines.check(now, Stage::Closing, outbox.bytes().len()),
        };
        self.note_output();
        let deadline = match expired {
            Ok(deadline) => deadline,
            Err(cause @ (Cause::Opening | Cause::Silence | Cause::Unanswered)) => {
                assert_eq!(cause == Cause::Opening, self.is_opening());
                self.protocol = Protocol::Over;
                return Ok((true, None));
            }
            Err(cause) => return Err(End::Dropped(cause)),
        };
        let has_ended = match &self.protocol {
            Protocol::Opening(_) => false,
            Protocol::Open(websocket) => websocket.should_close_transport(),
            Protocol::Over => true,
        };
        if has_ended && self.outbox.is_empty() {
            self.protocol = Protocol::Over;
            if self.peer_has_closed {
                return Err(End::Closed);
            }
        }
        Ok((self.write(), deadline))
    }

    fn receive(&mut self) {
        let Self { inbox, outbox, .. } = self;
        if let Protocol::Opening(opening) = &mut self.protocol {
            match opening.receive(inbox, outbox) {
                Ok(None) => return,
                Ok(Some(request)) => {
                    let websocket = request.accept().finish(outbox).unwrap();
                    self.protocol = Protocol::Open(websocket);
                    self.watches.silence = 0;
                }
                Err(_) => self.protocol = Protocol::Over,
            }
        }
        let Self { inbox, outbox, .. } = self;
        if let Protocol::Open(websocket) = &mut self.protocol {
            loop {
                match websocket.receive(inbox, outbox) {
                    Ok(None) => return,
                    Ok(Some(Event::Binary(data))) => {
                        let _ = websocket.send_binary(data, outbox);
                    }
                    Ok(Some(Event::Pong(payload))) => {
                        if self.nonce.is_some_and(|nonce| nonce == payload) {
                            (self.nonce, self.watches.pong) = (None, None);
                        }
                    }
                    Ok(Some(_)) => {}
                    Err(_) => {
                        self.protocol = Protocol::Over;
                        return;
                    }
                }
            }
        }
    }

    /// Notes when output begins to wait.
    fn note_output(&mut self) {
        let noted: usize = self.waiting.iter().map(|(_, length)| length).sum();
        let new = self.outbox.bytes().len() - noted;
        if new > 0 {
            // A ping is alone: it is sent when no output waits.
            if new == 4
                && noted == 0
                && self.is_open()
                && let Some(nonce) = self.outbox.bytes().strip_prefix(b"\x89\x02")
            {
                assert!(self.nonce.is_none(), "a ping before the last one was answered");
                self.nonce = Some(nonce.try_into().unwrap());
                self.watches.pong = Some(0);
            }
            self.waiting.push_back((self.now, new));
        }
    }

    /// Writes what the transport takes. Returns whether it took any.
    fn write(&mut self) -> bool {
        let length = self.room.min(self.outbox.bytes().len());
        if length == 0 {
            return false;
        }
        self.room -= length;
        self.output.extend(&self.outbox.bytes()[..length]);
        self.outbox.consume(length).unwrap();
        self.deadlines.on_write(ms(self.now), length);
        let mut left = length;
        while left > 0 {
            let (_, first) = self.waiting.front_mut().unwrap();
            let taken = left.min(*first);
            (*first, left) = (*first - taken, left - taken);
            if *first == 0 {
                self.waiting.pop_front();
            }
        }
        true
    }

    /// No deadline is exceeded.
    fn check_bounds(&self) {
        let Self { limits, watches, .. } = self;
        if self.is_opening() {
            assert!(watches.opening < limits.opening, "opening for {} ms", watches.opening);
        } else if self.is_open() {
            assert!(watches.silence < limits.silence, "silent for {} ms", watches.silence);
            assert!(watches.pong < Some(limits.pong), "unanswered for {:?} ms", watches.pong);
            assert!(self.now - self.start < limits.age, "open since {}", self.start);
        }
        assert!(watches.closing < limits.closing, "closing for {} ms", watches.closing);
        if let Some((since, _)) = self.waiting.front() {
            assert!(self.now - since < 2 * limits.writing, "unread since {since}");
        }
    }

    /// The longest time that a connection can exist: each stage, and twice the time for output in each.
    pub(super) const fn longest(&self) -> Ms {
        let Limits { opening, writing, closing, age, .. } = self.limits;
        let open = if opening > age { opening } else { age };
        // The last output is that of the stage before, and a Close.
        open + closing + 6 * writing
    }
}
