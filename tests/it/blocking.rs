//! The blocking front end: two ends over a pair of sockets, and one end over bytes in memory.

use std::{
    io::{self, Cursor, ErrorKind, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use hybi::{
    Client, CloseCode, CloseReply, Config, Connection, Error, Event, ExtendedEvent, GrowingOutbox,
    Inbox, Message, Misuse, Origins, Server, Uri, Violation,
    blocking::{self, WebSocket},
    client::Request,
    extension::Claims,
    frame::Reserved,
};

use crate::support::wire::{CLOSE, FIN, From, PING, TEXT, frame};

const URI: &str = "ws://server.example.com/chat";

/// A stream with fixed input that records its output.
#[derive(Debug)]
struct Tape {
    input: Cursor<Vec<u8>>,
    output: Vec<u8>,
    /// The result of a read at the end of the input.
    end: Option<ErrorKind>,
}

impl Tape {
    fn new(input: Vec<u8>) -> Self {
        Self { input: Cursor::new(input), output: Vec::new(), end: None }
    }
}

impl Read for Tape {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.input.read(buffer)? {
            0 => self.end.map_or(Ok(0), |kind| Err(kind.into())),
            length => Ok(length),
        }
    }
}

impl Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len().min(3);
        self.output.write(&bytes[..length])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A request, followed by frames.
fn request(frames: &[Vec<u8>]) -> Vec<u8> {
    let head = "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: v1, v2\r\n\r\n";
    [head.as_bytes(), &frames.concat()].concat()
}

fn accept(input: Vec<u8>) -> Result<WebSocket<Tape, Server>, blocking::Error> {
    WebSocket::accept(Origins::any(), Tape::new(input))
}

/// The output of the server after its response.
fn written(websocket: &WebSocket<Tape, Server>) -> &[u8] {
    let output = &websocket.get_ref().output;
    let head = output.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
    assert!(output.starts_with(b"HTTP/1.1 101 "));
    &output[head + 4..]
}

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

#[test]
fn two_ends_exchange_messages_and_close() {
    let (client, server) = pair();
    let server = thread::spawn(move || {
        let mut websocket = WebSocket::accept_with(Origins::any(), server, |request| {
            request.accept().select_subprotocol(&["v2", "v1"])
        })?;
        let mut count = 0;
        while let Some(event) = websocket.next()? {
            let Some(message) = event.to_message() else { continue };
            websocket.send(&message)?;
            count += 1;
        }
        assert_eq!(websocket.connection().close_code(), Some(1000));
        Ok::<_, blocking::Error>(count)
    });
    let uri = Uri::parse(URI).unwrap();
    let request = Request::new(&uri).subprotocols(&["v1", "v2"]);
    let mut websocket: WebSocket<_, Client> = WebSocket::connect(request, client).unwrap();
    websocket.send_text("Hello").unwrap();
    assert_eq!(websocket.next().unwrap(), Some(Event::Text("Hello")));
    websocket.send_ping(b"?").unwrap();
    assert_eq!(websocket.next().unwrap(), Some(Event::Pong(b"?")));
    let large = vec![7; 1 << 20];
    websocket.send_binary(&large).unwrap();
    assert_eq!(websocket.next().unwrap(), Some(Event::Binary(&large)));
    // Discarded by the closing handshake.
    websocket.send(&Message::from("late")).unwrap();
    websocket.close(CloseCode::NORMAL, "done").unwrap();
    assert_eq!(websocket.next().unwrap(), None);
    assert_eq!(server.join().unwrap().unwrap(), 3);
}

// 6455-5.5.2-b
#[test]
fn required_frames_are_written_before_an_event_is_returned() {
    let frames =
        [frame(From::Client, FIN | PING, b"?"), frame(From::Client, FIN | CLOSE, b"\x03\xe8")];
    let mut websocket = accept(request(&frames)).unwrap();
    assert_eq!(websocket.next().unwrap(), Some(Event::Ping(b"?")));
    assert_eq!(written(&websocket), b"\x8a\x01?");
    assert!(matches!(websocket.next().unwrap(), Some(Event::Close(_))));
    assert_eq!(written(&websocket), b"\x8a\x01?\x88\x02\x03\xe8");
    assert_eq!(websocket.next().unwrap(), None);
}

#[test]
fn a_violation_is_answered_with_a_close_and_reported() {
    let mut websocket = accept(request(&[frame(From::Server, FIN | TEXT, b"no mask")])).unwrap();
    let error = websocket.next().unwrap_err();
    let expected = Error::Protocol(Violation::NotMasked);
    assert!(matches!(error, blocking::Error::Connection(error) if error == expected), "{error}");
    assert_eq!(written(&websocket), b"\x88\x02\x03\xea");
    assert_eq!(websocket.next().unwrap(), None);
}

// 6455-7.1.5-a
#[test]
fn the_end_of_the_stream_without_a_close_is_a_lost_connection() {
    let mut websocket = accept(request(&[])).unwrap();
    let error = websocket.next().unwrap_err();
    assert!(matches!(error, blocking::Error::Connection(Error::ConnectionLost)), "{error}");
    assert_eq!(io::Error::from(error).kind(), ErrorKind::ConnectionAborted);
    assert_eq!(websocket.connection().close_code(), Some(1006));
}

#[test]
fn a_timeout_loses_nothing() {
    let text = frame(From::Client, FIN | TEXT, b"Hello");
    let mut websocket = accept(request(&[text[..4].to_vec()])).unwrap();
    websocket.get_mut().end = Some(ErrorKind::WouldBlock);
    let error = websocket.next().unwrap_err();
    assert!(matches!(&error, blocking::Error::Io(error) if error.kind() == ErrorKind::WouldBlock));
    websocket.get_mut().input.get_mut().extend(&text[4..]);
    assert_eq!(websocket.next().unwrap(), Some(Event::Text("Hello")));
}

#[test]
fn a_refused_request_gets_a_response() {
    let error = accept(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".into()).unwrap_err();
    assert!(matches!(error, blocking::Error::Server(_)), "{error}");
    for input in [&b""[..], b"GET / HT"] {
        let error = accept(input.into()).unwrap_err();
        assert!(matches!(&error, blocking::Error::Io(e) if e.kind() == ErrorKind::UnexpectedEof));
    }
}

#[test]
fn a_rejection_contains_the_response() {
    let response = "HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 2\r\n\r\nno";
    let uri = Uri::parse(URI).unwrap();
    let result = WebSocket::connect(Request::new(&uri), Tape::new(response.into()));
    let Err(blocking::Error::Rejected(rejection)) = result else { panic!("accepted") };
    let rejected = rejection.as_rejected();
    assert_eq!(rejected.status(), 302);
    assert_eq!(rejected.headers().get("location"), Some(&b"/other"[..]));
    assert_eq!(rejected.body(), b"no");
    let redirect = rejected.redirect(&uri).unwrap().unwrap();
    assert!(redirect.uri().path() == "/other" && redirect.is_same_origin());
    assert!(!format!("{rejection:?}").contains("other"), "values may be credentials");
}

// 6455-5.5.1-j: after both Close frames, the end of the stream may be reported as a reset
#[test]
fn a_reset_after_both_close_frames_is_an_end() {
    for kind in [ErrorKind::ConnectionReset, ErrorKind::UnexpectedEof, ErrorKind::WouldBlock] {
        let (client, mut server) = pair();
        let uri = Uri::parse(URI).unwrap();
        let opened = thread::spawn(move || {
            WebSocket::accept(Origins::any(), server.try_clone().unwrap()).map(|_| server.flush())
        });
        let websocket: WebSocket<_, Client> =
            WebSocket::connect(Request::new(&uri), client).unwrap();
        assert!(opened.join().unwrap().is_ok());
        let (_, connection, inbox, _) = websocket.into_parts();
        let mut tape = Tape::new(frame(From::Server, FIN | CLOSE, b"\x03\xe8"));
        tape.end = Some(kind);
        let mut websocket = WebSocket::from_parts(tape, connection, inbox, GrowingOutbox::new());
        let ended = websocket.close(CloseCode::NORMAL, "");
        match kind {
            ErrorKind::WouldBlock => assert!(matches!(ended, Err(blocking::Error::Io(_)))),
            _ => ended.unwrap(),
        }
    }
}

/// A stream whose writes and flushes fail while it is told so.
#[derive(Debug, Default)]
struct Stalling {
    input: Cursor<Vec<u8>>,
    output: Vec<u8>,
    flushed: usize,
    write_fails: Option<ErrorKind>,
    flush_fails: bool,
}

impl Read for Stalling {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.input.read(buffer)
    }
}

impl Write for Stalling {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_fails.map_or_else(|| self.output.write(bytes), |kind| Err(kind.into()))
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.flush_fails {
            return Err(ErrorKind::TimedOut.into());
        }
        self.flushed = self.output.len();
        Ok(())
    }
}

