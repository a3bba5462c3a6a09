//! A server that echoes, with `forward`; and a client that sends messages of all sizes.

use futures_util::{SinkExt, StreamExt, TryStreamExt, future};
use tokio::net::{TcpListener, TcpStream};

use super::tokio_tungstenite::{
    accept_async, connect_async,
    tungstenite::{Bytes, Message, Utf8Bytes},
};

pub(crate) async fn echo_server(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream));
    }
}

async fn serve(stream: TcpStream) {
    let websocket = accept_async(stream).await.unwrap();
    let (sink, stream) = websocket.split();
    let messages =
        stream.try_filter(|message| future::ready(message.is_text() || message.is_binary()));
    messages.forward(sink).await.unwrap();
}

pub(crate) async fn echo_client(uri: String) {
    let (mut websocket, response) = connect_async(uri).await.unwrap();
    assert_eq!(response.status(), 101);
    assert_eq!(response.headers()["upgrade"], "websocket");
    assert!(response.body().is_none());
    websocket.get_ref().get_ref().set_nodelay(true).unwrap();

    for length in [0, 1, 125, 126, 65_535, 65_536, 1_000_000] {
        let text = Message::text("é".repeat(length));
        websocket.send(text.clone()).await.unwrap();
        assert_eq!(websocket.next().await.unwrap().unwrap(), text);
        let data = Bytes::from(vec![0xff; length]);
        websocket.send(data.clone().into()).await.unwrap();
        match websocket.next().await {
            Some(Ok(Message::Binary(received))) => assert_eq!(received, data),
            other => panic!("{other:?}"),
        }
    }
    websocket.send(Message::Ping(Bytes::from_static(b"are you there"))).await.unwrap();
    assert_eq!(websocket.next().await.unwrap().unwrap(), Message::Pong("are you there".into()));

    // What is fed is sent by `flush`.
    for index in 0..1000 {
        websocket.feed(Message::Text(format!("{index}").into())).await.unwrap();
    }
    websocket.flush().await.unwrap();
    for index in 0..1000 {
        let message = websocket.next().await.unwrap().unwrap();
        let expected: Utf8Bytes = index.to_string().into();
        assert_eq!(message.to_text().unwrap(), expected.as_str());
        assert_eq!(message.into_text().unwrap(), expected);
    }
    websocket.close(None).await.unwrap();
    assert_eq!(websocket.next().await.unwrap().unwrap(), Message::Close(None));
}
