//! The opening handshake of the client. Its request must contain exactly what the caller asked for. It must
//! accept a response, with any split of the input, only if the reference accepts it too.

#![no_main]

use arbitrary::Arbitrary;
use hybi::{
    Connection, Inbox, Origins, Storage, Uri,
    client::{self, Failure, Opening, Response},
    http1::HeadLimits,
    server::{self, Incoming},
};
use hybi_fuzz::{
    accept,
    cuts::Cuts,
    http::{self, Change, Dictionary, Head, Parsed},
    keys::Keys,
};
use libfuzzer_sys::fuzz_target;

const DICTIONARY: Dictionary = Dictionary {
    starts: &[
        "HTTP/1.1 101 Switching Protocols",
        "HTTP/1.1 101",
        "HTTP/1.9 101 ",
        "HTTP/1.0 101 Switching Protocols",
        "HTTP/2.0 101 Switching Protocols",
        "HTTP/1.1 100 Continue",
        "HTTP/1.1 199 Early",
        "HTTP/1.1 200 OK",
        "HTTP/1.1 302 Found",
        "HTTP/1.1 426 Upgrade Required",
        "HTTP/1.1 599 Unheard of",
        "HTTP/1.1 600 Beyond",
        "HTTP/1.1 1010 Longer",
        "HTTP/1.1  101 Spaced",
    ],
    names: &[
        "Upgrade",
        "Connection",
        "Sec-WebSocket-Accept",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Extensions",
        "Sec-WebSocket-Version",
        "Content-Length",
        "Transfer-Encoding",
        "Set-Cookie",
        "Location",
        "upgrade",
        "Upgrade ",
        "",
    ],
    values: &[
        "websocket",
        "WebSocket",
        "websocket, h2c",
        "Upgrade",
        "keep-alive,,UPGRADE",
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "chat",
        "superchat",
        "Chat",
        "chat, superchat",
        "permessage-deflate",
        "permessage-deflate; server_max_window_bits=10, foo",
        "foo, foo",
        "bar",
        "13, 8, 7",
        "../x?y#z",
        "//a.example:443/./x",
        "http://b.example/../x",
        "0",
        "1",
        "chunked",
        "a\r\n b",
        "\r\n\twebsocket",
        "keep-alive,\r\n Upgrade",
        "",
    ],
};

const SUBPROTOCOLS: &[&str] = &["chat", "superchat"];
const EXTENSIONS: &str = "permessage-deflate; client_max_window_bits, foo; a=\"1\"";

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    asked: Asked<'a>,
    limits: Option<(u16, u8, u16)>,
    /// The initial capacity of the growing inbox.
    capacity: u8,
    /// The size of the fixed inbox.
    fixed: u16,
    cuts: Cuts<'a>,
    edits: Vec<(u16, u8)>,
    source: Source<'a>,
}

/// The settings of the request.
#[derive(Debug, Arbitrary)]
enum Asked<'a> {
    Plain,
    Offers { required: bool },
    Strange(Strange<'a>),
}

#[derive(Debug, Arbitrary)]
struct Strange<'a> {
    authority: &'a str,
    resource: &'a str,
    subprotocols: Vec<&'a str>,
    extensions: &'a str,
    origin: Option<&'a str>,
    field: (&'a str, &'a str),
    target: Option<&'a str>,
}

#[derive(Debug, Arbitrary)]
enum Source<'a> {
    Bytes(&'a [u8]),
    /// The number of interim responses, the changes to the final response, and the bytes that follow.
    Responses(u8, Vec<Change<'a>>, &'a [u8]),
}

#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    Waiting,
    Accepted { subprotocol: Option<String>, extensions: Vec<String> },
    Rejected { status: u16, versions: Vec<u8> },
    Failed(Failure),
}

