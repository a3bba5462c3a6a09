//! Responses that no server would send.

use hybi::Inbox;
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select, subsequence},
};

use crate::support::handshake::{
    client::{HELLO, Outcome, answer, feed, request},
    head::KEY,
    proof::accept,
};

/// An independent check of a response to a request that offers the subprotocols `chat` and
/// `superchat` and no extensions. It knows only what a proxy may change in a response.
fn is_valid(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((status, fields)) = text.split_once("\r\n") else { return false };
    let status = status.split(' ').take(2).collect::<Vec<_>>();
    if !status[0].starts_with("HTTP/1.") || status[0] == "HTTP/1.0" || status.get(1) != Some(&"101")
    {
        return false;
    }
    // RFC 9112, section 5.2: a line that starts with whitespace continues the previous field.
    let fields = fields.replace("\r\n ", "   ").replace("\r\n\t", "  \t");
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let Ok(httparse::Status::Complete((length, headers))) =
        httparse::parse_headers(fields.as_bytes(), &mut headers)
    else {
        return false;
    };
    let all = |name: &str| {
        let fields = headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
        fields.map(|field| String::from_utf8_lossy(field.value)).collect::<Vec<_>>()
    };
    let connection = all("Connection").join(",").to_ascii_lowercase();
    let upgrade = all("Upgrade");
    let subprotocol = all("Sec-WebSocket-Protocol");
    length == fields.len()
        && upgrade.len() == 1
        && upgrade[0].eq_ignore_ascii_case("websocket")
        && connection.split(',').any(|option| option.trim_matches([' ', '\t']) == "upgrade")
        && all("Sec-WebSocket-Accept") == [accept(KEY)]
        && all("Sec-WebSocket-Extensions").is_empty()
        && (subprotocol.is_empty() || subprotocol == ["chat"] || subprotocol == ["superchat"])
}

/// Feeds a response and a frame after it. Returns whether it opened the connection.
fn opens(answer: &[u8]) -> bool {
    let request = request().subprotocols(&["chat", "superchat"]);
    let bytes = [answer, &HELLO].concat();
    match feed(request, Inbox::with_capacity(64), &[&bytes], |_| ()) {
        Outcome::Open((), messages) => {
            assert_eq!(messages, ["Hello"]);
            true
        }
        Outcome::Waiting | Outcome::Failed(_) | Outcome::Rejected(_) => false,
    }
}

/// Lines of responses, valid or not.
const LINES: [&str; 21] = [
    "Upgrade: websocket",
    "upgrade: WebSocket",
    "Upgrade: h2c",
    "Upgrade: websocket, h2c",
    "Connection: Upgrade",
    "Connection: keep-alive , uPGRADE",
    "Connection: close",
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    "sec-websocket-accept:",
    "Sec-WebSocket-Protocol: chat",
    "Sec-WebSocket-Protocol: superchat",
    "Sec-WebSocket-Protocol: Chat",
    "Sec-WebSocket-Protocol: chat, superchat",
    "Sec-WebSocket-Extensions: foo",
    "Content-Length: 0",
    "Content-Length: 7",
    "Transfer-Encoding: chunked",
    "Set-Cookie: a=b",
    " folded",
    "X : y",
];

proptest! {
    // 6455-4.1-ad, 6455-10.1-a
    #[test]
    fn a_mutated_response_is_accepted_only_if_it_is_still_valid(
        mutations in vec((any::<Index>(), any::<u8>(), 0..4_u8), 1..4),
    ) {
        let mut bytes = answer().with("Sec-WebSocket-Protocol", &["chat"]).bytes();
        for (at, byte, kind) in mutations {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes[at] ^= 0x20,
                2 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        prop_assert!(!opens(&bytes) || is_valid(&bytes), "{}", bytes.escape_ascii());
    }

    // 6455-4.1-ad, L-05
    #[test]
    fn a_response_of_random_lines_is_accepted_if_and_only_if_it_is_valid(
        status in select(vec!["HTTP/1.1 101 x", "HTTP/1.1 101 x", "HTTP/1.0 101", "HTTP/1.1 200"]),
        required in subsequence(vec![LINES[0], LINES[4], LINES[7]], 2..=3),
        others in vec(select(&LINES[..]), 0..3),
    ) {
        let all = [required, others].concat();
        let text = format!("{status}\r\n{}\r\n\r\n", all.join("\r\n"));
        prop_assert_eq!(opens(text.as_bytes()), is_valid(text.as_bytes()), "{}", text);
    }

    // 6455-10.1-a
    #[test]
    fn random_bytes_do_not_open_a_connection(bytes in vec(any::<u8>(), 0..400), cut: u8) {
        let pieces: Vec<_> = bytes.chunks(usize::from(cut) + 1).collect();
        let outcome = feed(request(), Inbox::with_capacity(64), &pieces, |_| ());
        prop_assert!(!matches!(outcome, Outcome::Open(..)));
    }
}
