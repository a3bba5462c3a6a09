//! Extensions: the grammar of the lists, and how both roles handle offers and responses.

use hybi::{
    Error, Inbox, Violation,
    client::{Accepted, Error as ClientError, Failure, Response as ClientResponse},
    extension::{Extension, ExtensionSyntax, MAX_ELEMENTS, parse},
    server::{Refusal, Request},
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::support::handshake::{
    client::{self, SampleNonce, answer, assert_fails, assert_opens},
    http::Response,
    server::{MARKER, Outcome, assert_accepted, assert_refused, opening, serve, sound},
};

const NAME: &str = "Sec-WebSocket-Extensions";

/// An owned extension with its parameters.
type Owned = (String, Vec<(String, Option<String>)>);

fn own(extension: Extension<'_>) -> Owned {
    let value = |bytes| String::from_utf8(bytes).unwrap();
    let parameters = extension.parameters().map(|parameter| {
        (parameter.name().into(), parameter.value().map(|v| value(v.bytes().collect())))
    });
    (extension.name().into(), parameters.collect())
}

fn parse_owned(value: impl AsRef<[u8]>) -> Result<Vec<Owned>, ExtensionSyntax> {
    parse(value.as_ref()).map(|extensions| extensions.map(own).collect())
}

/// Writes extensions in the shortest form that the grammar allows.
fn brief(extensions: &[Owned]) -> String {
    let mut text = Vec::new();
    for (name, parameters) in extensions {
        let parameters = parameters.iter().map(|(name, value)| match value {
            Some(value) => format!(";{name}={value}"),
            None => format!(";{name}"),
        });
        text.push(name.clone() + &parameters.collect::<String>());
    }
    text.join(",")
}

/// Malformed values.
const MALFORMED: [&str; 37] = [
    "",
    " ",
    ",",
    " , \t,",
    ";",
    ";a",
    "=",
    "a;",
    "a; ",
    "a;,b",
    "a;;b",
    "a,;",
    "a=1",
    "a;b=",
    "a;b= ",
    "a;b=,c",
    "a;b=;c",
    "a;=1",
    "a;b==1",
    "a;b=1=2",
    "a b",
    "a;b c",
    "a;b=1 2",
    "\"a\"",
    "a;\"b\"",
    "a;b=\"1",
    "a;b=\"",
    "a;b=\"\\",
    "a;b=\"1\\\"",
    "a;b=\"1\"2",
    "a;b=\"1\" 2",
    "a;b='1\"",
    "a(b)",
    "a/b",
    "a;b=(1)",
    "a\\b",
    "a;b=\\1",
];

// 6455-9.1-a
#[test]
fn valid_lists() {
    // The last ones are based on the examples of section 9.1.
    let table = [
        ("a", "a"),
        ("a;b", "a;b"),
        (" a\t; b = 1 ;c ", "a;b=1;c"),
        ("a;b=1;b=2", "a;b=1;b=2"),
        ("a, b,c", "a,b,c"),
        ("a, a; b, a", "a,a;b,a"),
        // Empty elements are ignored (RFC 9110, section 5.6.1).
        (",a,,\t,b;c, ", "a,b;c"),
        ("A;b=C", "A;b=C"),
        ("!#$%&'*+-.^_`|~;09=Az", "!#$%&'*+-.^_`|~;09=Az"),
        ("deflate-stream", "deflate-stream"),
        ("mux; max-channels=4; flow-control", "mux;max-channels=4;flow-control"),
        ("mux; max-channels=4, deflate-stream", "mux;max-channels=4,deflate-stream"),
        ("private-extension", "private-extension"),
        ("foo; bar; baz=2", "foo;bar;baz=2"),
    ];
    for (value, expected) in table {
        assert_eq!(brief(&parse_owned(value).unwrap()), expected, "{value}");
    }
}

// 6455-9.1-b
#[test]
fn a_quoted_value_equals_the_token_inside_it() {
    let quoted = ["\"10\"", "\"1\\0\"", "\"\\1\\0\"", " \"10\" "];
    for value in quoted {
        assert_eq!(brief(&parse_owned(format!("a;b={value};c")).unwrap()), "a;b=10;c", "{value}");
    }
    let offers = parse(b"a;b=\"1\\0\"").unwrap().next().unwrap();
    let value = offers.parameters().next().unwrap().value().unwrap();
    assert!(value == *"10" && value != *"1" && value != *"100" && value != *"1\\0");

    for value in
        ["\"\"", "\"a b\"", "\" a\"", "\"a,b\"", "\"a;b\"", "\"\\\"\"", "\"\\\\\"", "\"é\""]
    {
        assert_eq!(parse_owned(format!("a;b={value}")), Err(ExtensionSyntax), "{value}");
    }
}

// 6455-9.1-a
#[test]
fn malformed_lists() {
    for value in MALFORMED {
        assert_eq!(parse_owned(value), Err(ExtensionSyntax), "{value:?}");
        // Nor as part of a longer list.
        if value.contains(|c| c != ',' && c != ' ' && c != '\t') {
            assert_eq!(parse_owned(format!("a,{value},b")), Err(ExtensionSyntax), "{value:?}");
        }
    }
}

// 6455-9.1-a
#[test]
fn each_byte_is_accepted_only_where_the_grammar_allows_it() {
    let token = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for byte in 0..=u8::MAX {
        let expected = token.as_bytes().contains(&byte);
        // Separators, quotes and escapes change the structure of the list; other tests cover them.
        for (before, after) in [("x", "x;p"), ("x;x", "x=1"), ("x;p=x", "x"), ("x;p=\"x", "x\"")] {
            let value = [before.as_bytes(), &[byte], after.as_bytes()].concat();
            let separates = matches!(byte, b',' | b';' | b'=' | b' ' | b'\t' | b'"' | b'\\');
            if !separates {
                let shown = value.escape_ascii();
                assert_eq!(parse(&value).is_ok(), expected, "{shown}");
            }
        }
    }
}

// P-ex-a
#[test]
fn elements_are_limited() {
    assert_eq!(MAX_ELEMENTS, 32);
    let extensions = |count| vec!["a"; count].join(",");
    let parameters = |count| format!("a{}", ";b=1".repeat(count));
    assert_eq!(parse_owned(extensions(32)).unwrap().len(), 32);
    assert_eq!(parse_owned(parameters(32)).unwrap()[0].1.len(), 32);
    // Empty elements count (RFC 9110, section 5.6.1.2).
    for (before, after) in [(31, 0), (0, 31), (15, 16_usize)] {
        let list = |more: usize| format!("{}a{}", ",".repeat(before), ", ".repeat(after + more));
        assert_eq!(parse_owned(list(0)).unwrap().len(), 1);
        assert_eq!(parse_owned(list(1)), Err(ExtensionSyntax));
    }
    for count in [33, 10_000] {
        assert_eq!(parse_owned(extensions(count)), Err(ExtensionSyntax));
        assert_eq!(parse_owned(parameters(count)), Err(ExtensionSyntax));
    }
}

// P-ex-a, A-04
#[test]
fn a_long_unterminated_quoted_value() {
    for filler in [r"\a", r"\\", r"\", "a", "\\\""] {
        let value = format!("a;b=\"{}", filler.repeat(64 * 1024 / filler.len()));
        assert_eq!(parse_owned(&value), Err(ExtensionSyntax), "{filler}");
    }
    // The missing quote is the fault, not the length.
    let value = format!("a;b=\"{}\"", r"\a".repeat(32 * 1024));
    assert!(parse_owned(&value).is_ok());
}

// P-ex-a, P-ex-b, A-06
#[test]
fn names_are_case_sensitive() {
    let long = "x".repeat(10 * 1024);
    for name in ["__proto__", "constructor", "hasOwnProperty", "0", &long] {
        assert_eq!(parse_owned(name).unwrap(), [(name.into(), Vec::new())]);
    }
    let offers = client::request().extensions("Foo");
    let other = answer().with(NAME, &["foo"]).bytes();
    assert_fails(offers, &other, Failure::ExtensionNotOffered);
}

// 6455-9.1-a, 6455-9.1-b, 6455-4.2.1-l
#[test]
fn a_server_refuses_malformed_offers() {
    for value in MALFORMED {
        let request = sound().with(NAME, &[value]).bytes();
        assert_refused(&opening(), &request, Refusal::Extensions, 400);
        // Also next to a valid field.
        let request = sound().with(NAME, &[MARKER, value]).bytes();
        assert_refused(&opening(), &request, Refusal::Extensions, 400);
    }
}

// 6455-4.2.1-l, 6455-9.1-c, P-ex-b
#[test]
fn offers_in_several_fields_are_one_list() {
    let lines: [&[&str]; 4] = [
        &["foo, permessage-deflate; client_max_window_bits, bar;x=\"1\""],
        &["foo", "permessage-deflate; client_max_window_bits", "bar;x=1"],
        &["foo,permessage-deflate;client_max_window_bits", ",bar;\tx = 1,"],
        &["foo,", "permessage-deflate ;client_max_window_bits,bar;x=1"],
    ];
    for values in lines {
        let request = sound().with(NAME, values).bytes();
        let (offers, response) =
            assert_accepted(&request, |r| r.extensions().map(own).collect::<Vec<_>>());
        assert_eq!(brief(&offers), "foo,permessage-deflate;client_max_window_bits,bar;x=1");
        assert!(!String::from_utf8(response).unwrap().contains(NAME), "nothing is accepted");
    }
}

// 6455-4.1-t, 6455-9-b
#[test]
fn a_client_sends_the_offers_of_the_caller() {
    for offers in ["foo", "foo; bar=\"1\", x;y", ""] {
        let mut outbox = Vec::new();
        client::request().extensions(offers).send_with(SampleNonce, &mut outbox).unwrap();
        let (found, _) = assert_accepted(&outbox, |r| r.extensions().map(own).collect::<Vec<_>>());
        assert_eq!(found, parse_owned(offers).unwrap_or_default());
        // A server may accept none of the offers.
        let accepted = assert_opens(client::request().extensions(offers), &answer().bytes(), |a| {
            a.extensions().count()
        });
        assert_eq!(accepted, 0);
    }
    let injections = ["a\r\nX: y", "a\r", "a\n", "a\0", "a;b=\"\r\n\""];
    for offers in MALFORMED.into_iter().skip(1).chain(injections) {
        let mut outbox = Vec::new();
        let result = client::request().extensions(offers).send_with(SampleNonce, &mut outbox);
        assert_eq!(result.map(|_| ()), Err(ClientError::Extensions(offers.into())), "{offers:?}");
        assert_eq!(outbox, b"");
    }
}

// 6455-9.1-a, 6455-9.1-b
#[test]
fn a_client_fails_on_a_malformed_response() {
    for value in MALFORMED {
        let request = client::request().extensions("a, b");
        assert_fails(request.clone(), &answer().with(NAME, &[value]).bytes(), Failure::Extensions);
        assert_fails(request, &answer().with(NAME, &["a", value]).bytes(), Failure::Extensions);
    }
}

// 6455-4.1-ab, 6455-9-a, I-06
#[test]
fn a_client_fails_on_extensions_that_it_did_not_offer() {
    let table = [
        ("", &["foo"][..], Failure::ExtensionNotOffered),
        ("foo", &["bar"], Failure::ExtensionNotOffered),
        ("foo", &["foo, bar"], Failure::ExtensionNotOffered),
        ("foo", &["foo", "bar"], Failure::ExtensionNotOffered),
        ("foo", &["fo"], Failure::ExtensionNotOffered),
        ("foo", &["fooo"], Failure::ExtensionNotOffered),
        ("foo; bar", &["bar"], Failure::ExtensionNotOffered),
        ("foo", &["foo, foo"], Failure::ExtensionTwice),
        ("foo", &["foo; a, foo; b"], Failure::ExtensionTwice),
        ("foo", &["foo", "foo"], Failure::ExtensionTwice),
        ("foo, bar", &["foo, bar", "foo"], Failure::ExtensionTwice),
        // Several offers of an extension can be accepted only once.
        ("foo; a, foo; b", &["foo; a", "foo; b"], Failure::ExtensionTwice),
    ];
    for (offers, values, failure) in table {
        let request = client::request().extensions(offers);
        assert_fails(request, &answer().with(NAME, values).bytes(), failure);
    }
}

// 6455-9.1-c, 6455-9.1-f, 6455-11.3.2-a, 6455-4.1-af
#[test]
fn accepted_extensions_are_returned_in_the_order_of_the_response() {
    let lines: [&[&str]; 4] = [
        &["bar; x=1, foo"],
        &["bar;x=\"1\"", "foo"],
        &[",bar;x=1,", ",foo"],
        &["bar;\tx = 1 , foo"],
    ];
    for values in lines {
        let request = client::request().extensions("foo, bar; x, unused");
        let see = |accepted: &Accepted<'_, SampleNonce>| {
            accepted.extensions().map(own).collect::<Vec<_>>()
        };
        let accepted = assert_opens(request, &answer().with(NAME, values).bytes(), see);
        assert_eq!(brief(&accepted), "bar;x=1,foo");
    }
}

