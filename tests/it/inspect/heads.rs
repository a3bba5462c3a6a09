//! Violations in the opening handshake.

use hybi::inspect::{Inspector, Rule, Sender};

use super::{REQUEST, RESPONSE, Step, client, compressed_opening, server, violations};
use crate::support::feed::Cut;

/// Asserts the violations of these two heads, for any split.
fn assert_violations(request: &str, response: &str, expected: &[(Sender, u64, Rule)]) {
    let steps = [client(request), server(response)];
    for cut in [Cut::Whole, Cut::Every(1), Cut::Every(7)] {
        let (found, _) = violations(&steps, &cut);
        assert_eq!(found, expected, "{request}{response}");
    }
}

/// The offset of a part of a head.
fn at(head: &str, part: &str) -> u64 {
    head.find(part).unwrap() as u64
}

// 6455-4.1-j, 6455-4.1-k, 6455-4.1-l, 6455-4.1-n, 6455-4.1-o, 6455-4.1-q, 6455-4.1-s, 6455-4.1-p
// 6455-11.3.1-a, 6455-11.3.5-a, 6454-7.3-a, 9112-6-a, 6455-9.1-a, 6455-4.2.1-a
#[test]
fn a_faulty_request_that_the_server_accepts_is_a_fault_of_both() {
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let end = "13\r\n\r\n";
    let add = |line: &str| format!("13\r\n{line}\r\n\r\n");
    // What is replaced by what, the rule, and the part at which it is found; empty for the start.
    let table = [
        ("GET", "POST", Rule::RequestLine, ""),
        ("HTTP/1.1", "HTTP/1.0", Rule::RequestLine, ""),
        ("/chat", "chat", Rule::Target, ""),
        ("/chat", "ftp://server.example.com/", Rule::Target, ""),
        ("Host: server.example.com\r\n", "", Rule::Host, ""),
        ("server.example.com", "a,b/", Rule::Host, "Host"),
        ("Connection: Upgrade\r\n", "", Rule::RequestConnection, ""),
        ("Connection: Upgrade", "Connection: close", Rule::RequestConnection, "Connection"),
        ("13", "12", Rule::Version, "Sec-WebSocket-Version"),
        ("Sec-WebSocket-Version: 13\r\n", "", Rule::Version, ""),
        (end, &add("Sec-WebSocket-Version: 13"), Rule::VersionRepeated, "Sec-WebSocket-Version"),
        (end, &add("Sec-WebSocket-Protocol: a, a"), Rule::OfferedSubprotocols, "Sec-WebSocket-P"),
        (end, &add("Sec-WebSocket-Protocol: ,"), Rule::OfferedSubprotocols, "Sec-WebSocket-P"),
        (end, &add("Sec-WebSocket-Extensions: a;"), Rule::Extensions, "Sec-WebSocket-E"),
        (end, &add("Origin: a\r\norigin: a"), Rule::Origin, "Origin"),
        (end, &add("Origin: \u{e9}"), Rule::OriginSyntax, "Origin"),
        (end, &add("Content-Length: 1"), Rule::Body, "Content-Length"),
        (end, &add("Transfer-Encoding: chunked"), Rule::Body, "Transfer-Encoding"),
    ];
    for (part, replacement, rule, field) in table {
        let request = REQUEST.replace(part, replacement);
        assert_ne!(request, REQUEST);
        let offset = if field.is_empty() { 0 } else { at(&request, field) };
        let expected = [(Sender::Client, offset, rule), (Sender::Server, 0, Rule::AcceptedInvalid)];
        assert_violations(&request, RESPONSE, &expected);
    }
    // Without a valid key, the response cannot prove that the server has received it.
    let accept = (Sender::Server, at(RESPONSE, "Sec-WebSocket-Accept"), Rule::Accept);
    let accepted = (Sender::Server, 0, Rule::AcceptedInvalid);
    let none = REQUEST.replace(key, "");
    assert_violations(&none, RESPONSE, &[(Sender::Client, 0, Rule::Key), accept, accepted]);
    let short = REQUEST.replace("dGhl", "");
    let offset = at(&short, "Sec-WebSocket-Key");
    assert_violations(&short, RESPONSE, &[(Sender::Client, offset, Rule::Key), accept, accepted]);
    let twice = REQUEST.replace(key, &key.repeat(2));
    let repeated = (Sender::Client, at(&twice, "Sec-WebSocket-Key"), Rule::KeyRepeated);
    assert_violations(&twice, RESPONSE, &[repeated, accept, accepted]);
}

