//! What hostile heads look like, whether a client or a server sends them.

use hybi::{client::Failure, http1::HeadFault, server::Refusal};

use super::{FIELD, FIELDS, LARGE, MEDIUM, Shape, Size, repeat};
use crate::wire::{fields, list};

pub(super) fn shapes() -> Vec<Shape> {
    [any_fields(), known_fields(), extensions(), unfinished()].concat()
}

fn any_fields() -> Vec<Shape> {
    vec![
        Shape::with("many short fields", |room, _| fields(room, 120, |_| "a:".into()))
            .faulty(HeadFault::TooManyFields)
            .in_pieces(),
        Shape::with("many fields", |room, _| {
            fields(room, FIELDS, |index| repeat(&format!("x{index}: "), "v", "", FIELD))
        })
        .in_pieces(),
        Shape::with("long field names", |room, line| {
            fields(room, FIELDS, |_| repeat("", "n", ":", line.min(room / 3) - 2))
        }),
        Shape::with("many long field names", |room, _| {
            fields(room, FIELDS, |_| repeat("", "n", ":", FIELD))
        }),
        Shape::with("long values beyond ASCII", |room, line| {
            fields(room, FIELDS, |_| repeat("X: ", "\u{fc}", "", line.min(room / 3) - 2))
        }),
        Shape::with("spaces before a value", |room, line| {
            fields(room, FIELDS, |_| repeat("X:", " ", "v", line.min(room / 3) - 2))
        })
        .in_pieces(),
        Shape::with("spaces after a value", |room, line| {
            fields(room, FIELDS, |_| repeat("X: v", " ", "", line.min(room / 3) - 2))
        })
        .in_pieces(),
        Shape::with("spaces inside a value", |room, line| {
            fields(room, FIELDS, |_| repeat("X: v", " ", "v", line.min(room / 3) - 2))
        }),
        Shape::with("values of spaces", |room, _| {
            fields(room, FIELDS, |_| repeat("X:", " ", "", FIELD))
        }),
        Shape::with("tabs", |room, line| {
            fields(room, FIELDS, |_| repeat("X: v", "\t", "v", line.min(room / 3) - 2))
        })
        .in_pieces(),
        Shape::with("tabs after a value", |room, line| {
            fields(room, FIELDS, |_| repeat("X: v", "\t", "", line.min(room / 3) - 2))
        }),
        // Each line counts against the limit on fields.
        Shape::with("folded fields", |room, _| repeat("X: v\r\n", " v\r\n", "", room))
            .faulty(HeadFault::TooManyFields),
        Shape::with("few folded fields", |room, line| {
            let fold = repeat(" ", "v", "\r\n", line.min(room / 4));
            repeat("X: v\r\n", &fold, "", room)
        })
        .refused_always(Refusal::Head(HeadFault::Field)),
        Shape::with("lines without a colon", |room, _| {
            fields(room, FIELDS, |_| repeat("", "n", "", FIELD))
        })
        .faulty(HeadFault::Field),
    ]
}

fn known_fields() -> Vec<Shape> {
    vec![
        Shape::with("many Upgrade", several("Upgrade: websocket"))
            .refused_plain(Refusal::Connection)
            .failing(Failure::Upgrade),
        Shape::with("many Connection", several("Connection: Upgrade")),
        Shape::with("many Content-Length", several("Content-Length: 0")).refused(Refusal::Body),
        Shape::with("names that are almost known", several("Sec-WebSocket-Extensionz: v")),
        Shape::with("names that are almost known, in capitals", several("SEC-WEBSOCKET-KEX: v")),
        Shape::with("known names in capitals", several("SEC-WEBSOCKET-PROTOCOL: v"))
            .refused(Refusal::Subprotocols)
            .failing(Failure::Subprotocol),
        Shape::instead_of("Connection", "many Connection tokens", |room, line| {
            let list = list("Connection", line, room - 24, |_| "a".into());
            format!("{list}Connection: Upgrade\r\n")
        })
        .faulty(HeadFault::TooManyElements),
        Shape::instead_of("Connection", "commas in Connection", |room, line| {
            let list = list("Connection", line, room - 24, |_| String::new());
            format!("{list}Connection: Upgrade\r\n")
        })
        .faulty(HeadFault::TooManyElements),
        Shape::instead_of("Connection", "many Connection, the last one counts", |room, _| {
            let before = fields(room - 24, FIELDS, |_| repeat("Connection: ", "a,", "a", FIELD));
            format!("{before}Connection: Upgrade\r\n")
        })
        .faulty(HeadFault::TooManyElements),
        Shape::instead_of("Connection", "Connection tokens that almost match", |room, line| {
            let list = list("Connection", line, room - 24, |_| "upgradE ".into());
            let list = list.replace('E', "f");
            format!("{list}Connection: Upgrade\r\n")
        })
        .faulty(HeadFault::TooManyElements),
        Shape::instead_of("Connection", "spaces around Connection tokens", |room, line| {
            let list = list("Connection", line, room - 24, |_| format!("{:200}a{:200}", "", ""));
            format!("{list}Connection: Upgrade\r\n")
        })
        .faulty_from(LARGE, HeadFault::TooManyElements),
        Shape::instead_of("Upgrade", "many Upgrade tokens", |room, line| {
            let list = list("Upgrade", line, room - 24, |_| "a".into());
            format!("{list}Upgrade: websocket\r\n")
        })
        .faulty(HeadFault::TooManyElements),
        Shape::instead_of("Upgrade", "commas in Upgrade", |room, line| {
            let list = list("Upgrade", line, room - 24, |_| String::new());
            format!("{list}Upgrade: websocket\r\n")
        })
        .faulty(HeadFault::TooManyElements),
        Shape::with("long Content-Length", |room, line| {
            repeat("Content-Length: ", "0", "\r\n", line.min(room))
        })
        .refused(Refusal::Body),
    ]
}