// 6455-9.1-d
#[test]
fn a_reserved_bit_is_an_error_without_an_extension() {
    // The `Hello` frames of section 5.7, with RSV1 set.
    let masked = [0xc1, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    let unmasked = [0xc1, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f];
    let offers = "permessage-deflate";
    let mut outbox = Vec::new();

    let mut inbox = Inbox::with_capacity(1024);
    let request = [&sound().with(NAME, &[offers]).bytes()[..], &masked].concat();
    assert_eq!(inbox.copy_from(&request), request.len());
    let request = opening().receive(&mut inbox, &mut outbox).unwrap().unwrap();
    let mut websocket = request.accept().finish(&mut outbox).unwrap();
    let error = websocket.receive(&mut inbox, &mut outbox).unwrap_err();
    assert_eq!(error, Error::Protocol(Violation::ReservedBits));

    let mut inbox = Inbox::with_capacity(1024);
    let response = [&answer().bytes()[..], &unmasked].concat();
    assert_eq!(inbox.copy_from(&response), response.len());
    let request = client::request().extensions(offers);
    let mut opening = request.send_with(SampleNonce, &mut outbox).unwrap();
    let Some(ClientResponse::Accepted(accepted)) = opening.receive(&mut inbox).unwrap() else {
        panic!("it was accepted");
    };
    let error = accepted.finish().receive(&mut inbox, &mut outbox).unwrap_err();
    assert_eq!(error, Error::Protocol(Violation::ReservedBits));
}

fn token() -> impl Strategy<Value = String> {
    "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,6}"
}

fn extensions() -> impl Strategy<Value = Vec<Owned>> {
    vec((token(), vec((token(), option::of(token())), 0..4)), 1..5)
}

/// An independent parser: splits the list into symbols, then checks the transitions between them.
fn reference(value: &str) -> Option<Vec<Owned>> {
    let mut list: Vec<Owned> = Vec::new();
    // Commas and semicolons in quotes are invalid in any case.
    for element in value.split(',').map(|e| e.trim_matches([' ', '\t'])) {
        if element.is_empty() {
            continue;
        }
        let is_token = |text: &str| {
            let others = "!#$%&'*+-.^_`|~";
            !text.is_empty()
                && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
        };
        let mut parts = element.split(';').map(|part| part.trim_matches([' ', '\t']));
        let name = parts.next().filter(|name| is_token(name))?;
        let mut parameters = Vec::new();
        for part in parts {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name.trim_end_matches([' ', '\t']), Some(value)),
                None => (part, None),
            };
            let value = match value.map(|value| value.trim_start_matches([' ', '\t'])) {
                Some(value) if value.starts_with('"') => {
                    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
                    // A token contains no backslash, so each one escapes the next character.
                    let pairs = inner.split('\\').skip(1).all(|rest| !rest.is_empty());
                    Some(inner.replace('\\', "")).filter(|_| pairs)
                }
                value => value.map(String::from),
            };
            if !is_token(name) || part.contains('=') && !value.as_deref().is_some_and(is_token) {
                return None;
            }
            parameters.push((name.into(), value));
        }
        list.push((name.into(), parameters));
    }
    (!list.is_empty()).then_some(list)
}

