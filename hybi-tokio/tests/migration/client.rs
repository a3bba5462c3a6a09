//! A client that copies its input to the WebSocket in one task and the WebSocket to its output in another,
//! over a channel and `StreamExt::split`.

use futures_util::{SinkExt, StreamExt, stream};
use tokio::{
    net::TcpStream,
    sync::mpsc::{Receiver, channel},
};

use super::tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{self, protocol::Message},
};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

const COUNT: usize = 200;

async fn connect(uri: &str) -> tungstenite::Result<Socket> {
    let (websocket, _) = connect_async_with_config(uri, None, true).await?;
    Ok(websocket)
}

pub(crate) async fn pipe_client(uri: String) {
    let (input, lines) = channel(16);
    let websocket = connect(&uri).await.unwrap();
    let (mut sink, messages) = websocket.split();
    let writing = tokio::spawn(async move {
        // Large messages: both directions are full most of the time.
        sink.send_all(&mut Box::pin(stream::unfold(lines, line))).await.unwrap();
        sink
    });
    let typing = tokio::spawn(async move {
        for index in 0..COUNT {
            input.send(format!("{index} ").repeat(20_000)).await.unwrap();
        }
    });
    let mut output = messages.take(COUNT).enumerate();
    while let Some((index, message)) = output.next().await {
        let text = message.unwrap().into_text().unwrap();
        assert!(text.as_str() == format!("{index} ").repeat(20_000), "message {index}");
    }
    typing.await.unwrap();
    let sink = writing.await.unwrap();
    let mut websocket = sink.reunite(output.into_inner().into_inner()).unwrap();
    websocket.close(None).await.unwrap();
    while let Some(message) = websocket.next().await {
        assert!(message.unwrap().is_close());
    }
    assert!(matches!(websocket.into_inner(), MaybeTlsStream::Plain(_)));
}

type Line = (Result<Message, tungstenite::Error>, Receiver<String>);

async fn line(mut lines: Receiver<String>) -> Option<Line> {
    let line = lines.recv().await?;
    Some((Ok(Message::Text(line.into())), lines))
}
