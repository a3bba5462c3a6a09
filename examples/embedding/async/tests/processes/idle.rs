//! The memory of idle connections.

use std::io::{Read, Write};

use tungstenite::Message;

use crate::{IO_URING, client, peer, server::Server};

const CONNECTIONS: usize = 300;

/// The length of a message.
const LENGTH: usize = 64 * 1024;

/// Each connection has echoed a message, and has freed the memory for it.
#[test]
fn an_idle_connection_holds_no_buffer() {
    let server = Server::start(IO_URING);
    let sent = peer::sent(&[Message::binary(vec![1; LENGTH])]);
    let echo = || {
        let mut stream = client::open(&server.address);
        stream.write_all(&sent).unwrap();
        let mut received = vec![0; 10 + LENGTH];
        stream.read_exact(&mut received).unwrap();
        assert!(received[10..].iter().all(|byte| *byte == 1));
        stream
    };
    // Also fills the pool.
    let warm: Vec<_> = (0..10).map(|_| echo()).collect();
    let before = server.memory();
    let idle: Vec<_> = (0..CONNECTIONS).map(|_| echo()).collect();
    let growth = server.memory().saturating_sub(before) / CONNECTIONS;
    println!("{growth} bytes for each connection");
    assert!(growth < LENGTH / 8, "{growth} bytes for each connection");
    drop((warm, idle));
}
