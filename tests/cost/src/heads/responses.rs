//! What only hostile responses look like.

use hybi::{client::Failure, http1::HeadFault};

use super::{FIELD, FIELDS, MEDIUM, Shape, common::several, repeat};
use crate::wire::fields;

/// Several extensions, for a client that knows them.
const OFFERS: &str = "x0, x1, x2, x3, x4, x5, x6, x7";

pub(super) fn shapes() -> Vec<Shape> {
    [start_lines(), interim(), known_fields(), extensions()].concat()
}

fn start_lines() -> Vec<Shape> {
    vec![
        Shape::new("long reason", |size, start| {
            let line = start.line.trim_end();
            let rest = format!("\r\n{}\r\n", start.fields);
            repeat(line, "a", &rest, size.head.min(size.line + rest.len() - 2))
        })
        .in_pieces(),
        Shape::new("spaces for a reason", |size, start| {
            let line = start.line.trim_end();
            let rest = format!("\r\n{}\r\n", start.fields);
            repeat(line, " ", &rest, size.head.min(size.line + rest.len() - 2))
        }),
        Shape::new("a start line that never ends", |size, _| {
            repeat("HTTP/1.1 200 ", "a", "", size.head.min(size.line + 256))
        })
        .incomplete_until(MEDIUM, HeadFault::StartLineTooLong),
    ]
}

fn interim() -> Vec<Shape> {
    vec![
        Shape::new("interim responses", |size, start| {
            let end = format!("{}{}\r\n", start.line, start.fields);
            let each = (size.head - end.len()) / 8;
            let interim = repeat("HTTP/1.1 103 Early Hints\r\nLink: ", "a", "\r\n\r\n", each);
            format!("{}{end}", interim.repeat(8))
        }),
        Shape::new("short interim responses", |_, start| {
            let interim = "HTTP/1.1 100 \r\n\r\n".repeat(8);
            format!("{interim}{}{}\r\n", start.line, start.fields)
        }),
        Shape::new("too many interim responses", |size, _| {
            repeat("", "HTTP/1.1 100 \r\n\r\n", "", size.head)
        })
        .failing_always(Failure::TooManyInterim),
    ]
}

fn known_fields() -> Vec<Shape> {
    let shapes = vec![
        Shape::with("many Sec-WebSocket-Accept", several("Sec-WebSocket-Accept: a"))
            .failing(Failure::Accept),
        Shape::with("many Sec-WebSocket-Protocol", several("Sec-WebSocket-Protocol: chat"))
            .failing(Failure::Subprotocol),
        Shape::with("many Sec-WebSocket-Extensions", several("Sec-WebSocket-Extensions: x0"))
            .failing(Failure::ExtensionTwice),
        Shape::with("a long subprotocol", |room, line| {
            repeat("Sec-WebSocket-Protocol: ", "a", "\r\n", line.min(room))
        })
        .failing(Failure::Subprotocol),
        Shape::instead_of("Sec-WebSocket-Accept", "long Sec-WebSocket-Accept", |room, line| {
            repeat("Sec-WebSocket-Accept: ", "a", "\r\n", line.min(room))
        })
        .failing(Failure::Accept),
        Shape::instead_of("Upgrade", "long Upgrade", |room, line| {
            repeat("Upgrade: websocket", ",", "\r\n", line.min(room))
        })
        .faulty(HeadFault::TooManyElements),
    ];
    shapes.into_iter().map(Shape::negotiates).collect()
}

/// With a client that offers several extensions.
fn extensions() -> Vec<Shape> {
    let shapes = vec![
        Shape::with("all extensions with commas between", |room, line| {
            let commas = ",".repeat((line.min(room) - 60) / 8);
            let all = OFFERS.replace(", ", &commas);
            format!("Sec-WebSocket-Extensions: {all}\r\n")
        })
        .faulty(HeadFault::TooManyElements),
        Shape::with("all extensions with spaces between", |room, line| {
            let spaces = format!("{:1$},", "", (line.min(room) - 70) / 8);
            let all = OFFERS.replace(", ", &spaces);
            format!("Sec-WebSocket-Extensions: {all}\r\n")
        }),
        Shape::with("all extensions with many parameters", |room, line| {
            // 32 are the most.
            let parameter = repeat(";", "a", "", (line.min(room) - 60) / 8 / 32);
            let all = OFFERS.replace(", ", &format!("{},", parameter.repeat(32)));
            format!("Sec-WebSocket-Extensions: {all}\r\n")
        })
        .faulty(HeadFault::TooManyElements),
        Shape::with("an extension and commas in each field", |room, _| {
            let names = OFFERS.split(", ").chain(["permessage-deflate"]).collect::<Vec<_>>();
            let each = (room / names.len()).min(8000) - 2;
            fields(room, names.len(), |index| {
                repeat(&format!("Sec-WebSocket-Extensions: {}", names[index]), ",", "", each)
            })
        })
        .faulty(HeadFault::TooManyElements),
        Shape::with("one extension again and again", |room, _| {
            fields(room, FIELDS, |_| repeat("Sec-WebSocket-Extensions: x7", ",", ",x6", FIELD))
        })
        .faulty(HeadFault::TooManyElements),
    ];
    shapes.into_iter().map(|shape| Shape { offers: OFFERS, ..shape }.negotiates()).collect()
}
