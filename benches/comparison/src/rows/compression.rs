//! Compression at a server: receiving and sending JSON text, at two levels, with and without context
//! takeover.

use std::rc::Rc;

use bytes::Bytes;

use super::{Make, kind, receive::entrant};
use crate::{
    candidates::{
        Compression, ReadBuffers, Sends,
        flate2::Flate2,
        hybi::Hybi,
        limits::{Compress, Decompress},
        sockudo_ws::SockudoWs,
        yawc::Yawc,
    },
    goal::Goal,
    row::{Compressing, Entrant, Row, Standing, Working},
    traffic::{Size, Traffic, json_messages},
    transport::{Fate, Transport},
};

const SIZES: [usize; 2] = [1024, 64 * 1024];

/// hybi's default level.
const DEFAULT_LEVEL: u32 = 2;

/// The fastest level.
const FASTEST_LEVEL: u32 = 1;

pub(super) fn add(rows: &mut Vec<(String, Make)>, buffers: ReadBuffers) {
    type MakeKind = fn(String, ReadBuffers, Compression, usize) -> Row;
    let receives = ("receives", receives as MakeKind);
    let sends = ("sends", sends as MakeKind);
    let kinds = match buffers {
        ReadBuffers::Recommended => vec![
            (DEFAULT_LEVEL, receives),
            (DEFAULT_LEVEL, sends),
            (FASTEST_LEVEL, receives),
            (FASTEST_LEVEL, sends),
        ],
        ReadBuffers::Equal => vec![(DEFAULT_LEVEL, receives)],
    };
    for (level, (direction, make)) in kinds {
        let at = if level == FASTEST_LEVEL { "at level 1 " } else { "" };
        for takeover in [false, true] {
            let how = if takeover { "with takeover" } else { "without takeover" };
            let kind = kind(&format!("server {direction} compressed {at}{how}"), buffers);
            let compression = Compression { level, takeover };
            for size in SIZES {
                let name = format!("{kind} {}", Size(size));
                let kind = kind.clone();
                rows.push((name, Box::new(move || make(kind.clone(), buffers, compression, size))));
            }
        }
    }
}

/// All candidates receive the same bytes, which zlib-rs compressed.
fn receives(kind: String, buffers: ReadBuffers, compression: Compression, size: usize) -> Row {
    use Standing::{Baseline, Ours, Peer};
    let mut compress = Compress::new(compression);
    let mut bare = Vec::new();
    let traffic = Rc::new(Traffic::compressed(size, |message| {
        let compressed = compress.compress(message).to_vec();
        bare.push(Bytes::from([&compressed[..], &[0x00, 0x00, 0xFF, 0xFF]].concat()));
        compressed
    }));
    let bare: Rc<[Bytes]> = bare.into();
    let traffic = &traffic;
    let entrants = vec![
        entrant("hybi", Ours, traffic, move |to| Hybi::compressed(compression, buffers, to)),
        entrant("tungstenite, flate2", Peer, traffic, move |to| {
            Flate2::with_tungstenite(compression, to)
        }),
        entrant("yawc", Peer, traffic, move |to| Yawc::compressed(compression, buffers, to)),
        entrant("sockudo-ws", Peer, traffic, move |to| SockudoWs::compressed(compression, to)),
        entrant("flate2 by hand", Baseline, traffic, move |to| {
            Flate2::by_hand(compression, size, to)
        }),
        Entrant::new("zlib-rs", Standing::Limit, move || Working {
            worker: Decompress::new(compression.takeover),
            messages: Rc::clone(&bare),
        }),
    ];
    let goals = match buffers {
        ReadBuffers::Recommended => vec![Goal::OfBestPeer(1.0)],
        ReadBuffers::Equal => vec![],
    };
    Row { kind, size, messages: traffic.messages.len(), entrants, goals }
}

fn sends(kind: String, buffers: ReadBuffers, compression: Compression, size: usize) -> Row {
    use Standing::{Baseline, Ours, Peer};
    let messages: Rc<[Bytes]> = json_messages(size).into();
    let count = messages.len();
    let to_all = &messages;
    let entrants = vec![
        sender("hybi", Ours, compression, to_all, move |to| {
            Hybi::compressed(compression, buffers, to)
        }),
        sender("yawc", Peer, compression, to_all, move |to| {
            Yawc::compressed(compression, buffers, to)
        }),
        sender("sockudo-ws", Peer, compression, to_all, move |to| {
            SockudoWs::compressed(compression, to)
        }),
        sender("flate2 by hand", Baseline, compression, to_all, move |to| {
            Flate2::by_hand(compression, size, to)
        }),
        Entrant::new("zlib-rs", Standing::Limit, move || Working {
            worker: Compress::new(compression),
            messages: Rc::clone(&messages),
        }),
    ];
    Row { kind, size, messages: count, entrants, goals: vec![Goal::OfLimits(1.05)] }
}

fn sender<S: Sends + 'static>(
    name: &'static str,
    standing: Standing,
    compression: Compression,
    messages: &Rc<[Bytes]>,
    make: impl Fn(Transport) -> S + 'static,
) -> Entrant {
    let messages = Rc::clone(messages);
    let make: Rc<dyn Fn(Transport) -> S> = Rc::new(make);
    Entrant::new(name, standing, move || {
        let transport = Transport::new(Rc::default(), Fate::Discarded);
        Compressing {
            sender: make(transport.clone()),
            transport,
            compression: None,
            make: Rc::clone(&make),
            messages: Rc::clone(&messages),
            takeover: compression.takeover,
        }
    })
}
