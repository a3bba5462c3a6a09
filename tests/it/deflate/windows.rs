//! Sent messages respect the negotiated window (RFC 7692, section 7.2.1).

use hybi::{Config, deflate::Deflate};

use super::{
    endpoint::{answered, connect, noise, offer, policy},
    inflate::Inflater,
};
use crate::support::{handshake::client::SampleNonce, wire::FIN};

/// Messages with repetitions at all distances around the window.
fn messages(bits: u8) -> Vec<Vec<u8>> {
    let window = 1_usize << bits;
    let noise = noise(70_000);
    let mut messages = vec![noise[..100].repeat(900), noise[..window].repeat(3)];
    for distance in [
        window - 262,
        window - 261,
        window - 258,
        window - 3,
        window - 1,
        window,
        window + 1,
        window + 3,
        window + 258,
        window * 3 / 2,
        window * 2 - 262,
        window * 2 - 1,
        window * 2,
    ] {
        // A piece, other data, the same piece again.
        let mut message = noise[..distance].to_vec();
        message.extend_from_slice(&noise[..300]);
        message.extend_from_slice(&noise[40_000..40_100]);
        message.extend_from_slice(&noise[..20]);
        messages.push([&message[..], &[b' '; 2000]].concat());
    }
    messages
}

// 7692-7.2.1-d, 7692-7.1.2.2-f, 7692-7.2.1-e, F-11
#[test]
fn no_distance_exceeds_the_window() {
    for bits in 9..=15 {
        for level in [1, 2, 3, 6, 9] {
            for (takeover, memory_level) in [(true, 8), (false, 8), (true, 1)] {
                if takeover && memory_level == 1 && level != 2 {
                    continue;
                }
                let policy = policy(takeover).level(level).memory_level(memory_level);
                check_server(&policy, bits);
                check_client(&policy, bits, takeover);
            }
        }
    }
}

/// The client's offer limits the server.
fn check_server(policy: &Deflate, bits: u8) {
    let value = format!("permessage-deflate; server_max_window_bits={bits}");
    let (mut server, _) = offer(policy, &[&value]);
    let parameters = server.compression().unwrap().server();
    assert_eq!(parameters.window_bits(), bits);
    let mut inflater = Inflater::new(bits);
    let mut compressed = 0;
    for message in messages(bits) {
        let mut outbox = Vec::new();
        server.send_binary(&message, &mut outbox).unwrap();
        let header = match outbox[1] {
            126 => 4,
            127 => 10,
            _ => 2,
        };
        if outbox[0] == FIN | 2 {
            continue;
        }
        compressed += 1;
        if !parameters.context_takeover() {
            inflater.forget();
        }
        assert!(inflater.message(&outbox[header..]) == message);
    }
    assert!(compressed > 5);
}

/// The server's response limits the client.
fn check_client(policy: &Deflate, bits: u8, takeover: bool) {
    let no = if takeover { "" } else { "; server_no_context_takeover" };
    let value = format!("permessage-deflate; client_max_window_bits={bits}{no}");
    let mut client = answered(policy, &[&value]).unwrap();
    assert_eq!(client.compression().unwrap().client().window_bits(), bits);
    let mut inflater = Inflater::new(bits);
    let mut key = [0; 4];
    hybi::random::Entropy::fill(&mut SampleNonce, &mut key).unwrap();
    for message in messages(bits).into_iter().take(4) {
        let mut outbox = Vec::new();
        client.send_binary(&message, &mut outbox).unwrap();
        if outbox[0] == FIN | 2 {
            continue;
        }
        let header = match outbox[1] & 0x7f {
            126 => 8,
            127 => 14,
            _ => 6,
        };
        let payload: Vec<u8> =
            outbox[header..].iter().zip(key.iter().cycle()).map(|(a, b)| a ^ b).collect();
        if !takeover {
            inflater.forget();
        }
        assert!(inflater.message(&payload) == message);
    }
}

// 7692-7.2.2-d, 7692-7.1.2.2-f
#[test]
fn the_peer_decodes_every_window() {
    for bits in 9..=15 {
        let policy = policy(true).send_window(bits).receive_window(bits);
        let (mut server, mut client) = connect(&policy, &policy, Config::new());
        for message in messages(bits) {
            let mut outbox = Vec::new();
            server.send_binary(&message, &mut outbox).unwrap();
            let mut inbox = hybi::Inbox::with_capacity(outbox.len());
            assert_eq!(inbox.copy_from(&outbox), outbox.len());
            let event = client.receive(&mut inbox, &mut Vec::new()).unwrap();
            assert!(event == Some(hybi::Event::Binary(&message)));
        }
    }
}
