//! A client's offers, and the responses that it accepts (RFC 7692, sections 5, 7 and 7.1).

use hybi::{
    Event, Inbox, Uri,
    client::{Failure, Request},
    deflate::{Deflate, Negotiated},
};

use super::endpoint::{answered, policy};
use crate::support::handshake::client::{SampleNonce, answer, assert_fails, request};

/// The window and the context takeover of the server, then of the client.
fn facts(parameters: Negotiated) -> (u8, bool, u8, bool) {
    let (server, client) = (parameters.server(), parameters.client());
    (
        server.window_bits(),
        server.context_takeover(),
        client.window_bits(),
        client.context_takeover(),
    )
}

// P-pd-k, 7692-7.1.1.1-a, 7692-7.1.1.2-a, 7692-7.1.2.1-a, 7692-7.1.2.2-a, P-pd-b, F-17, 6455-9-b, 6455-11.4-a
#[test]
fn a_client_makes_one_offer() {
    let bare = "permessage-deflate; client_max_window_bits";
    let none = "server_no_context_takeover; client_no_context_takeover";
    let cases = [
        (Deflate::new(), format!("permessage-deflate; {none}; client_max_window_bits")),
        (
            Deflate::new().require_receive_window(true),
            format!("permessage-deflate; {none}; client_max_window_bits"),
        ),
        (policy(true), bare.into()),
        (Deflate::new().offer_parameters(false), "permessage-deflate".into()),
        (
            policy(true).send_window(9).receive_window(9).offer_parameters(false),
            "permessage-deflate".into(),
        ),
        (
            policy(true).receive_context_takeover(false),
            "permessage-deflate; server_no_context_takeover; client_max_window_bits".into(),
        ),
        (policy(true).send_window(12), "permessage-deflate; client_max_window_bits=12".into()),
        (policy(true).send_window(8), "permessage-deflate; client_max_window_bits=9".into()),
        (
            policy(true).receive_window(8),
            "permessage-deflate; server_max_window_bits=8; client_max_window_bits".into(),
        ),
        (
            policy(false).receive_window(9).send_window(10),
            format!(
                "permessage-deflate; {none}; server_max_window_bits=9; client_max_window_bits=10"
            ),
        ),
    ];
    let uri = Uri::parse("ws://a/").unwrap();
    let written = |request: Request<'_>| {
        let mut bytes = Vec::new();
        request.send_with(SampleNonce, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    for (policy, offers) in cases {
        let text = written(Request::new(&uri).deflate(&policy));
        let fields: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("Sec-WebSocket-Extensions: "))
            .collect();
        assert_eq!(fields, [offers]);
        // Some servers accept every element of an offer.
        assert!(!fields[0].contains(','), "one element");
    }
    assert!(!written(Request::new(&uri)).to_lowercase().contains("extensions"), "off by default");
}

// 7692-5-d, 7692-7-b, 7692-7.1.1.1-a, 7692-7.1.1.1-c, 7692-7.1.2.1-c, 7692-7.1.2.2-c, P-pd-a,
// 6455-9.1-e, F-09, F-15
#[test]
fn responses_that_fit_no_offer_fail() {
    let open = policy(true);
    let strict = policy(false).receive_window(10).send_window(11);
    let granted = "server_no_context_takeover; server_max_window_bits=10";
    let mut cases = vec![
        (&strict, String::new()),
        (&strict, "server_no_context_takeover".into()),
        (&strict, "server_max_window_bits=10".into()),
        (&strict, "server_no_context_takeover; server_max_window_bits=11".into()),
        (&strict, format!("{granted}; client_max_window_bits=12")),
        (&strict, format!("{granted}; client_max_window_bits=15")),
    ];
    let values =
        ["0", "7", "16", "99", "-1", "08", "015", "1e1", "0x0f", "+9", "ten", "\"08\"", "\"16\""];
    for name in ["server_max_window_bits", "client_max_window_bits"] {
        cases.extend(values.map(|value| (&open, format!("{name}={value}"))));
        cases.push((&open, name.into()));
        cases.push((&open, format!("{name}=10; {name}=10")));
        cases.push((&open, format!("{name}=10; {name}=11")));
    }
    for name in ["server_no_context_takeover", "client_no_context_takeover"] {
        cases.push((&open, format!("{name}=1")));
        cases.push((&open, format!("{name}=\"true\"")));
        cases.push((&open, format!("{name}; {name}")));
    }
    cases.push((&open, "unknown".into()));
    cases.push((&open, "server_max_window_bits=10; unknown=1".into()));
    cases.push((&open, "Server_no_context_takeover".into()));
    for (policy, parameters) in cases {
        let value = format!("permessage-deflate; {parameters}");
        let value = value.trim_end_matches([';', ' ']);
        let bytes = answer().with("Sec-WebSocket-Extensions", &[value]).bytes();
        assert_fails(request().deflate(policy), &bytes, Failure::Deflate);
    }
}

