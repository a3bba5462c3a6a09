//! A server that sends each message to all other clients.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use futures_util::{
    SinkExt, StreamExt, TryStreamExt,
    future::{self, Either},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc::{UnboundedSender, unbounded_channel},
};

use super::tokio_tungstenite::{self, tungstenite::protocol::Message};

type Peers = Arc<Mutex<HashMap<SocketAddr, UnboundedSender<Message>>>>;

pub(crate) async fn chat_server(listener: TcpListener) {
    let peers = Peers::default();
    while let Ok((stream, address)) = listener.accept().await {
        tokio::spawn(serve(peers.clone(), stream, address));
    }
}

async fn serve(peers: Peers, stream: TcpStream, address: SocketAddr) {
    let websocket = tokio_tungstenite::accept_async(stream).await.unwrap();
    let (sender, mut receiver) = unbounded_channel();
    peers.lock().unwrap().insert(address, sender);
    let (mut outgoing, incoming) = websocket.split();
    outgoing.send("welcome".into()).await.unwrap();
    let broadcast = incoming.try_for_each(|message| {
        if !message.is_close() {
            let peers = peers.lock().unwrap();
            for (_, peer) in peers.iter().filter(|(other, _)| **other != address) {
                peer.send(message.clone()).unwrap();
            }
        }
        future::ok(())
    });
    let forward = async move {
        while let Some(message) = receiver.recv().await {
            outgoing.send(message).await.unwrap();
        }
    };
    let ended = future::select(Box::pin(broadcast), Box::pin(forward)).await;
    peers.lock().unwrap().remove(&address);
    if let Either::Left((ended, _)) = ended {
        ended.unwrap();
    }
}

pub(crate) async fn chat_clients(uri: String) {
    let mut clients = Vec::new();
    for _ in 0..3 {
        let (mut client, _) = tokio_tungstenite::connect_async(&uri).await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap(), Message::text("welcome"));
        clients.push(client);
    }
    for sender in 0..3 {
        let text = Message::text(format!("from {sender}"));
        clients[sender].send(text.clone()).await.unwrap();
        for receiver in (0..3).filter(|receiver| *receiver != sender) {
            assert_eq!(clients[receiver].next().await.unwrap().unwrap(), text);
        }
    }
    for mut client in clients {
        client.close(None).await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap(), Message::Close(None));
        assert!(client.next().await.is_none());
    }
}
