//! Sending: a server into one buffer, a server by vectored writes, and a client.

use std::rc::Rc;

use bytes::Bytes;

use super::{Make, SIZES};
use crate::{
    candidates::{
        ReadBuffers::Recommended,
        Role, Sends,
        fastwebsockets::{Fastwebsockets, Writing},
        hybi::{Hybi, Vectored},
        limits::{Copy, Xor},
        nago_wss::{self, NagoWss},
        sockudo_stream::SockudoStream,
        sockudo_ws::SockudoWs,
        soketto::Soketto,
        tokio_websockets::TokioWebsockets,
        tungstenite::Tungstenite,
        web_socket::WebSocketCrate,
        websocketz::Websocketz,
        ws_framer::WsFramer,
        wtx::{self, Wtx},
        yawc::Yawc,
    },
    goal::Goal,
    row::{Entrant, Row, Sending, Standing, Working},
    traffic::{Content, Size, Traffic},
    transport::{Fate, Transport, WRITE},
};

/// The maximum number of messages in one pass.
const MESSAGES: usize = 64;

pub(super) fn add(rows: &mut Vec<(String, Make)>) {
    add_kind(rows, "server sends appended", appended, |size| {
        let (small, middle) = (vec![Goal::OfBestPeer(0.5)], vec![Goal::OfBestPeer(0.6)]);
        Goal::by_size(size, small, middle, vec![Goal::OfBestPeer(1.05), Goal::OfLimits(1.05)])
    });
    add_kind(rows, "server sends vectored", vectored, |_| vec![Goal::OfBestPeer(0.5)]);
    add_kind(rows, "client sends", client, |size| {
        let (small, middle) = (vec![Goal::OfBestPeer(1.0)], vec![Goal::OfBestPeer(0.9)]);
        Goal::by_size(size, small, middle, vec![Goal::OfBestPeer(1.05), Goal::OfLimits(1.1)])
    });
}

fn add_kind(
    rows: &mut Vec<(String, Make)>,
    kind: &'static str,
    entrants: fn(&Messages) -> Vec<Entrant>,
    goals: fn(usize) -> Vec<Goal>,
) {
    for size in SIZES {
        let make = move || {
            let messages = messages(size);
            Row {
                kind: kind.into(),
                size,
                messages: messages.len(),
                entrants: entrants(&messages),
                goals: goals(size),
            }
        };
        rows.push((format!("{kind} {}", Size(size)), Box::new(make)));
    }
}

type Messages = Rc<[Bytes]>;

fn messages(size: usize) -> Messages {
    Traffic::new(Content::Binary, size, false).messages.into_iter().take(MESSAGES).collect()
}

/// Each frame is appended to one buffer, of the candidate or of the transport.
fn appended(messages: &Messages) -> Vec<Entrant> {
    use Fate::{Appended, Discarded};
    use Standing::{Ours, Peer};
    let role = Role::Server;
    let size = messages[0].len();
    // These append only small payloads to their own buffers.
    let buffered = if size < 8192 { Discarded } else { Appended };
    let batched = if size < WRITE { Discarded } else { Appended };
    vec![
        server("hybi", Ours, Discarded, messages, |to| Hybi::server(Recommended, to)),
        server("tungstenite", Peer, Discarded, messages, move |to| {
            Tungstenite::new(role, Recommended, to)
        }),
        server("fastwebsockets", Peer, Discarded, messages, move |to| {
            Fastwebsockets::new(role, Writing::Appended, to)
        }),
        server("soketto", Peer, buffered, messages, move |to| Soketto::new(role, Recommended, to)),
        server("tokio-websockets", Peer, Appended, messages, move |to| {
            TokioWebsockets::new(role, to)
        }),
        server("yawc", Peer, Discarded, messages, move |to| Yawc::new(role, Recommended, to)),
        server("sockudo-ws", Peer, Discarded, messages, move |to| SockudoWs::new(role, to)),
        server("sockudo-ws, stream", Peer, buffered, messages, move |to| {
            SockudoStream::new(role, to)
        }),
        server("web-socket", Peer, Appended, messages, move |to| {
            WebSocketCrate::new(role, Recommended, to)
        }),
        server("websocketz", Peer, Discarded, messages, move |to| {
            Websocketz::new(role, Recommended, size, to)
        }),
        server("ws-framer", Peer, Discarded, messages, move |to| {
            WsFramer::new(role, Recommended, size, to)
        }),
        server("nago-wss", Peer, batched, messages, move |to| NagoWss::new(role, to)),
        server("wtx", Peer, Appended, messages, {
            let messages = Rc::clone(messages);
            move |to| wtx::Vectored::new(&messages, to)
        }),
        limit("copy", messages, Copy::new),
        floor("copy behind a header", Standing::Baseline, messages, Copy::behind_header),
    ]
}

