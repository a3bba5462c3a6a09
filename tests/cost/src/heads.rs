//! Heads of requests and responses.

mod client;
mod common;
mod requests;
mod responses;
mod server;

use std::{rc::Rc, sync::LazyLock};

use hybi::{
    Origins,
    client::Failure,
    deflate::Deflate,
    http1::{HeadFault, HeadLimits},
    server::Refusal,
};

use crate::{
    catalogue::{Entry, HEAD, Input, Outcome, Point},
    wire::cookies,
};

/// Compression, as servers and clients have it.
static DEFLATE: LazyLock<Deflate> = LazyLock::new(Deflate::new);

/// The most fields of one kind: with the others, fewer than the default limit of 100.
const FIELDS: usize = 90;

/// How long a field is of which there are many.
const FIELD: usize = 170;

/// How long a head is, and the longest line in it.
#[derive(Clone, Copy)]
struct Size {
    head: usize,
    line: usize,
}

const SIZES: [Size; 3] = [SMALL, MEDIUM, LARGE];

const SMALL: Size = Size { head: 4 * 1024, line: 8 * 1024 };

/// The most that the default limits allow.
const MEDIUM: Size = Size { head: 16 * 1024, line: 8 * 1024 };

/// For an application that raises the limits.
const LARGE: Size = Size { head: 64 * 1024, line: 63 * 1024 };

impl Size {
    fn limits(self) -> HeadLimits {
        HeadLimits::new().size(self.head).line(self.line)
    }
}

/// What every head of a kind has: the start line and the usual fields.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Start<'a> {
    line: &'a str,
    fields: &'a str,
}

/// A kind of head.
#[derive(Clone)]
struct Shape {
    name: &'static str,
    /// Makes one of at most this size.
    head: Rc<dyn Fn(Size, Start<'_>) -> String>,
    /// What a server lets in.
    origins: Origins<'static>,
    /// What a client offers besides compression.
    offers: &'static str,
    /// Whether it makes a difference to let it arrive in small pieces.
    in_pieces: bool,
    /// Whether it is about what is negotiated, which matters for no plain HTTP.
    is_negotiation: bool,
    expected: Expected,
    /// What becomes of it instead from this size on.
    beyond: Option<(Size, Expected)>,
    /// The most that it costs, relative to an ordinary head.
    limit: f64,
}

/// What becomes of a head.
#[derive(Clone, Copy)]
struct Expected {
    /// In a request for a WebSocket.
    request: Outcome,
    /// In any other request.
    plain_request: Outcome,
    /// In a response that accepts a WebSocket.
    response: Outcome,
    /// In any other response.
    plain_response: Outcome,
}

impl Expected {
    /// Nothing is wrong with it.
    const SOUND: Self = Self {
        request: Outcome::Accepted,
        plain_request: Outcome::Http,
        response: Outcome::Accepted,
        plain_response: Outcome::Http,
    };

    /// It does not end, within the limits.
    const INCOMPLETE: Self = Self {
        request: Outcome::Incomplete,
        plain_request: Outcome::Incomplete,
        response: Outcome::Incomplete,
        plain_response: Outcome::Incomplete,
    };

    fn faulty(fault: HeadFault) -> Self {
        let (refusal, failure) = (Refusal::Head(fault), Failure::Head(fault));
        Self::SOUND.refused(refusal).refused_plain(refusal).failing(failure).failing_plain(failure)
    }

    fn refused(self, refusal: Refusal) -> Self {
        Self { request: Outcome::Refused(refusal.into()), ..self }
    }

    fn refused_plain(self, refusal: Refusal) -> Self {
        Self { plain_request: Outcome::Refused(refusal.into()), ..self }
    }

    fn failing(self, failure: Failure) -> Self {
        Self { response: Outcome::HandshakeFailed(failure.into()), ..self }
    }

    fn failing_plain(self, failure: Failure) -> Self {
        Self { plain_response: Outcome::HandshakeFailed(failure.into()), ..self }
    }
}

impl Shape {
    /// A sound head, unless the methods below say otherwise.
    fn new(name: &'static str, head: impl Fn(Size, Start<'_>) -> String + 'static) -> Self {
        Self {
            name,
            head: Rc::new(head),
            origins: Origins::any(),
            offers: "",
            in_pieces: false,
            is_negotiation: false,
            expected: Expected::SOUND,
            beyond: None,
            limit: HEAD,
        }
    }

    /// It may cost as much as this.
    fn at_most(self, limit: f64) -> Self {
        Self { limit, ..self }
    }

    /// A head with these fields after the usual ones; `fields` is given the length of all of them
    /// and of the longest line.
    fn with(name: &'static str, fields: impl Fn(usize, usize) -> String + 'static) -> Self {
        Self::instead_of("", name, fields)
    }