// 6455-4.2.1-a
#[test]
fn a_faulty_request_that_the_server_rejects_is_a_fault_of_the_client() {
    let request = REQUEST.replace("13", "12");
    let expected = [(Sender::Client, at(&request, "Sec-WebSocket-Version"), Rule::Version)];
    let response = "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n";
    assert_violations(&request, response, &expected);
}

// 6455-4.1-y, 6455-4.1-z, 6455-4.1-aa, 6455-4.1-ac, 6455-4.1-ab, 7692-5-f, 7692-5-d, 9112-3-a
#[test]
fn a_faulty_response_is_a_fault_of_the_server() {
    let offers = "13\r\nSec-WebSocket-Protocol: chat\r\n\
        Sec-WebSocket-Extensions: x-other, permessage-deflate; server_max_window_bits=10\r\n\r\n";
    let request = REQUEST.replace("13\r\n\r\n", offers);
    let end = "=\r\n\r\n";
    let add = |line: &str| format!("=\r\n{line}\r\n\r\n");
    let extension = |value: &str| add(&format!("Sec-WebSocket-Extensions: {value}"));
    let table = [
        ("HTTP/1.1", "HTTP/1.0", Rule::ResponseSyntax, ""),
        ("Upgrade: websocket\r\n", "", Rule::Upgrade, ""),
        (": websocket", ": h2c, websocket", Rule::Upgrade, "Upgrade"),
        ("Connection: Upgrade\r\n", "", Rule::ResponseConnection, ""),
        ("Connection: Upgrade", "Connection: close", Rule::ResponseConnection, "Connection"),
        ("s3pP", "S3pP", Rule::Accept, "Sec-WebSocket-Accept"),
        (end, &add("Sec-WebSocket-Protocol: Chat"), Rule::Subprotocol, "Sec-WebSocket-P"),
        (end, &add("Sec-WebSocket-Protocol: chat, b"), Rule::Subprotocol, "Sec-WebSocket-P"),
        (end, &extension("a;"), Rule::Extensions, "Sec-WebSocket-E"),
        (end, &extension("y"), Rule::ExtensionNotOffered, "Sec-WebSocket-E"),
        (end, &extension("x-other, x-other"), Rule::ExtensionTwice, "Sec-WebSocket-E"),
        (end, &extension("permessage-deflate"), Rule::DeflateParameters, "Sec-WebSocket-E"),
    ];
    for (part, replacement, rule, field) in table {
        let response = RESPONSE.replace(part, replacement);
        assert_ne!(response, RESPONSE);
        let offset = if field.is_empty() { 0 } else { at(&response, field) };
        assert_violations(&request, &response, &[(Sender::Server, offset, rule)]);
    }
}

