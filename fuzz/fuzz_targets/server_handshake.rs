//! The server's opening handshake: requests, one after the other, however the input is cut. What is
//! let in is checked a second time, and every answer is one complete response.

#![no_main]

use arbitrary::Arbitrary;
use hybi::{
    Error, Inbox, Misuse, Origins, Storage,
    http1::{HeadFault, HeadLimits},
    server::{HttpRequest, Incoming, Opening, Refusal, Request},
};
use hybi_fuzz::{
    accept,
    cuts::Cuts,
    http::{self, Change, Dictionary, Head, Parsed},
};
use libfuzzer_sys::fuzz_target;

const DICTIONARY: Dictionary = Dictionary {
    starts: &[
        "GET / HTTP/1.1",
        "GET /chat?room=1 HTTP/1.1",
        "GET http://example.com/chat HTTP/1.1",
        "GET https://example.com?q HTTP/1.9",
        "GET * HTTP/1.1",
        "GET ws://example.com/chat HTTP/1.1",
        "GET WSS://other.example:8080/chat HTTP/1.1",
        "GET / HTTP/1.0",
        "CONNECT example.com:443 HTTP/1.1",
        "PRI * HTTP/2.0",
        "PING",
        "GET / HTTP/2.0",
        "HEAD / HTTP/1.1",
        "POST / HTTP/1.1",
        "get / HTTP/1.1",
        "GET  / HTTP/1.1",
        "GET /#a HTTP/1.1",
    ],
    names: &[
        "Host",
        "Upgrade",
        "Connection",
        "Sec-WebSocket-Version",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Key1",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Extensions",
        "Origin",
        "Content-Length",
        "Transfer-Encoding",
        "Expect",
        "Cookie",
        "sec-websocket-key",
        "HOST",
        "Host ",
        "",
    ],
    values: &[
        "example.com",
        "example.com:8080",
        "[::1]:80",
        "a,b",
        "user@example.com",
        "websocket",
        "WebSocket, h2c",
        "websocketx",
        "Upgrade",
        "keep-alive, ,upgrade",
        "close",
        "keep-alive",
        ",,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,",
        "13",
        "013",
        "8",
        "255",
        "256",
        "dGhlIHNhbXBsZSBub25jZQ==",
        "dGhlIHNhbXBsZSBub25jZR==",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25jZTE=",
        "chat, superchat",
        "chat,chat",
        ",",
        "permessage-deflate; client_max_window_bits=\"10\"",
        "a;b=",
        "https://example.com",
        "HTTPS://EXAMPLE.COM:443",
        "http://example.com",
        "null",
        "0",
        "1",
        "0, 0",
        "chunked",
        "100-continue",
        "",
    ],
};

/// How many empty lines before a request are ignored.
const EMPTY_LINES: usize = 4;

const FIELDS: [(&str, &str); 5] = [
    ("Host", "example.com"),
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
];

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    policy: Policy,
    limits: Option<(u16, u8, u16, u8)>,
    answer: Answer,
    /// Whether requests that ask for no WebSocket are handed out.
    serves_http: bool,
    /// The usual size of the inbox that grows.
    usual: u8,
    /// The size of one that does not.
    fixed: u16,
    cuts: Cuts<'a>,
    edits: Vec<(u16, u8)>,
    source: Source<'a>,
}

#[derive(Debug, Arbitrary)]
enum Source<'a> {
    Bytes(&'a [u8]),
    /// Requests with their changes and the number of empty lines before them, and what follows the
    /// last one.
    Requests(Vec<(u8, Vec<Change<'a>>)>, &'a [u8]),
}

#[derive(Clone, Copy, Debug, Arbitrary)]
enum Policy {
    Any,
    List,
    ListOrNoBrowser,
    SameHost,
    NoBrowser,
}

#[derive(Clone, Copy, Debug, Arbitrary)]
enum Answer {
    Accept,
    AcceptSubprotocol,
    Reject(u16),
}

/// What a server makes of what it receives.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Http { target: String, answer: Vec<u8> },
    WebSocket { offer: Offer, answer: Vec<u8> },
    Refused(Refusal, Vec<u8>),
}