fn extensions() -> Vec<Shape> {
    const NAME: &str = "Sec-WebSocket-Extensions";
    const DEFLATE: &str = "permessage-deflate";
    /// The most extensions in a field, and parameters of an extension.
    const MOST: usize = 32;
    vec![
        Shape::with("commas before an extension", |room, line| {
            repeat(&format!("{NAME}: "), ",", "x\r\n", line.min(room))
        })
        .faulty(HeadFault::TooManyElements),
        Shape::with("commas after an extension", |room, line| {
            repeat(&format!("{NAME}: {DEFLATE}"), ",", "\r\n", line.min(room))
        })
        .faulty(HeadFault::TooManyElements),
        Shape::with("extensions with commas between", |room, line| {
            let commas = ",".repeat(line.min(room) / MOST - 20);
            let all = (0..MOST - 1).map(|_| format!("{DEFLATE}{commas}"));
            format!("{NAME}: {}\r\n", all.collect::<String>())
        })
        .faulty(HeadFault::TooManyElements),
        Shape::with("extensions with many parameters", |room, line| {
            let all = |end: usize| repeat("x", ";a", "", end.min(2 * MOST));
            list(NAME, line.min(all(2 * MOST).len() * MOST), room, move |_| all(2 * MOST))
        })
        .faulty(HeadFault::TooManyElements),
        Shape::with("compression with many invalid parameters", |room, line| {
            let one = format!("{DEFLATE}; server_max_window_bits=9; client_max_window_bits=99");
            list(NAME, line.min(one.len() * MOST), room, move |_| one.clone())
        })
        .faulty(HeadFault::TooManyElements),
        // An extension that is named twice fails before one that was not offered.
        Shape::with("extensions with long names", |room, line| {
            list(NAME, line, room, |_| "x".repeat(300))
        })
        .failing(Failure::ExtensionTwice)
        .faulty_from(LARGE, HeadFault::TooManyElements),
        Shape::with("extensions with quoted values", |room, line| {
            list(NAME, line, room, |_| format!("{DEFLATE};a=\"{}\"", "b".repeat(250)))
        })
        .failing(Failure::ExtensionTwice)
        .faulty_from(LARGE, HeadFault::TooManyElements),
        Shape::with("extensions with escapes in quoted values", |room, line| {
            list(NAME, line, room, |_| format!("{DEFLATE};a=\"{}\"", "\\b".repeat(125)))
        })
        .failing(Failure::ExtensionTwice)
        .faulty_from(LARGE, HeadFault::TooManyElements),
        Shape::with("window bits with many escapes", |room, line| {
            let bits = |length: usize| format!("\"{}\"", "\\1".repeat(length));
            list(NAME, line, room, move |_| {
                format!("{DEFLATE};server_max_window_bits={}", bits(120))
            })
        })
        .failing(Failure::ExtensionTwice)
        .faulty_from(LARGE, HeadFault::TooManyElements),
        Shape::with("a quote that does not end", |room, line| {
            repeat(&format!("{NAME}: x;a=\""), "b", "\r\n", line.min(room))
        })
        .refused(Refusal::Extensions)
        .failing(Failure::Extensions),
        Shape::with("spaces in extensions", |room, line| {
            list(NAME, line, room, |_| format!("x{:100};{:100}a{:100}", "", "", ""))
        })
        .failing(Failure::ExtensionTwice)
        .faulty_from(LARGE, HeadFault::TooManyElements),
        Shape::with("extensions in each field", |room, _| {
            fields(room, FIELDS, |_| {
                let length = (FIELD).saturating_sub(NAME.len() + 3) / 2;
                format!("{NAME}: x{}", ",x".repeat(length.min(MOST - 1)))
            })
        })
        .faulty(HeadFault::TooManyElements),
        Shape::with("semicolons", |room, line| {
            repeat(&format!("{NAME}: x"), ";", "\r\n", line.min(room))
        })
        .faulty(HeadFault::TooManyElements),
    ]
    .into_iter()
    .map(Shape::negotiates)
    .collect()
}

/// A field many times; spaces make each as long as any other.
pub(super) fn several(field: &'static str) -> impl Fn(usize, usize) -> String {
    move |room, _| fields(room, FIELDS, |_| repeat(field, " ", "", FIELD))
}

/// Heads that do not end within the limits.
fn unfinished() -> Vec<Shape> {
    /// Beyond the limit on a line, where that is less.
    fn length(size: Size) -> usize {
        size.head.min(size.line + 256)
    }
    vec![
        Shape::new("a field that never ends", |size, start| {
            repeat(&format!("{}{}X: ", start.line, start.fields), "v", "", length(size))
        })
        .incomplete_until(MEDIUM, HeadFault::LineTooLong)
        .in_pieces(),
        Shape::new("tabs that never end", |size, start| {
            repeat(&format!("{}{}X: ", start.line, start.fields), "\t", "", length(size))
        })
        .incomplete_until(MEDIUM, HeadFault::LineTooLong)
        .in_pieces(),
        Shape::new("fields that never end", |size, start| {
            repeat(&format!("{}{}", start.line, start.fields), "a:b\r\n", "", size.head)
        })
        .faulty(HeadFault::TooManyFields)
        .in_pieces(),
        Shape::new("a head that lacks its last byte", |size, start| {
            repeat(&format!("{}{}X: ", start.line, start.fields), "v", "\r\n\r", length(size))
        })
        .incomplete_until(MEDIUM, HeadFault::LineTooLong)
        .in_pieces(),
    ]
}
