//! Echo at the server: a message is received and sent back.

use std::rc::Rc;

use super::{Make, SIZES};
use crate::{
    candidates::{
        Echoes, Role,
        fastwebsockets::{Fastwebsockets, Writing},
        hybi::{Hybi, Vectored},
        sockudo_stream::SockudoStream,
        sockudo_ws::SockudoWs,
        soketto::Soketto,
        tokio_websockets::TokioWebsockets,
        tungstenite::Tungstenite,
        web_socket::WebSocketCrate,
        wtx::Wtx,
        yawc::Yawc,
    },
    goal::Goal,
    row::{Echoing, Entrant, Row, Standing},
    traffic::{Content, Size, Traffic},
    transport::{Fate, Transport},
};

pub(super) fn add(rows: &mut Vec<(String, Make)>) {
    for size in SIZES {
        let kind = "server echoes";
        rows.push((format!("{kind} {}", Size(size)), Box::new(move || row(kind.into(), size))));
    }
}

fn row(kind: String, size: usize) -> Row {
    use Standing::{Ours, Peer};
    let traffic = &Rc::new(Traffic::new(Content::Binary, size, true));
    let role = Role::Server;
    let entrants = vec![
        entrant("hybi", Ours, traffic, Hybi::server),
        entrant("hybi, vectored", Ours, traffic, Vectored::new),
        entrant("tungstenite", Peer, traffic, move |to| Tungstenite::new(role, to)),
        entrant("fastwebsockets", Peer, traffic, move |to| {
            Fastwebsockets::new(role, Writing::Default, to)
        }),
        entrant("soketto", Peer, traffic, move |to| Soketto::new(role, to)),
        entrant("tokio-websockets", Peer, traffic, move |to| TokioWebsockets::new(role, to)),
        entrant("yawc", Peer, traffic, move |to| Yawc::new(role, to)),
        entrant("sockudo-ws", Peer, traffic, move |to| SockudoWs::new(role, to)),
        entrant("sockudo-ws, stream", Peer, traffic, move |to| SockudoStream::new(role, to)),
        entrant("web-socket", Peer, traffic, move |to| WebSocketCrate::new(role, to)),
        entrant("wtx", Peer, traffic, Wtx::new),
    ];
    let goals = vec![Goal::OfBestPeer(Goal::by_size(size, 0.5, 0.7, 1.0))];
    Row { kind, size, messages: traffic.messages.len(), entrants, goals }
}

fn entrant<E: Echoes + 'static>(
    name: &'static str,
    standing: Standing,
    traffic: &Rc<Traffic>,
    make: impl Fn(Transport) -> E + 'static,
) -> Entrant {
    let traffic = Rc::clone(traffic);
    Entrant::new(name, standing, move || {
        let transport = Transport::new(Rc::clone(&traffic.image), Fate::Discarded);
        let echo = make(transport.clone());
        Echoing { echo, transport, traffic: Rc::clone(&traffic) }
    })
}