/// The payload is not copied.
fn vectored(messages: &Messages) -> Vec<Entrant> {
    use Fate::Discarded;
    use Standing::{Ours, Peer};
    let role = Role::Server;
    vec![
        server("hybi", Ours, Discarded, messages, Vectored::new),
        server("fastwebsockets", Peer, Discarded, messages, move |to| {
            Fastwebsockets::new(role, Writing::Vectored, to)
        }),
        server("tokio-websockets", Peer, Discarded, messages, move |to| {
            TokioWebsockets::new(role, to)
        }),
        server("web-socket", Peer, Discarded, messages, move |to| {
            WebSocketCrate::new(role, Recommended, to)
        }),
        server("nago-wss", Peer, Discarded, messages, move |to| nago_wss::Vectored::new(role, to)),
        server("wtx", Peer, Discarded, messages, {
            let messages = Rc::clone(messages);
            move |to| wtx::Vectored::new(&messages, to)
        }),
    ]
}

/// A masked copy is made and written in the candidate's own way.
fn client(messages: &Messages) -> Vec<Entrant> {
    use Standing::{Ours, Peer};
    let (role, size) = (Role::Client, messages[0].len());
    let entrant = |name, standing| (name, standing, Fate::Discarded, messages, true);
    vec![
        sender(entrant("hybi", Ours), |to| Hybi::client(Recommended, to)),
        sender(entrant("tungstenite", Peer), move |to| Tungstenite::new(role, Recommended, to)),
        sender(entrant("fastwebsockets", Peer), move |to| {
            Fastwebsockets::new(role, Writing::Default, to)
        }),
        sender(entrant("soketto", Peer), move |to| Soketto::new(role, Recommended, to)),
        sender(entrant("tokio-websockets", Peer), move |to| TokioWebsockets::new(role, to)),
        sender(entrant("yawc", Peer), move |to| Yawc::new(role, Recommended, to)),
        sender(entrant("sockudo-ws", Peer), move |to| SockudoWs::new(role, to)),
        sender(entrant("sockudo-ws, stream", Peer), move |to| SockudoStream::new(role, to)),
        sender(entrant("web-socket", Peer), move |to| WebSocketCrate::new(role, Recommended, to)),
        sender(entrant("websocketz", Peer), move |to| Websocketz::new(role, Recommended, size, to)),
        sender(entrant("ws-framer", Peer), move |to| WsFramer::new(role, Recommended, size, to)),
        sender(entrant("nago-wss", Peer), move |to| NagoWss::new(role, to)),
        sender(entrant("wtx", Peer), |to| Wtx::<true>::new(Recommended, to)),
        limit("copy", messages, Copy::new),
        limit("xor", messages, Xor::widest),
    ]
}

fn server<S: Sends + 'static>(
    name: &'static str,
    standing: Standing,
    fate: Fate,
    messages: &Messages,
    make: impl Fn(Transport) -> S + 'static,
) -> Entrant {
    sender((name, standing, fate, messages, false), make)
}

fn sender<S: Sends + 'static>(
    (name, standing, fate, messages, masked): (&'static str, Standing, Fate, &Messages, bool),
    make: impl Fn(Transport) -> S + 'static,
) -> Entrant {
    let messages = Rc::clone(messages);
    Entrant::new(name, standing, move || {
        let transport = Transport::new(Rc::default(), fate);
        let sender = make(transport.clone());
        Sending { sender, transport, messages: Rc::clone(&messages), masked }
    })
}

fn limit<S: Sends + 'static>(
    name: &'static str,
    messages: &Messages,
    make: impl Fn() -> S + 'static,
) -> Entrant {
    floor(name, Standing::Limit, messages, make)
}

fn floor<S: Sends + 'static>(
    name: &'static str,
    standing: Standing,
    messages: &Messages,
    make: impl Fn() -> S + 'static,
) -> Entrant {
    let messages = Rc::clone(messages);
    Entrant::new(name, standing, move || Working { worker: make(), messages: Rc::clone(&messages) })
}
