//! The requests that a client sends.

use hybi::{
    FixedOutbox, Inbox, Origins, Outbox, OutboxFull, Uri,
    client::{Error, Request},
    http1::{FieldError, HeaderField},
    random::{Entropy, EntropyError},
    server::Opening,
};

use crate::support::handshake::{
    client::{SampleNonce, request},
    head::KEY,
    proof::base64,
};

/// A request as another parser reads it.
#[derive(Debug, PartialEq)]
struct Sent {
    method: String,
    target: String,
    fields: Vec<(String, String)>,
}

impl Sent {
    fn parse(bytes: &[u8]) -> Self {
        let mut fields = [httparse::EMPTY_HEADER; 32];
        let mut head = httparse::Request::new(&mut fields);
        assert_eq!(
            head.parse(bytes),
            Ok(httparse::Status::Complete(bytes.len())),
            "nothing follows the head"
        );
        assert_eq!(head.version, Some(1), "HTTP/1.1");
        let text = |bytes: &[u8]| String::from_utf8(bytes.into()).unwrap();
        Self {
            method: head.method.unwrap().into(),
            target: head.path.unwrap().into(),
            fields: head.headers.iter().map(|f| (f.name.to_lowercase(), text(f.value))).collect(),
        }
    }

    /// The values of the fields with this name, given in lower case.
    fn all(&self, name: &str) -> Vec<&str> {
        let fields = self.fields.iter().filter(|(other, _)| other == name);
        fields.map(|(_, value)| value.as_str()).collect()
    }
}

fn send(request: Request<'_>) -> Sent {
    let mut outbox = Vec::new();
    request.send_with(SampleNonce, &mut outbox).unwrap();
    Sent::parse(&outbox)
}

/// Checks that a request is refused with this error and nothing is written.
#[allow(clippy::needless_pass_by_value)] // each caller builds its own
fn assert_misuse(request: Request<'_>, error: impl Into<Error>) {
    let mut outbox = b"before".to_vec();
    let result = request.clone().send_with(SampleNonce, &mut outbox).map(|_| ());
    assert_eq!(result, Err(error.into()), "{request:?}");
    assert_eq!(outbox, b"before");
}

// 6455-4.1-i, 6455-4.1-j, 6455-4.1-k, 6455-4.1-l, 6455-4.1-m, 6455-4.1-n, 6455-4.1-o
// 6455-4.1-q, 9112-6-a, 6455-9-b
#[test]
fn a_request_without_options_has_only_the_required_fields() {
    let sent = send(request());
    assert_eq!((&sent.method[..], &sent.target[..]), ("GET", "/chat"));
    let mut fields = sent.fields.clone();
    fields.sort_unstable();
    let expected = [
        ("connection", "Upgrade"),
        ("host", "server.example.com"),
        ("sec-websocket-key", KEY),
        ("sec-websocket-version", "13"),
        ("upgrade", "websocket"),
    ];
    assert_eq!(fields, expected.map(|(name, value)| (name.into(), value.into())));
}

/// Returns consecutive bytes, each once.
struct Counting {
    next: u8,
}

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for byte in bytes {
            *byte = self.next;
            self.next += 1;
        }
        Ok(())
    }
}

// 6455-4.1-o
#[test]
fn every_request_has_its_own_key() {
    let mut entropy = Counting { next: 0 };
    for nonces in [0..16, 16..32] {
        let mut outbox = Vec::new();
        request().send_with(&mut entropy, &mut outbox).unwrap();
        let sent = Sent::parse(&outbox);
        assert_eq!(sent.all("sec-websocket-key"), [base64(&nonces.collect::<Vec<_>>())]);
    }
    assert_eq!(entropy.next, 32, "16 bytes each");
    // The default source is the operating system, and its keys differ.
    let [one, other] = [(), ()].map(|()| {
        let mut outbox = Vec::new();
        request().send(&mut outbox).unwrap();
        Sent::parse(&outbox)
    });
    assert_ne!(one.all("sec-websocket-key"), other.all("sec-websocket-key"));
}

// 6455-4.1-o
#[test]
fn nothing_is_sent_if_the_source_of_randomness_fails() {
    struct Empty;
    impl Entropy for Empty {
        fn fill(&mut self, _: &mut [u8]) -> Result<(), EntropyError> {
            Err(EntropyError)
        }
    }
    let mut outbox = Vec::new();
    let result = request().send_with(Empty, &mut outbox).map(|_| ());
    assert_eq!((result, &outbox[..]), (Err(Error::Entropy(EntropyError)), &b""[..]));
}

