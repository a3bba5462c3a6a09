//! What only hostile requests look like.

use hybi::{Origins, http1::HeadFault, server::Refusal};

use super::{FIELD, FIELDS, LARGE, MEDIUM, Shape, common::several, repeat};
use crate::wire::{fields, list};

impl Shape {
    /// A head with this target, as long as it is given room for.
    fn target(name: &'static str, target: impl Fn(usize) -> String + 'static) -> Self {
        Self::new(name, move |size, start| {
            let rest = format!(" HTTP/1.1\r\n{}\r\n", start.fields);
            let room = (size.head - rest.len()).min(size.line - " HTTP/1.1".len());
            format!("GET {}{rest}", target(room - "GET ".len()))
        })
    }

    fn letting_in(self, origins: Origins<'static>) -> Self {
        Self { origins, ..self }
    }
}

pub(super) fn shapes() -> Vec<Shape> {
    [targets(), known_fields(), subprotocols(), unfinished()].concat()
}

fn targets() -> Vec<Shape> {
    vec![
        Shape::target("long path", |room| repeat("/", "a", "", room)).in_pieces(),
        Shape::target("path of slashes", |room| repeat("/", "/", "", room)),
        Shape::target("path of dots", |room| repeat("/", "../", "", room)),
        Shape::target("long query", |room| repeat("/?", "a=b&", "", room)),
        Shape::target("percent escapes in the path", |room| repeat("/", "%2f", "", room)),
        Shape::target("percent escapes in the query", |room| repeat("/?", "%2f", "", room)),
        // As a URL, it is limited to 8 KiB, and its host to 512 bytes.
        Shape::target("long absolute target", |room| repeat("http://example.com/", "a", "", room))
            .refused_from(LARGE, Refusal::Target),
        Shape::target("percent escapes in an absolute target", |room| {
            repeat("http://example.com/", "%2f", "", room)
        })
        .refused_from(LARGE, Refusal::Target),
        Shape::target("absolute target with a long host", |room| {
            repeat("http://", "a.", "b/", room)
        })
        .refused(Refusal::Target),
        Shape::target("absolute target with percent escapes in the host", |room| {
            repeat("http://", "%61", "/", room)
        })
        .refused(Refusal::Target),
        Shape::target("absolute target with a long port", |room| {
            repeat("http://h:", "0", "80/", room)
        })
        .refused(Refusal::Target),
        Shape::target("absolute target with a user name", |room| {
            repeat("http://", "u:", "@h/", room)
        })
        .refused(Refusal::Target),
        Shape::target("absolute target with colons", |room| repeat("http://[", ":", "]/", room))
            .refused(Refusal::Target),
    ]
}