fuzz_target!(|input: Input<'_>| {
    let authority =
        if let Asked::Strange(strange) = &input.asked { strange.authority } else { "a" };
    let resource = if let Asked::Strange(strange) = &input.asked { strange.resource } else { "/" };
    let uri = format!("ws://{authority}{resource}");
    let Ok(uri) = Uri::parse(&uri) else { return };
    let field = if let Asked::Strange(strange) = &input.asked { strange.field } else { ("a", "b") };
    let fields = [field];
    let Some((request, opening)) = send(&input, &uri, &fields) else { return };

    let head = Parsed::of(&request);
    assert_eq!(head.size, request.len(), "bytes after the request");
    check_request(&input.asked, &uri, &head);
    let proof = accept::accept(head.only("sec-websocket-key").expect("one key"));
    let bytes = input.source.bytes(&input.edits, &proof);

    let unfolded = http::unfold(&bytes);
    let answered =
        Answered { bytes: &bytes, unfolded: &unfolded, asked: &input.asked, proof: &proof };
    let inbox = || Inbox::with_capacity(usize::from(input.capacity));
    let outcome = answered.run(opening.clone(), inbox(), Cuts::NONE);
    for cuts in [input.cuts, Cuts::EVERYWHERE] {
        assert_eq!(answered.run(opening.clone(), inbox(), cuts), outcome);
    }
    let size = input.limits.map_or(16 * 1024, |(size, ..)| size.into());
    // One byte more than the longest head.
    let fixed = Inbox::over(vec![0; size + 1]);
    assert_eq!(answered.run(opening.clone(), fixed, input.cuts), outcome);
    answered.check(&outcome, input.limits.is_none());

    // A fixed inbox is a further limit.
    let fixed = || Inbox::over(vec![0; usize::from(input.fixed).max(1)]);
    let outcome = answered.run(opening.clone(), fixed(), input.cuts);
    answered.check(&outcome, false);
    assert_eq!(answered.run(opening, fixed(), Cuts::NONE), outcome);
});

/// Sends the request. `None` if it is not valid.
fn send<'a>(
    input: &'a Input<'_>,
    uri: &Uri<'a>,
    fields: &'a [(&'a str, &'a str)],
) -> Option<(Vec<u8>, Opening<'a, Keys>)> {
    let mut request = client::Request::new(uri);
    if let Some((size, fields, line)) = input.limits {
        let limits = HeadLimits::new();
        request = request.limits(limits.size(size.into()).fields(fields.into()).line(line.into()));
    }
    match &input.asked {
        Asked::Plain => {}
        Asked::Offers { required } => {
            request = request.subprotocols(SUBPROTOCOLS).extensions(EXTENSIONS);
            if *required {
                request = request.require_subprotocol();
            }
        }
        Asked::Strange(strange) => {
            request = request.subprotocols(&strange.subprotocols);
            request = request.extensions(strange.extensions).headers(fields);
            if let Some(origin) = strange.origin {
                request = request.origin(origin);
            }
            if let Some(target) = strange.target {
                request = request.target(target);
            }
        }
    }
    let mut outbox = Vec::new();
    match request.send_with(Keys::default(), &mut outbox) {
        Ok(opening) => Some((outbox, opening)),
        Err(error) => {
            use client::Error::{Entropy, Failed, OutboxFull};
            let is_callers = !matches!(error, Failed(_) | OutboxFull(_) | Entropy(_));
            assert!(is_callers, "{error}");
            assert!(matches!(input.asked, Asked::Strange(_)), "{error}");
            assert_eq!(outbox, [], "an invalid request is sent");
            None
        }
    }
}

