//! Every code of a Close frame, received and sent.

use hybi::{CloseCode, Config, Connection, Error, Violation};

use super::{client, receive};

/// Whether a Close may have this code (RFC 6455, sections 7.4.1 and 7.4.2, and IANA's registry). 1004 is
/// reserved; 1005, 1006 and 1015 stand for what was not received.
fn is_valid(code: u16) -> bool {
    match code {
        1000..=1014 => !matches!(code, 1004..=1006),
        3000..=4999 => true,
        // Below 1000, 1015, those that are reserved for the protocol, and those beyond all ranges.
        _ => false,
    }
}

/// A Close with a masking key of zeros, if a client sends it.
fn close(code: u16, from_client: bool) -> Vec<u8> {
    let start: &[u8] = if from_client { b"\x88\x82\0\0\0\0" } else { b"\x88\x02" };
    [start, &code.to_be_bytes()].concat()
}

// 6455-7.4.1-c, 6455-7.4.1-d, 6455-7.4.2-a, 6455-7.4.2-b, 6455-7.4.2-c, 6455-7.4.2-d, 6455-5.5.1-f,
// P-cl-d, P-cl-e, IANA-close-a
#[test]
fn every_code_received() {
    for code in 0..=u16::MAX {
        let reply = if is_valid(code) { code } else { 1002 };
        let error = (!is_valid(code)).then_some(Error::Protocol(Violation::CloseCode(code)));
        let mut server = Connection::server(Config::new());
        let received = receive(&mut server, &close(code, true));
        assert_eq!(received, (error, close(reply, false)), "{code}");
        assert!(server.should_close_transport());
        let mut client = client();
        let received = receive(&mut client, &close(code, false));
        assert_eq!(received, (error, close(reply, true)), "{code}");
        // After a closing handshake, the server closes the transport first.
        assert_eq!(client.should_close_transport(), !is_valid(code), "{code}");
        let expected = Some(if is_valid(code) { code } else { 1006 });
        for actual in [server.close_code(), client.close_code()] {
            assert_eq!(actual, expected, "{code}");
        }
    }
}

// 6455-7.4.1-a, 6455-7.4.1-b, 6455-7.4.1-d, 6455-7.4.1-e, 6455-7.4.2-a, 6455-7.4.2-b, 6455-7.4.2-c,
// 6455-7.4.2-d, 6455-7.1.2-a
#[test]
fn every_code_sent() {
    for code in 0..=u16::MAX {
        let Some(valid) = CloseCode::new(code) else {
            assert!(!is_valid(code), "{code}");
            continue;
        };
        assert!(is_valid(code), "{code}");
        let mut outbox = Vec::new();
        client().close(valid, "", &mut outbox).unwrap();
        assert_eq!(outbox, close(code, true));
        outbox.clear();
        let sent = Connection::server(Config::new()).close(valid, "", &mut outbox);
        // Section 7.4.1: a server does not use 1010.
        assert_eq!(sent.is_ok(), code != 1010, "{code}");
        let expected = if code == 1010 { vec![] } else { close(code, false) };
        assert_eq!(outbox, expected);
    }
}
