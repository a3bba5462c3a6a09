//! The embedding over TLS, in both roles.

#![allow(clippy::unwrap_used)] // tests panic

#[path = "../../peer/peer.rs"]
mod peer;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
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
