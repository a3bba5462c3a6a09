//! The growth of the cost: each kind of traffic at sizes that are powers of four.

use std::{
    hint::black_box,
    ops::RangeInclusive,
    time::{Duration, Instant},
};

use counting::measure;
use hybi::{Error, Role};

use crate::traffic::{self, Content, FRAGMENT, Receiver, Sender};

/// The maximum ratio of the cost of a byte to the expected cost, at the largest sizes.
const TOLERANCE: f64 = 2.5;

/// The medium sizes, whose cost of a byte is the reference.
pub(crate) const USUAL: RangeInclusive<usize> = 1 << 16..=1 << 20;

/// The number of largest sizes that are compared with the reference.
const JUDGED: usize = 3;

/// The largest message that is measured in pieces of one byte, which takes long.
const LARGEST_BY_BYTES: usize = 1 << 20;

/// The minimum duration of a round, for the precision of the clock.
const SHORTEST_ROUND: Duration = Duration::from_micros(500);

/// Further rounds are measured for this time.
const ENOUGH: Duration = Duration::from_millis(40);

/// All measurements.
pub(crate) struct Growth {
    pub(crate) panels: Vec<Panel>,
    /// A bare copy, which shows the effect of the caches.
    pub(crate) copy: Series,
}

/// One kind of traffic.
pub(crate) struct Panel {
    pub(crate) title: &'static str,
    pub(crate) series: Vec<Series>,
}

/// One size of the pieces.
pub(crate) struct Series {
    pub(crate) label: String,
    pub(crate) points: Vec<Point>,
}

/// One size of the message.
pub(crate) struct Point {
    /// The size of the message, in bytes.
    pub(crate) size: usize,
    /// The cost of one byte, in nanoseconds.
    pub(crate) cost: f64,
    /// The peak of the memory allocated for the first message, in bytes.
    pub(crate) peak: usize,
    /// The total memory allocated for the first message, divided by its size.
    allocated: f64,
}

impl Growth {
    /// Measures everything.
    pub(crate) fn measure() -> Result<Self, Error> {
        let panels = vec![
            receiving("receive binary", Content::Binary)?,
            receiving("receive text", Content::Text)?,
            receiving_fragments()?,
            sending("send as a server", Sender::server)?,
            sending("send as a client", Sender::client)?,
            sending_fragments()?,
        ];
        Ok(Self { panels, copy: copying()? })
    }

    /// The highest ratio of the cost of a byte to the expected cost, at the largest sizes.
    ///
    /// The expected cost is that at medium sizes, plus the additional cost of a bare copy at the
    /// larger size, whose data no longer fits in the caches.
    pub(crate) fn of_cost(&self, series: &Series) -> f64 {
        let copy = self.copy.usual(|point| point.cost);
        let usual = series.usual(|point| point.cost) - copy;
        series.worst(|point| point.cost / (usual + self.copy.cost_at(point.size)))
    }

    /// The same ratio for the total allocated memory, which depends on how buffers grow.
    pub(crate) fn of_allocations(series: &Series) -> f64 {
        let usual = series.usual(|point| point.allocated);
        series.worst(|point| point.allocated / usual)
    }

    /// Whether no cost grows faster than the size.
    pub(crate) fn is_straight(&self) -> bool {
        self.panels.iter().flat_map(|panel| &panel.series).all(|series| {
            self.of_cost(series) <= TOLERANCE && Self::of_allocations(series) <= TOLERANCE
        })
    }
}

impl Series {
    fn of(
        label: String,
        points: impl Iterator<Item = Result<Point, Error>>,
    ) -> Result<Self, Error> {
        Ok(Self { label, points: points.collect::<Result<_, _>>()? })
    }