// 6455-4.1-l
#[test]
fn host_includes_a_port_that_is_not_the_default() {
    let table = [
        ("ws://h:80", "h"),
        ("wss://h:443", "h"),
        ("ws://h:443", "h:443"),
        ("wss://h:80", "h:80"),
        ("ws://Example.COM:8080/x", "example.com:8080"),
        ("ws://[2001:DB8::1]:9", "[2001:db8::1]:9"),
        ("wss://[::1]", "[::1]"),
    ];
    for (uri, host) in table {
        let uri = Uri::parse(uri).unwrap();
        assert_eq!(send(Request::new(&uri)).all("host"), [host]);
    }
}

// 6455-4.1-p, 6454-7.3-a
#[test]
fn an_origin_is_sent_once_and_only_if_it_is_valid() {
    for origin in
        ["null", "https://example.com", "http://localhost:8080", "http://[::1]:1", "app+x://host"]
    {
        assert_eq!(send(request().origin(origin)).all("origin"), [origin]);
    }
    assert_eq!(send(request()).all("origin"), [""; 0]);
    let wrong = [
        "",
        "*",
        "Null",
        "example.com",
        "//example.com",
        "https:example.com",
        "https://",
        "https://example.com/",
        "https://example.com/path",
        "https://example.com?x",
        "https://example.com#x",
        "https://user@example.com",
        "https://a b",
        "://example.com",
        "1https://example.com",
        "https://a https://b",
        "https://a,https://b:x",
        "https://b\u{fc}cher.de",
        "https://a:65536",
        "https://a\r\nX: y",
        "https://a\0",
        " null",
    ];
    for origin in wrong {
        assert_misuse(request().origin(origin), Error::Origin(origin.into()));
    }
    // A header field is refused, so there is never a second Origin.
    for name in ["Origin", "ORIGIN"] {
        let fields = [(name, "https://example.com")];
        let misuse = FieldError::Reserved { index: 0, name: "Origin" };
        assert_misuse(request().headers(&fields), misuse);
    }
}

// 6455-4.1-r
#[test]
fn subprotocols_are_sent_in_order() {
    let table: [(&[&str], &[&str]); 4] = [
        (&[], &[]),
        (&["chat"], &["chat"]),
        (&["b", "a", "c"], &["b, a, c"]),
        (&["a", "A", "!#$%&'*+-.^_`|~"], &["a, A, !#$%&'*+-.^_`|~"]),
    ];
    for (names, values) in table {
        assert_eq!(send(request().subprotocols(names)).all("sec-websocket-protocol"), values);
    }
}

// 6455-4.1-s, I-01
#[test]
fn subprotocols_must_be_distinct_tokens() {
    let wrong = [
        "",
        " ",
        "a b",
        " a",
        "a ",
        "a,b",
        ",",
        "a;b",
        "a/b",
        "a@b",
        "\"a\"",
        "\u{e9}",
        "a\tb",
        "a\r\nX: y",
        "a\r",
        "a\n",
        "a\0",
        "a\x7f",
    ];
    for name in wrong {
        for (index, names) in [(0, &[name][..]), (1, &["chat", name])] {
            assert_misuse(request().subprotocols(names), Error::SubprotocolSyntax { index });
        }
    }
    assert_misuse(request().subprotocols(&["a", "a"]), Error::SubprotocolTwice { index: 1 });
    assert_misuse(request().subprotocols(&["a", "b", "a"]), Error::SubprotocolTwice { index: 2 });
    // The first and the last of the maximum number, and one more than the maximum.
    let many: Vec<_> = (0..129).map(|number| format!("p{number}")).collect();
    let mut many: Vec<_> = many.iter().map(String::as_str).collect();
    assert_misuse(request().subprotocols(&many), Error::TooManySubprotocols(129));
    assert_eq!(send(request().subprotocols(&many[..128])).all("sec-websocket-protocol").len(), 1);
    many[127] = "p0";
    assert_misuse(request().subprotocols(&many[..128]), Error::SubprotocolTwice { index: 127 });
    many[127] = "p 0";
    let misuse = Error::SubprotocolSyntax { index: 127 };
    assert_misuse(request().subprotocols(&many[..128]), misuse);
}

// 6455-4.1-u
#[test]
fn additional_fields_are_sent_unchanged_after_the_required_ones() {
    let fields = [
        ("Cookie", "a=b; c=\"d\""),
        ("Authorization", "Basic dTpw"),
        ("x-empty", ""),
        ("X", "tab\tand \u{e9}"),
        ("X", "again"),
    ];
    let mut outbox = Vec::new();
    let offers = request().subprotocols(&["chat"]).extensions("foo").origin("null");
    offers.headers(&fields).send_with(SampleNonce, &mut outbox).unwrap();
    let lines = "Cookie: a=b; c=\"d\"\r\nAuthorization: Basic dTpw\r\n\
        x-empty: \r\nX: tab\tand \u{e9}\r\nX: again\r\n\r\n";
    assert!(outbox.ends_with(lines.as_bytes()), "{}", outbox.escape_ascii());
    assert_eq!(Sent::parse(&outbox).fields.len(), 8 + fields.len());
}

