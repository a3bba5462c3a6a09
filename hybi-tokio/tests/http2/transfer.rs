//! Messages, flow control, and the end of a stream.

use std::{cell::Cell, future::poll_fn, io::ErrorKind};

use bytes::Bytes;
use h2::Reason;
use hybi_tokio::{
    Connect, Error,
    hybi::{self, CloseCode, Event, deflate::Deflate},
};
use tokio::{
    io::duplex,
    time::{Duration, sleep, timeout},
};

use super::{connect, opened, serve};

/// Bytes that do not compress.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

// 8441-5-f, 8441-5-h, 8441-5-j
#[tokio::test]
async fn messages_of_all_sizes_come_back_plain_and_compressed() {
    let http2 = connect().await;
    for deflate in [None, Some(Deflate::new())] {
        let mut connect = Connect::new("ws://a/chat").subprotocols(["news", "chat"]);
        let is_compressed = deflate.is_some();
        if let Some(deflate) = deflate {
            connect = connect.compression(deflate);
        }
        let mut client = connect.open_on(&http2).await.unwrap();
        assert_eq!(client.subprotocol(), Some("chat"));
        assert_eq!(client.connection().compression().is_some(), is_compressed);
        for length in [0, 1, 126, 65_535, 65_536, 1_000_000] {
            let text = "é".repeat(length / 2);
            client.send_text(&text).await.unwrap();
            assert_eq!(client.next().await.unwrap(), Some(Event::Text(&text)));
        }
        client.close(CloseCode::NORMAL, "done").await.unwrap();
        assert_eq!(client.connection().close_code(), Some(1000));
    }
}

/// The windows of the server have 65 535 bytes.
#[tokio::test]
async fn a_message_of_many_windows_comes_back() {
    let http2 = connect().await;
    let client = Connect::new("ws://a/").open_on(&http2).await.unwrap();
    let (mut receiving, mut sending) = client.split();
    let data = noise(8 * 1024 * 1024);
    let sent = data.clone();
    let sender = tokio::spawn(async move { sending.send_binary(&sent).await });
    assert!(receiving.next().await.unwrap() == Some(Event::Binary(&data)));
    sender.await.unwrap().unwrap();
}

#[tokio::test]
async fn websockets_share_a_connection() {
    let http2 = connect().await;
    let mut clients = Vec::new();
    for index in 0..100 {
        let connect = Connect::new(format!("ws://a/{index}"));
        clients.push(connect.open_on(&http2).await.unwrap());
    }
    for (index, client) in clients.iter_mut().enumerate() {
        client.send_text(&index.to_string()).await.unwrap();
    }
    for (index, client) in clients.iter_mut().enumerate().rev() {
        assert_eq!(client.next().await.unwrap(), Some(Event::Text(&index.to_string())));
    }
}

/// The server sends no more than the window of a WebSocket that is not read, and the others go on.
#[tokio::test(start_paused = true)]
async fn data_that_is_not_read_is_not_released() {
    let (mut client, mut sending, _receiving) = opened().await;
    // The server sends a binary frame with 1 MiB as fast as the client allows.
    let mut frame = vec![0x82, 127, 0, 0, 0, 0, 0, 0x10, 0, 0];
    frame.resize(frame.len() + (1 << 20), 0);
    let mut frame = Bytes::from(frame);
    sending.reserve_capacity(frame.len());
    let total = Cell::new(0);
    let mut send = async |sending: &mut h2::SendStream<Bytes>| {
        while !frame.is_empty() {
            let capacity = poll_fn(|context| sending.poll_capacity(context)).await.unwrap();
            let data = frame.split_to(capacity.unwrap().min(frame.len()));
            total.set(total.get() + data.len());
            sending.send_data(data, false).unwrap();
        }
    };
    // The clock advances when nothing moves.
    assert!(timeout(Duration::from_secs(1), send(&mut sending)).await.is_err());
    assert_eq!(total.get(), 256 * 1024); // the window
    let received = async { client.next().await.unwrap() == Some(Event::Binary(&vec![0; 1 << 20])) };
    let ((), is_received) = tokio::join!(send(&mut sending), received);
    assert!(is_received && total.get() == 10 + (1 << 20));
}

