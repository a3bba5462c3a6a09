//! Echo at the server: a message is received and sent back. hybi appends to its outbox as in its
//! README, or writes each message vectored, in rows of their own.

use std::rc::Rc;

use super::{Make, SIZES, kind};
use crate::{
    candidates::{
        Echoes, ReadBuffers, Role,
        fastwebsockets::{Fastwebsockets, Writing},
        hybi::{Hybi, Vectored},
        nago_wss::NagoWss,
        sockudo_stream::SockudoStream,
        sockudo_ws::SockudoWs,
        soketto::Soketto,
        tokio_websockets::TokioWebsockets,
        tungstenite::Tungstenite,
        web_socket::WebSocketCrate,
        websocketz::Websocketz,
        ws_framer::WsFramer,
        wtx::Wtx,
        yawc::Yawc,
    },
    goal::Goal,
    row::{Echoing, Entrant, Row, Standing},
    traffic::{Content, Size, Traffic},
    transport::{Fate, Transport},
};

pub(super) fn add(rows: &mut Vec<(String, Make)>, buffers: ReadBuffers) {
    let mut add = |kind: String, entrants: MakeEntrants, goal: Option<Goal>| {
        for size in SIZES {
            let name = format!("{kind} {}", Size(size));
            let kind = kind.clone();
            let make = move || {
                let traffic = Rc::new(Traffic::new(Content::Binary, size, true));
                let entrants = entrants(&traffic, buffers, size);
                let goals = goal.into_iter().collect();
                Row { kind: kind.clone(), size, messages: traffic.messages.len(), entrants, goals }
            };
            rows.push((name, Box::new(make)));
        }
    };
    let goal = Goal::OfBestPeer(1.0);
    match buffers {
        ReadBuffers::Recommended => {
            add("server echoes".into(), documented, Some(goal));
            add("server echoes vectored".into(), vectored, Some(goal));
        }
        ReadBuffers::Equal => add(kind("server echoes", buffers), documented, None),
    }
}

type MakeEntrants = fn(&Rc<Traffic>, ReadBuffers, usize) -> Vec<Entrant>;

/// Each writes as its documentation shows.
fn documented(traffic: &Rc<Traffic>, buffers: ReadBuffers, size: usize) -> Vec<Entrant> {
    use Standing::{Ours, Peer};
    let role = Role::Server;
    vec![
        entrant("hybi", Ours, traffic, move |to| Hybi::server(buffers, to)),
        entrant("tungstenite", Peer, traffic, move |to| Tungstenite::new(role, buffers, to)),
        entrant("fastwebsockets", Peer, traffic, move |to| {
            Fastwebsockets::new(role, Writing::Default, to)
        }),
        entrant("soketto", Peer, traffic, move |to| Soketto::new(role, buffers, to)),
        entrant("tokio-websockets", Peer, traffic, move |to| TokioWebsockets::new(role, to)),
        entrant("yawc", Peer, traffic, move |to| Yawc::new(role, buffers, to)),
        entrant("sockudo-ws", Peer, traffic, move |to| SockudoWs::new(role, to)),
        entrant("sockudo-ws, stream", Peer, traffic, move |to| SockudoStream::new(role, to)),
        entrant("web-socket", Peer, traffic, move |to| WebSocketCrate::new(role, buffers, to)),
        entrant("websocketz", Peer, traffic, move |to| Websocketz::new(role, buffers, size, to)),
        entrant("ws-framer", Peer, traffic, move |to| WsFramer::new(role, buffers, size, to)),
        entrant("nago-wss", Peer, traffic, move |to| NagoWss::new(role, to)),
        entrant("wtx", Peer, traffic, move |to| Wtx::new(buffers, to)),
    ]
}

/// Those that can write a header and a payload that is not copied.
fn vectored(traffic: &Rc<Traffic>, buffers: ReadBuffers, _: usize) -> Vec<Entrant> {
    use Standing::{Ours, Peer};
    let role = Role::Server;
    vec![
        entrant("hybi", Ours, traffic, Vectored::new),
        entrant("fastwebsockets", Peer, traffic, move |to| {
            Fastwebsockets::new(role, Writing::Vectored, to)
        }),
        entrant("tokio-websockets", Peer, traffic, move |to| TokioWebsockets::new(role, to)),
        entrant("web-socket", Peer, traffic, move |to| WebSocketCrate::new(role, buffers, to)),
        entrant("nago-wss", Peer, traffic, move |to| NagoWss::new(role, to)),
        entrant("wtx", Peer, traffic, move |to| Wtx::new(buffers, to)),
    ]
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
