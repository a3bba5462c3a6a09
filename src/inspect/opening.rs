//! The phases before a WebSocket is open: heads and bodies of HTTP/1.1.

use alloc::{boxed::Box, vec::Vec};

use super::{
    Body, BothWays, Event, Extensions, Inspector, Opaque, Open, Output, Phase, Request, Response,
    Rule, Sender,
    handshake::{self, Checked, Position},
};
use crate::http1::{
    HeadFault,
    body::{Message as HttpMessage, content_length, has_body},
    known::Name,
    scanner::Scanner,
    start_line::Kind,
};

/// What a request asked for.
#[derive(Debug)]
pub(super) struct Asked {
    /// The head, to check the response against it.
    head: Vec<u8>,
    protocol: Protocol,
    is_head: bool,
    has_body: bool,
}

/// The protocol that a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Other,
    WebSocket,
    /// A WebSocket, by a request that breaks a rule.
    FaultyWebSocket,
}

/// The body of a response that does not open a WebSocket.
#[derive(Debug)]
pub(super) struct ResponseBody {
    /// The offset of its first byte.
    start: u64,
    kept: Vec<u8>,
    received: u64,
    length: Option<u64>,
    is_reported: bool,
    /// Whether another request may follow.
    persists: bool,
}

impl Inspector {
    pub(super) fn scan_request(&mut self, output: &mut Output<'_>) -> bool {
        let Phase::Request(scanner) = &mut self.phase else { return false };
        let limits = self.limits.head;
        let (held, start) = (self.client.held(), self.client.offset);
        let found = match scanner.scan(held, usize::MAX) {
            Ok(None) => return false,
            Ok(Some(found)) => found,
            Err(fault) => {
                let at = handshake::fault_offset(held, Kind::Request, limits);
                return self.refuse(Sender::Client, fault, at, output);
            }
        };
        let (head, range) = (found.head(held), found.range(0));
        let Some(line) = scanner.start_line().request(head.line()) else { return false };
        let known = match handshake::known(head, limits) {
            Ok(known) => known,
            Err(fault) => return self.refuse(Sender::Client, fault, range.start, output),
        };
        let position = Position { address: held.as_ptr().addr(), offset: start };
        let is_websocket = handshake::asks(&known);
        let checked = if is_websocket {
            handshake::check_request(&line, &known, position)
        } else {
            handshake::unchecked(&known, position)
        };
        let (method, target, minor) = (line.method, line.target, line.minor);
        let request = Request { method, target, minor, fields: &checked.fields };
        let offset = start + range.start as u64;
        output.emit(Sender::Client, offset, Event::Request(request));
        emit_violations(Sender::Client, &checked, offset, output);
        let asked = Asked {
            head: head.bytes().to_vec(),
            protocol: match checked.is_valid() {
                _ if !is_websocket => Protocol::Other,
                true => Protocol::WebSocket,
                false => Protocol::FaultyWebSocket,
            },
            is_head: method == "HEAD",
            has_body: has_body(&HttpMessage::Request(&known)),
        };
        self.client.consume(found.length());
        self.phase = Phase::Response(Scanner::new(Kind::Response, limits), asked);
        true
    }

