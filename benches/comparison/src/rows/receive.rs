//! Receiving: a server and a client, three kinds of content, and fragments.

use std::rc::Rc;

use super::{Make, SIZES, kind};
use crate::{
    candidates::{
        ReadBuffers, Receives, Role,
        fastwebsockets::{Fastwebsockets, Writing},
        hybi::Hybi,
        limits::Walk,
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
    row::{Entrant, Receiving, Row, Standing},
    traffic::{Content, Size, Traffic},
    transport::{Fate, Transport},
};

pub(super) fn add(rows: &mut Vec<(String, Make)>, buffers: ReadBuffers) {
    for role in [Role::Server, Role::Client] {
        for content in Content::ALL {
            for size in SIZES {
                let who = if role == Role::Server { "server" } else { "client" };
                let kind = kind(&format!("{who} receives {}", content.name()), buffers);
                let name = format!("{kind} {}", Size(size));
                let make = move || whole(kind.clone(), role, buffers, content, size);
                rows.push((name, Box::new(make)));
            }
        }
    }
    let size = 1024 * 1024;
    let kind = kind("server receives fragments", buffers);
    let name = format!("{kind} {}", Size(size));
    rows.push((name, Box::new(move || fragments(kind.clone(), buffers, size))));
}

fn whole(kind: String, role: Role, buffers: ReadBuffers, content: Content, size: usize) -> Row {
    let traffic = Rc::new(Traffic::new(content, size, role == Role::Server));
    let goals = match (buffers, content) {
        (ReadBuffers::Equal, _) => vec![],
        (_, Content::Binary) => vec![Goal::OfBestPeer(Goal::by_size(size, 0.5, 0.5, 1.05))],
        (_, Content::Ascii) => vec![
            Goal::OfBestPeer(Goal::by_size(size, 0.5, 0.5, 1.0)),
            Goal::OfOwnBinary(Goal::by_size(size, 1.15, 1.1, 1.1)),
        ],
        (_, Content::MultiByte) => vec![Goal::OfBestPeer(Goal::by_size(size, 0.5, 0.5, 1.0))],
    };
    let entrants = entrants(role, buffers, &traffic);
    Row { kind, size, messages: traffic.messages.len(), entrants, goals }
}

fn fragments(kind: String, buffers: ReadBuffers, size: usize) -> Row {
    let traffic = Rc::new(Traffic::fragmented(size));
    let mut entrants = entrants(Role::Server, buffers, &traffic);
    // The walk joins no fragments. yawc writes its pongs only if asked to.
    entrants.retain(|entrant| entrant.standing != Standing::Limit && entrant.name != "yawc");
    let peer = Standing::Peer;
    entrants.extend([
        receiving("yawc", peer, 0, &traffic, move |to| Yawc::new(Role::Server, buffers, to)),
        entrant("yawc, pongs sent", peer, &traffic, move |to| {
            Yawc::with_pongs(Role::Server, buffers, to)
        }),
    ]);
    let goals = match buffers {
        ReadBuffers::Recommended => vec![Goal::OfBestPeer(0.75)],
        ReadBuffers::Equal => vec![],
    };
    Row { kind, size, messages: traffic.messages.len(), entrants, goals }
}

fn entrants(role: Role, buffers: ReadBuffers, traffic: &Rc<Traffic>) -> Vec<Entrant> {
    let size = traffic.messages[0].len();
    let limit = entrant("walk", Standing::Limit, traffic, move |to| Walk::new(size, to));
    let ours = match role {
        Role::Server => {
            entrant("hybi", Standing::Ours, traffic, move |to| Hybi::server(buffers, to))
        }
        Role::Client => {
            entrant("hybi", Standing::Ours, traffic, move |to| Hybi::client(buffers, to))
        }
    };
    let wtx = match role {
        Role::Server => peer("wtx", traffic, move |to| Wtx::<false>::new(buffers, to)),
        Role::Client => peer("wtx", traffic, move |to| Wtx::<true>::new(buffers, to)),
    };
    vec![
        ours,
        peer("tungstenite", traffic, move |to| Tungstenite::new(role, buffers, to)),
        peer("fastwebsockets", traffic, move |to| Fastwebsockets::new(role, Writing::Default, to)),
        peer("soketto", traffic, move |to| Soketto::new(role, buffers, to)),
        peer("tokio-websockets", traffic, move |to| TokioWebsockets::new(role, to)),
        peer("yawc", traffic, move |to| Yawc::new(role, buffers, to)),
        peer("sockudo-ws", traffic, move |to| SockudoWs::new(role, to)),
        peer("sockudo-ws, stream", traffic, move |to| SockudoStream::new(role, to)),
        peer("web-socket", traffic, move |to| WebSocketCrate::new(role, buffers, to)),
        peer("websocketz", traffic, move |to| Websocketz::new(role, buffers, size, to)),
        peer("ws-framer", traffic, move |to| WsFramer::new(role, buffers, size, to)),
        peer("nago-wss", traffic, move |to| NagoWss::new(role, to)),
        wtx,
        limit,
    ]
}

fn peer<R: Receives + 'static>(
    name: &'static str,
    traffic: &Rc<Traffic>,
    make: impl Fn(Transport) -> R + 'static,
) -> Entrant {
    entrant(name, Standing::Peer, traffic, make)
}

/// Who receives this traffic and responds to each ping.
pub(super) fn entrant<R: Receives + 'static>(
    name: &'static str,
    standing: Standing,
    traffic: &Rc<Traffic>,
    make: impl Fn(Transport) -> R + 'static,
) -> Entrant {
    receiving(name, standing, traffic.pings, traffic, make)
}

/// Who receives this traffic and writes this many pongs.
fn receiving<R: Receives + 'static>(
    name: &'static str,
    standing: Standing,
    pongs: usize,
    traffic: &Rc<Traffic>,
    make: impl Fn(Transport) -> R + 'static,
) -> Entrant {
    let traffic = Rc::clone(traffic);
    Entrant::new(name, standing, move || {
        let transport = Transport::new(Rc::clone(&traffic.image), Fate::Discarded);
        let receiver = make(transport.clone());
        Receiving { receiver, transport, traffic: Rc::clone(&traffic), pongs }
    })
}
