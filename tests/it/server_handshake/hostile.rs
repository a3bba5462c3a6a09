//! Hostile requests: values that cost other parsers quadratic time, and bytes that are not text.

use hybi::{
    Inbox, Origins,
    http1::{HeadFault, HeadLimits},
    server::{Opening, Refusal, Request},
};
use proptest::{collection::vec, prelude::*};

use crate::support::handshake::{
    head::KEY,
    http::Response,
    server::{HELLO, Outcome, assert_accepted, assert_refused, opening, serve, sound},
};

const KIB: usize = 1024;
const TOO_MANY: Refusal = Refusal::Head(HeadFault::TooManyElements);
const REPEATED: Outcome<()> = Outcome::Refused(Refusal::Subprotocols);

/// Feeds a request in one piece.
fn feed(opening: Opening<'_>, request: &[u8]) -> Outcome<()> {
    serve(opening, Inbox::with_capacity(request.len()), &mut Vec::new(), &[request], |_| ())
}

/// Feeds the valid request with another value of a field, in one piece and byte by byte, to a
/// server with sufficient limits.
fn feed_long(name: &str, value: impl AsRef<[u8]>) -> Outcome<()> {
    let limits = HeadLimits::new().size(128 * KIB).line(128 * KIB);
    let opening = Opening::with_limits(Origins::any(), limits);
    let request = sound().with(name, &[value]).bytes();
    let outcome = feed(opening.clone(), &request);
    let pieces: Vec<_> = request.chunks(1).collect();
    let inbox = Inbox::with_capacity(64);
    assert_eq!(serve(opening, inbox, &mut Vec::new(), &pieces, |_| ()), outcome);
    outcome
}

// A-03
#[test]
fn a_run_of_spaces_between_subprotocols() {
    let spaces = " ".repeat(32 * KIB);
    let refused = feed_long("Sec-WebSocket-Protocol", format!("a{spaces}b"));
    assert_eq!(refused, Outcome::Refused(Refusal::Subprotocols));
    let accepted = feed_long("Sec-WebSocket-Protocol", format!("a,{spaces}b{spaces}"));
    assert_eq!(accepted, Outcome::Open((), Vec::new()));
    // The default limits refuse it before that.
    let request = sound().with("Sec-WebSocket-Protocol", &[format!("a{spaces}b")]).bytes();
    let fault = Refusal::Head(HeadFault::LineTooLong);
    assert_eq!(feed(opening(), &request), Outcome::Refused(fault));
}

// A-04
#[test]
fn an_unterminated_quoted_value() {
    for filler in [r"\\", r"\a", r"\", "a"] {
        let value = format!("a; b=\"{}", filler.repeat(64 * KIB / filler.len()));
        let outcome = feed_long("Sec-WebSocket-Extensions", value);
        assert_eq!(outcome, Outcome::Refused(Refusal::Extensions), "{filler}");
    }
}

// A-05
#[test]
fn runs_of_commas_and_spaces() {
    for filler in [",", ", ", " ", "\t,", "x,", "upgrad,", "websocke,"] {
        let run = filler.repeat(64 * KIB / filler.len());
        for (name, token, refusal) in [
            ("Upgrade", "websocket", Refusal::NotWebSocket),
            ("Connection", "upgrade", Refusal::Connection),
        ] {
            let (few, many) = (filler.repeat(100), run.contains(','));
            let refusal = if many { TOO_MANY } else { refusal };
            assert_eq!(feed_long(name, &run), Outcome::Refused(refusal), "{filler}");
            let found = feed_long(name, format!("{few},{token}"));
            assert_eq!(found, Outcome::Open((), Vec::new()), "{filler}");
        }
        let lists_nothing = [",", ", ", " ", "\t,"].contains(&filler);
        if lists_nothing {
            let few = filler.repeat(100);
            let refused = feed_long("Sec-WebSocket-Protocol", &few);
            assert_eq!(refused, Outcome::Refused(Refusal::Subprotocols));
        }
    }
}