/// Checks each field of the request, and that a server accepts it.
fn check_request(asked: &Asked<'_>, uri: &Uri<'_>, head: &Parsed<'_>) {
    let target = if let Asked::Strange(Strange { target, .. }) = asked { *target } else { None };
    let target = target.map_or_else(|| uri.resource_name().to_string(), String::from);
    let start = format!("GET {target} HTTP/1.1");
    assert_eq!(head.start, start.as_bytes());
    let host = uri.authority().to_string();
    let mut expected = vec![
        ("host", &host[..]),
        ("upgrade", "websocket"),
        ("connection", "Upgrade"),
        ("sec-websocket-version", "13"),
    ];
    let offered = asked.subprotocols().join(", ");
    if !offered.is_empty() {
        expected.push(("sec-websocket-protocol", &offered));
    }
    if !asked.extensions().is_empty() {
        expected.push(("sec-websocket-extensions", asked.extensions()));
    }
    let mut name = String::new();
    if let Asked::Strange(strange) = asked {
        expected.extend(strange.origin.map(|origin| ("origin", origin)));
        name = strange.field.0.to_ascii_lowercase();
        expected.push((&name, strange.field.1));
    }
    let spaces: &[_] = &[' ', '\t'];
    for (name, value) in &expected {
        let values = head.all(name);
        assert!(values.contains(&value.trim_matches(spaces).as_bytes()), "{name} is not sent");
    }
    let key = head.only("sec-websocket-key");
    assert!(key.is_some_and(accept::is_key));
    assert_eq!(head.fields.len(), expected.len() + 1, "a field too many");
    assert!(!["host", "upgrade", "connection", "origin", "content-length"].contains(&&name[..]));
    assert!(!name.starts_with("sec-websocket-"));

    let mut inbox = Inbox::with_capacity(256);
    let mut request = Vec::new();
    write_again(head, &mut request);
    let mut opening = server::Opening::new(Origins::any());
    let mut rest = &request[..];
    let mut answer = Vec::new();
    while !rest.is_empty() {
        let taken = inbox.copy_from(rest);
        rest = &rest[taken..];
        match opening.receive_any(&mut inbox, &mut answer) {
            Ok(None) => assert!(!rest.is_empty(), "the request is not complete"),
            Ok(Some(Incoming::WebSocket(request))) => {
                let offers = request.subprotocols().collect::<Vec<_>>();
                return assert_eq!(offers, asked.subprotocols());
            }
            Ok(Some(Incoming::Http(_))) => panic!("not a WebSocket request"),
            // A URI allows a comma in a host name; the server does not.
            Err(_) if host.contains(',') => return,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Writes a parsed head again.
fn write_again(head: &Parsed<'_>, bytes: &mut Vec<u8>) {
    bytes.extend([head.start, b"\r\n"].concat());
    for (name, value) in &head.fields {
        bytes.extend([name.as_bytes(), b":", value, b"\r\n"].concat());
    }
    bytes.extend(b"\r\n");
}

impl Asked<'_> {
    fn subprotocols(&self) -> &[&str] {
        match self {
            Self::Plain => &[],
            Self::Offers { .. } => SUBPROTOCOLS,
            Self::Strange(strange) => &strange.subprotocols,
        }
    }

    fn extensions(&self) -> &str {
        match self {
            Self::Plain => "",
            Self::Offers { .. } => EXTENSIONS,
            Self::Strange(strange) => strange.extensions,
        }
    }

    const fn requires_subprotocol(&self) -> bool {
        matches!(self, Self::Offers { required: true })
    }
}

impl Source<'_> {
    fn bytes(&self, edits: &[(u16, u8)], proof: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self {
            Source::Bytes(raw) => bytes.extend_from_slice(raw),
            Source::Responses(interim, changes, trailing) => {
                for _ in 0..interim % 16 {
                    Head::new("HTTP/1.1 103 Early Hints", &[]).write(&mut bytes);
                }
                let mut head = Head::new(DICTIONARY.starts[0], &accepting(proof));
                for change in changes {
                    head.change(change, &DICTIONARY);
                }
                head.write(&mut bytes);
                bytes.extend_from_slice(trailing);
            }
        }
        for &(place, byte) in edits {
            if let Some(place) = usize::from(place).checked_rem(bytes.len()) {
                bytes[place] = byte;
            }
        }
        bytes
    }
}

const fn accepting(proof: &str) -> [(&str, &str); 3] {
    [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", proof)]
}

struct Answered<'a> {
    bytes: &'a [u8],
    /// The same with folded fields unfolded, for the reference parser.
    unfolded: &'a [u8],
    asked: &'a Asked<'a>,
    proof: &'a str,
}

impl Answered<'_> {
    /// Receives until the handshake is complete or has failed.
    fn run<S: Storage>(
        &self,
        mut opening: Opening<'_, Keys>,
        mut inbox: Inbox<S>,
        cuts: Cuts<'_>,
    ) -> Outcome {
        let fed = cuts.feed(self.bytes, &mut inbox, |inbox, received| {
            self.receive(&mut opening, inbox, received).map_or(Ok(()), Err)
        });
        let Err(outcome) = fed else { return Outcome::Waiting };
        let again = opening.receive(&mut inbox).map(|_| ());
        assert_eq!(again, Err(client::Error::HandshakeOver));
        outcome
    }

    /// The outcome of the handshake. `None` if it needs more input.
    fn receive<S: Storage>(
        &self,
        opening: &mut Opening<'_, Keys>,
        inbox: &mut Inbox<S>,
        received: usize,
    ) -> Option<Outcome> {
        let response = if received.is_multiple_of(2) {
            opening.receive(inbox)
        } else {
            // With `advance` and `response`, and an owned opening.
            *opening = opening.clone().into_owned();
            opening
                .advance(inbox)
                .map(|is_complete| is_complete.then(|| opening.response(inbox).expect("complete")))
        };
        let outcome = match response {
            Ok(None) => return None,
            Ok(Some(Response::Accepted(accepted))) => {
                self.last_head().check_fields(accepted.headers().iter());
                let subprotocol = accepted.subprotocol().map(Into::into);
                let extensions = accepted.extensions().map(|e| e.name().into()).collect();
                let connection: Connection<_> = accepted.finish();
                assert!(!connection.should_close_transport() && !connection.is_closing());
                Outcome::Accepted { subprotocol, extensions }
            }
            Ok(Some(Response::Rejected(rejected))) => {
                self.last_head().check_fields(rejected.headers().iter());
                assert_eq!(rejected.body(), &self.bytes[self.heads()..received]);
                check_redirect(&rejected);
                let versions = rejected.versions().collect();
                Outcome::Rejected { status: rejected.status(), versions }
            }
            Err(client::Error::Failed(failure)) => return Some(Outcome::Failed(failure)),
            Err(error) => panic!("not an error of the peer: {error}"),
        };
        assert_eq!(inbox.unread(), &self.bytes[self.heads()..received]);
        Some(outcome)
    }

    /// The length of all heads, up to the final response.
    fn heads(&self) -> usize {
        let mut done = 0;
        loop {
            let head = Parsed::of(&self.unfolded[done..]);
            done += head.size;
            if status(&head) / 100 != 1 || status(&head) == 101 {
                return done;
            }
        }
    }

    /// The head of the final response.
    fn last_head(&self) -> Parsed<'_> {
        let heads = &self.unfolded[..self.heads()];
        let before = heads[..heads.len() - 4].windows(4).rposition(|window| window == b"\r\n\r\n");
        Parsed::of(&heads[before.map_or(0, |before| before + 4)..])
    }

    /// Checks the outcome against the bytes.
    fn check(&self, outcome: &Outcome, has_default_limits: bool) {
        if let Outcome::Accepted { subprotocol, extensions } = outcome {
            self.check_accepted(subprotocol.as_deref(), extensions);
        } else if has_default_limits {
            assert!(!self.is_plain(), "{outcome:?} for a valid response");
        }
        match outcome {
            Outcome::Waiting => {
                let bytes = self.unfolded;
                let last = bytes.windows(4).rposition(|window| window == b"\r\n\r\n");
                let (heads, trailing) = bytes.split_at(last.map_or(0, |last| last + 4));
                let is_http = trailing.iter().zip(b"HTTP/").all(|(byte, form)| byte == form);
                assert!(is_http, "waits for more after bytes that are not HTTP");
                let mut rest = heads;
                while !rest.is_empty() {
                    let head = Parsed::of(rest);
                    assert!(
                        status(&head) / 100 == 1 && status(&head) != 101,
                        "a final response is overlooked"
                    );
                    rest = &rest[head.size..];
                }
            }
            Outcome::Rejected { status: refused, .. } => {
                assert_eq!(status(&self.last_head()), *refused);
                assert!((200..600).contains(refused));
            }
            Outcome::Accepted { .. } | Outcome::Failed(_) => {}
        }
    }

    /// RFC 6455, section 4.1.
    fn check_accepted(&self, subprotocol: Option<&str>, extensions: &[String]) {
        let head = self.last_head();
        assert_eq!(status(&head), 101);
        assert!(head.start.starts_with(b"HTTP/1.") && head.start[7] != b'0');
        let upgrade = head.only("upgrade").expect("one Upgrade");
        assert!(upgrade.eq_ignore_ascii_case(b"websocket"));
        assert!(head.lists("connection", "upgrade"));
        assert_eq!(head.only("sec-websocket-accept"), Some(self.proof.as_bytes()));

        assert_eq!(head.only("sec-websocket-protocol"), subprotocol.map(str::as_bytes));
        assert!(head.all("sec-websocket-protocol").len() < 2);
        match subprotocol {
            Some(chosen) => assert!(self.asked.subprotocols().contains(&chosen)),
            None => assert!(!self.asked.requires_subprotocol()),
        }

        let name = |extension: &str| {
            let end = extension.find(';').unwrap_or(extension.len());
            extension[..end].trim_matches([' ', '\t']).to_owned()
        };
        let names = |list: &str| -> Vec<String> { list.split(',').map(name).collect() };
        let offered = names(self.asked.extensions());
        let fields = head.all("sec-websocket-extensions");
        let mut accepted = Vec::new();
        for field in fields {
            accepted.extend(names(str::from_utf8(field).expect("ASCII")));
        }
        accepted.retain(|name| !name.is_empty());
        assert_eq!(accepted, extensions);
        for (index, extension) in extensions.iter().enumerate() {
            assert!(offered.contains(extension), "an extension that was not offered");
            assert!(!extensions[..index].contains(extension), "an extension twice");
        }
    }

    /// Whether the bytes begin with a plain valid response.
    fn is_plain(&self) -> bool {
        let interim = b"HTTP/1.1 103 Early Hints\r\n\r\n";
        let mut rest = self.bytes;
        for _ in 0..8 {
            rest = rest.strip_prefix(interim).unwrap_or(rest);
        }
        let mut plain = Vec::new();
        Head::new(DICTIONARY.starts[0], &accepting(self.proof)).write(&mut plain);
        rest.starts_with(&plain) && !self.asked.requires_subprotocol()
    }
}

/// Holds that a redirect leads to the URI of a WebSocket, and says which parts are the same.
fn check_redirect(rejected: &client::Rejected<'_>) {
    let from = Uri::parse("wss://a.example/b/c?d").expect("sound");
    let Ok(Some(redirect)) = rejected.redirect(&from) else { return };
    let to = redirect.uri();
    let text = to.to_string();
    assert_eq!(Uri::parse(&text), Ok(to));
    let segments = || to.path().split('/');
    assert!(!segments().any(|segment| [".", ".."].contains(&segment)), "{text}");
    let authority = text.split('/').nth(2).expect("an authority").split('?').next();
    let is_same = text.starts_with("wss:") && authority == Some("a.example");
    assert_eq!(redirect.is_same_origin(), is_same, "{text}");
    assert_eq!(redirect.is_downgrade(), text.starts_with("ws:"), "{text}");
}

fn status(head: &Parsed<'_>) -> u16 {
    let status = head.start.get(9..12).and_then(|status| str::from_utf8(status).ok());
    assert!(matches!(head.start.get(12), None | Some(b' ')), "a status has three digits");
    status.and_then(|status| status.parse().ok()).expect("a status is a number")
}
