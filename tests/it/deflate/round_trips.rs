//! Messages arrive as they were sent, under any policy.

use hybi::{Config, Connection, Fragment, Role, deflate::Deflate};
use proptest::{collection::vec, prelude::*};

use super::endpoint::{WAYS, connect, hear_at, noise};
use crate::support::feed::{Cut, Heard, binary, text};

// P-pd-c, 7692-7.1.2.2-f, 7692-7.1.1.2-b, F-09
#[test]
fn every_policy_works_with_the_most_permissive_one() {
    let open = policy((15, true, 15, true, false));
    for send in 8..=15 {
        for receive in 8..=15 {
            for flags in 0..8 {
                let flag = |bit| flags & bit != 0;
                let other = policy((send, flag(1), receive, flag(2), flag(4)));
                check(&open, &other);
                check(&other, &open);
            }
        }
    }
}

fn policy((send, keeps, receive, lets_keep, insist): (u8, bool, u8, bool, bool)) -> Deflate {
    let deflate = Deflate::new().threshold(0).send_window(send).send_context_takeover(keeps);
    deflate
        .receive_window(receive)
        .receive_context_takeover(lets_keep)
        .require_receive_window(insist)
}

/// Checks the negotiated parameters, and that messages arrive in both directions.
fn check(server: &Deflate, client: &Deflate) {
    let (mut server, mut client) = connect(server, client, Config::new());
    let (ours, theirs) = (server.compression(), client.compression());
    assert_eq!(ours.is_some(), theirs.is_some());
    if let (Some(ours), Some(theirs)) = (ours, theirs) {
        assert_eq!(ours.server(), theirs.server());
        // A client may use a smaller window than the server allows.
        assert!(theirs.client().window_bits() <= ours.client().window_bits());
        assert!(theirs.client().context_takeover() <= ours.client().context_takeover());
    }
    carry(&mut server, &mut client);
    carry(&mut client, &mut server);
}

fn carry<R: Role, S: Role>(sender: &mut Connection<R>, receiver: &mut Connection<S>) {
    let message = "Three rings for the elven kings. ".repeat(30);
    let mut outbox = Vec::new();
    for _ in 0..2 {
        sender.send_text(&message, &mut outbox).unwrap();
        sender.send_binary(&noise(700), &mut outbox).unwrap();
    }
    let outcome = hear_at(receiver, &outbox, &Cut::Whole, WAYS[0]);
    assert_eq!(outcome.error, None);
    let pair = [text(&message), binary(&noise(700))];
    assert!(outcome.heard == [pair.clone(), pair].concat());
}

#[derive(Clone, Debug)]
enum Step {
    Text(String),
    Binary(Vec<u8>),
    Repeat(u8, usize),
    Parts(Vec<String>),
    Pong,
    Compress(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => ".{0,80}".prop_map(Step::Text),
        2 => vec(any::<u8>(), 0..600).prop_map(Step::Binary),
        3 => (any::<u8>(), 0..60_000_usize).prop_map(|(byte, count)| Step::Repeat(byte, count)),
        2 => vec("[ab]{0,100}", 1..5).prop_map(Step::Parts),
        1 => Just(Step::Pong),
        1 => any::<bool>().prop_map(Step::Compress),
    ]
}

fn any_policy() -> impl Strategy<Value = Deflate> {
    let wishes = (8..=15_u8, any::<bool>(), 8..=15_u8, any::<bool>(), any::<bool>());
    (wishes, 1..=9_u8, 1..=9_u8, 0..300_usize).prop_map(|(wishes, level, memory, threshold)| {
        policy(wishes).level(level).memory_level(memory).threshold(threshold)
    })
}

/// Sends messages in one frame, or in fragments of this size.
fn send<R: Role>(
    websocket: &mut Connection<R>,
    steps: &[Step],
    size: Option<usize>,
) -> (Vec<u8>, Vec<Heard>) {
    let (mut outbox, mut heard) = (Vec::new(), Vec::new());
    for step in steps {
        match (step, size) {
            (Step::Text(data), Some(size)) => {
                for (piece, fragment) in Fragment::split_text(data, size) {
                    websocket.send_text_fragment(piece, fragment, &mut outbox).unwrap();
                }
                heard.push(text(data));
            }
            (Step::Binary(data), Some(size)) => {
                for (piece, fragment) in Fragment::split_binary(data, size) {
                    websocket.send_binary_fragment(piece, fragment, &mut outbox).unwrap();
                }
                heard.push(binary(data));
            }
            (Step::Text(data), None) => {
                websocket.send_text(data, &mut outbox).unwrap();
                heard.push(text(data));
            }
            (Step::Binary(data), None) => {
                websocket.send_binary(data, &mut outbox).unwrap();
                heard.push(binary(data));
            }
            (Step::Repeat(byte, count), _) => {
                let data = [&noise(300)[..], &vec![*byte; *count]].concat();
                websocket.send_binary(&data, &mut outbox).unwrap();
                heard.push(binary(&data));
            }
            (Step::Parts(parts), _) => {
                for (index, part) in parts.iter().enumerate() {
                    let last = index + 1 == parts.len();
                    let fragment = if last { Fragment::Last } else { Fragment::More };
                    websocket.send_text_fragment(part, fragment, &mut outbox).unwrap();
                }
                heard.push(text(&parts.concat()));
            }
            (Step::Pong, _) => {
                websocket.send_pong(b"pong", &mut outbox).unwrap();
                heard.push(Heard::Pong(b"pong".into()));
            }
            (Step::Compress(compress), _) => websocket.set_compression(*compress),
        }
    }
    (outbox, heard)
}

proptest! {
    // P-pd-c, P-pd-h, 7692-5-c, 7692-6-b, 7692-7.2.1-a, 7692-7.2.2-b, P-fd-d
    #[test]
    fn all_messages_are_received_as_sent(
        policies in (any_policy(), any_policy()),
        steps in vec(step(), 0..8),
        size in prop_oneof![Just(None), (1..300_usize).prop_map(Some)],
        length in 1..500_usize,
        way in 0..2_usize,
    ) {
        let (mut server, mut client) = connect(&policies.0, &policies.1, Config::new());
        for _ in 0..2 {
            let (bytes, heard) = send(&mut server, &steps, size);
            let outcome = hear_at(&mut client, &bytes, &Cut::Every(length), WAYS[way]);
            prop_assert_eq!(outcome.error, None);
            prop_assert!(outcome.heard == heard);
            let (bytes, heard) = send(&mut client, &steps, size);
            let outcome = hear_at(&mut server, &bytes, &Cut::Every(length), WAYS[1 - way]);
            prop_assert_eq!(outcome.error, None);
            prop_assert!(outcome.heard == heard);
        }
    }

    // P-pd-d, P-fd-f, P-fd-d
    #[test]
    fn no_data_panics_and_any_split_gives_the_same_result(
        payload in vec(prop_oneof![any::<u8>(), 0..8_u8], 0..80),
        length in 1..20_usize,
        takeover: bool,
    ) {
        use super::endpoint::{How, compressed, hear};
        use crate::support::wire::{BINARY, BOTH};
        let config = Config::new().max_message_size(1 << 40);
        for from in BOTH {
            let bytes = compressed(from, BINARY, &payload).repeat(2);
            let whole = hear(from, takeover, config, &bytes, &Cut::Whole, How::Whole);
            for way in WAYS {
                let cut = hear(from, takeover, config, &bytes, &Cut::Every(length), way);
                prop_assert_eq!(&cut, &whole);
            }
        }
    }
}