// 6455-4.1-i, 9112-3-a
#[test]
fn a_head_that_is_not_http_is_reported_at_the_first_wrong_byte() {
    let opaque = "not inspected from here: the violation hides where the next frame or head begins";
    let table = [
        (vec![client("SSH-2.0-OpenSSH\r\n")], Sender::Client, 15, Rule::RequestSyntax),
        (vec![client("GET / HTTP/1.1\r\nHost: a\n\r\n")], Sender::Client, 23, Rule::RequestSyntax),
        (
            vec![client("GET / HTTP/1.1\r\nHost : a\r\n\r\n")],
            Sender::Client,
            0,
            Rule::RequestSyntax,
        ),
        (vec![client(REQUEST), server("220 mail\r\n")], Sender::Server, 0, Rule::ResponseSyntax),
    ];
    for (steps, sender, offset, rule) in table {
        for cut in [Cut::Whole, Cut::Every(1), Cut::Every(5)] {
            assert_eq!(violations(&steps, &cut), (vec![(sender, offset, rule)], 2), "{steps:?}");
        }
        let lines = super::lines(Inspector::new(), &steps, &Cut::Whole);
        assert!(lines.last().unwrap().ends_with(opaque));
    }
}

#[test]
fn other_protocols_are_not_inspected() {
    let switch = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n";
    let table = [
        (vec![client([0x16, 3, 1])], "this is TLS"),
        (
            vec![client("GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n"), server(switch)],
            "this is not a WebSocket",
        ),
    ];
    for (steps, expected) in table {
        let steps = [steps, vec![client([0xff; 10]), server([0xff; 10])]].concat();
        for cut in [Cut::Whole, Cut::Every(1)] {
            assert_eq!(violations(&steps, &cut), (vec![], 2));
            let lines = super::lines(Inspector::new(), &steps, &cut);
            assert!(lines.last().unwrap().ends_with(expected), "{lines:?}");
        }
    }
}

// 6455-4.1-v
#[test]
fn frames_before_the_response_are_early() {
    let frame = [0x81, 0x80, 0, 0, 0, 0];
    let steps = [client([REQUEST.as_bytes(), &frame].concat()), server(RESPONSE)];
    for cut in [Cut::Whole, Cut::Every(1)] {
        let expected = vec![(Sender::Client, 161, Rule::Early)];
        assert_eq!(violations(&steps, &cut), (expected, 0));
        let lines = super::lines(Inspector::new(), &steps, &cut);
        assert!(lines.last().unwrap().ends_with("client @161 message: text, 0 bytes in 1 frame"));
        // An observer may see the response before the request that it answers.
        let [request, response] = steps.clone();
        assert_eq!(violations(&[response, request], &cut), (vec![], 0));
    }
}

#[test]
fn the_parameters_of_compression_are_those_of_the_response() {
    let table = [
        ("", "client: window 2^15, context takeover; server: window 2^15, context takeover"),
        (
            "; server_no_context_takeover; server_max_window_bits=9",
            "client: window 2^15, context takeover; server: window 2^9, no context takeover",
        ),
        (
            "; client_no_context_takeover; client_max_window_bits=12",
            "client: window 2^12, no context takeover; server: window 2^15, context takeover",
        ),
    ];
    for (parameters, expected) in table {
        let steps = compressed_opening(parameters);
        let lines = super::lines(Inspector::new(), &steps, &Cut::Whole);
        let expected = format!("permessage-deflate ({expected})");
        assert!(lines.last().unwrap().ends_with(&expected), "{lines:?}");
    }
}

// P-se-f
#[test]
fn credentials_are_shown_only_on_request() {
    let fields = "13\r\nCookie: one\r\nauthorization: two\r\nProxy-Authorization: three\r\n\r\n";
    let request = REQUEST.replace("13\r\n\r\n", fields);
    let response = RESPONSE.replace("Upgrade: w", "Set-Cookie: four\r\nUpgrade: w");
    let steps: [Step; 2] = [client(&request), server(&response)];
    let (mut hidden, mut shown) = (String::new(), String::new());
    super::inspect(Inspector::new(), &steps, &Cut::Whole, |entry| {
        hidden += &entry.to_string();
        shown += &entry.text().credentials(true).to_string();
    });
    for secret in [": one", ": two", ": three", ": four"] {
        assert!(!hidden.contains(secret) && shown.contains(secret), "{secret}");
    }
}