fn stalling(config: Config, frames: &[Vec<u8>]) -> WebSocket<Stalling, Server> {
    let stream = Stalling { input: Cursor::new(frames.concat()), ..Stalling::default() };
    let inbox = Inbox::with_capacity(1024);
    WebSocket::from_parts(stream, Connection::server(config), inbox, GrowingOutbox::new())
}

fn is_timeout(result: &Result<(), blocking::Error>) -> bool {
    matches!(result, Err(blocking::Error::Io(error)) if error.kind() == ErrorKind::TimedOut)
}

#[test]
fn an_event_is_not_lost_if_a_write_before_it_fails() {
    let frames =
        ["one", "two", "three"].map(|text| frame(From::Client, FIN | TEXT, text.as_bytes()));
    let mut websocket = stalling(Config::new(), &frames);
    assert_eq!(websocket.next().unwrap(), Some(Event::Text("one")));
    websocket.get_mut().write_fails = Some(ErrorKind::TimedOut);
    assert!(is_timeout(&websocket.send_text("reply")));
    for _ in 0..2 {
        assert!(is_timeout(&websocket.next().map(drop)));
    }
    websocket.get_mut().write_fails = None;
    assert_eq!(websocket.next().unwrap(), Some(Event::Text("two")));
    assert_eq!(websocket.next().unwrap(), Some(Event::Text("three")));
    assert_eq!(websocket.get_ref().output, b"\x81\x05reply", "sent once");
}

