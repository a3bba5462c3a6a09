//! The server for embassy against another implementation.

#[path = "../../peer/peer.rs"]
mod peer;

#[test]
fn over_embassy() {
    let server = peer::Server::start(env!("CARGO_BIN_EXE_embassy"));
    peer::check_echo(&server.url());
}
