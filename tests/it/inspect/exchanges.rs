//! Whole exchanges, with the timeline that a reader would write.

use std::time::Duration;

use hybi::{
    frame::Opcode,
    inspect::{Coding, Entry, Event, Inspector, Message, Sender},
};

use super::{REQUEST, Step, assert_lines, client, compressed_opening, opening, server};
use crate::support::wire::{
    BINARY, CLOSE, CONTINUATION, FIN, From, PING, PONG, RSV1, TEXT, close_body, frame,
};

fn from_client(first: u8, payload: &[u8]) -> Step {
    client(frame(From::Client, first, payload))
}

fn from_server(first: u8, payload: &[u8]) -> Step {
    server(frame(From::Server, first, payload))
}

// P-fd-d
#[test]
fn a_conversation() {
    let steps = [
        client(
            "GET /chat HTTP/1.1\r\n\
             Host: server.example.com\r\n\
             Upgrade: websocket\r\n\
             Connection: keep-alive, Upgrade\r\n\
             Cookie: session=secret\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Origin: http://example.com\r\n\
             Sec-WebSocket-Protocol: chat, superchat\r\n\
             Sec-WebSocket-Version: 13\r\n\r\n",
        ),
        server(
            "HTTP/1.1 101 Switching Protocols\r\n\
             Upgrade: websocket\r\n\
             Connection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
             Sec-WebSocket-Protocol: chat\r\n\r\n",
        ),
        from_client(TEXT, b"Hel"),
        from_server(FIN | PING, b"are you there"),
        from_client(FIN | PONG, b"are you there"),
        from_client(FIN | CONTINUATION, b"lo"),
        from_server(FIN | BINARY, &[0, 1, 0xff]),
        from_client(FIN | PONG, b""),
        from_server(FIN | CLOSE, &close_body(1001, "bye")),
        from_client(FIN | CLOSE, &close_body(1001, "")),
        Step::End(Sender::Server),
        Step::End(Sender::Client),
    ];
    let expected = "\
0.000000 client @0 request: GET /chat HTTP/1.1
    Host: server.example.com  [valid]
    Upgrade: websocket  [valid]
    Connection: keep-alive, Upgrade  [valid]
    Cookie: (hidden)
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==  [valid]
    Origin: http://example.com  [valid]
    Sec-WebSocket-Protocol: chat, superchat  [valid]
    Sec-WebSocket-Version: 13  [valid]
0.001000 server @0 response: HTTP/1.1 101 Switching Protocols
    Upgrade: websocket  [valid]
    Connection: Upgrade  [valid]
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=  [valid]
    Sec-WebSocket-Protocol: chat  [valid]
0.001000 server @0 open: subprotocol chat, no extension
0.002000 client @266 frame: text, mask 37fa213d, 3 bytes
0.003000 server @159 frame: ping, FIN, 13 bytes
0.003000 server @159 ping: 13 bytes: \"are you there\"
0.004000 client @275 frame: pong, FIN, mask 37fa213d, 13 bytes
0.004000 client @275 pong: 13 bytes: \"are you there\", answers the ping @159 after 1ms
0.005000 client @294 frame: continuation, FIN, mask 37fa213d, 2 bytes
0.005000 client @294 message: text, 5 bytes in 2 frames: \"Hello\"
0.006000 server @174 frame: binary, FIN, 3 bytes
0.006000 server @174 message: binary, 3 bytes in 1 frame: 0001ff
0.007000 client @302 frame: pong, FIN, mask 37fa213d, 0 bytes
0.007000 client @302 pong: 0 bytes, unsolicited
0.008000 server @179 frame: close, FIN, 5 bytes
0.008000 server @179 close: 1001 (going away): \"bye\"
0.009000 client @308 frame: close, FIN, mask 37fa213d, 2 bytes
0.009000 client @308 close: 1001 (going away)
0.010000 server @186 end
0.011000 client @316 end";
    assert_lines(Inspector::new, &steps, expected);
}

// 7692-7.2.2-b: the messages of RFC 7692, sections 7.2.3.1 and 7.2.3.2
#[test]
fn compressed_messages_share_a_window() {
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let mut steps = compressed_opening("");
    steps.extend([
        from_client(RSV1 | FIN | TEXT, &hello),
        from_client(RSV1 | TEXT, &[0xf2, 0x00]),
        from_client(FIN | CONTINUATION, &[0x11, 0x00, 0x00]),
        from_server(FIN | TEXT, b"plain"),
        from_server(RSV1 | FIN | TEXT, &hello),
    ]);
    let expected = "\
0.000000 client @0 request: GET /chat HTTP/1.1
    Host: server.example.com  [valid]
    Upgrade: websocket  [valid]
    Connection: Upgrade  [valid]
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==  [valid]
    Sec-WebSocket-Version: 13  [valid]
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits  [valid]
0.001000 server @0 response: HTTP/1.1 101 Switching Protocols
    Upgrade: websocket  [valid]
    Connection: Upgrade  [valid]
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=  [valid]
    Sec-WebSocket-Extensions: permessage-deflate  [valid]
0.001000 server @0 open: no subprotocol, permessage-deflate (client: window 2^15, context takeover; server: window 2^15, context takeover)
0.002000 client @231 frame: text, FIN, RSV1, mask 37fa213d, 7 bytes
0.002000 client @231 message: text, 5 bytes in 1 frame, compressed to 7 bytes: \"Hello\"
0.003000 client @244 frame: text, RSV1, mask 37fa213d, 2 bytes
0.004000 client @252 frame: continuation, FIN, mask 37fa213d, 3 bytes
0.004000 client @252 message: text, 5 bytes in 2 frames, compressed to 5 bytes: \"Hello\"
0.005000 server @175 frame: text, FIN, 5 bytes
0.005000 server @175 message: text, 5 bytes in 1 frame: \"plain\"
0.006000 server @182 frame: text, FIN, RSV1, 7 bytes
0.006000 server @182 message: text, 5 bytes in 1 frame, compressed to 7 bytes: \"Hello\"";
    assert_lines(Inspector::new, &steps, expected);
}

