//! Heads of requests and responses.

mod client;
mod common;
mod requests;
mod responses;
mod server;

use std::{rc::Rc, sync::LazyLock};

use hybi::{Origins, deflate::Deflate, http1::HeadLimits};

use crate::{
    catalogue::{Entry, HEAD, Input, Point},
    wire::cookies,
};

/// Compression, as servers and clients have it.
static DEFLATE: LazyLock<Deflate> = LazyLock::new(Deflate::new);

/// The most fields of one kind: with the others, fewer than the default limit of 100.
const FIELDS: usize = 90;

/// How long a field is of which there are many.
const FIELD: usize = 170;

/// The limit for short fields of whitespace. httparse walks over whitespace around a value byte by
/// byte, which alone takes six to seven times as long as a cookie.
const WHITESPACE: f64 = 10.0;

/// How long a head is, and the longest line in it.
#[derive(Clone, Copy)]
struct Size {
    head: usize,
    line: usize,
}

const SIZES: [Size; 3] = [
    Size { head: 4 * 1024, line: 8 * 1024 },
    // The most that the default limits allow.
    Size { head: 16 * 1024, line: 8 * 1024 },
    // For an application that raises the limits.
    Size { head: 64 * 1024, line: 63 * 1024 },
];

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
    limit: f64,
}

impl Shape {
    fn new(name: &'static str, head: impl Fn(Size, Start<'_>) -> String + 'static) -> Self {
        Self {
            name,
            head: Rc::new(head),
            origins: Origins::any(),
            offers: "",
            in_pieces: false,
            is_negotiation: false,
            limit: HEAD,
        }
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

    fn of_whitespace(self) -> Self {
        Self { limit: WHITESPACE, ..self }
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
    let plain = Shape { name: "an ordinary head", origins: Origins::any(), ..shape.clone() };
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