// A-05, P-sh-k: every list, over one field and over several, with and without empty elements
#[test]
fn empty_list_elements_count_towards_the_limit() {
    // Each with the start of a valid list, and the number of elements that the limit still allows.
    let lists = [
        ("Upgrade", "websocket", 127),
        ("Connection", "upgrade", 127),
        ("Sec-WebSocket-Protocol", "chat", 127),
        ("Sec-WebSocket-Extensions", "x", 31),
    ];
    let open = Outcome::Open((), Vec::new());
    for (name, first, more) in lists {
        for element in [",", " ,", "\t,"] {
            let list = |count: usize| format!("{first}{}", element.repeat(count));
            assert_eq!(feed_long(name, list(more)), open, "{name}: {element:?}");
            for count in [128, 8_000] {
                let refused = Outcome::Refused(TOO_MANY);
                assert_eq!(feed_long(name, list(count)), refused, "{name}: {element:?}");
            }
        }
        // In several fields with few elements each.
        for (count, expected) in [(12, open_outcome()), (13, Outcome::Refused(TOO_MANY))] {
            let values: Vec<_> = (0..count)
                .map(|field| match (field, name) {
                    (0, _) => format!("{first},,,,,,,,,"),
                    (_, "Sec-WebSocket-Protocol") => format!("p{field},,,,,,,,,"),
                    _ => "x,,,,,,,,,".into(),
                })
                .collect();
            let request = sound().with(name, &values).bytes();
            assert_eq!(feed(opening(), &request), expected, "{name}: {count}");
        }
    }
    // A parameter of an extension counts as an element.
    let parameters = |count: usize| format!("x{}", ";y".repeat(count));
    let values = vec![parameters(31); 4];
    let request = sound().with("Sec-WebSocket-Extensions", &values).bytes();
    assert_eq!(feed(opening(), &request), open_outcome());
    let values = vec![parameters(32); 4];
    let request = sound().with("Sec-WebSocket-Extensions", &values).bytes();
    assert_refused(&opening(), &request, TOO_MANY, 431);
    // The limit can be lowered, but not raised.
    let request = sound().with("Sec-WebSocket-Protocol", &["a,b,c"]).bytes();
    for (limit, expected) in [(3, open_outcome()), (2, Outcome::Refused(TOO_MANY))] {
        let opening = Opening::with_limits(Origins::any(), HeadLimits::new().elements(limit));
        assert_eq!(feed(opening, &request), expected);
    }
    assert_eq!(HeadLimits::new().elements(usize::MAX), HeadLimits::new());
}

fn open_outcome() -> Outcome<()> {
    Outcome::Open((), Vec::new())
}

// P-sh-k: as many as there may be, told apart
#[test]
fn a_duplicate_subprotocol_is_found_at_any_position() {
    for count in [2, 11, 12, 13, 40, 128] {
        let names: Vec<_> = (0..count).map(|index| format!("name-{}", index * 7919)).collect();
        let request = sound().with("Sec-WebSocket-Protocol", &[names.join(",")]).bytes();
        assert_eq!(feed(opening(), &request), open_outcome(), "{count}");
        for (first, second) in [(0, 1), (0, count - 1), (count / 2, count - 1)] {
            let mut names = names.clone();
            names[second] = names[first].clone();
            let expected = if first == second { open_outcome() } else { REPEATED };
            let request = sound().with("Sec-WebSocket-Protocol", &[names.join(",")]).bytes();
            assert_eq!(feed(opening(), &request), expected, "{count}: {first}, {second}");
        }
    }
}

// The number of comparisons is bounded.
#[test]
fn a_hundred_and_twenty_eight_subprotocols() {
    let list = |count: usize| (0..count).map(|i| format!("p{i}")).collect::<Vec<_>>().join(",");
    let outcome = feed_long("Sec-WebSocket-Protocol", list(128));
    assert_eq!(outcome, Outcome::Open((), Vec::new()));
    for count in [129, 10_000] {
        let outcome = feed_long("Sec-WebSocket-Protocol", list(count));
        assert_eq!(outcome, Outcome::Refused(TOO_MANY));
    }
}

// A-06, P-ex-b
#[test]
fn unusual_extension_names_are_valid() {
    let long = "x".repeat(7 * KIB);
    for name in ["__proto__", "constructor", "toString", "!", "0", &long] {
        let request = sound().with("Sec-WebSocket-Extensions", &[name]).bytes();
        let see = |request: &Request<'_>| {
            assert!(request.extensions().map(|extension| extension.name()).eq([name]));
        };
        let ((), answer) = assert_accepted(&request, see);
        assert!(!String::from_utf8(answer).unwrap().contains("Extensions"));
    }
}