// 7692-7.1.1.2-b, P-pd-d: without context takeover, a message cannot refer to the one before it
#[test]
fn a_message_that_refers_to_a_window_that_was_not_kept_is_invalid() {
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let mut steps = compressed_opening("; client_no_context_takeover; client_max_window_bits=10");
    steps.extend([
        from_client(RSV1 | FIN | TEXT, &hello),
        from_client(RSV1 | FIN | TEXT, &[0xf2, 0x00, 0x11, 0x00, 0x00]),
        from_client(RSV1 | FIN | TEXT, &hello),
    ]);
    let mut tail = Vec::new();
    super::inspect(Inspector::new(), &steps, &crate::support::feed::Cut::Whole, |entry| {
        tail.push(entry.to_string());
    });
    let expected = [
        "0.001000 server @0 open: no subprotocol, permessage-deflate (client: window 2^10, no \
         context takeover; server: window 2^15, context takeover)",
        "0.002000 client @231 frame: text, FIN, RSV1, mask 37fa213d, 7 bytes",
        "0.002000 client @231 message: text, 5 bytes in 1 frame, compressed to 7 bytes: \"Hello\"",
        "0.003000 client @244 frame: text, FIN, RSV1, mask 37fa213d, 5 bytes",
        "0.003000 client @244 violation by the client: a compressed message is not valid DEFLATE \
         data (P-pd-d)",
        "0.003000 client @244 message: text, 1 bytes in 1 frame, compressed, invalid: \"H\"",
        "0.004000 client @255 frame: text, FIN, RSV1, mask 37fa213d, 7 bytes",
        "0.004000 client @255 message: text, 5 bytes in 1 frame, compressed to 7 bytes: \"Hello\"",
    ];
    assert_eq!(tail[2..], expected);
}

#[test]
fn requests_on_one_connection_before_a_websocket() {
    let mut steps = vec![
        client("\r\nGET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic abc\r\n\r\n"),
        server("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nSet-Cookie: a=b\r\n\r\npage"),
        client(REQUEST),
        server("HTTP/1.1 100 Continue\r\n\r\n"),
        server("HTTP/1.1 401\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"),
    ];
    steps.extend(opening());
    let valid = "
    Host: server.example.com  [valid]
    Upgrade: websocket  [valid]
    Connection: Upgrade  [valid]
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==  [valid]
    Sec-WebSocket-Version: 13  [valid]";
    let expected = format!(
        "\
0.000000 client @2 request: GET / HTTP/1.1
    Host: a
    Authorization: (hidden)
0.001000 server @0 response: HTTP/1.1 200 OK
    Content-Length: 4
    Set-Cookie: (hidden)
0.001000 server @55 body: 4 bytes: \"page\"
0.002000 client @55 request: GET /chat HTTP/1.1{valid}
0.003000 server @59 response: HTTP/1.1 100 Continue
0.004000 server @84 response: HTTP/1.1 401 
    WWW-Authenticate: Basic
    Content-Length: 0
0.005000 client @216 request: GET /chat HTTP/1.1{valid}
0.006000 server @144 response: HTTP/1.1 101 Switching Protocols
    Upgrade: websocket  [valid]
    Connection: Upgrade  [valid]
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=  [valid]
0.006000 server @144 open: no subprotocol, no extension"
    );
    assert_lines(Inspector::new, &steps, &expected);
}

#[test]
fn a_rejection_and_what_follows() {
    let steps = [
        client(REQUEST),
        server("HTTP/1.1 403 Forbidden\r\n\r\nThe origin is not allowed."),
        Step::End(Sender::Server),
        client(b"\x81"),
    ];
    let expected = "\
0.000000 client @0 request: GET /chat HTTP/1.1
    Host: server.example.com  [valid]
    Upgrade: websocket  [valid]
    Connection: Upgrade  [valid]
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==  [valid]
    Sec-WebSocket-Version: 13  [valid]
0.001000 server @0 response: HTTP/1.1 403 Forbidden
0.002000 server @26 body: unknown length: \"The origin is not allowed.\"
0.002000 server @52 end
0.003000 client @161 not inspected from here: this is not a WebSocket";
    assert_lines(Inspector::new, &steps, expected);
}

