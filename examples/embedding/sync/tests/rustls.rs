//! The embedding over TLS, in both roles.

#![allow(clippy::unwrap_used)] // tests panic

#[path = "../../peer/peer.rs"]
mod peer;

use std::{
    fs,
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Output},
    thread,
};

const BINARY: &str = env!("CARGO_BIN_EXE_rustls");

#[test]
fn our_server_with_the_peers_client() {
    let certificate = file("ours-theirs.pem");
    let server = serve(&certificate);
    peer::check_secure_echo(&secure_url(&server), &certificate);
}

#[test]
fn our_server_with_our_client() {
    let certificate = file("ours-ours.pem");
    let server = serve(&certificate);
    expect_success(&ask(&server, &certificate));
}

// 6455-4.1-3a, P-px-e
#[test]
fn our_client_through_a_proxy() {
    let certificate = file("tunnel.pem");
    let server = serve(&certificate);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let passing = thread::spawn(move || {
        let mut client = listener.accept().unwrap().0;
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte).unwrap();
            request.extend(byte);
        }
        let request = String::from_utf8(request).unwrap();
        let mut server = TcpStream::connect(request.split(' ').nth(1).unwrap()).unwrap();
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
        let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
        let _ = io::copy(&mut server, &mut client);
        let _ = client.shutdown(Shutdown::Write);
        request
    });
    let url = secure_url(&server);
    let ask = Command::new(BINARY).args([&url, text(&certificate), &proxy]).output().unwrap();
    expect_success(&ask);
    let authority = url.trim_start_matches("wss://").trim_end_matches('/');
    let request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
    assert_eq!(passing.join().unwrap(), request);
}

#[test]
fn the_peers_server_with_our_client() {
    let (certificate, key) = (file("theirs-ours.pem"), file("theirs-ours.key"));
    let own = rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
    fs::write(&certificate, own.cert.pem()).unwrap();
    fs::write(&key, own.signing_key.serialize_pem()).unwrap();
    let arguments = ["--certificate", text(&certificate), "--key", text(&key)];
    let server = peer::Server::start_peer(&arguments);
    expect_success(&ask(&server, &certificate));
}

#[test]
fn an_untrusted_certificate_is_rejected() {
    let (certificate, other) = (file("trusted.pem"), file("not-trusted.pem"));
    let server = serve(&certificate);
    let _other_server = serve(&other);
    let output = ask(&server, &other);
    assert!(!output.status.success());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("invalid peer certificate"), "{stderr}");
}

fn serve(certificate: &Path) -> peer::Server {
    peer::Server::start_with(BINARY, &[text(certificate)])
}

/// Runs our client.
fn ask(server: &peer::Server, certificate: &Path) -> Output {
    Command::new(BINARY).arg(secure_url(server)).arg(certificate).output().unwrap()
}

fn expect_success(output: &Output) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let expected = "the text came back\nthe data came back\nclosed: Some(CloseCode(1000 NORMAL))\n";
    assert_eq!(stdout, expected);
}

/// The URI with the name in the certificate and the port of the server.
fn secure_url(server: &peer::Server) -> String {
    let port = server.address().rsplit(':').next().unwrap();
    format!("wss://localhost:{port}/")
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