    pub(super) fn scan_response(&mut self, output: &mut Output<'_>) -> bool {
        let Phase::Response(scanner, asked) = &mut self.phase else { return false };
        let limits = self.limits.head;
        let start = self.server.offset;
        let held = self.server.held_mut();
        let found = match scanner.scan(held, usize::MAX) {
            Ok(None) => return false,
            Ok(Some(found)) => found,
            Err(fault) => {
                let at = handshake::fault_offset(held, Kind::Response, limits);
                return self.refuse(Sender::Server, fault, at, output);
            }
        };
        if let Some(bytes) = held.get_mut(..found.length()) {
            found.unfold(bytes);
        }
        let head = found.head(held);
        let line = scanner.start_line().response();
        let known = match handshake::known(head, limits) {
            Ok(known) => known,
            Err(fault) => return self.refuse(Sender::Server, fault, 0, output),
        };
        let request = handshake::reread(&asked.head);
        let opens = asked.protocol != Protocol::Other && line.status == 101;
        let position = Position { address: held.as_ptr().addr(), offset: start };
        let extensions = match &request {
            Some(request) if opens => handshake::extensions(&known, request),
            _ => Ok(Extensions::None),
        };
        let checked = match &request {
            Some(request) if opens => {
                let extensions = extensions.map(|_| ());
                handshake::check_response(line.minor, &known, request, extensions, position)
            }
            _ => handshake::unchecked(&known, position),
        };
        let reason = head.line().get(b"HTTP/1.1 101 ".len()..).unwrap_or_default();
        let fields = &checked.fields;
        let (status, minor) = (line.status, line.minor);
        let response = Response { status, reason, minor, fields };
        output.emit(Sender::Server, start, Event::Response(response));
        emit_violations(Sender::Server, &checked, start, output);
        let next = match (status, &request) {
            (101, Some(_)) if opens => {
                if asked.protocol == Protocol::FaultyWebSocket {
                    let violation = Event::Violation(Rule::AcceptedInvalid);
                    output.emit(Sender::Server, start, violation);
                }
                // What the endpoints make of a faulty field is not known.
                let extensions = extensions.unwrap_or(Extensions::Unknown);
                let subprotocol = known.only(Name::Protocol);
                let subprotocol = subprotocol.and_then(|name| core::str::from_utf8(name).ok());
                let open = Event::Open(Open { subprotocol, extensions });
                output.emit(Sender::Server, start, open);
                Phase::Open(Box::new(BothWays::new(extensions, true)))
            }
            (101, _) => Phase::Opaque,
            (100..=199, _) => {
                scanner.reset();
                self.server.consume(found.length());
                return true;
            }
            _ => {
                let message = HttpMessage::Response { status, answers_head: asked.is_head };
                let length = if has_body(&message) {
                    content_length(status, known.headers())
                } else {
                    Some(0)
                };
                Phase::Body(ResponseBody {
                    start: start + found.length() as u64,
                    kept: Vec::new(),
                    received: 0,
                    length,
                    is_reported: length == Some(0),
                    persists: !asked.has_body,
                })
            }
        };
        self.server.consume(found.length());
        // Bytes of the client that complete the exchange arrive after the response.
        if let Phase::Open(_) = next
            && output.receiving == Sender::Server
            && !self.client.held().is_empty()
        {
            let violation = Event::Violation(Rule::Early);
            output.emit(Sender::Client, self.client.offset, violation);
        }
        if let Phase::Opaque = next {
            self.emit_opaque(Opaque::NotWebSocket, output);
        }
        self.phase = next;
        true
    }

    pub(super) fn receive_body(&mut self, output: &mut Output<'_>) -> bool {
        let Phase::Body(body) = &mut self.phase else { return false };
        // Without a length, nothing is inspected after the part that is kept.
        let left = match body.length {
            Some(length) => usize::try_from(length - body.received).unwrap_or(usize::MAX),
            None => self.limits.body.saturating_sub(body.kept.len()),
        };
        let length = left.min(self.server.held().len());
        let room = self.limits.body.saturating_sub(body.kept.len()).min(length);
        body.kept.extend_from_slice(self.server.held().get(..room).unwrap_or_default());
        body.received += length as u64;
        self.server.consume(length);
        let is_over = body.length == Some(body.received);
        if is_over || body.kept.len() >= self.limits.body {
            body.report(output);
        }
        if is_over && body.persists {
            self.phase = Phase::Request(Scanner::new(Kind::Request, self.limits.head));
            return true;
        }
        if is_over || (body.length.is_none() && body.is_reported) {
            self.emit_opaque(Opaque::NotWebSocket, output);
            self.phase = Phase::Opaque;
            return true;
        }
        false
    }

    /// Reports a head that cannot be read. `at` is the index of the fault in the held bytes.
    fn refuse(
        &mut self,
        sender: Sender,
        fault: HeadFault,
        at: usize,
        output: &mut Output<'_>,
    ) -> bool {
        let offset = self.direction(sender).offset + at as u64;
        let reason = match fault {
            HeadFault::Tls => Opaque::Tls,
            fault if handshake::is_limit(fault) => Opaque::Head,
            _ => {
                let rule = match sender {
                    Sender::Client => Rule::RequestSyntax,
                    Sender::Server => Rule::ResponseSyntax,
                };
                output.emit(sender, offset, Event::Violation(rule));
                Opaque::Violation
            }
        };
        self.emit_opaque(reason, output);
        self.phase = Phase::Opaque;
        true
    }
}

impl ResponseBody {
    /// Reports the body, once.
    pub(super) fn report(&mut self, output: &mut Output<'_>) {
        if !core::mem::replace(&mut self.is_reported, true) {
            let body = Body { start: &self.kept, length: self.length };
            output.emit(Sender::Server, self.start, Event::Body(body));
        }
    }
}

fn emit_violations(sender: Sender, checked: &Checked<'_>, start: u64, output: &mut Output<'_>) {
    for (offset, rule) in checked.violations(start) {
        output.emit(sender, offset, Event::Violation(rule));
    }
}
