//! Compressed messages (RFC 7692), in both roles.

use hybi::{
    Client, Config, Connection, GrowingOutbox, Message, Role, Server,
    deflate::{Deflate, Direction, Negotiated},
};

use crate::{
    Scenario,
    wire::{Fixed, binary, frame, inbox, outbox, receive, receive_chunks},
};

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for takeover in [true, false] {
        let server = move || pair(takeover).0;
        let client = move || pair(takeover).1;
        scenarios.extend(received("server", takeover, server, client));
        scenarios.extend(received("client", takeover, client, server));
        for (what, message) in messages() {
            let name = format!("server sends compressed: {what}, takeover: {takeover}");
            scenarios.push(Scenario::new(name, move || {
                let (mut server, message) = (server(), message.clone());
                let mut outbox = GrowingOutbox::new();
                server.send(&message, &mut outbox).expect("there is room"); // allocates
                outbox.clear();
                move || server.send(&message, &mut outbox).expect("there is room")
            }));
        }
    }
    // RFC 7692, section 7.2.3.4: "Hello" in a final block.
    let hello = frame(true, 0xc1, &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]);
    scenarios.push(Scenario::new(
        "server receives compressed with a final block".into(),
        move || {
            let (mut connection, mut inbox, mut outbox) = (pair(true).0, inbox(1024), outbox());
            receive(&mut connection, &mut inbox, &mut outbox, &hello, usize::MAX);
            let hello = hello.clone();
            move || receive(&mut connection, &mut inbox, &mut outbox, &hello, usize::MAX)
        },
    ));
    scenarios
}

/// Messages that arrive after an equal one, for which the codec was created.
fn received<R: Role + 'static, S: Role>(
    role: &str,
    takeover: bool,
    receiver: impl Fn() -> Connection<R> + Copy + 'static,
    sender: impl Fn() -> Connection<S>,
) -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for (what, message) in messages() {
        let mut sender = sender();
        let mut frames = [Vec::new(), Vec::new()];
        for outbox in &mut frames {
            sender.send(&message, outbox).expect("there is room");
        }
        for (how, piece, in_chunks) in
            [("", usize::MAX, false), (" in pieces", 50, false), (" in chunks", 50, true)]
        {
            let frames = frames.clone();
            let name = format!("{role} receives compressed{how}: {what}, takeover: {takeover}");
            scenarios.push(Scenario::new(name, move || {
                let (mut connection, mut inbox) = (receiver(), inbox(32 * 1024));
                let mut outbox = outbox();
                let [before, counted] = frames.clone();
                receive(&mut connection, &mut inbox, &mut outbox, &before, usize::MAX);
                move || {
                    let receive = if in_chunks { receive_chunks } else { receive };
                    receive(&mut connection, &mut inbox, &mut outbox, &counted, piece);
                }
            }));
        }
    }
    scenarios
}

fn messages() -> Vec<(&'static str, Message)> {
    let text = |count| Message::Text("Grüße aus Köln, {\"type\":\"message\"} ".repeat(count));
    vec![
        ("short text", text(1)),
        ("text", text(20)),
        ("long text", text(300)),
        ("binary", Message::Binary(binary(600))),
        ("zeros", Message::Binary(vec![0; 20_000])),
    ]
}

/// Connections that have negotiated the extension.
fn pair(takeover: bool) -> (Connection<Server>, Connection<Client<Fixed>>) {
    let deflate = Deflate::new().threshold(0);
    let direction = Direction::new(15, takeover).expect("15 is a window");
    let negotiated = Negotiated::new(direction, direction);
    let server = Connection::server(Config::new()).with_deflate(&deflate, negotiated);
    let client = Connection::client(Config::new(), Fixed).with_deflate(&deflate, negotiated);
    (server, client)
}