// P-sh-j, A-07, 6455-10.1-a, 6455-8.1-c
#[test]
fn bytes_that_are_not_ascii() {
    // Each with a valid value.
    let fields = [
        ("Host", "a", Some(Refusal::Host)),
        ("Upgrade", "websocket", Some(Refusal::NotWebSocket)),
        ("Connection", "Upgrade", Some(Refusal::Connection)),
        ("Sec-WebSocket-Key", KEY, Some(Refusal::Key)),
        ("Sec-WebSocket-Version", "13", Some(Refusal::Version)),
        ("Sec-WebSocket-Protocol", "a", Some(Refusal::Subprotocols)),
        ("Sec-WebSocket-Extensions", "a", Some(Refusal::Extensions)),
        ("Origin", "http://a.example", Some(Refusal::OriginSyntax)),
        ("Cookie", "a", None),
    ];
    for (name, sound_value, refusal) in fields {
        let expected = refusal.map_or(Outcome::Open((), Vec::new()), Outcome::Refused);
        let sound_value = sound_value.as_bytes();
        for byte in 0x80..=0xff {
            for value in [[sound_value, &[byte]].concat(), [&[byte], sound_value].concat()] {
                let request = sound().with(name, &[value]).bytes();
                assert_eq!(feed(opening(), &request), expected, "{name}: {byte:#x}");
            }
        }
        // Cut in every way, and where it is UTF-8.
        if let Some(refusal) = refusal {
            for bytes in [&b"\xff"[..], "\u{e9}".as_bytes()] {
                let request = sound().with(name, &[[sound_value, bytes].concat()]).bytes();
                assert_refused(&opening(), &request, refusal, refusal.status());
            }
        }
    }
}

/// Whether another parser finds everything that a WebSocket request needs.
fn is_valid(request: &[u8]) -> bool {
    // The parser accepts minor versions up to 1; the crate accepts all of them.
    let mut request = request.to_vec();
    let version = b" HTTP/1.";
    if let Some(at) = request.windows(version.len()).position(|window| window == version)
        && let Some(minor @ b'2'..=b'9') = request.get_mut(at + version.len())
    {
        *minor = b'1';
    }
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Request::new(&mut fields);
    if !matches!(head.parse(&request), Ok(httparse::Status::Complete(_))) {
        return false;
    }
    let all = |name: &str| {
        let fields = head.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
        fields.map(|field| field.value).collect::<Vec<_>>()
    };
    let lists = |name, token: &str| {
        let elements = all(name).join(&b',').to_ascii_lowercase();
        let mut elements = elements.split(|byte| *byte == b',');
        elements.any(|element| element.trim_ascii() == token.as_bytes())
    };
    let key = all("Sec-WebSocket-Key");
    head.method == Some("GET")
        && head.version == Some(1)
        && all("Host").len() == 1
        && lists("Upgrade", "websocket")
        && lists("Connection", "upgrade")
        && all("Sec-WebSocket-Version") == [b"13"]
        && key.len() == 1
        && key[0].len() == 24
        && key[0].ends_with(b"==")
        && all("Transfer-Encoding").is_empty()
        && all("Content-Length").iter().all(|length| *length == b"0")
}

proptest! {
    // 6455-10.1-a, 6455-7.2.2-a
    #[test]
    fn random_bytes_are_incomplete_or_refused(bytes in vec(any::<u8>(), 0..400), cut: u8) {
        let pieces: Vec<_> = bytes.chunks(usize::from(cut) + 1).collect();
        let mut outbox = Vec::new();
        match serve(opening(), Inbox::with_capacity(64), &mut outbox, &pieces, |_| ()) {
            Outcome::Waiting => prop_assert!(outbox.is_empty()),
            Outcome::Refused(refusal) => {
                let response = Response::parse(&outbox);
                prop_assert_eq!(response.status, refusal.status());
                response.assert_ends_the_connection();
            }
            Outcome::Open(..) => prop_assert!(false, "random bytes are not a request"),
        }
    }

    // 6455-10.1-a, 6455-4.2.1-a, A-13
    #[test]
    fn a_mutated_request_is_accepted_only_if_it_is_still_valid(
        mutations in vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..4),
    ) {
        let mut request = sound().bytes();
        for (at, byte, kind) in mutations {
            let at = at.index(request.len());
            match kind {
                0 => request[at] = byte,
                1 => request[at] ^= 0x20,
                2 => request.insert(at, byte),
                _ => drop(request.remove(at)),
            }
        }
        // The frame after the request shows that the request ended at the right byte.
        let bytes = [&request[..], &HELLO].concat();
        let mut outbox = Vec::new();
        let inbox = Inbox::with_capacity(64);
        let outcome = serve(opening(), inbox, &mut outbox, &[&bytes], |_| ());
        if let Outcome::Open((), messages) = outcome {
            prop_assert!(is_valid(&request), "{}", request.escape_ascii());
            prop_assert_eq!(messages, ["Hello"]);
        } else {
            prop_assert!(!outbox.starts_with(b"HTTP/1.1 101"));
        }
    }
}
