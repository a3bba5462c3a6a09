//! Sending a large message in fragments, with other frames between them.

use hybi::{Config, Connection, Fragment, Inbox, Role};

use crate::support::{
    feed::{Cut, binary, client, feed, server, text},
    wire::{BINARY, CONTINUATION, FIN, From, PING, PONG, TEXT, frame},
};

/// Checks that the pieces form the message and that the last one is marked. Returns their lengths.
fn lengths<T: Copy + AsRef<[u8]>>(
    message: &[u8],
    pieces: impl Iterator<Item = (T, Fragment)> + Clone,
) -> Vec<usize> {
    let joined: Vec<u8> = pieces.clone().flat_map(|(piece, _)| piece.as_ref().to_vec()).collect();
    assert_eq!(joined, message);
    let ends: Vec<Fragment> = pieces.clone().map(|(_, fragment)| fragment).collect();
    let (last, others) = ends.split_last().unwrap();
    assert_eq!(*last, Fragment::Last);
    assert!(others.iter().all(|fragment| *fragment == Fragment::More));
    pieces.map(|(piece, _)| piece.as_ref().len()).collect()
}

// P-fe-c, 6455-5.4-f
#[test]
fn a_message_is_split_into_pieces() {
    let cases: [(&str, usize, &[usize], &[usize]); 12] = [
        // text, size, lengths as text, lengths as binary
        ("", 3, &[0], &[0]),
        ("", 0, &[0], &[0]),
        ("abc", 3, &[3], &[3]),
        ("abc", usize::MAX, &[3], &[3]),
        ("abcd", 3, &[3, 1], &[3, 1]),
        ("abcdef", 3, &[3, 3], &[3, 3]),
        ("ab", 0, &[1, 1], &[1, 1]),
        // No character is split, and each piece has at least one.
        ("ab\u{e9}cde", 3, &[2, 3, 2], &[3, 3, 1]),
        ("\u{1f600}a\u{1f600}", 3, &[4, 1, 4], &[3, 3, 3]),
        ("\u{1f600}\u{1f600}", 1, &[4, 4], &[1; 8]),
        ("\u{20ac}\u{20ac}", 5, &[3, 3], &[5, 1]),
        ("\u{20ac}\u{20ac}", 6, &[6], &[6]),
    ];
    for (message, size, as_text, as_binary) in cases {
        let bytes = message.as_bytes();
        assert_eq!(
            lengths(bytes, Fragment::split_text(message, size)),
            as_text,
            "{message} {size}"
        );
        assert_eq!(
            lengths(bytes, Fragment::split_binary(bytes, size)),
            as_binary,
            "{message} {size}"
        );
    }
    let mut pieces = Fragment::split_text("a", 1);
    assert_eq!(format!("{pieces:?}"), "TextFragments(Some(1) bytes)");
    assert_eq!(pieces.next(), Some(("a", Fragment::Last)));
    assert_eq!((pieces.next(), pieces.next()), (None, None));
}

// 6455-6.1-b, 6455-6.1-c, 6455-5.4-c
#[test]
fn the_pieces_are_sent_as_one_message() {
    fn send<R: Role>(mut websocket: Connection<R>) -> Vec<u8> {
        let mut outbox = Vec::new();
        for (piece, fragment) in Fragment::split_text("ab\u{e9}cde", 3) {
            websocket.send_text_fragment(piece, fragment, &mut outbox).unwrap();
        }
        for (piece, fragment) in Fragment::split_binary(b"12", 3) {
            websocket.send_binary_fragment(piece, fragment, &mut outbox).unwrap();
        }
        outbox
    }
    for (from, sent) in
        [(From::Server, send(server(Config::new()))), (From::Client, send(client(Config::new())))]
    {
        let frames: [(u8, &[u8]); 4] = [
            (TEXT, b"ab"),
            (CONTINUATION, b"\xc3\xa9c"),
            (FIN | CONTINUATION, b"de"),
            (FIN | BINARY, b"12"),
        ];
        let expected = frames.map(|(first, payload)| frame(from, first, payload)).concat();
        assert_eq!(sent, expected);
        let heard = feed(from, Config::new(), &sent, &Cut::Whole).heard;
        assert_eq!(heard, [text("ab\u{e9}cde"), binary(b"12")]);
    }
}

// P-fe-c, 6455-5.5.2-b, 6455-5.4-e
#[test]
#[cfg_attr(miri, ignore)] // too many bytes
fn a_ping_is_answered_between_two_pieces() {
    fn check<R: Role>(mut websocket: Connection<R>, from: From, peer: From) {
        let data = vec![7; 1024 * 1024];
        let (mut inbox, mut outbox, mut frames) = (Inbox::with_capacity(64), vec![], vec![]);
        for (index, (piece, fragment)) in Fragment::split_binary(&data, 64 * 1024).enumerate() {
            websocket.send_binary_fragment(piece, fragment, &mut outbox).unwrap();
            // The outbox is written before the next piece.
            frames.push(std::mem::take(&mut outbox));
            if index == 2 {
                assert!(inbox.copy_from(&frame(peer, FIN | PING, b"?")) > 0);
            }
            while websocket.receive(&mut inbox, &mut outbox).unwrap().is_some() {}
            if !outbox.is_empty() {
                frames.push(std::mem::take(&mut outbox));
            }
        }
        assert_eq!(frames.len(), 17);
        assert_eq!(frames[3], frame(from, FIN | PONG, b"?"));
        assert_eq!(frames[2], frame(from, CONTINUATION, &data[..64 * 1024]));
        assert_eq!(frames[4], frame(from, CONTINUATION, &data[..64 * 1024]));
    }
    check(server(Config::new()), From::Server, From::Client);
    check(client(Config::new()), From::Client, From::Server);
}
