//! Every response at a client with every setting.

use hybi::{
    Inbox, Uri,
    client::{self, Failure, Request, Response},
};

use super::{
    Known,
    parameters::{Parameters, Settings, Terms, Window, terms},
};

/// What a client with these settings offers.
fn offered(settings: Settings) -> Parameters {
    if !settings.option {
        return Parameters::NONE;
    }
    let below = |bits, otherwise| if bits < 15 { Window::Bits(bits) } else { otherwise };
    Parameters {
        server_no_context_takeover: !settings.receive_takeover,
        client_no_context_takeover: !settings.send_takeover,
        server: below(settings.receive_window, Window::Absent),
        client: below(settings.send_window, Window::WithoutValue),
    }
}

/// What a response means; `None` if it fits no offer (section 7).
fn agreed(response: Parameters, settings: Settings) -> Option<Terms> {
    let offer = offered(settings);
    // Section 7.1.1.1: an offer that is not repeated is not accepted.
    if offer.server_no_context_takeover && !response.server_no_context_takeover {
        return None;
    }
    let server_window = match (offer.server, response.server) {
        // Section 7.1.2.1: a value is always needed, and at most what was offered.
        (_, Window::WithoutValue) | (Window::Bits(_), Window::Absent) => return None,
        (Window::Bits(offered), Window::Bits(bits)) if bits > offered => return None,
        (_, Window::Bits(bits)) => bits,
        (_, Window::Absent) => 15,
    };
    let client_window = match (offer.client, response.client) {
        (_, Window::Absent) => settings.send_window,
        // Section 7.1.2.2: only in response to an offer, with a value; P-pd-a: at most what was
        // offered.
        (_, Window::WithoutValue) | (Window::Absent, Window::Bits(_)) => return None,
        (Window::Bits(offered), Window::Bits(bits)) if bits > offered => return None,
        (_, Window::Bits(bits)) => bits,
    };
    Some([
        (server_window, !response.server_no_context_takeover),
        (client_window, settings.send_takeover && !response.client_no_context_takeover),
    ])
}

// 7692-5-d, 7692-7-b, 7692-7.1.1.1-a, 7692-7.1.1.1-c, 7692-7.1.1.1-d, 7692-7.1.1.2-b, 7692-7.1.1.2-c,
// 7692-7.1.2.1-c, 7692-7.1.2.1-d, 7692-7.1.2.2-c, 7692-7.1.2.2-d, 7692-7.1.2.2-e, P-pd-a
#[test]
fn every_response_at_every_client() {
    let uri = Uri::parse("ws://localhost/").unwrap();
    let (mut accepted, mut failed) = (0, 0);
    for settings in Settings::all() {
        let deflate = settings.deflate().offer_parameters(settings.option);
        for response in Parameters::all() {
            let mut request = Vec::new();
            let opening = Request::new(&uri).deflate(&deflate);
            let mut opening = opening.send_with(Known, &mut request).unwrap();
            let request = String::from_utf8(request).unwrap();
            let offer = request
                .lines()
                .filter_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "))
                .collect::<Vec<_>>();
            let [offer] = offer[..] else { panic!("{offer:?}") };
            assert_eq!(Parameters::parse(offer), offered(settings), "{settings:?}");
            let bytes = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
                 Sec-WebSocket-Extensions: {}\r\n\r\n",
                response.element()
            );
            let mut inbox = Inbox::with_capacity(bytes.len());
            assert_eq!(inbox.copy_from(bytes.as_bytes()), bytes.len());
            let found = match opening.receive(&mut inbox) {
                Ok(Some(Response::Accepted(response))) => response.finish().compression(),
                Err(client::Error::Failed(Failure::Deflate)) => None,
                other => panic!("{other:?}"),
            };
            let expected = agreed(response, settings);
            assert_eq!(found.map(terms), expected, "{response:?}, {settings:?}");
            *if expected.is_some() { &mut accepted } else { &mut failed } += 1;
        }
    }
    assert_eq!(accepted + failed, 400 * 448);
    assert!(accepted > 1000 && failed > 1000);
}