proptest! {
    // 6455-9.1-a, 6455-9.1-b
    #[test]
    fn every_valid_list_round_trips(
        extensions in extensions(),
        space in select(vec!["", " ", "\t", " \t "]),
        quoted: bool,
        escaped: bool,
    ) {
        let mut text = brief(&extensions);
        for separator in [",", ";", "="] {
            text = text.replace(separator, &format!("{space}{separator}{space}"));
        }
        if quoted {
            let value = |value: &String| {
                let escape = if escaped { "\\" } else { "" };
                format!("\"{escape}{value}\"")
            };
            let mut quoted = extensions.clone();
            let all = quoted.iter_mut().flat_map(|(_, parameters)| parameters);
            all.for_each(|(_, v)| *v = v.as_ref().map(value));
            text = brief(&quoted);
        }
        prop_assert_eq!(parse_owned(&text).unwrap(), extensions);
    }

    // 6455-9.1-a, 6455-9.1-b
    #[test]
    fn an_independent_parser_agrees(value in "[ab;,=\"\\\\ \t]{0,12}") {
        prop_assert_eq!(parse_owned(&value).ok(), reference(&value), "{:?}", value);
    }

    // 6455-10.1-a
    #[test]
    fn no_input_makes_the_parser_panic(value in vec(any::<u8>(), 0..100)) {
        let _ = parse_owned(value);
    }

    // 6455-4.2.2-i, 6455-9-a, P-ex-b
    #[test]
    fn a_server_accepts_only_what_was_offered(offers in extensions()) {
        let request = sound().with(NAME, &[brief(&offers)]).bytes();
        let mut outbox = Vec::new();
        let inbox = Inbox::with_capacity(64);
        let see = |request: &Request<'_>| {
            request.extensions().map(own).collect::<Vec<_>>()
        };
        let outcome = serve(opening(), inbox, &mut outbox, &[&request], see);
        prop_assert_eq!(outcome, Outcome::Open(offers, Vec::new()));
        let response = Response::parse(&outbox);
        prop_assert_eq!(response.all("sec-websocket-extensions"), [""; 0]);
    }
}