    /// A head in which such fields replace the usual one of this name.
    fn instead_of(
        replaced: &'static str,
        name: &'static str,
        fields: impl Fn(usize, usize) -> String + 'static,
    ) -> Self {
        Self::new(name, move |size, start| {
            let others = start.fields.split_inclusive("\r\n");
            let others = others.filter(|line| replaced.is_empty() || !line.starts_with(replaced));
            let start = format!("{}{}", start.line, others.collect::<String>());
            let room = size.head - start.len() - "\r\n".len();
            format!("{start}{}\r\n", fields(room, size.line.min(room)))
        })
    }

    fn in_pieces(self) -> Self {
        Self { in_pieces: true, ..self }
    }

    fn negotiates(self) -> Self {
        Self { is_negotiation: true, ..self }
    }

    /// Neither role takes such a head, whatever it is about.
    fn faulty(self, fault: HeadFault) -> Self {
        Self { expected: Expected::faulty(fault), ..self }
    }

    /// A server refuses it if it asks for a WebSocket.
    fn refused(self, refusal: Refusal) -> Self {
        Self { expected: self.expected.refused(refusal), ..self }
    }

    /// A server refuses it if it asks for no WebSocket.
    fn refused_plain(self, refusal: Refusal) -> Self {
        Self { expected: self.expected.refused_plain(refusal), ..self }
    }

    /// A server refuses any such request.
    fn refused_always(self, refusal: Refusal) -> Self {
        self.refused(refusal).refused_plain(refusal)
    }

    /// A client does not take it if it accepts a WebSocket.
    fn failing(self, failure: Failure) -> Self {
        Self { expected: self.expected.failing(failure), ..self }
    }

    /// A client does not take any such response.
    fn failing_always(self, failure: Failure) -> Self {
        Self { expected: self.expected.failing(failure).failing_plain(failure), ..self }
    }

    /// It waits for more, up to a size that exceeds a limit.
    fn incomplete_until(self, size: Size, fault: HeadFault) -> Self {
        Self { expected: Expected::INCOMPLETE, ..self.faulty_from(size, fault) }
    }

    /// From this size on, it exceeds a limit.
    fn faulty_from(self, size: Size, fault: HeadFault) -> Self {
        Self { beyond: Some((size, Expected::faulty(fault))), ..self }
    }

    /// From this size on, a server refuses it if it asks for a WebSocket.
    fn refused_from(self, size: Size, refusal: Refusal) -> Self {
        Self { beyond: Some((size, self.expected.refused(refusal))), ..self }
    }

    fn expected(&self, size: Size) -> Expected {
        match self.beyond {
            Some((from, expected)) if size.head >= from.head => expected,
            _ => self.expected,
        }
    }
}

pub(crate) fn entries() -> Vec<Entry> {
    server::entries().into_iter().chain(client::entries()).collect()
}

/// The entry of a shape. `input` makes an input of a head; it is also given the name of the head.
fn entry(
    name: String,
    shape: &Shape,
    start: Start<'_>,
    input: impl Fn(&str, String, Size, &Shape) -> Input,
) -> Entry {
    let plain = Shape {
        name: "an ordinary head",
        origins: Origins::any(),
        expected: Expected::SOUND,
        beyond: None,
        ..shape.clone()
    };
    let mut points = Vec::<Point>::new();
    for size in SIZES {
        let head = (shape.head)(size, start);
        assert!(head.len() <= size.head, "{name}: {} bytes", head.len());
        // Where the limits leave no room for more, there is nothing to add.
        if points.last().is_some_and(|last| head.len() < last.hostile.length * 5 / 4) {
            continue;
        }
        let ordinary = ordinary(head.len(), size, start);
        points.push(Point {
            ordinary: vec![input(plain.name, ordinary, size, &plain)],
            hostile: input(shape.name, head, size, shape),
        });
    }
    let reference = "an ordinary head of this length";
    Entry { name, reference, limit: shape.limit, points }
}

/// The cheapest ordinary head of this length: the rest of it is cookies.
fn ordinary(length: usize, size: Size, start: Start<'_>) -> String {
    let name = if start.line.starts_with("HTTP/") { "Set-Cookie" } else { "Cookie" };
    let start = format!("{}{}", start.line, start.fields);
    let cookies = cookies(name, size.line, start.len() + "\r\n".len(), length);
    format!("{start}{cookies}\r\n")
}

/// `start`, then `unit` as often as there is room for, then `end`.
fn repeat(start: &str, unit: &str, end: &str, room: usize) -> String {
    let count = room.saturating_sub(start.len() + end.len()) / unit.len();
    format!("{start}{}{end}", unit.repeat(count))
}
