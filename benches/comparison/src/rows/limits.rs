//! Lower bounds of the cost.

use std::rc::Rc;

use bytes::Bytes;

use super::{Make, SIZES};
use crate::{
    candidates::{
        Sends,
        limits::{Copy, Utf8, Xor},
    },
    row::{Entrant, Row, Standing, Working},
    traffic::{Content, Size, Traffic},
};

pub(super) fn add(rows: &mut Vec<(String, Make)>) {
    for size in SIZES {
        rows.push((format!("limits {}", Size(size)), Box::new(move || row(size))));
    }
}

fn row(size: usize) -> Row {
    // The copy uses text too.
    let messages: Rc<[Bytes]> = Traffic::new(Content::MultiByte, size, false).messages.into();
    let count = messages.len();
    let entrants = vec![
        limit("copy", &messages, Copy::new),
        limit("xor, safe", &messages, Xor::safe),
        limit("xor, widest", &messages, Xor::widest),
        limit("utf-8", &messages, || Utf8),
    ];
    Row { kind: "limits".into(), size, messages: count, entrants, goals: Vec::new() }
}

fn limit<S: Sends + 'static>(
    name: &'static str,
    messages: &Rc<[Bytes]>,
    make: impl Fn() -> S + 'static,
) -> Entrant {
    let messages = Rc::clone(messages);
    Entrant::new(name, Standing::Limit, move || Working {
        worker: make(),
        messages: Rc::clone(&messages),
    })
}
