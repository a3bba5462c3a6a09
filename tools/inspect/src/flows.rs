//! The connections in a capture: TCP segments, in order.

use std::{
    collections::{BTreeMap, HashMap},
    error::Error,
    fs,
    io::BufReader,
    net::SocketAddr,
    path::Path,
    time::{Duration, SystemTime},
};

use hybi::{
    frame::{Header, MAX_HEADER, Reserved, Rules},
    inspect::Sender,
};

use crate::{
    capture::Capture,
    packet::{self, Segment},
    session::{Output, Session},
};

/// The most connections at a time. Segments of others are ignored.
const CONNECTIONS: usize = 4096;

/// The most bytes of one direction that wait for a missing segment, and the most segments. Beyond them,
/// the direction ends: the segment was not captured.
const WAITING: usize = 1024 * 1024;
const SEGMENTS: usize = 1024;

/// Reads a capture, and observes each connection in it.
pub(crate) fn read(path: &Path, output: &Output) -> Result<(), Box<dyn Error>> {
    let file =
        fs::File::open(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let mut capture = Capture::new(BufReader::new(file))?;
    let link = capture.link;
    if !packet::is_known(link) {
        return Err(format!("packets of link type {link} cannot be read").into());
    }
    let mut flows = Flows { open: HashMap::new(), count: 0 };
    while let Some((time, packet)) = capture.next()? {
        if let Some(segment) = packet::segment(link, packet) {
            flows.receive(&segment, time, output);
        }
    }
    flows.open.into_values().for_each(|mut flow| flow.end());
    Ok(())
}

/// The connections that have not ended, by both addresses in order.
struct Flows {
    open: HashMap<[SocketAddr; 2], Flow>,
    count: usize,
}

impl Flows {
    fn receive(&mut self, segment: &Segment<'_>, time: SystemTime, output: &Output) {
        let mut key = [segment.from, segment.to];
        key.sort_unstable();
        if segment.syn && !segment.ack {
            // The ports are used again.
            if let Some(mut old) = self.open.remove(&key) {
                old.end();
            }
        }
        if !self.open.contains_key(&key) {
            let begins = segment.syn || !segment.payload.is_empty();
            if !begins || self.open.len() >= CONNECTIONS {
                return;
            }
            self.count += 1;
            self.open.insert(key, Flow::new(segment, time, self.count, output));
        }
        let Some(flow) = self.open.get_mut(&key) else { return };
        flow.receive(segment, time);
        if flow.session.is_over() {
            self.open.remove(&key);
        }
    }
}

/// One connection.
struct Flow {
    client: SocketAddr,
    start: SystemTime,
    last: SystemTime,
    session: Session,
    halves: [Half; 2],
}

impl Flow {
    /// A connection whose first captured segment is this one.
    fn new(segment: &Segment<'_>, time: SystemTime, number: usize, output: &Output) -> Self {
        let (client, session) = match (segment.syn, segment.payload) {
            (true, _) => {
                let client = if segment.ack { segment.to } else { segment.from };
                (client, Session::new(number, time, output))
            }
            (false, payload) if begins_request(payload) => {
                (segment.from, Session::new(number, time, output))
            }
            // A client masks its frames: the first bit of the second byte.
            (false, payload) => {
                let is_masked = payload.get(1).is_some_and(|byte| byte & 0x80 != 0);
                let client = if is_masked { segment.from } else { segment.to };
                (client, Session::in_the_middle(number, time, output))
            }
        };
        let is_start = segment.syn || begins_request(segment.payload);
        eprintln!(
            "#{number}: {client}, and {}",
            if client == segment.from { segment.to } else { segment.from }
        );
        let halves = [Rules::from_client(), Rules::from_server()].map(|rules| Half {
            awaited: (!is_start).then(|| rules.allowing(ANY)),
            ..Half::default()
        });
        Self { client, start: time, last: time, session, halves }
    }

    fn receive(&mut self, segment: &Segment<'_>, time: SystemTime) {
        self.last = time;
        let at = time.duration_since(self.start).unwrap_or_default();
        let sender = if segment.from == self.client { Sender::Client } else { Sender::Server };
        let session = &mut self.session;
        let half = &mut self.halves[usize::from(sender == Sender::Server)];
        if half.receive(segment, &mut |bytes| session.receive(sender, bytes, at)) {
            session.end(sender, at);
        }
    }

    /// Ends a connection whose end was not captured.
    fn end(&mut self) {
        let at: Duration = self.last.duration_since(self.start).unwrap_or_default();
        self.session.end(Sender::Client, at);
        self.session.end(Sender::Server, at);
    }
}

/// Whether a segment can be the start of a request: three letters of a method.
const fn begins_request(payload: &[u8]) -> bool {
    matches!(payload, [b'A'..=b'Z', b'A'..=b'Z', b'A'..=b'Z', ..])
}

/// Any reserved bit, because the extensions of the connection are not known.
const ANY: Reserved = Reserved::RSV1.union(Reserved::RSV2).union(Reserved::RSV3);

/// The segments of one direction.
#[derive(Default)]
struct Half {
    /// In the middle of a connection: the rules of the frame header that a segment must begin with.
    /// Segments before it are skipped, because they are inside a frame.
    awaited: Option<Rules>,
    /// The position of the next byte; its low 32 bits are the sequence number.
    next: Option<u64>,
    /// Segments after a missing one, by their positions.
    waiting: BTreeMap<u64, Vec<u8>>,
    waiting_bytes: usize,
    /// The position of the end, once it was captured.
    end: Option<u64>,
    is_over: bool,
}

impl Half {
    /// Delivers the bytes that are next in order, and returns whether the direction has just ended.
    fn receive(&mut self, segment: &Segment<'_>, deliver: &mut dyn FnMut(&[u8])) -> bool {
        if self.is_over {
            return false;
        }
        if let Some(rules) = self.awaited.filter(|_| !segment.payload.is_empty()) {
            let start = &segment.payload[..segment.payload.len().min(MAX_HEADER)];
            if Header::parse(start, rules).is_err() {
                return false;
            }
            self.awaited = None;
        }
        let first = segment.sequence.wrapping_add(u32::from(segment.syn));
        // 2^32 before, so that a retransmitted segment from before the first one has a position.
        let next = *self.next.get_or_insert((1 << 32) + u64::from(first));
        #[allow(clippy::cast_possible_truncation)] // the low 32 bits
        let distance = first.wrapping_sub(next as u32).cast_signed();
        let position = next.saturating_add_signed(distance.into());
        if segment.ends {
            self.end.get_or_insert(position + segment.payload.len() as u64);
        }
        let known = self.waiting.get(&position).map_or(0, Vec::len);
        if segment.payload.len() > known {
            self.waiting_bytes += segment.payload.len() - known;
            self.waiting.insert(position, segment.payload.to_vec());
        }
        self.deliver(next, deliver);
        let is_lost = self.waiting_bytes > WAITING || self.waiting.len() > SEGMENTS;
        if is_lost {
            eprintln!("inspect: a segment from {} was not captured", segment.from);
        }
        self.is_over = is_lost || self.end.is_some_and(|end| self.next >= Some(end));
        self.is_over
    }

    /// Delivers waiting segments up to the first gap.
    fn deliver(&mut self, mut next: u64, deliver: &mut dyn FnMut(&[u8])) {
        while let Some(entry) = self.waiting.first_entry().filter(|entry| *entry.key() <= next) {
            let (position, payload) = entry.remove_entry();
            self.waiting_bytes -= payload.len();
            // The part before `next` was delivered before.
            let known = usize::try_from(next - position).unwrap_or(usize::MAX);
            if let Some(bytes) = payload.get(known..).filter(|bytes| !bytes.is_empty()) {
                deliver(bytes);
                next += bytes.len() as u64;
            }
        }
        self.next = Some(next);
    }
}

#[cfg(test)]
mod tests {
    use super::{Half, Rules, Segment};

    const START: u32 = u32::MAX - 2;

    /// A segment at this distance from `START`.
    fn segment(distance: u32, payload: &[u8]) -> Segment<'_> {
        Segment {
            from: ([127, 0, 0, 1], 1).into(),
            to: ([127, 0, 0, 1], 2).into(),
            sequence: START.wrapping_add(distance),
            syn: false,
            ack: true,
            ends: false,
            payload,
        }
    }

    fn deliver(half: &mut Half, segments: &[Segment<'_>]) -> (String, bool) {
        let (mut bytes, mut ended) = (Vec::new(), false);
        for segment in segments {
            ended |= half.receive(segment, &mut |more| bytes.extend_from_slice(more));
        }
        (String::from_utf8_lossy(&bytes).into_owned(), ended)
    }

    #[test]
    fn segments_are_put_in_order_across_the_wrap_of_the_sequence_number() {
        let syn = Segment { syn: true, ..segment(u32::MAX, b"") };
        let end = Segment { ends: true, ..segment(12, b"") };
        let segments = [
            syn,
            segment(0, b"ab"),
            segment(6, b"ghij"),
            end,
            // Sent again, with more.
            segment(0, b"ab"),
            segment(6, b"ghijkl"),
            segment(6, b"g"),
            segment(1, b"bcd"),
            segment(4, b"ef"),
        ];
        let mut half = Half::default();
        assert_eq!(deliver(&mut half, &segments), ("abcdefghijkl".into(), true));
        assert_eq!(deliver(&mut half, &[segment(12, b"late")]), (String::new(), false));
    }

    #[test]
    fn a_direction_ends_where_a_segment_is_missing() {
        let mut half = Half::default();
        assert_eq!(deliver(&mut half, &[segment(0, b"ab")]), ("ab".into(), false));
        let more = vec![b'a'; 60_000];
        let later: Vec<_> = (0..18).map(|index| segment(100 + index * 60_000, &more)).collect();
        assert_eq!(deliver(&mut half, &later), (String::new(), true));
        assert_eq!(deliver(&mut half, &[segment(2, b"c")]), (String::new(), false));
    }

    #[test]
    fn in_the_middle_segments_are_skipped_up_to_a_header() {
        let mut half = Half { awaited: Some(Rules::from_server()), ..Half::default() };
        let segments = [segment(0, b"zzz"), segment(3, b"\x81\x03abc"), segment(8, b"zzz")];
        assert_eq!(deliver(&mut half, &segments).0, "\u{fffd}\u{3}abczzz");
    }
}
