//! A member of a room: one connection.
//!
//! A client sends `ID TEXT`, and every member gets `NUMBER ID TEXT`. The sender as well: this is how it
//! learns that its message cannot be lost.

use hybi_tokio::{
    Error, WebSocket,
    hybi::{CloseCode, Event, Prepared, Server},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
};

use crate::{
    bus::Bus,
    room::{Found, Room},
    stats::Meter,
};

/// The number of messages by which a member that does not read may be late. It is closed then, and can
/// reconnect: the ring is longer.
const MAX_LAG: u64 = 256;
/// The longest id of a message.
const MAX_ID: usize = 64;

/// Serves a member until its connection ends. It gets the messages after this number, or only new ones.
pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut websocket: WebSocket<S, Server>,
    room: &Room,
    bus: &Bus,
    after: Option<u64>,
    mut meter: Meter<'_>,
) -> Result<(), Error> {
    let mut last = room.subscribe();
    let mut next = after.unwrap_or(*last.borrow()).saturating_add(1);
    loop {
        while next <= *last.borrow_and_update() {
            match room.get(next) {
                Found::Message(message) => {
                    if !feed(&mut websocket, &message, next, &mut last).await? {
                        return websocket.close(CloseCode::TRY_AGAIN_LATER, "too slow").await;
                    }
                    next += 1;
                }
                // The client sees the gap between the numbers.
                Found::Dropped(oldest) => next = oldest,
                Found::NotYet => break,
            }
        }
        meter.update(websocket.connection().counters());
        // What was fed is written by `next`, in one go.
        let text = tokio::select! {
            biased;
            event = websocket.next() => match event? {
                Some(Event::Text(text)) => text.to_owned(),
                Some(Event::Binary(_)) => {
                    return websocket.close(CloseCode::UNSUPPORTED_DATA, "send text").await;
                }
                Some(_) => continue,
                None => return Ok(()),
            },
            _ = last.changed() => continue,
        };
        let Some((id, text)) = parse(&text) else {
            return websocket.close(CloseCode::POLICY_VIOLATION, "send an id and a text").await;
        };
        if let Err(failure) = bus.publish(room, id, text).await {
            eprintln!("room {}: {failure}", room.name());
            return websocket.close(CloseCode::TRY_AGAIN_LATER, "not published").await;
        }
    }
}

/// Queues a message. False if there is no room for it, and the member is too late.
async fn feed<S: AsyncRead + AsyncWrite + Unpin>(
    websocket: &mut WebSocket<S, Server>,
    message: &Prepared,
    number: u64,
    last: &mut watch::Receiver<u64>,
) -> Result<bool, Error> {
    loop {
        tokio::select! {
            biased;
            fed = websocket.feed_prepared(message) => return fed.map(|()| true),
            _ = last.changed() => {
                if last.borrow_and_update().saturating_sub(number) > MAX_LAG {
                    return Ok(false);
                }
            }
        }
    }
}

/// Splits a message into its id and its text.
fn parse(message: &str) -> Option<(&str, &str)> {
    message.split_once(' ').filter(|(id, _)| {
        (1..=MAX_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use hybi_tokio::{
        Acceptor, Connect,
        hybi::{self, Config, Origins},
    };
    use tokio::{
        io::{DuplexStream, duplex},
        join,
        task::JoinHandle,
    };

    use super::*;
    use crate::{
        room::{RING, compression},
        stats::Stats,
    };

    type Client = WebSocket<DuplexStream, hybi::Client>;

    /// A member that gets the messages after this number, over a stream with little room.
    async fn join(room: &Arc<Room>, after: Option<u64>) -> (Client, JoinHandle<Result<(), Error>>) {
        let (one, other) = duplex(1024);
        let acceptor = Acceptor::new(Origins::any())
            .config(Config::new().outbox_high_water(16 * 1024))
            .compression(compression());
        let (client, server) =
            join!(Connect::new("ws://a/").open_over(one), acceptor.accept(other));
        let (server, room) = (server.unwrap(), Arc::clone(room));
        let task = tokio::spawn(async move {
            let stats = Stats::default();
            serve(server, &room, &Bus::Local, after, stats.open()).await
        });
        (client.unwrap(), task)
    }

    #[tokio::test]
    async fn a_message_gets_a_number_and_comes_back() {
        let room = Arc::new(Room::new("kitchen", 1));
        let (mut client, task) = join(&room, None).await;
        client.send_text("a tea is ready").await.unwrap();
        client.send_text("a tea is ready").await.unwrap();
        client.send_text("b milk?").await.unwrap();
        assert_eq!(client.next().await.unwrap(), Some(Event::Text("1 a tea is ready")));
        assert_eq!(client.next().await.unwrap(), Some(Event::Text("2 b milk?")));
        client.close(CloseCode::NORMAL, "").await.unwrap();
        task.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_client_that_reconnects_gets_what_it_missed() {
        let room = Arc::new(Room::new("kitchen", 1));
        for id in ["a", "b", "c"] {
            room.append_new(id, "tea");
        }
        let (mut client, _task) = join(&room, Some(1)).await;
        assert_eq!(client.next().await.unwrap(), Some(Event::Text("2 b tea")));
        assert_eq!(client.next().await.unwrap(), Some(Event::Text("3 c tea")));
        let (mut other, _task) = join(&room, Some(u64::MAX)).await;
        other.send_text("d tea").await.unwrap();
        assert_eq!(client.next().await.unwrap(), Some(Event::Text("4 d tea")));
    }

    #[tokio::test]
    async fn a_member_that_does_not_read_delays_nobody_and_is_closed() {
        let room = Arc::new(Room::new("kitchen", 1));
        let (mut slow, slow_task) = join(&room, Some(0)).await;
        let (mut fast, _task) = join(&room, Some(0)).await;
        let text = "tea ".repeat(500);
        for number in 1..=RING as u64 {
            room.append_new(&format!("id{number}"), &text);
            let expected = format!("{number} id{number} {text}");
            assert_eq!(fast.next().await.unwrap(), Some(Event::Text(&expected)));
        }
        // What was queued before is delivered, then the Close.
        let mut received = 0;
        while let Some(event) = slow.next().await.unwrap() {
            received += u64::from(matches!(event, Event::Text(_)));
        }
        assert_eq!(slow.connection().close_code(), Some(1013));
        assert!((1..RING as u64).contains(&received));
        slow_task.await.unwrap().unwrap();
        // After a reconnection, it gets the rest.
        let (mut slow, _task) = join(&room, Some(received)).await;
        for number in received + 1..=RING as u64 {
            let expected = format!("{number} id{number} {text}");
            assert_eq!(slow.next().await.unwrap(), Some(Event::Text(&expected)));
        }
    }
}
