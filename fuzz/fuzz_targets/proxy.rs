//! A tunnel through a proxy: the request says what it was asked to say and no more; of the answers,
//! however they are cut, those alone with a 2xx status open it; and the bytes after it are left.

#![no_main]

use arbitrary::Arbitrary;
use hybi::{
    Inbox, Storage, Uri,
    http1::HeadLimits,
    proxy::{Challenge, Connect, Error, Failure, Opening, Response},
};
use hybi_fuzz::{
    cuts::Cuts,
    http::{self, Change, Dictionary, Head, Parsed},
};
use libfuzzer_sys::fuzz_target;

const DICTIONARY: Dictionary = Dictionary {
    starts: &[
        "HTTP/1.1 200 Connection established",
        "HTTP/1.0 200 Connection established",
        "HTTP/1.1 299",
        "HTTP/1.1 407 Proxy Authentication Required",
        "HTTP/1.0 407 ",
        "HTTP/1.1 101 Switching Protocols",
        "HTTP/1.1 100 Continue",
        "HTTP/1.1 199 Early",
        "HTTP/1.1 302 Found",
        "HTTP/1.1 599 Unheard of",
        "HTTP/1.1 600 Beyond",
        "HTTP/2.0 200 OK",
    ],
    names: &[
        "Proxy-Authenticate",
        "WWW-Authenticate",
        "Proxy-Agent",
        "Content-Length",
        "Transfer-Encoding",
        "Connection",
        "proxy-authenticate",
        "Upgrade ",
        "",
    ],
    values: &[
        "Basic realm=\"a, b\"",
        "Negotiate",
        "Negotiate YII=, NTLM",
        "Digest realm=a, nonce=\"\\\"\", qop=\"auth,auth-int\"",
        "Basic realm=\"a",
        "Basic realm=\"a\", b=",
        ",, Basic realm=a ,, b = c,",
        "5",
        "chunked",
        "a\r\n b",
        "",
    ],
};

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    request: Option<Strange<'a>>,
    limits: Option<(u16, u8, u16)>,
    /// The usual size of the inbox that grows.
    usual: u8,
    /// The size of one that does not.
    fixed: u16,
    cuts: Cuts<'a>,
    edits: Vec<(u16, u8)>,
    source: Source<'a>,
}

#[derive(Debug, Arbitrary)]
struct Strange<'a> {
    authority: &'a str,
    credentials: Option<(&'a str, &'a str)>,
    field: (&'a str, &'a str),
}

#[derive(Debug, Arbitrary)]
enum Source<'a> {
    Bytes(&'a [u8]),
    /// Interim responses, the changes to the one that opens the tunnel, and what follows it.
    Responses(u8, Vec<Change<'a>>, &'a [u8]),
    /// The value of `Proxy-Authenticate` in a 407.
    Challenges(&'a [u8]),
}

#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    Waiting,
    Tunnel(u16),
    Refused { status: u16, challenges: Vec<String> },
    Failed(Failure),
}

fuzz_target!(|input: Input<'_>| {
    let Some(opening) = send(&input) else { return };
    let bytes = input.source.bytes(&input.edits);
    let unfolded = http::unfold(&bytes);
    let answered = Answered { bytes: &bytes, unfolded: &unfolded };

    let inbox = || Inbox::with_capacity(usize::from(input.usual));
    let outcome = answered.run(opening.clone(), inbox(), Cuts::NONE);
    for cuts in [input.cuts, Cuts::EVERYWHERE] {
        assert_eq!(answered.run(opening.clone(), inbox(), cuts), outcome);
    }
    let size = input.limits.map_or(16 * 1024, |(size, ..)| size.into());
    // A byte more than the longest head.
    let fixed = Inbox::over(vec![0; size + 1]);
    assert_eq!(answered.run(opening.clone(), fixed, input.cuts), outcome);
    answered.check(&outcome);

    // An inbox that cannot grow is a limit of its own.
    let fixed = || Inbox::over(vec![0; usize::from(input.fixed).max(1)]);
    let outcome = answered.run(opening.clone(), fixed(), input.cuts);
    answered.check(&outcome);
    assert_eq!(answered.run(opening, fixed(), Cuts::NONE), outcome);
});