#[test]
fn only_a_peer_that_has_closed_need_not_read() {
    let close = frame(From::Client, FIN | CLOSE, b"\x03\xe8");
    let ping = frame(From::Client, FIN | PING, b"?");
    for (kind, is_end) in [
        (ErrorKind::BrokenPipe, true),
        (ErrorKind::ConnectionReset, true),
        (ErrorKind::ConnectionAborted, true),
        (ErrorKind::TimedOut, false),
        (ErrorKind::PermissionDenied, false),
    ] {
        for (frame, has_closed) in [(&close, true), (&ping, false)] {
            let mut websocket = stalling(Config::new(), std::slice::from_ref(frame));
            websocket.get_mut().write_fails = Some(kind);
            if is_end && has_closed {
                assert!(matches!(websocket.next().unwrap(), Some(Event::Close(_))));
                assert_eq!(websocket.next().unwrap(), None);
                websocket.flush().unwrap(); // the reply was dropped
                continue;
            }
            let error = websocket.next().unwrap_err();
            assert!(
                matches!(&error, blocking::Error::Io(error) if error.kind() == kind),
                "{error}"
            );
            assert!(websocket.flush().is_err(), "the reply is kept");
        }
    }
}

/// A stream of which every other operation is interrupted.
#[derive(Debug)]
struct Interrupted {
    tape: Tape,
    is_next: bool,
}

impl Interrupted {
    fn interrupt(&mut self) -> io::Result<()> {
        self.is_next = !self.is_next;
        if self.is_next { Err(ErrorKind::Interrupted.into()) } else { Ok(()) }
    }
}

impl Read for Interrupted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupt()?;
        self.tape.read(buffer)
    }
}

impl Write for Interrupted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.interrupt()?;
        self.tape.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tape.flush()
    }
}

#[test]
fn an_interrupted_operation_is_repeated() {
    let frames = [frame(From::Client, FIN | PING, b"?"), frame(From::Client, FIN | TEXT, b"Hello")];
    let stream = Interrupted { tape: Tape::new(request(&frames)), is_next: false };
    let mut websocket = WebSocket::accept(Origins::any(), stream).unwrap();
    assert_eq!(websocket.next().unwrap(), Some(Event::Ping(b"?")));
    assert_eq!(websocket.next().unwrap(), Some(Event::Text("Hello")));
    websocket.send_text("bye").unwrap();
    assert!(websocket.get_ref().tape.output.ends_with(b"\x8a\x01?\x81\x03bye"));
}

/// Accepts no bytes, and returns more than it was asked for.
struct Lying;

impl Read for Lying {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(buffer.len() + 1)
    }
}

