//! The `WebSocket` of browsers. `interop/whatwg` compares it with that of Chromium.

#![allow(clippy::unwrap_used)] // tests panic

#[path = "../../peer/peer.rs"]
mod peer;

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::Command,
    thread,
};

use hybi::{Inbox, Origins, server::Opening};

/// The end of the log of a connection that was not closed cleanly.
const FAILED: &str = "false,1006,\"\"]\n";

/// Runs the steps. Returns the log, in which the address of the server is `server`.
fn log(server: &peer::Server, steps: &[&str]) -> String {
    run(server.address(), steps, "")
}

/// As [`log`], for the server at this address, with these timeouts.
fn run(address: &str, steps: &[&str], timeouts: &str) -> String {
    let first = format!("new ws://{address}/");
    let mut command = Command::new(env!("CARGO_BIN_EXE_whatwg"));
    let output = command.arg(first).args(steps).env("TIMEOUTS", timeouts).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().replace(address, "server")
}

/// A server for one connection. Calls `serve` with its transport. Returns the address.
fn serve_one(serve: impl FnOnce(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || serve(listener.accept().unwrap().0));
    address
}

/// Accepts the WebSocket.
fn accept(stream: &mut TcpStream) {
    let (mut inbox, mut outbox) = (Inbox::with_capacity(4096), Vec::new());
    let mut opening = Opening::new(Origins::same_host().or_no_browser());
    while outbox.is_empty() {
        assert_ne!(inbox.read_from(stream).unwrap(), 0);
        if let Some(request) = opening.receive(&mut inbox, &mut outbox).unwrap() {
            request.accept().finish(&mut outbox).unwrap();
        }
    }
    stream.write_all(&outbox).unwrap();
}

/// Reads until the client has closed the transport.
fn read_to_end(mut stream: TcpStream) {
    let mut bytes = [0; 4096];
    while matches!(stream.read(&mut bytes), Ok(1..)) {}
}

#[test]
fn messages_and_a_clean_end() {
    let server = peer::Server::start(env!("CARGO_BIN_EXE_mio"));
    let steps = ["await open", "send Hello", "await message", "close 3000 done", "await close"];
    // The server replies with the code, and without the reason.
    let expected = r#"["new",0,0,"","","ws://server/"]
["onopen",1,0,"",""]
["send",1,5,"",""]
["onmessage",1,0,"","","text","Hello"]
["close",2,0,"",""]
["onclose",3,0,"","",true,3000,""]
"#;
    assert_eq!(log(&server, &steps), expected);
}

#[test]
fn exceptions_change_nothing_but_a_close_while_connecting_fails() {
    let server = peer::Server::start(env!("CARGO_BIN_EXE_mio"));
    let steps = ["send Hello", "close 1001", "close", "send Hello", "await close"];
    let expected = r#"["new",0,0,"","","ws://server/"]
["send",0,0,"","","InvalidStateError"]
["close",0,0,"","","InvalidAccessError"]
["close",2,0,"",""]
["send",2,5,"",""]
["onerror",3,5,"",""]
["onclose",3,5,"","",false,1006,""]
"#;
    assert_eq!(log(&server, &steps), expected);
}

#[test]
fn the_buffered_amount_is_drained_to_another_implementation() {
    let server = peer::Server::start_peer(&[]);
    let steps = ["await open", "send-binary 3000000", "drain", "close", "await close"];
    let log = log(&server, &steps);
    let lines: Vec<_> = log.lines().collect();
    let [_, _, sent, .., drained, closed, ended] = lines[..] else { unreachable!("{log}") };
    assert!(sent.starts_with(r#"["send-binary",1,3000000,"","permessage-deflate"#), "{log}");
    assert!(drained.starts_with(r#"["drain",1,0,"#), "{log}");
    assert!(closed.starts_with(r#"["close",2,0,"#), "{log}");
    assert!(
        ended.starts_with(r#"["onclose",3,0,"#) && ended.ends_with(r#",true,1005,""]"#),
        "{log}"
    );
}

#[test]
fn messages_arrive_while_others_wait_to_be_sent() {
    // This server does not read while its echoes wait.
    let server = peer::Server::start(env!("CARGO_BIN_EXE_mio"));
    let send = ["send-binary 1000000"; 32];
    let receive = ["await message"; 32];
    let steps = [&["await open"], &send[..], &receive[..], &["close", "await close"]].concat();
    let log = log(&server, &steps);
    // 0xff bytes: a = 1 + 255 n, b = n + 255 n (n + 1) / 2, both modulo 65521.
    let echo = r#""binary","1000000 bytes, checksum 943972798"]"#;
    assert_eq!(log.lines().filter(|line| line.ends_with(echo)).count(), 32, "{log}");
    assert!(log.ends_with("\"\",true,1005,\"\"]\n"), "{log}");
}

// P-dl-a
#[test]
fn a_server_that_does_not_respond_is_dropped() {
    let address = serve_one(read_to_end);
    let log = run(&address, &["await open"], "opening=300");
    assert!(log.ends_with(FAILED), "{log}");
}

// P-cl-f, P-dl-e
#[test]
fn a_server_that_does_not_reply_to_a_close_is_dropped() {
    let silent = |mut stream: TcpStream| {
        accept(&mut stream);
        read_to_end(stream);
    };
    let busy = |mut stream: TcpStream| {
        accept(&mut stream);
        while stream.write_all(&b"\x8a\x00".repeat(1000)).is_ok() {}
    };
    for address in [serve_one(silent), serve_one(busy)] {
        let log = run(&address, &["await open", "close 1000", "await close"], "closing=300");
        assert!(log.ends_with(FAILED), "{log}");
    }
}

// P-dl-e
#[test]
fn a_server_that_does_not_close_the_transport_is_dropped() {
    let address = serve_one(|mut stream| {
        accept(&mut stream);
        stream.write_all(b"\x88\x02\x03\xe8").unwrap();
        read_to_end(stream);
    });
    let log = run(&address, &["await close"], "");
    assert!(log.ends_with("true,1000,\"\"]\n"), "{log}");
}