#[tokio::test(start_paused = true)]
async fn a_websocket_that_is_not_read_leaves_room_for_others() {
    let http2 = connect().await;
    let mut full = Vec::new();
    for _ in 0..8 {
        let mut client = Connect::new("ws://a/").open_on(&http2).await.unwrap();
        for _ in 0..64 {
            let data = noise(16 * 1024);
            if timeout(Duration::from_secs(1), client.send_binary(&data)).await.is_err() {
                break;
            }
        }
        full.push(client);
    }
    let mut client = Connect::new("ws://a/").open_on(&http2).await.unwrap();
    client.send_text("Hello").await.unwrap();
    assert_eq!(client.next().await.unwrap(), Some(Event::Text("Hello")));
}

// 8441-5-k
#[tokio::test]
async fn a_reset_in_the_middle_of_a_message_is_an_error() {
    for reason in [Reason::CANCEL, Reason::NO_ERROR, Reason::INTERNAL_ERROR] {
        let (mut client, mut sending, _receiving) = opened().await;
        // A half of "Hello" (RFC 6455, section 5.7).
        sending.send_data(Bytes::from_static(b"\x81\x05Hel"), false).unwrap();
        tokio::task::yield_now().await;
        sending.send_reset(reason);
        match client.next().await {
            Err(Error::Io(error)) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
            other => panic!("{other:?}"),
        }
        assert!(client.next().await.unwrap().is_none());
        assert_eq!(client.connection().close_code(), Some(1006));
    }
}

// 8441-5-k
#[tokio::test]
async fn a_reset_ends_a_send_that_waits_for_the_window() {
    let (mut client, mut sending, _receiving) = opened().await;
    let data = vec![0; 1 << 20];
    let (sent, ()) = tokio::join!(client.send_binary(&data), async {
        sleep(Duration::from_millis(10)).await;
        sending.send_reset(Reason::CANCEL);
    });
    match sent {
        Err(Error::Io(error)) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        other => panic!("{other:?}"),
    }
}

// 8441-5-j
#[tokio::test]
async fn the_end_of_the_stream_without_a_close_is_a_lost_connection() {
    let (mut client, mut sending, _receiving) = opened().await;
    sending.send_data(Bytes::from_static(b"\x81\x05Hello"), true).unwrap();
    assert_eq!(client.next().await.unwrap(), Some(Event::Text("Hello")));
    let ended = client.next().await.map(drop);
    assert!(matches!(ended, Err(Error::Connection(hybi::Error::ConnectionLost))), "{ended:?}");
}

// 8441-5-j
#[tokio::test]
async fn both_close_frames_are_followed_by_end_stream() {
    let (mut client, mut sending, mut receiving) = opened().await;
    // A Close with 1000 (RFC 6455, section 5.5.1).
    sending.send_data(Bytes::from_static(b"\x88\x02\x03\xe8"), false).unwrap();
    let peer = async {
        let mut received = Vec::new();
        while let Some(data) = receiving.data().await {
            received.extend_from_slice(&data.unwrap());
            if received.len() == 8 && !receiving.is_end_stream() {
                // The server closes first (RFC 6455, section 7.1.1).
                sending.send_data(Bytes::new(), true).unwrap();
            }
        }
        // Masked: two bytes of header, four of the key, two of the code.
        assert_eq!((received.len(), &received[..2]), (8, &b"\x88\x82"[..]));
        assert!(receiving.is_end_stream());
    };
    let ((), ()) = tokio::join!(peer, async {
        assert!(matches!(client.next().await, Ok(Some(Event::Close(_)))));
        assert!(client.next().await.unwrap().is_none());
    });
}

// 8441-5-k
#[tokio::test]
async fn a_websocket_that_is_dropped_resets_its_stream() {
    let (client, mut sending, mut receiving) = opened().await;
    drop(client);
    let reason = poll_fn(|context| sending.poll_reset(context)).await.unwrap();
    assert_eq!(reason, Reason::CANCEL);
    let error = receiving.data().await.unwrap().unwrap_err();
    assert_eq!(error.reason(), Some(Reason::CANCEL));
}

#[tokio::test]
async fn the_connection_ends_with_its_last_user() {
    let (stream, far) = duplex(16 * 1024);
    let server = tokio::spawn(serve(far));
    let http2 = Connect::new("ws://a/").connect_http2_over(stream).await.unwrap();
    let mut client = Connect::new("ws://a/").open_on(&http2.clone()).await.unwrap();
    drop(http2);
    client.send_text("Hello").await.unwrap();
    assert_eq!(client.next().await.unwrap(), Some(Event::Text("Hello")));
    client.close(CloseCode::NORMAL, "").await.unwrap();
    drop(client);
    server.await.unwrap().unwrap();
}
