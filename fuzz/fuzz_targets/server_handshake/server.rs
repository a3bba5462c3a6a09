//! A server that receives the bytes and responds to each request.

use arbitrary::Arbitrary;
use hybi::{
    Inbox, Storage,
    http1::HeadLimits,
    server::{Error, HttpRequest, Incoming, Opening, Refusal, Request},
};
use hybi_fuzz::{
    accept,
    cuts::Cuts,
    http::{self, Parsed},
};

use crate::{Input, check::is_last, policy::Policy};

pub(crate) struct Server<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) policy: Policy,
    pub(crate) limits: HeadLimits,
    /// The limits of a head: its bytes, its fields, the bytes of a line, and the elements of a list.
    pub(crate) size: usize,
    pub(crate) fields: usize,
    pub(crate) line: usize,
    pub(crate) elements: usize,
    pub(crate) answer: Answer,
    pub(crate) serves_http: bool,
}

#[derive(Clone, Copy, Debug, Arbitrary)]
pub(crate) enum Answer {
    Accept,
    AcceptSubprotocol,
    Reject(u16),
}

/// A step of the server.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Http { target: String, answer: Vec<u8> },
    WebSocket { offer: Offer, answer: Vec<u8> },
    Refused(Refusal, Vec<u8>),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Offer {
    pub(crate) target: String,
    pub(crate) path: String,
    pub(crate) origin: Option<String>,
    pub(crate) subprotocols: Vec<String>,
    pub(crate) extensions: Vec<String>,
}

impl<'a> Server<'a> {
    pub(crate) fn new(input: &Input<'_>, bytes: &'a [u8]) -> Self {
        let (limits, size, fields, line, elements) = match input.limits {
            None => (HeadLimits::new(), 16 * 1024, 100, 8 * 1024, 128),
            Some((size, fields, line, elements)) => {
                let (size, fields, line) = (size.into(), fields.into(), line.into());
                let elements = elements.into();
                let limits = HeadLimits::new().size(size).fields(fields).line(line);
                (limits.elements(elements), size, fields, line, elements.min(128))
            }
        };
        let Input { policy, answer, serves_http, .. } = *input;
        Self { bytes, policy, limits, size, fields, line, elements, answer, serves_http }
    }

    /// Receives until the handshake is complete or refused.
    pub(crate) fn run<S: Storage>(&self, mut inbox: Inbox<S>, cuts: Cuts<'_>) -> Vec<Step> {
        let mut opening = Opening::with_limits(self.policy.origins(), self.limits);
        let (mut steps, mut done) = (Vec::new(), 0);
        let fed = cuts.feed(self.bytes, &mut inbox, |inbox, received| {
            loop {
                // Empty lines before a request are not part of it.
                let empty = 2 * http::empty_lines(&self.bytes[done..]);
                let head = &self.bytes[done + empty..];
                let Some((size, step)) = self.receive(&mut opening, inbox, head) else { break };
                done += if size > 0 { empty + size } else { 0 };
                if matches!(step, Step::Refused(..)) {
                    assert!(inbox.is_empty(), "the bytes after a refused request are kept");
                } else {
                    assert_eq!(inbox.unread(), &self.bytes[done..received]);
                }
                // A response ends the connection.
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
            assert_eq!(again, Err(Error::HandshakeOver));
            assert_eq!(outbox, []);
        }
        steps
    }

    /// The next step, and the length of its head.
    fn receive<S: Storage>(
        &self,
        opening: &mut Opening<'_>,
        inbox: &mut Inbox<S>,
        bytes: &[u8],
    ) -> Option<(usize, Step)> {
        let mut outbox = Vec::new();
        // Half of the inputs use `advance` and `incoming`, which parses each head again.
        let uses_advance = self.bytes.len() % 2 == 1;
        let result = if uses_advance {
            let advanced = if self.serves_http {
                opening.advance_any(inbox, &mut outbox)
            } else {
                opening.advance(inbox, &mut outbox)
            };
            advanced.map(|advanced| {
                let incoming = opening.incoming(inbox);
                assert_eq!(incoming.is_some(), advanced, "`incoming` returns what `advance` found");
                incoming
            })
        } else if self.serves_http {
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
            Err(Error::Refused(refusal)) => {
                if let Some(request) = opening.refused(inbox) {
                    assert!(bytes.starts_with(request.method().as_bytes()));
                    assert!(request.headers().iter().count() <= self.fields);
                }
                return Some((0, Step::Refused(refusal, outbox)));
            }
            Err(error) => panic!("not an error of the peer: {error}"),
        };
        assert_eq!(outbox, [], "output without a refusal");
        taken
    }

    /// Responds to a plain request, or leaves it to another server on the same connection.
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
        let owned = request.to_owned();
        assert!(owned.as_request().headers().iter().eq(request.headers().iter()));
        assert_eq!(owned.as_request().host(), request.host());
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
        let connection = accept.finish(&mut answer).expect("the response is valid");
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
}

/// Checks a request against its bytes. Returns the length of its head.
fn check_http(request: &HttpRequest<'_>, bytes: &[u8]) -> usize {
    let head = Parsed::of(bytes);
    head.check_fields(request.headers().iter());
    assert_eq!(request.head(), &bytes[..head.size]);
    let line = format!("{} {} HTTP/1.", request.method(), request.target());
    assert!(head.start.starts_with(line.as_bytes()) && head.start.len() == line.len() + 1);
    head.size
}

/// The same for a WebSocket request.
fn check_websocket(request: &Request<'_>, bytes: &[u8]) -> usize {
    let head = Parsed::of(bytes);
    head.check_fields(request.headers().iter());
    head.size
}

/// Checks that a response was sent if its status is valid, and only then.
fn check_answer(status: u16, sent: Result<(), Error>, answer: &[u8], has_body: bool) {
    if (200..600).contains(&status) {
        assert_eq!(sent, Ok(()));
        assert_eq!(http::check_response(answer, has_body).0, status);
    } else {
        assert_eq!(sent, Err(Error::Status(status)));
        assert_eq!(answer, []);
    }
}