/// Sends the request, if there can be such a one, and holds it against what it was asked to say.
fn send(input: &Input<'_>) -> Option<Opening> {
    let authority = input.request.as_ref().map_or("a", |strange| strange.authority);
    let uri = format!("wss://{authority}/secret");
    let uri = Uri::parse(&uri).ok()?;
    let mut connect = Connect::new(&uri);
    if let Some((size, fields, line)) = input.limits {
        let limits = HeadLimits::new();
        connect = connect.limits(limits.size(size.into()).fields(fields.into()).line(line.into()));
    }
    if let Some(strange) = &input.request {
        connect = connect.header(strange.field.0, strange.field.1);
        if let Some((user, password)) = strange.credentials {
            connect = connect.basic_auth(user, password);
        }
    }
    let mut outbox = Vec::new();
    let opening = match connect.send(&mut outbox) {
        Ok(opening) => opening,
        Err(error) => {
            assert!(!matches!(error, Error::Failed(_) | Error::OutboxFull(_)), "{error}");
            assert!(input.request.is_some(), "{error}");
            assert_eq!(outbox, [], "a request that cannot be is sent");
            return None;
        }
    };
    let head = Parsed::of(&outbox);
    assert_eq!(head.size, outbox.len(), "bytes after the request");
    let host = format!("{}:{}", uri.host(), uri.port());
    assert_eq!(head.start, format!("CONNECT {host} HTTP/1.1").as_bytes());
    assert_eq!(head.only("host"), Some(host.as_bytes()));
    let mut count = 1;
    if let Some(strange) = &input.request {
        let (name, value) = (strange.field.0.to_ascii_lowercase(), strange.field.1);
        let value = value.trim_matches([' ', '\t']);
        assert_eq!(head.only(&name), Some(value.as_bytes()), "{name} is not sent");
        assert!(!["authorization", "cookie", "content-length"].contains(&&name[..]));
        count += 1;
        if strange.credentials.is_some() {
            let value = head.only("proxy-authorization").expect("the credentials are sent");
            assert!(value.starts_with(b"Basic "));
            count += 1;
        }
    }
    assert_eq!(head.fields.len(), count, "more is sent");
    Some(opening)
}