// P-ch-a, 6455-11.3.1-a, 6455-11.3.5-a, 9112-6-a
#[test]
fn fields_that_would_change_the_handshake_are_refused() {
    let own = ["Host", "Upgrade", "Connection", "Content-Length", "Transfer-Encoding", "Expect"];
    let proxy = ["Proxy-Authorization", "Proxy-Connection", "Proxy-"];
    let websocket = [
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Version",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Extensions",
        "Sec-WebSocket-Accept",
        "Sec-WebSocket-Anything",
        "Sec-WebSocket-",
    ];
    let names = own.map(|name| (name, name)).into_iter();
    let names = names.chain(proxy.map(|name| (name, "Proxy-")));
    for (name, rule) in names.chain(websocket.map(|name| (name, "Sec-WebSocket-"))) {
        for name in [name.into(), name.to_lowercase(), name.to_uppercase()] {
            let field: [HeaderField<'_>; 2] = [("X", "y"), (&name, "0")];
            let misuse = FieldError::Reserved { index: 1, name: rule };
            assert_misuse(request().headers(&field), misuse);
        }
    }
    // These only share a prefix with a reserved name.
    let others = [("Hosts", "y"), ("Proxy", "y"), ("Sec-WebSocket", "y"), ("Expect-CT", "y")];
    assert_eq!(send(request().headers(&others)).all("sec-websocket"), ["y"]);
}

// P-ch-a, I-01, I-02
#[test]
fn a_field_cannot_inject_anything() {
    for byte in 0..=0x7f_u8 {
        let character = char::from(byte);
        let is_token = byte.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character);
        let name = format!("X{character}Y");
        if is_token {
            assert_eq!(send(request().headers(&[(&name, "z")])).all(&name.to_lowercase()), ["z"]);
        } else {
            assert_misuse(
                request().headers(&[(&name, "z")]),
                FieldError::Name { index: 0, name: name[..].into() },
            );
        }
        let value = format!("a{character}b");
        let fields = [("X", &value[..])];
        if matches!(byte, b'\t' | 0x20..=0x7e) {
            assert_eq!(send(request().headers(&fields)).all("x"), [&value]);
        } else {
            assert_misuse(
                request().headers(&fields),
                FieldError::Value { index: 0, name: "X".into() },
            );
        }
    }
    for name in ["", "\u{e9}", "X:", "X: y\r\nZ"] {
        assert_misuse(
            request().headers(&[(name, "z")]),
            FieldError::Name { index: 0, name: name.into() },
        );
    }
    for value in ["\r\n", "a\r\nX: y", "a\r\n\r\nGET / HTTP/1.1\r\nHost: b"] {
        assert_misuse(
            request().headers(&[("X", value)]),
            FieldError::Value { index: 0, name: "X".into() },
        );
    }
}

// 6455-4.1-i
#[test]
fn nothing_is_written_to_an_outbox_without_room() {
    let mut outbox = Vec::new();
    request().send_with(SampleNonce, &mut outbox).unwrap();
    let needed = outbox.len();
    for room in [0, 1, needed - 1] {
        let mut fixed = FixedOutbox::over(vec![0; room + 1]);
        fixed.append(b"x");
        let result = request().send_with(SampleNonce, &mut fixed).map(|_| ());
        assert_eq!(result, Err(OutboxFull { needed, room }.into()));
        assert_eq!(fixed.bytes(), b"x");
    }
    let mut fixed = FixedOutbox::over(vec![0; needed]);
    request().send_with(SampleNonce, &mut fixed).unwrap();
    assert_eq!(fixed.bytes(), outbox);
}

/// Targets that browsers send unchanged (they do not encode brackets or a lone percent sign in a
/// query), and other valid ones.
const RAW_TARGETS: [&str; 8] =
    ["/s?ids[]=1|2", "/{a}^b?{c}^d", "/%s0A", "/a?b=%", "/?`\\\"<>", "//a//b", "/a?b?c", "/"];