    /// The median at medium sizes.
    fn usual(&self, figure: impl Fn(&Point) -> f64) -> f64 {
        let usual = self.points.iter().filter(|point| USUAL.contains(&point.size));
        let mut figures: Vec<_> = usual.map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// The maximum at the largest sizes.
    fn worst(&self, figure: impl Fn(&Point) -> f64) -> f64 {
        self.points.iter().rev().take(JUDGED).map(figure).fold(0.0, f64::max)
    }

    /// The cost at this size, or at the next larger one that was measured.
    fn cost_at(&self, size: usize) -> f64 {
        let at = self.points.iter().find(|point| point.size >= size);
        at.map_or(f64::NAN, |point| point.cost)
    }
}

/// The sizes of the reads when receiving, and of the frames when sending.
const PIECES: [usize; 4] = [1, 16, 1460, 65_536];

fn sizes() -> impl Iterator<Item = usize> {
    (0..=13).map(|exponent| 4usize.pow(exponent))
}

/// The same, without sizes that would take long in pieces of this size.
fn sizes_for(piece: usize) -> impl Iterator<Item = usize> {
    sizes().filter(move |size| piece > 1 || *size <= LARGEST_BY_BYTES)
}

/// The sizes of messages in up to 100,000 fragments.
fn fragmented_sizes() -> impl Iterator<Item = usize> {
    sizes().take_while(|count| *count < 100_000).chain([100_000]).map(|count| count * FRAGMENT)
}

fn receiving(title: &'static str, content: Content) -> Result<Panel, Error> {
    let mut series = Vec::new();
    for piece in PIECES {
        let points = sizes_for(piece).map(|size| {
            let message = traffic::payload(size);
            let wire = Sender::client(usize::MAX).send(&message, content)?.to_vec();
            receiving_point(&message, &wire, piece)
        });
        series.push(Series::of(pieces(piece), points)?);
    }
    Ok(Panel { title, series })
}

fn receiving_fragments() -> Result<Panel, Error> {
    let mut series = Vec::new();
    for piece in PIECES {
        let points = fragmented_sizes().map(|size| {
            let message = traffic::payload(size);
            let wire = Sender::client(usize::MAX).send_fragments(&message)?.to_vec();
            receiving_point(&message, &wire, piece)
        });
        series.push(Series::of(pieces(piece), points)?);
    }
    Ok(Panel { title: "receive fragments of 64 bytes", series })
}

fn receiving_point(message: &str, wire: &[u8], piece: usize) -> Result<Point, Error> {
    let mut messages = Vec::new();
    Receiver::new().receive(wire, piece, |received| messages.push(received.to_vec()))?;
    assert_eq!(messages, [message.as_bytes()], "the message arrives as it was sent");
    point(message.len(), Receiver::new, |receiver| {
        receiver.receive(wire, piece, |received| {
            black_box(received);
        })
    })
}

fn sending<R: Role>(
    title: &'static str,
    sender: impl Fn(usize) -> Sender<R>,
) -> Result<Panel, Error> {
    let mut series = Vec::new();
    for frame_size in PIECES {
        let points = sizes_for(frame_size).map(|size| {
            let message = traffic::payload(size);
            point(
                size,
                || sender(frame_size),
                |sender| {
                    black_box(sender.send(&message, Content::Binary)?);
                    Ok(())
                },
            )
        });
        series.push(Series::of(pieces(frame_size), points)?);
    }
    Ok(Panel { title, series })
}

fn sending_fragments() -> Result<Panel, Error> {
    let series = vec![
        fragments_sent("as a server", Sender::server)?,
        fragments_sent("as a client", Sender::client)?,
    ];
    Ok(Panel { title: "send fragments of 64 bytes", series })
}

fn fragments_sent<R: Role>(
    label: &str,
    sender: impl Fn(usize) -> Sender<R>,
) -> Result<Series, Error> {
    let points = fragmented_sizes().map(|size| {
        let message = traffic::payload(size);
        point(
            size,
            || sender(usize::MAX),
            |sender| {
                black_box(sender.send_fragments(&message)?);
                Ok(())
            },
        )
    });
    Series::of(label.into(), points)
}

/// A bare copy in pieces of 64 KiB, which shows the effect of the caches at each size.
fn copying() -> Result<Series, Error> {
    let points = sizes().map(|size| {
        let message = traffic::payload(size);
        point(size, Vec::new, |copy| {
            copy.clear();
            for piece in message.as_bytes().chunks(65_536) {
                copy.extend_from_slice(piece);
            }
            black_box(copy);
            Ok(())
        })
    });
    Series::of("a copy".into(), points)
}

fn pieces(piece: usize) -> String {
    match piece {
        1 => "1 byte".into(),
        65_536 => "64 KiB".into(),
        _ => format!("{piece} bytes"),
    }
}

/// Measures one size. All messages use the same state. The memory is measured for the first one.
#[allow(clippy::cast_precision_loss)] // far below 2^52
fn point<S>(
    size: usize,
    new: impl FnOnce() -> S,
    mut act: impl FnMut(&mut S) -> Result<(), Error>,
) -> Result<Point, Error> {
    let (state, memory) = measure(|| {
        let mut state = new();
        act(&mut state).map(|()| state)
    });
    let mut state = state?;
    // Take the best of several rounds, because other load on the machine only makes them slower.
    let (mut times, mut rounds, mut best) = (1, 0, Duration::MAX);
    let began = Instant::now();
    while rounds < 5 || (rounds < 50 && began.elapsed() < ENOUGH) {
        let start = Instant::now();
        for _ in 0..times {
            act(&mut state)?;
        }
        let round = start.elapsed();
        if round < SHORTEST_ROUND {
            times *= 2;
            continue;
        }
        best = best.min(round / times);
        rounds += 1;
    }
    Ok(Point {
        size,
        cost: best.as_secs_f64() * 1e9 / size as f64,
        peak: memory.peak.unsigned_abs(),
        allocated: memory.total as f64 / size as f64,
    })
}
