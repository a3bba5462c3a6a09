//! The loop of the README.

#[path = "../../peer/peer.rs"]
mod peer;

#[test]
fn echo() {
    let server = peer::Server::start(env!("CARGO_BIN_EXE_echo"));
    peer::check_echo_from("https://example.com", &server.url());
}

#[test]
fn a_page_of_another_origin_is_refused() {
    let server = peer::Server::start(env!("CARGO_BIN_EXE_echo"));
    let (_, answer) = server.ask("/", "Origin: https://example.org\r\n");
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
}