#[test]
fn the_end_says_where_it_comes() {
    let ping = from_server(FIN | PING, b"1");
    let table = [
        (vec![client("GET / HTT"), Step::End(Sender::Client)], "client @9 end, inside a head"),
        (
            vec![client(REQUEST), server("HTTP"), Step::End(Sender::Server)],
            "server @4 end, inside a head",
        ),
        (vec![client(b"\x81"), Step::End(Sender::Server)], "server @0 end"),
        (
            [opening(), vec![client([0x81]), Step::End(Sender::Client)]].concat(),
            "client @162 end, inside a frame",
        ),
        (
            [opening(), vec![from_server(TEXT, b"a"), Step::End(Sender::Server)]].concat(),
            "server @132 end, inside a message",
        ),
        (
            [opening(), vec![ping.clone(), Step::End(Sender::Client)]].concat(),
            "client @161 end, 1 ping unanswered",
        ),
        (
            [opening(), vec![ping.clone(), ping, Step::End(Sender::Client)]].concat(),
            "client @161 end, 2 pings unanswered",
        ),
    ];
    for (steps, expected) in table {
        let lines = super::lines(Inspector::new(), &steps, &crate::support::feed::Cut::Every(1));
        assert_eq!(lines.last().unwrap().split_once(' ').unwrap().1, expected);
    }
}

// 6455-5.5.3-b: a pong answers the pings before its own, too
#[test]
fn a_pong_answers_the_oldest_ping_with_its_payload() {
    let ping = |payload: &[u8]| from_server(FIN | PING, payload);
    let pong = |payload: &[u8]| from_client(FIN | PONG, payload);
    let mut steps = opening();
    steps.extend([ping(b"1"), ping(b"2"), ping(b""), ping(b""), pong(b"2"), pong(b"1")]);
    steps.extend([pong(b""), pong(b""), pong(b"")]);
    let lines = super::lines(Inspector::new(), &steps, &crate::support::feed::Cut::Whole);
    let pongs: Vec<&str> =
        lines.iter().filter_map(|line| line.split_once("pong: ")).map(|p| p.1).collect();
    let expected = [
        "1 bytes: \"2\", answers the ping @132 after 3ms",
        "1 bytes: \"1\", unsolicited",
        "0 bytes, answers the ping @135 after 4ms",
        "0 bytes, answers the ping @137 after 4ms",
        "0 bytes, unsolicited",
    ];
    assert_eq!(pongs, expected);
}

#[test]
fn an_end_before_the_first_byte_is_inside_nothing() {
    assert_lines(
        Inspector::new,
        &[client(""), Step::End(Sender::Client)],
        "0.001000 client @0 end",
    );
}

#[test]
fn a_direction_becomes_opaque_at_the_byte_that_proves_it() {
    let steps = [opening(), vec![from_client(FIN | 3, b"")]].concat();
    let lines = super::lines(Inspector::new(), &steps, &crate::support::feed::Cut::Whole);
    let end = "client @161 not inspected from here: the violation hides where the next frame or head \
        begins";
    assert!(lines.last().unwrap().ends_with(end), "{lines:?}");
}

#[test]
fn a_body_ends_where_its_length_says() {
    let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let steps = [
        client(request),
        server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"),
        server("lloHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        client(request),
    ];
    let lines = super::lines(Inspector::new(), &steps, &crate::support::feed::Cut::Whole);
    let bodies: Vec<_> = lines.iter().filter_map(|line| line.split_once(" body: ")).collect();
    let bodies: Vec<_> = bodies.into_iter().map(|(_, body)| body).collect();
    assert_eq!(bodies, ["5 bytes: \"hello\"", "2 bytes: \"ok\""]);
}

#[test]
fn an_excerpt_ends_before_a_character_that_it_cuts() {
    let message = |payload| {
        let length = 6;
        let (opcode, coding) = (Opcode::Text, Coding::Plain);
        Event::Message(Message { opcode, payload, length, wire_length: length, frames: 1, coding })
    };
    let invalid = b"a\xffb c\xc3";
    for (event, most, expected) in [
        (Event::Ping("aü".as_bytes()), 3, "ping: 3 bytes: \"aü\""),
        (Event::Ping("aü".as_bytes()), 2, "ping: 3 bytes: \"a\"..."),
        (Event::Ping(b"\xff\x01"), 80, "ping: 2 bytes: ff01"),
        (Event::Ping(b"\xff\x01"), 1, "ping: 2 bytes: ff..."),
        (message(invalid), 80, "message: text, 6 bytes in 1 frame: \"a\\xffb c\\xc3\""),
        (message(invalid), 3, "message: text, 6 bytes in 1 frame: \"a\\xffb\"..."),
    ] {
        let entry = Entry { at: Duration::ZERO, sender: Sender::Client, offset: 0, event };
        let line = entry.text().excerpt(most).to_string();
        assert_eq!(line, format!("0.000000 client @0 {expected}"));
    }
}
