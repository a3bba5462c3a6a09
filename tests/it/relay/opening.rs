//! From the two opening handshakes to the first frames.

use hybi::{
    Event, Inbox, Origins, Uri,
    client::{self, Response},
    relay::Side,
    server,
};

use super::link::Link;

/// An inbox that holds these bytes.
fn inbox(bytes: &[u8]) -> Inbox {
    let mut inbox = Inbox::with_capacity(4096);
    assert_eq!(inbox.copy_from(bytes), bytes.len());
    inbox
}

#[test]
fn bytes_after_the_handshakes_are_relayed_first() {
    // The client sends its request, and its first message directly after it.
    let uri = Uri::parse("ws://gateway.example/chat").unwrap();
    let mut from_client = Vec::new();
    let asked = client::Request::new(&uri).subprotocols(&["v2", "v1"]);
    let mut opening = asked.send(&mut from_client).unwrap();
    from_client.extend(super::wire::frame(Side::Client, 0x81, b"early"));

    // The gateway requests the same target from the backend.
    let mut client_inbox = inbox(&from_client);
    let mut to_client = Vec::new();
    let mut gateway = server::Opening::new(Origins::any());
    let request = gateway.receive(&mut client_inbox, &mut to_client).unwrap().unwrap();
    let behind = format!("ws://backend.example{}", request.target());
    let behind = Uri::parse(&behind).unwrap();
    let offered: Vec<_> = request.subprotocols().collect();
    let mut to_server = Vec::new();
    let asked = client::Request::new(&behind).subprotocols(&offered);
    let mut asking = asked.send(&mut to_server).unwrap();

    // The backend accepts, and sends a message directly after its response.
    let mut backend_inbox = inbox(&to_server);
    let mut from_server = Vec::new();
    let mut backend = server::Opening::new(Origins::any());
    let asked = backend.receive(&mut backend_inbox, &mut from_server).unwrap().unwrap();
    assert_eq!(asked.target(), "/chat");
    let mut backend = asked.accept().subprotocol("v1").finish(&mut from_server).unwrap();
    backend.send_text("welcome", &mut from_server).unwrap();

    // The gateway accepts with the same subprotocol, and relays.
    let mut server_inbox = inbox(&from_server);
    let Some(Response::Accepted(accepted)) = asking.receive(&mut server_inbox).unwrap() else {
        panic!("the server accepts");
    };
    let mut accept = request.accept();
    if let Some(name) = accepted.subprotocol() {
        accept = accept.subprotocol(name);
    }
    accept.finish(&mut to_client).unwrap();
    let mut link = Link::new();
    link.carry(Side::Client, client_inbox.unread());
    link.carry(Side::Server, server_inbox.unread());
    to_client.extend(link.take(Side::Client));

    let mut at_client = inbox(&to_client);
    let Some(Response::Accepted(accepted)) = opening.receive(&mut at_client).unwrap() else {
        panic!("the gateway accepts");
    };
    assert_eq!(accepted.subprotocol(), Some("v1"));
    let mut websocket = accepted.finish();
    let event = websocket.receive(&mut at_client, &mut Vec::new()).unwrap();
    assert_eq!(event, Some(Event::Text("welcome")));
    let mut at_server = inbox(&link.take(Side::Server));
    let event = backend.receive(&mut at_server, &mut Vec::new()).unwrap();
    assert_eq!(event, Some(Event::Text("early")));
}