// 7692-5-d, 7692-5-f, 6455-9-a, 6455-9.1-d, 7692-5-e
#[test]
fn responses_with_other_or_repeated_extensions_fail() {
    let policy = policy(true);
    let cases: [(&[&str], Failure); 7] = [
        (&["permessage-deflate, permessage-deflate"], Failure::ExtensionTwice),
        (&["permessage-deflate", "permessage-deflate"], Failure::ExtensionTwice),
        (
            &["permessage-deflate; server_max_window_bits=10, permessage-deflate"],
            Failure::ExtensionTwice,
        ),
        (&["permessage-bzip2"], Failure::ExtensionNotOffered),
        (&["permessage-deflate, permessage-bzip2"], Failure::ExtensionNotOffered),
        (&["x-webkit-deflate-frame, permessage-deflate"], Failure::ExtensionNotOffered),
        (&["Permessage-Deflate"], Failure::ExtensionNotOffered),
    ];
    for (values, failure) in cases {
        let bytes = answer().with("Sec-WebSocket-Extensions", values).bytes();
        assert_fails(request().deflate(&policy), &bytes, failure);
    }
    let bytes = answer().with("Sec-WebSocket-Extensions", &["permessage-deflate"]).bytes();
    assert_fails(request(), &bytes, Failure::ExtensionNotOffered);
    for value in ["permessage-deflate;", "permessage-deflate; server_max_window_bits=\"\"", ""] {
        let bytes = answer().with("Sec-WebSocket-Extensions", &[value]).bytes();
        assert_fails(request().deflate(&policy), &bytes, Failure::Extensions);
    }
}

// 7692-7.1.1.1-d, 7692-7.1.1.2-b, 7692-7.1.1.2-c, 7692-7.1.2.1-d, 7692-7.1.2.2-d, 6455-9.1-b
#[test]
fn responses_that_fit_the_offer_are_accepted() {
    let open = policy(true);
    let twelve = policy(true).send_window(12);
    let limits = policy(false).receive_window(10);
    let cases = [
        (&open, "", (15, true, 15, true)),
        (&open, "; server_no_context_takeover", (15, false, 15, true)),
        (&open, "; client_no_context_takeover", (15, true, 15, false)),
        (&open, "; server_max_window_bits=8", (8, true, 15, true)),
        (&open, "; server_max_window_bits=\"15\"", (15, true, 15, true)),
        (&open, "; client_max_window_bits=8", (15, true, 8, true)),
        (&open, "; client_max_window_bits=\"1\\3\"", (15, true, 13, true)),
        (&twelve, "", (15, true, 12, true)),
        (&twelve, "; client_max_window_bits=12", (15, true, 12, true)),
        (&twelve, "; client_max_window_bits=9", (15, true, 9, true)),
        (&limits, "; server_no_context_takeover; server_max_window_bits=9", (9, false, 15, false)),
    ];
    for (policy, parameters, expected) in cases {
        let client = answered(policy, &[&format!("permessage-deflate{parameters}")]).unwrap();
        assert_eq!(facts(client.compression().unwrap()), expected, "{parameters}");
    }
    assert_eq!(answered(&open, &[]).unwrap().compression(), None);
}

