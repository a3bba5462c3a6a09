//! Receiving: a server and a client, three kinds of content, and fragments.

use std::rc::Rc;

use super::{Make, SIZES};
use crate::{
    candidates::{
        Receives, Role,
        fastwebsockets::{Fastwebsockets, Writing},
        hybi::Hybi,
        limits::Walk,
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
    row::{Entrant, Receiving, Row, Standing},
    traffic::{Content, Size, Traffic},
    transport::{Fate, Transport},
};

pub(super) fn add(rows: &mut Vec<(String, Make)>) {
    for role in [Role::Server, Role::Client] {
        for content in Content::ALL {
            for size in SIZES {
                let who = if role == Role::Server { "server" } else { "client" };
                let kind = format!("{who} receives {}", content.name());
                let name = format!("{kind} {}", Size(size));
                rows.push((name, Box::new(move || whole(kind.clone(), role, content, size))));
            }
        }
    }
    let size = 1024 * 1024;
    let kind = "server receives fragments";
    rows.push((format!("{kind} {}", Size(size)), Box::new(move || fragments(kind.into(), size))));
}

fn whole(kind: String, role: Role, content: Content, size: usize) -> Row {
    let traffic = Rc::new(Traffic::new(content, size, role == Role::Server));
    let goals = match content {
        Content::Binary => vec![Goal::OfBestPeer(Goal::by_size(size, 1.0 / 3.0, 0.6, 1.0))],
        Content::Ascii => vec![
            Goal::OfBestPeer(Goal::by_size(size, 1.0 / 3.0, 0.6, 1.0)),
            Goal::OfOwnBinary(Goal::by_size(size, 1.15, 1.1, 1.1)),
        ],
        Content::MultiByte => vec![Goal::OfBestPeer(Goal::by_size(size, 0.5, 0.75, 1.0))],
    };
    Row { kind, size, messages: traffic.messages.len(), entrants: entrants(role, &traffic), goals }
}

fn fragments(kind: String, size: usize) -> Row {
    let traffic = Rc::new(Traffic::fragmented(size));
    let mut entrants = entrants(Role::Server, &traffic);
    // The walk joins no fragments.
    entrants.retain(|entrant| entrant.standing != Standing::Limit);
    let goals = vec![Goal::OfBestPeer(0.75)];
    Row { kind, size, messages: traffic.messages.len(), entrants, goals }
}

fn entrants(role: Role, traffic: &Rc<Traffic>) -> Vec<Entrant> {
    let size = traffic.messages[0].len();
    let limit = entrant("walk", Standing::Limit, traffic, move |to| Walk::new(size, to));
    let ours = match role {
        Role::Server => entrant("hybi", Standing::Ours, traffic, Hybi::server),
        Role::Client => entrant("hybi", Standing::Ours, traffic, Hybi::client),
    };
    let wtx = match role {
        Role::Server => peer("wtx", traffic, Wtx::<false>::new),
        Role::Client => peer("wtx", traffic, Wtx::<true>::new),
    };
    vec![
        ours,
        peer("tungstenite", traffic, move |to| Tungstenite::new(role, to)),
        peer("fastwebsockets", traffic, move |to| Fastwebsockets::new(role, Writing::Default, to)),
        peer("soketto", traffic, move |to| Soketto::new(role, to)),
        peer("tokio-websockets", traffic, move |to| TokioWebsockets::new(role, to)),
        peer("yawc", traffic, move |to| Yawc::new(role, to)),
        peer("sockudo-ws", traffic, move |to| SockudoWs::new(role, to)),
        peer("sockudo-ws, stream", traffic, move |to| SockudoStream::new(role, to)),
        peer("web-socket", traffic, move |to| WebSocketCrate::new(role, to)),
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

/// Who receives this traffic.
pub(super) fn entrant<R: Receives + 'static>(
    name: &'static str,
    standing: Standing,
    traffic: &Rc<Traffic>,
    make: impl Fn(Transport) -> R + 'static,
) -> Entrant {
    let traffic = Rc::clone(traffic);
    Entrant::new(name, standing, move || {
        let transport = Transport::new(Rc::clone(&traffic.image), Fate::Discarded);
        let receiver = make(transport.clone());
        Receiving { receiver, transport, traffic: Rc::clone(&traffic) }
    })
}
