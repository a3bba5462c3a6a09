//! What a server may accept, and the response to it, in every version of HTTP.

use hybi::{
    FixedOutbox, Inbox, Origins,
    server::{Accept, Error, Request},
};

use crate::support::handshake::{
    connect::{Fields, finish, sound as connect},
    http::Response,
    server::{opening, sound},
};
#[cfg(feature = "deflate")]
use hybi::deflate::Deflate;

const NAME: &str = "Sec-WebSocket-Extensions";

/// What the server accepts.
#[derive(Clone, Copy, Debug)]
struct Choice<'a> {
    before: &'a str,
    #[cfg(feature = "deflate")]
    after: &'a str,
    #[cfg(feature = "deflate")]
    deflate: Option<&'a Deflate>,
}

impl<'a> Choice<'a> {
    fn apply(self, accept: Accept<'a>) -> Accept<'a> {
        let accept = accept.extensions(self.before);
        #[cfg(feature = "deflate")]
        let accept = accept.extensions_after_compression(self.after);
        #[cfg(feature = "deflate")]
        if let Some(deflate) = self.deflate {
            return accept.deflate(deflate);
        }
        accept
    }
}

/// The values of `Sec-WebSocket-Extensions` in the response to these offers, or the error. The same
/// by each method that finishes a handshake.
fn accept(offers: &str, choice: Choice<'_>) -> Result<Vec<String>, Error> {
    let values = (!offers.is_empty()).then_some(offers);
    let bytes = sound().with(NAME, values.as_slice()).bytes();
    let mut inbox = Inbox::with_capacity(1024);
    assert_eq!(inbox.copy_from(&bytes), bytes.len());
    let (mut outbox, mut opening) = (Vec::new(), opening());
    let request = opening.receive(&mut inbox, &mut outbox).unwrap().unwrap();
    let result = choice.apply(request.accept()).finish(&mut outbox);
    let all = |response: &[u8]| {
        let response = Response::parse(response);
        let values = response.all("sec-websocket-extensions").into_iter();
        values.map(String::from).collect::<Vec<_>>()
    };
    let expected = result.map(|_| all(&outbox));
    if expected.is_err() {
        assert!(outbox.is_empty(), "nothing is written");
    }

    let request = connect().with("sec-websocket-extensions", values.as_slice());
    let pairs = request.pairs();
    let request = Request::from_connect(&pairs, &Origins::any()).unwrap();
    let finished = finish(choice.apply(request.accept()));
    let strings = |fields: Fields| -> Vec<String> {
        fields.all("sec-websocket-extensions").into_iter().map(Into::into).collect()
    };
    assert_eq!(finished.map(|(fields, _)| strings(fields)), expected);
    #[cfg(feature = "http")]
    assert_eq!(accept_http(offers, choice), expected);
    expected
}

/// The same by `finish_http`.
#[cfg(feature = "http")]
fn accept_http(offers: &str, choice: Choice<'_>) -> Result<Vec<String>, Error> {
    let mut request = http::Request::builder()
        .uri("/chat")
        .header("Host", "server.example.com")
        .header("Upgrade", "websocket")
        .header("Connection", "Upgrade")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", crate::support::handshake::head::KEY);
    if !offers.is_empty() {
        request = request.header(NAME, offers);
    }
    let request = request.body(()).unwrap();
    let request = Request::from_http(&request, &Origins::any()).unwrap();
    choice.apply(request.accept()).finish_http().map(|(response, _)| {
        let values = response.headers().get_all(NAME).into_iter();
        values.map(|value| value.to_str().unwrap().into()).collect()
    })
}

fn before(list: &str) -> Choice<'_> {
    Choice {
        before: list,
        #[cfg(feature = "deflate")]
        after: "",
        #[cfg(feature = "deflate")]
        deflate: None,
    }
}

// 6455-9-b, 6455-9.1-f, P-ext-a, 6455-4.2.2-l
#[test]
fn the_response_lists_what_the_server_accepts_in_its_order() {
    let table = [
        ("", "", None),
        ("a", "", None),
        ("a", "a", Some("a")),
        ("a, b; x=1, c", "c, a", Some("c, a")),
        // The server chooses the parameters.
        ("a; x; y=1", "a; y=2", Some("a; y=2")),
        ("a", "a;x = \"1\" ;y", Some("a; x=1; y")),
        // Empty elements are dropped.
        ("a, b", ",a,, b,", Some("a, b")),
        // A server may accept permessage-deflate by itself.
        ("permessage-deflate", "permessage-deflate", Some("permessage-deflate")),
    ];
    for (offers, list, expected) in table {
        let expected: Vec<String> = expected.into_iter().map(Into::into).collect();
        assert_eq!(accept(offers, before(list)), Ok(expected), "{offers}, {list}");
    }
}

