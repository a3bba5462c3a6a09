//! How connections end.

use futures_util::{SinkExt, StreamExt, stream::FusedStream};
use tokio::net::TcpListener;

use super::tokio_tungstenite::{
    accept_async, accept_async_with_config, connect_async,
    tungstenite::{
        Error, Message, Utf8Bytes,
        error::{CapacityError, ProtocolError},
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};

fn frame(code: CloseCode, reason: &'static str) -> CloseFrame {
    CloseFrame { code, reason: Utf8Bytes::from_static(reason) }
}

fn code(message: Message) -> Option<CloseCode> {
    match message {
        Message::Close(close) => close.map(|close| close.code),
        Message::Frame(_) => unreachable!("never received"),
        Message::Text(_) | Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => {
            panic!("{message:?}")
        }
    }
}

/// Closes when it receives a message, and reports the Close of the client.
pub(crate) async fn closing_server(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            let mut websocket = accept_async(stream).await.unwrap();
            let message = websocket.next().await.unwrap().unwrap();
            if message.is_text() {
                websocket.close(Some(frame(CloseCode::Away, "restart"))).await.unwrap();
                let error = websocket.send("late".into()).await.unwrap_err();
                assert!(matches!(error, Error::Protocol(ProtocolError::SendAfterClosing)));
                let reply = websocket.next().await.unwrap().unwrap();
                assert_eq!(code(reply), Some(CloseCode::Away));
            } else {
                assert!(message.is_close(), "{message:?}");
            }
            assert!(websocket.next().await.is_none());
            assert!(websocket.is_terminated());
            assert!(matches!(websocket.send("late".into()).await, Err(Error::AlreadyClosed)));
        });
    }
}

pub(crate) async fn closing_client(uri: String) {
    let (mut websocket, _) = connect_async(uri).await.unwrap();
    let close = frame(CloseCode::Library(4000), "bye");
    websocket.close(Some(close)).await.unwrap();
    SinkExt::close(&mut websocket).await.unwrap(); // no second Close is sent
    let error = websocket.send("late".into()).await.unwrap_err();
    assert!(matches!(error, Error::Protocol(ProtocolError::SendAfterClosing)));
    let reply = websocket.next().await.unwrap().unwrap();
    assert_eq!(code(reply), Some(CloseCode::Library(4000)));
    assert!(!websocket.is_terminated());
    assert!(websocket.next().await.is_none());
    assert!(websocket.next().await.is_none());
    assert!(matches!(websocket.send("late".into()).await, Err(Error::AlreadyClosed)));
}

pub(crate) async fn closed_client(uri: String) {
    let (mut websocket, _) = connect_async(uri).await.unwrap();
    websocket.send("please".into()).await.unwrap();
    match websocket.next().await.unwrap().unwrap() {
        Message::Close(Some(CloseFrame { code: CloseCode::Away, reason })) => {
            assert_eq!(reason, "restart");
        }
        other => panic!("{other:?}"),
    }
    assert!(websocket.next().await.is_none());
}

pub(crate) async fn sink_closing_client(uri: String) {
    let (mut websocket, _) = connect_async(uri).await.unwrap();
    SinkExt::close(&mut websocket).await.unwrap();
    assert_eq!(websocket.next().await.unwrap().unwrap(), Message::Close(None));
    assert!(websocket.next().await.is_none());
}

/// Drops its connections.
pub(crate) async fn losing_server(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        drop(accept_async(stream).await.unwrap());
    }
}

pub(crate) async fn lost_client(uri: String) {
    let (mut websocket, _) = connect_async(uri).await.unwrap();
    match websocket.next().await {
        Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => {}
        other => panic!("{other:?}"),
    }
    assert!(websocket.next().await.is_none());
}

pub(crate) async fn limited_server(listener: TcpListener) {
    let config = WebSocketConfig::default().max_message_size(Some(10));
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            // The configuration is `Copy`.
            let mut websocket = accept_async_with_config(stream, Some(config)).await.unwrap();
            assert_eq!(websocket.get_config().max_message_size, Some(10));
            assert_eq!(websocket.next().await.unwrap().unwrap().len(), 10);
            match websocket.next().await {
                Some(Err(Error::Capacity(CapacityError::MessageTooLong {
                    size: 11,
                    max_size,
                }))) => {
                    assert_eq!(max_size, 10);
                }
                other => panic!("{other:?}"),
            }
        });
    }
}

pub(crate) async fn limited_client(uri: String) {
    let (mut websocket, _) = connect_async(uri).await.unwrap();
    websocket.send(Message::binary(vec![0; 10])).await.unwrap();
    websocket.send(Message::binary(vec![0; 11])).await.unwrap();
    // An error or a Close, but no message.
    while let Some(message) = websocket.next().await {
        assert!(message.map_or(true, |message| message.is_close()));
    }
}
