//! Checks the steps of a server against its input.

use hybi::{http1::HeadFault, server::Refusal};
use hybi_fuzz::{
    accept,
    http::{self, Parsed},
};

use crate::{
    requests::FIELDS,
    server::{Offer, Server, Step},
};

/// The most empty lines that are ignored before a request.
const EMPTY_LINES: usize = 4;

impl Server<'_> {
    /// Checks the steps against the bytes.
    pub(crate) fn check(&self, steps: &[Step]) {
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
                assert!(!is_plain, "{refusal} for a valid request");
                Self::check_refusal(*refusal, lines);
                return;
            }
            assert!(empty_lines <= EMPTY_LINES);
            let head = Parsed::of(rest);
            assert!(2 * empty_lines + head.size <= self.size && head.fields.len() <= self.fields);
            for name in ["upgrade", "connection", "sec-websocket-version", "sec-websocket-protocol"]
            {
                // A field has one element more than commas.
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
            // HTTP/1.0 has no Upgrade.
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
        assert!(
            may_be_start(start, start.len() + 1 < rest.len()),
            "an invalid start line is overlooked"
        );
        assert!(!rest.windows(4).any(|window| window == b"\r\n\r\n"), "a head is overlooked");
        assert!(rest.len() <= self.size, "a head is too long");
    }

    /// Checks that bytes refused as TLS may be TLS, and that a refused start line is not valid.
    fn check_refusal(refusal: Refusal, bytes: &[u8]) {
        match refusal {
            Refusal::Head(HeadFault::Tls) => assert!(matches!(bytes[0], 0x15 | 0x16)),
            Refusal::Head(HeadFault::StartLine | HeadFault::HttpVersion) => {
                let empty_lines = http::empty_lines(bytes);
                let rest = &bytes[2 * empty_lines..];
                let line = rest.split(|&byte| byte == b'\r').next().unwrap_or_default();
                assert!(
                    empty_lines > EMPTY_LINES || !may_be_start(line, true),
                    "the start line is valid"
                );
            }
            _ => {}
        }
    }

    /// RFC 6455, section 4.2.1, and the checks against request smuggling.
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

    /// Whether the bytes begin with a plain valid request that the policy accepts.
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

/// Whether no other request follows this one (RFC 9112, sections 6.3 and 9.3).
pub(crate) fn is_last(head: &Parsed<'_>) -> bool {
    let lengths = head.all("content-length");
    let has_body =
        lengths.iter().any(|length| length != b"0") || !head.all("transfer-encoding").is_empty();
    let closes = head.lists("connection", "close")
        || head.start.ends_with(b"HTTP/1.0") && !head.lists("connection", "keep-alive");
    has_body || closes || head.start.starts_with(b"CONNECT ")
}

/// Whether this is a valid request line or, if it has not ended, the beginning of one.
fn may_be_start(line: &[u8], has_ended: bool) -> bool {
    let mut parts = line.splitn(3, |&byte| byte == b' ');
    let method = parts.next().unwrap_or_default();
    let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let (target, version) = (parts.next(), parts.next());
    let valid_method = method.iter().all(token) && (target.is_none() || !method.is_empty());
    let bytes = target.unwrap_or_default();
    let valid_target = bytes.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'#')
        && (version.is_none() || !bytes.is_empty());
    let form = b"HTTP/1.0";
    let bytes = version.unwrap_or_default();
    let same = |(byte, form): (&u8, &u8)| byte == form || *form == b'0' && byte.is_ascii_digit();
    let valid_version = bytes.len() <= form.len() && bytes.iter().zip(form).all(same);
    let is_whole = bytes.len() == form.len();
    // The major version is checked when the version is complete.
    let is_cut_major = matches!(bytes, [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9'])
        || matches!(bytes, [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.']);
    valid_method
        && valid_target
        && (valid_version || is_cut_major && !has_ended)
        && (is_whole || !has_ended)
}

/// Whether the head was refused before its method was known.
const fn is_fault_of_line(refusal: Refusal) -> bool {
    let Refusal::Head(fault) = refusal else { return false };
    !matches!(fault, HeadFault::Field | HeadFault::TooManyElements)
}