// P-pd-c, 7692-7.1.2.2-f, F-09
#[test]
fn every_accepted_response_can_be_used() {
    let policy = policy(true);
    let message = b"The road goes ever on and on, down from the door where it began. ".repeat(9);
    for server in 8..=15 {
        for client in 8..=15 {
            for flags in ["", "; server_no_context_takeover", "; client_no_context_takeover"] {
                let value = format!(
                    "permessage-deflate; server_max_window_bits={server}; \
                     client_max_window_bits={client}{flags}"
                );
                let mut websocket = answered(&policy, &[&value]).unwrap();
                let mut outbox = Vec::new();
                for _ in 0..2 {
                    outbox.clear();
                    websocket.send_binary(&message, &mut outbox).unwrap();
                    let is_compressed = outbox[0] == 0xc2;
                    assert_eq!(is_compressed, client >= 9, "P-pd-b");
                    assert_eq!(outbox.len() < 200, is_compressed);
                }
            }
        }
    }
}

// 7692-7.1.2.2-e
#[test]
fn a_client_always_offers_to_limit_its_window() {
    // A server may send `client_max_window_bits` only if the client offered it.
    for policy in [policy(true), policy(false), policy(false).send_window(9).receive_window(8)] {
        let mut bytes = Vec::new();
        request().deflate(&policy).send_with(SampleNonce, &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let offers =
            text.lines().find(|line| line.starts_with("Sec-WebSocket-Extensions")).unwrap();
        for offer in offers.split(',') {
            assert!(offer.contains("; client_max_window_bits"), "{offer}");
        }
    }
}

// 7692-7.1.1.1-d, 7692-7.1.1.2-b, 7692-7.1.2.1-d, 7692-7.1.2.2-e, 7692-7-b
#[test]
fn after_an_offer_without_parameters_the_defaults_hold() {
    let plain = Deflate::new().offer_parameters(false);
    let keeping = policy(true).send_window(12).receive_window(9).offer_parameters(false);
    let cases = [
        // Nothing was asked of the server, and what we send is for us to say.
        (&plain, "", (15, true, 15, false)),
        (&keeping, "", (15, true, 12, true)),
        // A server may name unasked what it does.
        (&plain, "; server_no_context_takeover", (15, false, 15, false)),
        (&plain, "; server_max_window_bits=10", (10, true, 15, false)),
        (&keeping, "; server_max_window_bits=15", (15, true, 12, true)),
        (&keeping, "; client_no_context_takeover", (15, true, 12, false)),
    ];
    for (policy, parameters, expected) in cases {
        let client = answered(policy, &[&format!("permessage-deflate{parameters}")]).unwrap();
        assert_eq!(facts(client.compression().unwrap()), expected, "{parameters}");
    }
    // It may not limit the client's window, which did not say that it can be limited.
    for bits in 8..=15 {
        let value = format!("permessage-deflate; client_max_window_bits={bits}");
        let bytes = answer().with("Sec-WebSocket-Extensions", &[&value]).bytes();
        assert_fails(request().deflate(&plain), &bytes, Failure::Deflate);
        assert_fails(request().deflate(&keeping), &bytes, Failure::Deflate);
    }
    let bare = ["permessage-deflate; client_max_window_bits"];
    let bytes = answer().with("Sec-WebSocket-Extensions", &bare).bytes();
    assert_fails(request().deflate(&plain), &bytes, Failure::Deflate);
}

// RFC 7692, section 7.2.3.2
#[test]
fn after_an_offer_without_parameters_the_server_may_keep_its_window() {
    let plain = Deflate::new().offer_parameters(false);
    let mut websocket = answered(&plain, &["permessage-deflate"]).unwrap();
    // The two messages of RFC 7692, section 7.2.3.2: the second refers to the first.
    let bytes = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00";
    let mut inbox = Inbox::with_capacity(64);
    assert_eq!(inbox.copy_from(bytes), bytes.len());
    for _ in 0..2 {
        let event = websocket.receive(&mut inbox, &mut Vec::new()).unwrap();
        assert_eq!(event, Some(Event::Text("Hello")));
    }
    assert_eq!(websocket.receive(&mut inbox, &mut Vec::new()).unwrap(), None);
}
