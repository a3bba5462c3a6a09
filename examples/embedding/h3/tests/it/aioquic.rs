//! QUIC and HTTP/3 of `aioquic`, and WebSockets of `websockets`.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use crate::{
    Files,
    peer::{Server, check_h3_echo},
};

/// The cases are in `peer/h3_client.py`.
#[test]
fn aioquic_as_the_client() {
    let files = Files::make("server");
    let arguments = [files.certificate(), files.key()];
    let server = Server::start_with(env!("CARGO_BIN_EXE_h3"), &arguments);
    let url = server.url().replace("ws://127.0.0.1", "https://localhost");
    check_h3_echo(&url, &files.certificate);
}

/// Starts the server of aioquic with further arguments.
fn start(files: &Files, arguments: &[&str]) -> Server {
    let pair = ["--certificate", files.certificate(), "--key", files.key()];
    Server::start_h3_peer(&[&pair, arguments].concat())
}

/// A client for this path of a server.
fn client(server: &Server, files: &Files, path: &str) -> Command {
    let url = server.url().replace("ws://127.0.0.1", "wss://localhost");
    let mut client = Command::new(env!("CARGO_BIN_EXE_h3"));
    client.arg(url + path).arg(files.certificate()).stdin(Stdio::piped()).stdout(Stdio::piped());
    client
}

// 9220-3-a, 9220-3-d
#[test]
fn aioquic_as_the_server() {
    let files = Files::make("client");
    let mut server = start(&files, &[]);
    let mut client = client(&server, &files, "").spawn().unwrap();
    let mut typed = client.stdin.take().unwrap();
    let mut printed = BufReader::new(client.stdout.take().unwrap()).lines();
    for line in ["The kettle boils.", "", &"läßt ".repeat(100_000)] {
        writeln!(typed, "{line}").unwrap();
        assert!(printed.next().unwrap().unwrap() == format!("< {}", line.escape_debug()));
    }
    drop(typed);
    assert_eq!(printed.next().unwrap().unwrap(), "closed");
    assert!(client.wait().unwrap().success());
    // H3_NO_ERROR (RFC 9114, section 8.1).
    for line in ["requested /", "ended", "closed with 0x100"] {
        assert_eq!(server.next_line(), line);
    }
}

// K-02, P-h2-b
#[test]
fn nothing_is_sent_before_the_response() {
    let files = Files::make("late");
    let mut server = start(&files, &[]);
    let mut client = client(&server, &files, "late").spawn().unwrap();
    let mut typed = client.stdin.take().unwrap();
    writeln!(typed, "Hello").unwrap();
    let mut printed = BufReader::new(client.stdout.take().unwrap()).lines();
    assert_eq!(printed.next().unwrap().unwrap(), "< Hello");
    assert_eq!(server.next_line(), "requested /late");
    assert_eq!(server.next_line(), "received 0 bytes before the response");
    drop(typed);
    assert!(client.wait().unwrap().success());
}

/// The error of a client that sends one message to this path.
fn failure(server: &Server, files: &Files, path: &str) -> String {
    let mut client = client(server, files, path).stderr(Stdio::piped()).spawn().unwrap();
    let mut typed = client.stdin.take().unwrap();
    // The client may have ended.
    let _ = writeln!(typed, "Hello");
    let output = client.wait_with_output().unwrap();
    drop(typed);
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

// 9220-3-e
#[test]
fn a_reset_by_the_server_ends_the_websocket() {
    let files = Files::make("reset");
    let server = start(&files, &[]);
    let failure = failure(&server, &files, "reset");
    assert!(failure.contains("the peer has reset the stream"), "{failure}");
}

#[test]
fn a_rejection_has_a_status() {
    let files = Files::make("rejection");
    let failure = failure(&start(&files, &[]), &files, "missing");
    assert!(failure.contains("status 404"), "{failure}");
}

// 8441-3-a, 8441-3-c, 9220-3-a, 9220-3-b
#[test]
fn no_websocket_is_requested_before_the_setting_allows_it() {
    let files = Files::make("setting");
    for (value, code) in [
        // H3_NO_ERROR and H3_SETTINGS_ERROR (RFC 9114, section 8.1).
        ("none", "0x100"),
        ("0", "0x100"),
        ("2", "0x109"),
        ("4294967295", "0x109"),
        ("4611686018427387903", "0x109"),
    ] {
        let mut server = start(&files, &["--setting", value]);
        let failure = failure(&server, &files, "");
        assert_eq!(failure.contains("does not support WebSockets"), code == "0x100", "{failure}");
        // Not a request, which would come first.
        assert_eq!(server.next_line(), format!("closed with {code}"), "{value}");
    }
}