// RFC 9112, section 3.2.1
#[test]
fn a_target_is_sent_unchanged_and_accepted_by_a_server() {
    for target in RAW_TARGETS {
        let mut outbox = Vec::new();
        request().target(target).send_with(SampleNonce, &mut outbox).unwrap();
        assert!(outbox.starts_with(format!("GET {target} HTTP/1.1\r\n").as_bytes()), "{target}");
        let mut inbox = Inbox::with_capacity(1024);
        assert_eq!(inbox.copy_from(&outbox), outbox.len());
        let mut opening = Opening::new(Origins::no_browser());
        let received = opening.receive(&mut inbox, &mut Vec::new()).unwrap().unwrap();
        assert_eq!(received.target(), target);
        // A gateway can forward it.
        let mut again = Vec::new();
        let passed_on = request().target(received.target());
        passed_on.send_with(SampleNonce, &mut again).unwrap();
        assert_eq!(again, outbox);
        // The host is still that of the URI.
        assert!(received.headers().all("Host").eq([b"server.example.com"]));
    }
}

// RFC 9112, section 3.2.1
#[test]
fn a_target_starts_with_a_slash_and_contains_no_delimiter() {
    for target in ["", "*", "a", "?a", "http://a/", "server.example.com:80", " /"] {
        assert_misuse(request().target(target), Error::Target { offset: 0 });
    }
    for byte in 0..=0x7f_u8 {
        let target = format!("/a{}b", char::from(byte));
        if matches!(byte, 0x21..=0x7e) && byte != b'#' {
            assert_eq!(send(request().target(&target)).target, target);
        } else {
            assert_misuse(request().target(&target), Error::Target { offset: 2 });
        }
    }
    let injected = "/ HTTP/1.1\r\nHost: b\r\n\r\nGET /";
    assert_misuse(request().target(injected), Error::Target { offset: 1 });
    assert_misuse(request().target("/\u{e9}"), Error::Target { offset: 1 });
}

// RFC 7617, section 2; RFC 6750, section 2.1
#[test]
fn credentials_are_sent_in_one_field() {
    let sent = send(request().basic_auth("Aladdin", "open sesame"));
    assert_eq!(sent.all("authorization"), ["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="]);
    assert_eq!(sent.fields.len(), 6);
    let sent = send(request().bearer("mF_9.B5f-4.1JqM"));
    assert_eq!(sent.all("authorization"), ["Bearer mF_9.B5f-4.1JqM"]);
    // The last call wins.
    let sent = send(request().basic_auth("a", "b").bearer("c=="));
    assert_eq!(sent.all("authorization"), ["Bearer c=="]);
    // Both may be empty, and the password may contain a colon.
    assert_eq!(send(request().basic_auth("", "")).all("authorization"), ["Basic Og=="]);
    assert_eq!(send(request().basic_auth("a", "b:c")).all("authorization"), ["Basic YTpiOmM="]);
    // Other schemes are sent as a header field, but not together with these.
    let by_hand = request().header("authorization", "Negotiate x");
    assert_eq!(send(by_hand.clone()).all("authorization"), ["Negotiate x"]);
    let twice = FieldError::Reserved { index: 0, name: "Authorization" };
    assert_misuse(by_hand.bearer("a"), twice);
    assert_misuse(request().headers(&[("AUTHORIZATION", "x")]).basic_auth("a", "b"), twice);
}

// RFC 7617, section 2; RFC 6750, section 2.1
#[test]
fn credentials_that_cannot_be_sent_are_refused() {
    for user in ["a:b", ":", "a\r\nX: y", "a\0", "a\u{7f}"] {
        assert_misuse(request().basic_auth(user, "x"), Error::UserName);
    }
    for password in ["\n", "a\tb", "a\0", "\u{7f}"] {
        assert_misuse(request().basic_auth("x", password), Error::Password);
    }
    for token in ["", "=", "a=b", "a b", "a\r\nX: y", "a,b", "a\"b", "\u{e9}", "Bearer a"] {
        assert_misuse(request().bearer(token), Error::BearerToken);
    }
}

// 6455-4.1-u
#[test]
fn fields_are_added_one_by_one() {
    let values: Vec<_> = (0..17).map(|number| number.to_string()).collect();
    let added = |count: usize| {
        values[..count].iter().fold(request(), |request, value| request.header("X", value))
    };
    for count in [0, 1, 16] {
        assert_eq!(send(added(count)).all("x"), values[..count]);
    }
    assert_misuse(added(17), FieldError::TooMany);
    // The fields of a slice come first, regardless of the order of the calls.
    let fields = [("X", "a"), ("X", "b")];
    assert_eq!(send(added(2).headers(&fields)).all("x"), ["a", "b", "0", "1"]);
    // They are checked like the others, and their indices follow those of the slice.
    let reserved = FieldError::Reserved { index: 3, name: "Host" };
    assert_misuse(added(1).headers(&fields).header("Host", "a"), reserved);
}