impl Write for Lying {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Ok(0)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

// G-06, J-03, J-07
#[test]
fn a_stream_with_wrong_counts_is_an_error_and_no_loop() {
    let end = || {
        let inbox = Inbox::with_capacity(64);
        let connection = Connection::server(Config::new());
        WebSocket::from_parts(Lying, connection, inbox, GrowingOutbox::new())
    };
    let kind = |result: Result<(), blocking::Error>| match result {
        Err(blocking::Error::Io(error)) => error.kind(),
        other => panic!("{other:?}"),
    };
    assert_eq!(kind(end().send_text("x")), ErrorKind::WriteZero);
    let mut reading = end();
    for _ in 0..2 {
        assert_eq!(kind(reading.next().map(drop)), ErrorKind::InvalidInput);
    }
    let (_, _, inbox, _) = reading.into_parts();
    assert!(inbox.is_empty(), "nothing is added");
}

#[test]
fn a_flush_that_failed_is_repeated() {
    let mut websocket = stalling(Config::new(), &[frame(From::Client, FIN | TEXT, b"Hello")]);
    websocket.get_mut().flush_fails = true;
    assert!(is_timeout(&websocket.send_text("x")));
    assert!(is_timeout(&websocket.flush()));
    websocket.get_mut().flush_fails = false;
    assert_eq!(websocket.next().unwrap(), Some(Event::Text("Hello")));
    assert_eq!(websocket.get_ref().flushed, 3);
}

#[test]
fn output_above_the_high_water_mark_is_written_before_more_is_queued() {
    let mut websocket = stalling(Config::new().outbox_high_water(10), &[]);
    websocket.get_mut().write_fails = Some(ErrorKind::TimedOut);
    assert!(is_timeout(&websocket.send_text("0123456789")));
    let error = websocket.send_text("x").unwrap_err();
    assert!(matches!(error, blocking::Error::Connection(Error::AboveHighWater { .. })), "{error}");
    websocket.get_mut().write_fails = None;
    websocket.send_text("y").unwrap();
    assert_eq!(websocket.get_ref().output, b"\x81\x0a0123456789\x81\x01y");
}

// 6455-5.5.1-g
#[test]
fn the_caller_replies_to_a_close_if_it_chose_to() {
    let config = Config::new().close_reply(CloseReply::Manual);
    let mut websocket = stalling(config, &[frame(From::Client, FIN | CLOSE, b"\x03\xe9")]);
    assert!(matches!(websocket.next().unwrap(), Some(Event::Close(_))));
    assert_eq!(websocket.next().unwrap(), None);
    assert!(websocket.get_ref().output.is_empty());
    websocket.close(CloseCode::NORMAL, "").unwrap();
    assert_eq!(websocket.get_ref().output, b"\x88\x02\x03\xe8");
    assert!(websocket.connection().should_close_transport());
}

// 6455-7.1.5-a
#[test]
fn a_reset_loses_an_open_connection() {
    let mut websocket = accept(request(&[])).unwrap();
    websocket.get_mut().end = Some(ErrorKind::ConnectionReset);
    let error = websocket.next().unwrap_err();
    assert!(matches!(error, blocking::Error::Io(_)), "{error}");
    assert_eq!(websocket.connection().close_code(), Some(1006));
}

// P-ext-j
#[test]
fn an_event_of_a_custom_extension_is_reported_and_not_lost() {
    let claims = Claims::new().per_message(Reserved::RSV2);
    let connection = Connection::server(Config::new()).with_claims(claims).unwrap();
    let input = [frame(From::Client, 0xa1, b"abc"), frame(From::Client, FIN | TEXT, b"Hello")];
    let (inbox, outbox) = (Inbox::with_capacity(64), GrowingOutbox::new());
    let mut websocket = WebSocket::from_parts(Tape::new(input.concat()), connection, inbox, outbox);
    let error = websocket.next().unwrap_err();
    assert!(
        matches!(error, blocking::Error::Connection(Error::Misuse(Misuse::Extended))),
        "{error}"
    );
    let (tape, connection, inbox, outbox) = websocket.into_parts();
    let event = inbox.extended_event();
    assert!(matches!(event, Some(ExtendedEvent::Message(m)) if m.payload == b"abc"));
    let mut websocket = WebSocket::from_parts(tape, connection, inbox, outbox);
    assert_eq!(websocket.next().unwrap(), Some(Event::Text("Hello")));
}