#[derive(Clone, Debug, PartialEq)]
struct Offer {
    target: String,
    path: String,
    origin: Option<String>,
    subprotocols: Vec<String>,
    extensions: Vec<String>,
}

fuzz_target!(|input: Input<'_>| {
    let bytes = input.source.bytes(&input.edits);
    let server = Server::new(&input, &bytes);
    let expected = server.run(Inbox::with_capacity(usize::from(input.usual)), Cuts::NONE);
    for cuts in [input.cuts, Cuts::EVERYWHERE] {
        let inbox = Inbox::with_capacity(usize::from(input.usual));
        assert_eq!(server.run(inbox, cuts), expected);
    }
    // A byte more than the longest head.
    let fixed = Inbox::over(vec![0; server.size + 1]);
    assert_eq!(server.run(fixed, input.cuts), expected);
    server.judge(&expected);

    // An inbox that cannot grow is a limit of its own.
    let size = usize::from(input.fixed).max(1);
    let small = Server { size: server.size.min(size), ..server };
    let steps = small.run(Inbox::over(vec![0; size]), input.cuts);
    small.judge(&steps);
    assert_eq!(small.run(Inbox::over(vec![0; size]), Cuts::NONE), steps);
});

impl Source<'_> {
    fn bytes(&self, edits: &[(u16, u8)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self {
            Source::Bytes(raw) => bytes.extend_from_slice(raw),
            Source::Requests(requests, behind) => {
                for (empty_lines, changes) in requests {
                    bytes.extend(b"\r\n".repeat(usize::from(empty_lines % 8)));
                    let mut head = Head::new("GET /chat HTTP/1.1", &FIELDS);
                    for change in changes {
                        head.change(change, &DICTIONARY);
                    }
                    head.write(&mut bytes);
                }
                bytes.extend_from_slice(behind);
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

struct Server<'a> {
    bytes: &'a [u8],
    policy: Policy,
    limits: HeadLimits,
    /// Of a head, of its fields in number, of a line, and of the elements of a list in number.
    size: usize,
    fields: usize,
    line: usize,
    elements: usize,
    answer: Answer,
    serves_http: bool,
}

impl<'a> Server<'a> {
    fn new(input: &Input<'_>, bytes: &'a [u8]) -> Self {
        let (limits, size, fields, line, elements) = match input.limits {
            None => (HeadLimits::new(), 16 * 1024, 100, 8 * 1024, 128),
            Some((size, fields, line, elements)) => {
                let (size, fields, line) = (size.into(), fields.into(), line.into());
                let elements = elements.into();
                let limits = HeadLimits::new().size(size).fields(fields).line(line);
                (limits.elements(elements), size, fields.min(128), line, elements.min(128))
            }
        };
        let Input { policy, answer, serves_http, .. } = *input;
        Self { bytes, policy, limits, size, fields, line, elements, answer, serves_http }
    }

    /// Receives until the opening is over.
    fn run<S: Storage>(&self, mut inbox: Inbox<S>, cuts: Cuts<'_>) -> Vec<Step> {
        let mut opening = Opening::with_limits(self.policy.origins(), self.limits);
        let (mut steps, mut done) = (Vec::new(), 0);
        let fed = cuts.feed(self.bytes, &mut inbox, |inbox, received| {
            loop {
                // Empty lines before a request are no part of it.
                let empty = 2 * http::empty_lines(&self.bytes[done..]);
                let head = &self.bytes[done + empty..];
                let Some((size, step)) = self.receive(&mut opening, inbox, head) else { break };
                done += if size > 0 { empty + size } else { 0 };
                if matches!(step, Step::Refused(..)) {
                    assert!(inbox.is_empty(), "what came behind is kept");
                } else {
                    assert_eq!(inbox.unread(), &self.bytes[done..received]);
                }
                // An answer ends the connection, if there is one.
                let is_over = match &step {
                    Step::Http { answer, .. } => !answer.is_empty() || is_last(&Parsed::of(head)),
                    Step::WebSocket { .. } | Step::Refused(..) => true,
                };
                steps.push(step);
                if is_over {
                    return Err(());
                }
            }
            assert_eq!(inbox.unread(), &self.bytes[done..received]);
            Ok(())
        });
        if fed.is_err() {
            let mut outbox = Vec::new();
            let again = opening.receive_any(&mut inbox, &mut outbox).map(|_| ());
            assert_eq!(again, Err(Misuse::HandshakeOver.into()));
            assert_eq!(outbox, []);
        }
        steps
    }

    /// The next step, and how long the head is that was taken for it.
    fn receive<S: Storage>(
        &self,
        opening: &mut Opening<'_>,
        inbox: &mut Inbox<S>,
        bytes: &[u8],
    ) -> Option<(usize, Step)> {
        let mut outbox = Vec::new();
        let result = if self.serves_http {
            opening.receive_any(inbox, &mut outbox)
        } else {
            let request = opening.receive(inbox, &mut outbox);
            request.map(|request| request.map(Incoming::WebSocket))
        };
        let taken = match result {
            Ok(None) => None,
            Ok(Some(Incoming::Http(request))) => {
                Some((check_http(&request, bytes), self.answer_http(&request)))
            }
            Ok(Some(Incoming::WebSocket(request))) => {
                Some((check_websocket(&request, bytes), self.answer_websocket(request)))
            }
            Err(Error::Refused(refusal)) => return Some((0, Step::Refused(refusal, outbox))),
            Err(error) => panic!("the peer is at fault, and not the caller: {error}"),
        };
        assert_eq!(outbox, [], "only a refusal is answered already");
        taken
    }

    /// Answers a plain request, or leaves that to another server on the same connection.
    fn answer_http(&self, request: &HttpRequest<'_>) -> Step {
        let mut answer = Vec::new();
        let Answer::Reject(status) = self.answer else {
            return Step::Http { target: request.target().into(), answer };
        };
        let response = request.respond(status).headers(&[("X-Field", "value")]).body(b"body");
        let sent = response.send(&mut answer);
        check_answer(status, sent, &answer, request.method() != "HEAD");
        Step::Http { target: request.target().into(), answer }
    }

    fn answer_websocket(&self, request: Request<'_>) -> Step {
        let mut answer = Vec::new();
        let headers = request.headers();
        let offer = Offer {
            target: request.target().into(),
            path: request.path().into(),
            origin: request.origin().map(Into::into),
            subprotocols: request.subprotocols().map(Into::into).collect(),
            extensions: request.extensions().map(|offer| format!("{offer:?}")).collect(),
        };
        let subprotocol = match self.answer {
            Answer::Reject(status) => {
                let sent = request.reject(status).body(b"no").send(&mut answer);
                check_answer(status, sent, &answer, true);
                return Step::WebSocket { offer, answer };
            }
            Answer::Accept => None,
            Answer::AcceptSubprotocol => request.subprotocols().last(),
        };
        let mut accept = request.accept();
        if let Some(subprotocol) = subprotocol {
            accept = accept.subprotocol(subprotocol);
        }
        let connection = accept.finish(&mut answer).expect("the answer is sound");
        assert!(!connection.should_close_transport());

        let (status, head) = http::check_response(&answer, true);
        assert_eq!(status, 101);
        let key = headers.get("Sec-WebSocket-Key").expect("there is a key");
        let proof = accept::accept(key);
        assert_eq!(head.only("upgrade"), Some(&b"websocket"[..]));
        assert!(head.lists("connection", "upgrade"));
        assert_eq!(head.only("sec-websocket-accept"), Some(proof.as_bytes()));
        assert_eq!(head.only("sec-websocket-protocol"), subprotocol.map(str::as_bytes));
        assert!(head.all("sec-websocket-extensions").is_empty());
        Step::WebSocket { offer, answer }
    }

    /// Holds what was made of the bytes against the bytes.
    fn judge(&self, steps: &[Step]) {
        let mut rest = self.bytes;
        for step in steps {
            let empty_lines = http::empty_lines(rest);
            let lines = rest;
            rest = &rest[2 * empty_lines..];
            if let Step::Refused(refusal, answer) = step {
                assert!(*refusal != Refusal::NotWebSocket || !self.serves_http);
                let has_body = !rest.starts_with(b"HEAD ") || is_fault_of_line(*refusal);
                let (status, head) = http::check_response(answer, has_body);
                assert_eq!(status, refusal.status());
                assert!((400..500).contains(&status) || status == 505);
                if status == 426 {
                    assert_eq!(head.only("sec-websocket-version"), Some(&b"13"[..]));
                }
                let is_plain = empty_lines <= EMPTY_LINES && self.is_plain(rest, 2 * empty_lines);
                assert!(!is_plain, "{refusal}, for no reason");
                Self::judge_refusal(*refusal, lines);
                return;
            }
            assert!(empty_lines <= EMPTY_LINES);
            let head = Parsed::of(rest);
            assert!(2 * empty_lines + head.size <= self.size && head.fields.len() <= self.fields);
            for name in ["upgrade", "connection", "sec-websocket-version", "sec-websocket-protocol"]
            {
                // One element more than there are commas in each field.
                let elements = |value: &[u8]| value.split(|&byte| byte == b',').count();
                let count: usize = head.all(name).iter().map(|value| elements(value)).sum();
                assert!(count <= self.elements, "{name} is too long");
            }
            let lines = rest[..head.size].split(|&byte| byte == b'\n');
            assert!(lines.map(<[u8]>::len).all(|line| line <= self.line + 1));
            if let Step::WebSocket { offer, .. } = step {
                self.check_offer(offer, &head);
                return;
            }
            // In HTTP/1.0, Upgrade is ignored.
            let is_old = head.start.ends_with(b"HTTP/1.0");
            assert!((is_old || !head.lists("upgrade", "websocket")) && self.serves_http);
            if is_last(&head) || matches!(step, Step::Http { answer, .. } if !answer.is_empty()) {
                return;
            }
            rest = &rest[head.size..];
        }
        let empty_lines = http::empty_lines(rest);
        assert!(empty_lines <= EMPTY_LINES, "too many empty lines");
        let rest = &rest[2 * empty_lines..];
        let start = rest.split(|&byte| byte == b'\r').next().unwrap_or_default();
        assert!(may_be_start(start, start.len() + 1 < rest.len()), "a start line is overlooked");
        assert!(!rest.windows(4).any(|window| window == b"\r\n\r\n"), "a head is overlooked");
        assert!(rest.len() <= self.size, "a head is too long");
    }

    /// Holds that what is said not to be HTTP is not, and what is said to be TLS may be.
    fn judge_refusal(refusal: Refusal, bytes: &[u8]) {
        match refusal {
            Refusal::Head(HeadFault::Tls) => assert!(matches!(bytes[0], 0x15 | 0x16)),
            Refusal::Head(HeadFault::StartLine | HeadFault::HttpVersion) => {
                let empty_lines = http::empty_lines(bytes);
                let rest = &bytes[2 * empty_lines..];
                let line = rest.split(|&byte| byte == b'\r').next().unwrap_or_default();
                assert!(empty_lines > EMPTY_LINES || !may_be_start(line, true), "it is HTTP");
            }
            _ => {}
        }
    }

    /// Section 4.2.1 of RFC 6455, and what keeps others from being mistaken.
    fn check_offer(&self, offer: &Offer, head: &Parsed<'_>) {
        let start = str::from_utf8(head.start).expect("ASCII");
        let [method, target, version] = start.split(' ').collect::<Vec<_>>()[..] else {
            panic!("a request line has three parts");
        };
        assert_eq!((method, target), ("GET", &offer.target[..]));
        assert!(matches!(
            version.as_bytes(),
            [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'..=b'9']
        ));
        assert!(offer.path.starts_with('/') && !offer.path.contains('?'));
        assert!(offer.target.contains(&offer.path) || offer.path == "/");

        assert!(head.lists("upgrade", "websocket"));
        assert!(head.lists("connection", "upgrade"));
        assert_eq!(head.only("sec-websocket-version"), Some(&b"13"[..]));
        assert!(head.only("sec-websocket-key").is_some_and(accept::is_key));
        let host = head.only("host").expect("one host");
        assert!(!host.is_empty() && !host.iter().any(|byte| b" ,@/?#\\".contains(byte)));
        assert!(head.all("transfer-encoding").is_empty() && head.all("expect").is_empty());
        assert!(head.all("content-length").iter().all(|length| length == b"0"));

        let subprotocols = head.list("sec-websocket-protocol");
        assert_eq!(
            offer.subprotocols.iter().map(String::as_bytes).collect::<Vec<_>>(),
            subprotocols
        );
        for (index, name) in subprotocols.iter().enumerate() {
            assert!(!subprotocols[..index].contains(name), "a subprotocol is offered twice");
        }

        assert!(head.all("origin").len() < 2);
        assert_eq!(head.only("origin"), offer.origin.as_deref().map(str::as_bytes));
        let host = str::from_utf8(host).expect("ASCII").to_ascii_lowercase();
        // The host of an absolute target replaces Host (RFC 9112, section 3.2.2).
        let host = match offer.target.split_once("://") {
            Some((scheme, rest)) if !offer.target.starts_with('/') => {
                let scheme = scheme.to_ascii_lowercase();
                assert!(["http", "https", "ws", "wss"].contains(&&scheme[..]));
                rest.split(['/', '?']).next().unwrap_or_default().to_ascii_lowercase()
            }
            _ => host,
        };
        assert!(self.policy.allows(offer.origin.as_deref(), &host));
    }

    /// Whether a request is at the front that nobody could find fault with.
    fn is_plain(&self, bytes: &[u8], before: usize) -> bool {
        let Some(size) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            return false;
        };
        let Ok(text) = str::from_utf8(&bytes[..size]) else { return false };
        let mut lines = text.split("\r\n");
        let fits = lines.clone().all(|line| line.len() <= self.line)
            && lines.clone().count() <= self.fields + 1
            && before + size + 4 <= self.size
            && self.elements > 0;
        let mut seen = [false; FIELDS.len()];
        fits && lines.next() == Some("GET /chat HTTP/1.1")
            && lines.all(|line| {
                let fields = FIELDS.map(|(name, value)| format!("{name}: {value}"));
                let known = fields.iter().position(|field| field == line);
                known.is_some_and(|known| !std::mem::replace(&mut seen[known], true))
            })
            && seen == [true; FIELDS.len()]
            && self.policy.allows(None, "example.com")
    }
}

impl Policy {
    const fn origins(self) -> Origins<'static> {
        const LIST: &[&str] = &["https://example.com"];
        match self {
            Self::Any => Origins::any(),
            Self::List => Origins::list(LIST),
            Self::ListOrNoBrowser => Origins::list(LIST).or_no_browser(),
            Self::SameHost => Origins::same_host(),
            Self::NoBrowser => Origins::no_browser(),
        }
    }

    /// The same judgement on the text; the host is in lower case.
    fn allows(self, origin: Option<&str>, host: &str) -> bool {
        let absent = matches!(self, Self::Any | Self::ListOrNoBrowser | Self::NoBrowser);
        let Some(origin) = origin else { return absent };
        let origin = origin.to_ascii_lowercase();
        match self {
            Self::Any => true,
            Self::NoBrowser => false,
            Self::List | Self::ListOrNoBrowser => {
                let port = origin.strip_prefix("https://example.com");
                port.is_some_and(|port| {
                    let port = port.strip_prefix(':').unwrap_or(port);
                    matches!(port.trim_start_matches('0'), "" | "443")
                })
            }
            // An IPv6 address has many spellings.
            Self::SameHost if host.starts_with('[') => true,
            Self::SameHost => {
                let (usual, authority) = match origin.split_once("://") {
                    Some(("http", authority)) => ("80", authority),
                    Some(("https", authority)) => ("443", authority),
                    _ => return false,
                };
                let parts = |authority: &str| {
                    let (name, port) = authority.split_once(':').unwrap_or((authority, ""));
                    let port = if port.is_empty() { usual } else { port.trim_start_matches('0') };
                    (name.to_owned(), port.to_owned())
                };
                parts(authority) == parts(host)
            }
        }
    }
}

/// Holds a request against its bytes; yields the length of its head.
fn check_http(request: &HttpRequest<'_>, bytes: &[u8]) -> usize {
    let head = Parsed::of(bytes);
    head.check_fields(request.headers().iter());
    assert_eq!(request.head(), &bytes[..head.size]);
    let line = format!("{} {} HTTP/1.", request.method(), request.target());
    assert!(head.start.starts_with(line.as_bytes()) && head.start.len() == line.len() + 1);
    head.size
}

/// The same for a request for a WebSocket.
fn check_websocket(request: &Request<'_>, bytes: &[u8]) -> usize {
    let head = Parsed::of(bytes);
    head.check_fields(request.headers().iter());
    head.size
}

/// Whether no other request follows this one (RFC 9112, sections 6.3 and 9.3).
fn is_last(head: &Parsed<'_>) -> bool {
    let lengths = head.all("content-length");
    let has_body =
        lengths.iter().any(|length| length != b"0") || !head.all("transfer-encoding").is_empty();
    let closes = head.lists("connection", "close")
        || head.start.ends_with(b"HTTP/1.0") && !head.lists("connection", "keep-alive");
    has_body || closes || head.start.starts_with(b"CONNECT ")
}

/// Whether this can be a request line, or the start of one if it has not ended.
fn may_be_start(line: &[u8], has_ended: bool) -> bool {
    let mut parts = line.splitn(3, |&byte| byte == b' ');
    let method = parts.next().unwrap_or_default();
    let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let (target, version) = (parts.next(), parts.next());
    let sound_method = method.iter().all(token) && (target.is_none() || !method.is_empty());
    let bytes = target.unwrap_or_default();
    let sound_target = bytes.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'#')
        && (version.is_none() || !bytes.is_empty());
    let form = b"HTTP/1.0";
    let bytes = version.unwrap_or_default();
    let same = |(byte, form): (&u8, &u8)| byte == form || *form == b'0' && byte.is_ascii_digit();
    let sound_version = bytes.len() <= form.len() && bytes.iter().zip(form).all(same);
    let is_whole = bytes.len() == form.len();
    // The digit before the dot is judged with the version.
    let is_cut_major = matches!(bytes, [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9'])
        || matches!(bytes, [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.']);
    sound_method
        && sound_target
        && (sound_version || is_cut_major && !has_ended)
        && (is_whole || !has_ended)
}

/// Whether a head was given up before its method was known.
const fn is_fault_of_line(refusal: Refusal) -> bool {
    let Refusal::Head(fault) = refusal else { return false };
    !matches!(fault, HeadFault::Field | HeadFault::TooManyElements)
}

/// Holds that an answer was sent if, and only if, its status can answer a request.
fn check_answer(status: u16, sent: Result<(), Error>, answer: &[u8], has_body: bool) {
    if (200..600).contains(&status) {
        assert_eq!(sent, Ok(()));
        assert_eq!(http::check_response(answer, has_body).0, status);
    } else {
        assert_eq!(sent, Err(Misuse::Status(status).into()));
        assert_eq!(answer, []);
    }
}