// 6455-4.2.2-i, 6455-9-a, P-ext-a
#[test]
fn only_offered_extensions_are_accepted() {
    let table =
        [("", "a", "a"), ("a", "b", "b"), ("a", "a, b", "b"), ("a", "A", "A"), ("ab", "a", "a")];
    for (offers, list, name) in table {
        let expected = Err(Error::ExtensionNotOffered(name.into()));
        assert_eq!(accept(offers, before(list)), expected, "{offers}, {list}");
    }
}

// 6455-9.1-a, P-ext-a
#[test]
fn malformed_lists_are_not_sent() {
    let lists = [" ", ",", "a;", "a;x=", "a b", "a;x=\"", "a\r\nX: y", "a\n", "a\0", "\"a\"", "é"];
    for list in lists {
        assert_eq!(accept("a", before(list)), Err(Error::Extensions(list.into())), "{list:?}");
    }
}

// P-ext-a
#[test]
fn each_extension_is_accepted_once() {
    let table =
        [("a", "a, a", "a"), ("a; x, a; y", "a; x, a; y", "a"), ("a, b, c", "a, b, c, b", "b")];
    for (offers, list, name) in table {
        let expected = Err(Error::ExtensionTwice(name.into()));
        assert_eq!(accept(offers, before(list)), expected, "{offers}, {list}");
    }
}

// P-ext-a
#[test]
fn a_full_outbox_gets_no_part_of_the_response() {
    let bytes = sound().with(NAME, &["a"]).bytes();
    let mut inbox = Inbox::with_capacity(1024);
    assert_eq!(inbox.copy_from(&bytes), bytes.len());
    // 127 bytes up to the proof, the field, and the empty line.
    let needed = 127 + "\r\n".len() + "Sec-WebSocket-Extensions: a; x=1\r\n".len();
    for room in 0..=needed {
        let mut outbox = FixedOutbox::over(vec![0; room]);
        let (mut opening, mut inbox) = (opening(), inbox.clone());
        let request = opening.receive(&mut inbox, &mut outbox).unwrap().unwrap();
        let finished = request.accept().extensions("a; x=1").finish(&mut outbox);
        assert_eq!(finished.is_ok(), room == needed);
        assert_eq!(outbox.bytes().len(), if room == needed { needed } else { 0 });
    }
}

#[cfg(feature = "deflate")]
mod with_deflate {
    use super::{Choice, Deflate, Error, accept};

    const OFFERS: &str = "a, permessage-deflate, b, c";
    const DEFLATE: &str = "permessage-deflate";

    // 6455-9.1-f, P-ext-a: extensions apply in the order of the response
    #[test]
    fn compression_is_between_the_two_lists() {
        let plain = Deflate::new().send_context_takeover(true).receive_context_takeover(true);
        let table = [
            ("a", "", "a, permessage-deflate"),
            ("", "a", "permessage-deflate, a"),
            ("b, a", "c", "b, a, permessage-deflate, c"),
            ("c", "b, a; x=1", "c, permessage-deflate, b, a; x=1"),
            ("", "", "permessage-deflate"),
        ];
        for (before, after, expected) in table {
            let choice = Choice { before, after, deflate: Some(&plain) };
            assert_eq!(accept(OFFERS, choice), Ok(vec![expected.into()]));
            // Without compression, the order remains.
            let choice = Choice { deflate: None, ..choice };
            let expected = expected.replace(DEFLATE, "").replace(", ,", ",");
            let expected = expected.trim_matches([',', ' ']);
            let expected = (!expected.is_empty()).then(|| expected.into());
            assert_eq!(accept(OFFERS, choice), Ok(expected.into_iter().collect()));
        }
        let choice = Choice { before: "a", after: "b", deflate: Some(&plain) };
        assert_eq!(accept("a, b", choice), Ok(vec!["a, b".into()]), "no compression offered");
    }

    // P-ext-a, 6455-4.2.2-i, 6455-9.1-a
    #[test]
    fn both_lists_obey_the_same_rules() {
        let plain = Deflate::new();
        let twice = |name: &str| Error::ExtensionTwice(name.into());
        let missing = |name: &str| Error::ExtensionNotOffered(name.into());
        let table = [
            ("", "d", missing("d")),
            ("a", "d", missing("d")),
            ("", "a, a", twice("a")),
            ("a", "a", twice("a")),
            ("a", "b, a", twice("a")),
            ("a", "b, b", twice("b")),
            ("a", "b;", Error::Extensions("b;".into())),
            ("a;", "b", Error::Extensions("a;".into())),
            // Compression is accepted by `deflate`.
            (DEFLATE, "", twice(DEFLATE)),
            ("", DEFLATE, twice(DEFLATE)),
            ("a", "b, permessage-deflate; server_no_context_takeover", twice(DEFLATE)),
        ];
        for (before, after, error) in table {
            let choice = Choice { before, after, deflate: Some(&plain) };
            assert_eq!(accept(OFFERS, choice), Err(error), "{before} and {after}");
        }
        // Without compression, it may be in either list, but not in both.
        let choice = Choice { before: DEFLATE, after: DEFLATE, deflate: None };
        assert_eq!(accept(OFFERS, choice), Err(twice(DEFLATE)));
    }
}