#[allow(clippy::unwrap_used)] // the origins are sound
fn known_fields() -> Vec<Shape> {
    vec![
        Shape::with("many Host", several("Host: example.com")).refused_always(Refusal::Host),
        Shape::with("many Origin", several("Origin: https://example.com")).refused(Refusal::Origin),
        Shape::with(
            "many Sec-WebSocket-Key",
            several("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
        )
        .refused(Refusal::Key),
        Shape::with("many Sec-WebSocket-Version", several("Sec-WebSocket-Version: 13"))
            .refused(Refusal::Version),
        Shape::instead_of("Host", "long Host", |room, line| {
            repeat("Host: ", "a.", "b\r\n", line.min(room))
        })
        .refused_always(Refusal::Host),
        Shape::instead_of("Host", "percent escapes in Host", |room, line| {
            repeat("Host: ", "%61", "\r\n", line.min(room))
        })
        .refused_always(Refusal::Host),
        Shape::instead_of("Host", "colons in Host", |room, line| {
            repeat("Host: [", ":", "]\r\n", line.min(room))
        })
        .refused_always(Refusal::Host),
        Shape::instead_of("Host", "spaces after Host", |room, line| {
            repeat("Host: h", " ", "\r\n", line.min(room))
        }),
        Shape::with("long Origin", |room, line| {
            repeat("Origin: https://", "a.", "b\r\n", line.min(room))
        })
        .refused(Refusal::Origin)
        .letting_in(
            Origins::list(&["https://example.com", "https://b", "https://c:8443"]).unwrap(),
        ),
        Shape::with("long Origin, compared with Host", |room, line| {
            repeat("Origin: https://", "a.", "b\r\n", line.min(room))
        })
        .refused(Refusal::Origin)
        .letting_in(Origins::same_host()),
        Shape::instead_of("Host", "long Origin and long Host", |room, line| {
            let line = line.min(room / 2);
            repeat("Host: ", "A.", "b\r\n", line) + &repeat("Origin: https://", "a.", "b\r\n", line)
        })
        .refused_always(Refusal::Host)
        .letting_in(Origins::same_host()),
        Shape::with("percent escapes in Origin", |room, line| {
            repeat("Origin: https://", "%61", "\r\n", line.min(room))
        })
        .refused(Refusal::Origin)
        .letting_in(Origins::same_host()),
        Shape::instead_of("Sec-WebSocket-Key", "long Sec-WebSocket-Key", |room, line| {
            repeat("Sec-WebSocket-Key: ", "a", "==\r\n", line.min(room))
        })
        .refused(Refusal::Key),
        Shape::instead_of("Sec-WebSocket-Version", "long Sec-WebSocket-Version", |room, line| {
            repeat("Sec-WebSocket-Version: ", "0", "13\r\n", line.min(room))
        })
        .refused(Refusal::Version),
    ]
}

fn subprotocols() -> Vec<Shape> {
    const NAME: &str = "Sec-WebSocket-Protocol";
    /// As many as the server compares.
    fn some(count: usize) -> String {
        (0..count).fold(String::new(), |names, index| format!("{names}{index:x},"))
    }
    vec![
        Shape::with("some subprotocols, then commas, then one more", |room, line| {
            let first = line.min(room / 2);
            let start = format!("{NAME}: {}", some(126));
            let commas = repeat(&start, ",", "\r\n", first);
            commas + &repeat(&format!("{NAME}: "), ",", "zzz\r\n", first.min(room - first))
        })
        .faulty(HeadFault::TooManyElements),
        Shape::with("two subprotocols with commas between", |room, line| {
            repeat(&format!("{NAME}: a"), ",", "b\r\n", line.min(room))
        })
        .faulty(HeadFault::TooManyElements),
        Shape::with("subprotocols of commas", |room, line| {
            list(NAME, line, room, |_| String::new())
        })
        .faulty(HeadFault::TooManyElements),
        Shape::with("subprotocols of commas and spaces", |room, line| {
            list(NAME, line, room, |_| " \t ".into())
        })
        .faulty(HeadFault::TooManyElements),
        Shape::with("commas and spaces between subprotocols", |room, line| {
            let between = ",     ".repeat(room.min(line) / 6 / 40);
            let all = (0..36).map(|index| format!("{index:x}{between},"));
            format!("{NAME}: {}zzz\r\n", all.collect::<String>())
        })
        .faulty(HeadFault::TooManyElements),
        Shape::with("as many subprotocols as fit", |room, line| {
            list(NAME, line, room, |index| format!("{index:x}"))
        })
        .faulty(HeadFault::TooManyElements)
        .in_pieces(),
        Shape::with("127 long subprotocols", |room, line| long_subprotocols(room, line, 1)),
        // To find equal names, they are sorted.
        Shape::with("127 long subprotocols in no order", |room, line| {
            long_subprotocols(room, line, 37)
        })
        .at_most(12.0),
        Shape::with("a subprotocol in each field", |room, _| {
            fields(room, FIELDS, |index| repeat(&format!("{NAME}: a{index}"), "b", "", FIELD))
        }),
        Shape::with("a subprotocol and commas in each field", |room, _| {
            fields(room, FIELDS, |index| repeat(&format!("{NAME}: a{index}"), ",", "", FIELD))
        })
        .faulty(HeadFault::TooManyElements),
        Shape::with("a long subprotocol", |room, line| {
            repeat(&format!("{NAME}: "), "a", "\r\n", line.min(room))
        }),
    ]
    .into_iter()
    .map(Shape::negotiates)
    .collect()
}

/// The names of 127 subprotocols, in steps of `step`.
fn long_subprotocols(room: usize, line: usize, step: usize) -> String {
    let length = (line.min(room) - 40) / 127 - 3;
    let all = (0..127).map(|index| format!("{:0length$}", index * step % 127)).collect::<Vec<_>>();
    format!("Sec-WebSocket-Protocol: {}\r\n", all.join(", "))
}

fn unfinished() -> Vec<Shape> {
    vec![
        Shape::new("a start line that never ends", |size, _| {
            repeat("GET /", "a", "", size.head.min(size.line + 256))
        })
        .incomplete_until(MEDIUM, HeadFault::StartLineTooLong),
        Shape::new("spaces for a start line", |size, _| {
            repeat("GET ", " ", "", size.head.min(size.line + 256))
        })
        .faulty(HeadFault::StartLine),
        Shape::new("a long method", |size, start| {
            let rest = format!(" / HTTP/1.1\r\n{}\r\n", start.fields);
            repeat("G", "E", &rest, size.head.min(size.line))
        })
        .refused(Refusal::Method),
    ]
}
