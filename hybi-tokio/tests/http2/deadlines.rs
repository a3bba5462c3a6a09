//! The deadlines, in the time of the test's clock.

use std::{io::ErrorKind, time::Duration};

use hybi_tokio::{Connect, ConnectError, Error, hybi::deadline::Cause};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
    time::{sleep, timeout},
};

use super::{LONG, Received, opened};

#[tokio::test(start_paused = true)]
async fn a_server_that_sends_no_settings_is_too_slow() {
    let (stream, _far) = duplex(16 * 1024);
    let connecting = Connect::new("ws://a/").connect_http2_over(stream);
    let result = timeout(LONG, connecting).await.unwrap();
    assert!(matches!(result, Err(ConnectError::Timeout)));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_respond_is_too_slow() {
    let (stream, far) = duplex(16 * 1024);
    let client = async {
        let http2 = Connect::new("ws://a/").connect_http2_over(stream).await.unwrap();
        let result = timeout(LONG, Connect::new("ws://a/").open_on(&http2)).await.unwrap();
        assert!(matches!(result, Err(ConnectError::Timeout)));
    };
    let ((), _received) = tokio::join!(client, Received::on(far));
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_gets_a_ping_and_then_a_close() {
    let (mut client, _sending, mut receiving) = opened().await;
    let ended = timeout(LONG, client.next()).await.unwrap();
    assert!(matches!(ended, Err(Error::Timeout(Cause::Silence))), "{ended:?}");
    let mut received = Vec::new();
    while let Some(Ok(data)) = receiving.data().await {
        received.extend_from_slice(&data);
    }
    assert_eq!(received[0], 0x89); // a ping (RFC 6455, section 5.2)
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_read_is_too_slow() {
    let (mut client, _sending, _receiving) = opened().await;
    let sent = timeout(LONG, client.send_binary(&vec![0; 1 << 20])).await.unwrap();
    assert!(matches!(sent, Err(Error::Timeout(Cause::Unread))), "{sent:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_users_ends_although_the_server_does_not_read() {
    let (stream, mut far) = duplex(16 * 1024);
    let client = async {
        let http2 = Connect::new("ws://a/").connect_http2_over(stream).await.unwrap();
        let mut client = Connect::new("ws://a/").open_on(&http2).await.unwrap();
        let sent = timeout(LONG, client.send_binary(&vec![0; 1 << 20])).await.unwrap();
        assert!(matches!(sent, Err(Error::Timeout(Cause::Unread))), "{sent:?}");
    };
    // The settings of the server allow the extended CONNECT, and windows of 1 MiB; the response is `:status`
    // 200, the field 8 of the static table (RFC 7541, appendix A).
    let settings = b"\0\0\x0c\x04\0\0\0\0\0\0\x08\0\0\0\x01\0\x04\0\x10\0\0";
    let window = b"\0\0\x04\x08\0\0\0\0\0\0\x10\0\0";
    let response = b"\0\0\x01\x01\x04\0\0\0\x01\x88";
    let server = async {
        far.write_all(&[&settings[..], &window[..]].concat()).await.unwrap();
        // The last thing that the client sends is its request.
        let mut received = [0; 4096];
        while timeout(Duration::from_secs(1), far.read(&mut received)).await.is_ok() {}
        far.write_all(response).await.unwrap();
    };
    let ((), ()) = tokio::join!(client, server);
    sleep(LONG).await;
    // The other end of the stream was dropped.
    assert_eq!(far.write_all(&[0]).await.unwrap_err().kind(), ErrorKind::BrokenPipe);
}
