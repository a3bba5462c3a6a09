//! Compression at a server: receiving and sending JSON text, with and without context takeover.

use std::rc::Rc;

use bytes::Bytes;

use super::{Make, kind, receive::entrant};
use crate::{
    candidates::{
        ReadBuffers, Sends,
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

pub(super) fn add(rows: &mut Vec<(String, Make)>, buffers: ReadBuffers) {
    type MakeKind = fn(String, ReadBuffers, bool, usize) -> Row;
    let mut directions = vec![("receives", receives as MakeKind)];
    if buffers == ReadBuffers::Recommended {
        directions.push(("sends", sends));
    }
    for (direction, make) in directions {
        for takeover in [false, true] {
            let how = if takeover { "with takeover" } else { "without takeover" };
            let kind = kind(&format!("server {direction} compressed {how}"), buffers);
            for size in SIZES {
                let name = format!("{kind} {}", Size(size));
                let kind = kind.clone();
                rows.push((name, Box::new(move || make(kind.clone(), buffers, takeover, size))));
            }
        }
    }
}

/// All candidates receive the same bytes, which zlib-rs compressed.
fn receives(kind: String, buffers: ReadBuffers, takeover: bool, size: usize) -> Row {
    use Standing::{Baseline, Ours, Peer};
    let mut compress = Compress::new(takeover);
    let mut bare = Vec::new();
    let traffic = Rc::new(Traffic::compressed(size, |message| {
        let compressed = compress.compress(message).to_vec();
        bare.push(Bytes::from([&compressed[..], &[0x00, 0x00, 0xFF, 0xFF]].concat()));
        compressed
    }));
    let bare: Rc<[Bytes]> = bare.into();
    let traffic = &traffic;
    let entrants = vec![
        entrant("hybi", Ours, traffic, move |to| Hybi::compressed(takeover, buffers, to)),
        entrant("tungstenite, flate2", Peer, traffic, move |to| {
            Flate2::with_tungstenite(takeover, to)
        }),
        entrant("yawc", Peer, traffic, move |to| Yawc::compressed(takeover, buffers, to)),
        entrant("sockudo-ws", Peer, traffic, move |to| SockudoWs::compressed(takeover, to)),
        entrant("flate2 by hand", Baseline, traffic, move |to| Flate2::by_hand(takeover, size, to)),
        Entrant::new("zlib-rs", Standing::Limit, move || Working {
            worker: Decompress::new(takeover),
            messages: Rc::clone(&bare),
        }),
    ];
    let goals = match buffers {
        ReadBuffers::Recommended => vec![Goal::OfBestPeer(1.0)],
        ReadBuffers::Equal => vec![],
    };
    Row { kind, size, messages: traffic.messages.len(), entrants, goals }
}

fn sends(kind: String, buffers: ReadBuffers, takeover: bool, size: usize) -> Row {
    use Standing::{Baseline, Ours, Peer};
    let messages: Rc<[Bytes]> = json_messages(size).into();
    let count = messages.len();
    let to_all = &messages;
    let entrants = vec![
        sender("hybi", Ours, takeover, to_all, move |to| Hybi::compressed(takeover, buffers, to)),
        sender("yawc", Peer, takeover, to_all, move |to| Yawc::compressed(takeover, buffers, to)),
        sender("sockudo-ws", Peer, takeover, to_all, move |to| SockudoWs::compressed(takeover, to)),
        sender("flate2 by hand", Baseline, takeover, to_all, move |to| {
            Flate2::by_hand(takeover, size, to)
        }),
        Entrant::new("zlib-rs", Standing::Limit, move || Working {
            worker: Compress::new(takeover),
            messages: Rc::clone(&messages),
        }),
    ];
    Row { kind, size, messages: count, entrants, goals: vec![Goal::OfLimits(1.05)] }
}

fn sender<S: Sends + 'static>(
    name: &'static str,
    standing: Standing,
    takeover: bool,
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
            takeover,
        }
    })
}