impl Source<'_> {
    fn bytes(&self, edits: &[(u16, u8)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self {
            Source::Bytes(raw) => bytes.extend_from_slice(raw),
            Source::Responses(interim, changes, trailing) => {
                for _ in 0..interim % 16 {
                    Head::new("HTTP/1.1 103 Early Hints", &[]).write(&mut bytes);
                }
                let mut head = Head::new(DICTIONARY.starts[0], &[("Proxy-Agent", "a")]);
                for change in changes {
                    head.change(change, &DICTIONARY);
                }
                head.write(&mut bytes);
                bytes.extend_from_slice(trailing);
            }
            Source::Challenges(value) => {
                bytes.extend(b"HTTP/1.1 407 x\r\nProxy-Authenticate: ");
                bytes.extend_from_slice(value);
                bytes.extend(b"\r\n\r\n");
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

struct Answered<'a> {
    bytes: &'a [u8],
    /// The same with the lines of folded fields joined, to take heads apart.
    unfolded: &'a [u8],
}

impl Answered<'_> {
    /// Receives until the opening is over.
    fn run<S: Storage>(
        &self,
        mut opening: Opening,
        mut inbox: Inbox<S>,
        cuts: Cuts<'_>,
    ) -> Outcome {
        let fed = cuts.feed(self.bytes, &mut inbox, |inbox, received| {
            self.receive(&mut opening, inbox, received).map_or(Ok(()), Err)
        });
        let Err(outcome) = fed else { return Outcome::Waiting };
        assert_eq!(opening.receive(&mut inbox).map(|_| ()), Err(Error::Over));
        outcome
    }

    /// What the opening comes to, once it is over.
    fn receive<S: Storage>(
        &self,
        opening: &mut Opening,
        inbox: &mut Inbox<S>,
        received: usize,
    ) -> Option<Outcome> {
        let response = if received.is_multiple_of(2) {
            opening.receive(inbox)
        } else {
            let advanced = opening.advance(inbox);
            advanced.map(|is_found| is_found.then(|| opening.response(inbox).expect("found")))
        };
        let (head, size) = match &response {
            Ok(None) => return None,
            Ok(Some(_)) => self.last_head(),
            Err(Error::Failed(failure)) => return Some(Outcome::Failed(*failure)),
            Err(error) => panic!("the peer is at fault, and not the caller: {error}"),
        };
        let outcome = match response {
            Ok(Some(Response::Tunnel(tunnel))) => {
                head.check_fields(tunnel.headers().iter());
                Outcome::Tunnel(tunnel.status())
            }
            Ok(Some(Response::Refused(refused))) => {
                head.check_fields(refused.headers().iter());
                assert_eq!(refused.body(), &self.bytes[size..received]);
                let challenges: Vec<_> = refused.challenges().map(|c| written(&c)).collect();
                check_challenges(&challenges);
                Outcome::Refused { status: refused.status(), challenges }
            }
            _ => unreachable!("dealt with before"),
        };
        assert_eq!(inbox.unread(), &self.bytes[size..received]);
        Some(outcome)
    }

    /// The head of the first response that is not an interim one, and where it ends.
    fn last_head(&self) -> (Parsed<'_>, usize) {
        let mut done = 0;
        loop {
            let head = Parsed::of(&self.unfolded[done..]);
            done += head.size;
            if !matches!(status(&head), 100 | 102..=199) {
                return (head, done);
            }
        }
    }

    /// Holds the outcome against the bytes.
    fn check(&self, outcome: &Outcome) {
        match outcome {
            Outcome::Tunnel(opened) => {
                assert!((200..300).contains(opened));
                assert_eq!(status(&self.last_head().0), *opened);
            }
            Outcome::Refused { status: refused, challenges } => {
                assert!((300..600).contains(refused));
                let head = self.last_head().0;
                assert_eq!(status(&head), *refused);
                let may_ask = *refused == 407 && !head.all("proxy-authenticate").is_empty();
                assert!(may_ask || challenges.is_empty(), "credentials are asked for by nobody");
            }
            Outcome::Failed(Failure::SwitchingProtocols) => {
                assert_eq!(status(&self.last_head().0), 101);
            }
            Outcome::Waiting => {
                let mut rest = self.unfolded;
                while let Some(size) = Parsed::size_at(rest) {
                    let status = status(&Parsed::of(rest));
                    assert!(matches!(status, 100 | 102..=199), "an answer is overlooked");
                    rest = &rest[size..];
                }
            }
            Outcome::Failed(_) => {}
        }
    }
}

fn status(head: &Parsed<'_>) -> u16 {
    assert!(matches!(head.start.get(12), None | Some(b' ')), "a status has three digits");
    let status = head.start.get(9..12).and_then(|status| str::from_utf8(status).ok());
    status.and_then(|status| status.parse().ok()).expect("a status is a number")
}

/// A challenge as plain as it can be written, in Latin-1.
fn written(challenge: &Challenge<'_>) -> String {
    if let Some(token) = challenge.token68() {
        return format!("{} {token}", challenge.scheme());
    }
    let parameters = challenge.parameters().map(|(name, value)| {
        let mut text = format!("{name}=\"");
        for byte in value.bytes() {
            text.extend(matches!(byte, b'"' | b'\\').then_some('\\'));
            text.push(byte.into());
        }
        text + "\""
    });
    let parameters: Vec<_> = parameters.collect();
    format!("{} {}", challenge.scheme(), parameters.join(", ")).trim_end().to_owned()
}

/// Holds that challenges say the same when they are written into one field and read again.
fn check_challenges(challenges: &[String]) {
    let list = challenges.join(", ").chars().map(|byte| byte as u8).collect::<Vec<_>>();
    let bytes = [b"HTTP/1.1 407 x\r\nProxy-Authenticate: ", &list[..], b"\r\n\r\n"].concat();
    let limits = HeadLimits::new().size(usize::MAX).line(usize::MAX);
    let uri = Uri::parse("ws://a/").expect("sound");
    let mut opening = Connect::new(&uri).limits(limits).send(&mut Vec::new()).expect("sound");
    let mut inbox = Inbox::over(vec![0; bytes.len() + 1]);
    assert_eq!(inbox.copy_from(&bytes), bytes.len());
    let Ok(Some(Response::Refused(refused))) = opening.receive(&mut inbox) else {
        panic!("not read again: {}", bytes.escape_ascii());
    };
    let again: Vec<_> = refused.challenges().map(|challenge| written(&challenge)).collect();
    assert_eq!(again, challenges);
}
