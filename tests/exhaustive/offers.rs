//! Every offer at a server with every setting.

use hybi::{
    Connection, Inbox, Origins, Server,
    deflate::Deflate,
    server::{Opening, Request},
};

use super::parameters::{Parameters, Settings, Terms, Window, terms};

/// What a server agrees to; `None` if it declines.
fn agreed(offer: Parameters, settings: Settings) -> Option<Terms> {
    let server_window = match offer.server {
        Window::Absent => settings.send_window,
        // Section 7.1.2.1: the parameter has a value. P-pd-b: the compressor has no window of 2^8
        // bytes.
        Window::WithoutValue | Window::Bits(8) => return None,
        Window::Bits(bits) => bits.min(settings.send_window),
    };
    let client_window = match offer.client {
        // Section 7.1.2.2: such a client cannot be limited.
        Window::Absent if settings.option && settings.receive_window < 15 => return None,
        Window::Absent => 15,
        Window::WithoutValue => settings.receive_window,
        Window::Bits(bits) => bits.min(settings.receive_window),
    };
    Some([
        (server_window, settings.send_takeover && !offer.server_no_context_takeover),
        (client_window, settings.receive_takeover && !offer.client_no_context_takeover),
    ])
}

/// What a client reads in a response to its offer.
fn read(response: Parameters, offer: Parameters) -> Terms {
    let bits = |window| match window {
        Window::Absent => 15,
        Window::WithoutValue => panic!("{response:?}"),
        Window::Bits(bits) => bits,
    };
    match (offer.server, response.server) {
        (Window::Absent, _) => {}
        // Section 7.1.2.1: the same or a smaller value.
        (Window::Bits(offered), Window::Bits(bits)) => assert!(bits <= offered, "{response:?}"),
        _ => panic!("{offer:?}: {response:?}"),
    }
    match (offer.client, response.client) {
        (_, Window::Absent) | (Window::WithoutValue, Window::Bits(_)) => {}
        (Window::Bits(offered), Window::Bits(bits)) => assert!(bits <= offered, "{response:?}"),
        // Section 7.1.2.2: not unless it was offered, and with a value.
        _ => panic!("{offer:?}: {response:?}"),
    }
    // Section 7.1.1.1: the response repeats it.
    assert!(response.server_no_context_takeover || !offer.server_no_context_takeover);
    [
        (bits(response.server), !response.server_no_context_takeover),
        (bits(response.client), !response.client_no_context_takeover),
    ]
}

/// A server's response to this offer, and its connection.
fn respond(request: Request<'_>, deflate: &Deflate) -> (Option<String>, Connection<Server>) {
    let mut response = Vec::new();
    let websocket = request.accept().deflate(deflate).finish(&mut response).unwrap();
    let response = String::from_utf8(response).unwrap();
    let value = response.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "));
    (value.map(Into::into), websocket)
}

// 7692-5-a, 7692-5-c, 7692-7.1.1.1-a, 7692-7.1.1.1-b, 7692-7.1.1.2-a, 7692-7.1.1.2-b, 7692-7.1.2.1-a,
// 7692-7.1.2.1-b, 7692-7.1.2.2-a, 7692-7.1.2.2-b, 7692-7.1.2.2-d, P-pd-b, P-pd-c
#[test]
fn every_offer_at_every_server() {
    let all: Vec<_> = Settings::all()
        .map(|settings| (settings, settings.deflate().require_receive_window(settings.option)))
        .collect();
    let (mut accepted, mut declined) = (0, 0);
    for offer in Parameters::all() {
        let bytes = format!(
            "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Extensions: {}\r\n\r\n",
            offer.element()
        );
        for (settings, deflate) in &all {
            let mut inbox = Inbox::with_capacity(bytes.len());
            assert_eq!(inbox.copy_from(bytes.as_bytes()), bytes.len());
            let mut opening = Opening::new(Origins::any());
            let request = opening.receive(&mut inbox, &mut Vec::new()).unwrap().unwrap();
            let (response, websocket) = respond(request, deflate);
            let expected = agreed(offer, *settings);
            assert_eq!(websocket.compression().map(terms), expected, "{offer:?}, {settings:?}");
            let read = response.map(|response| read(Parameters::parse(&response), offer));
            assert_eq!(read, expected, "{offer:?}, {settings:?}");
            *if expected.is_some() { &mut accepted } else { &mut declined } += 1;
        }
    }
    assert_eq!(accepted + declined, 400 * 448);
    assert!(accepted > declined);
}
