//! `advance` and `Inbox::event`: returning events from functions, and stale events.

use std::{
    future::Future,
    io::{self, Read, Write},
    pin::pin,
    task::{Context, Poll, Waker},
};

use hybi::{ChunkEvent, Config, Connection, Error, Event, Fragment, Inbox, Role, Server};

use crate::support::{
    feed::server,
    wire::{BINARY, CLOSE, CONTINUATION, FIN, From, PING, TEXT, frame},
};

/// A wrapper that returns borrowed events, like one over an asynchronous stream.
struct Lending<T> {
    stream: T,
    websocket: Connection<Server>,
    inbox: Inbox,
    outbox: Vec<u8>,
}

/// An asynchronous stream.
trait Source {
    fn read(&mut self, buffer: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;
    fn write(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;
}

impl<T: Source> Lending<T> {
    fn over(stream: T) -> Self {
        let (inbox, outbox) = (Inbox::with_capacity(64), Vec::new());
        Self { stream, websocket: server(Config::new()), inbox, outbox }
    }

    async fn next(&mut self) -> io::Result<Option<Event<'_>>> {
        while !self.websocket.advance(&mut self.inbox, &mut self.outbox)? {
            if !self.fill().await? {
                return Ok(None);
            }
        }
        Ok(self.inbox.event())
    }

    async fn next_chunk(&mut self) -> io::Result<Option<ChunkEvent<'_>>> {
        while !self.websocket.advance_chunk(&mut self.inbox, &mut self.outbox)? {
            if !self.fill().await? {
                return Ok(None);
            }
        }
        Ok(self.inbox.chunk_event())
    }

    async fn fill(&mut self) -> io::Result<bool> {
        self.stream.write(&self.outbox).await?;
        self.outbox.clear();
        let length = self.stream.read(self.inbox.spare()?).await?;
        self.inbox.commit(length)?;
        Ok(length > 0)
    }
}

/// A stream that is ready on every second poll, and reads at most three bytes at a time.
struct Halting {
    input: io::Cursor<Vec<u8>>,
    written: Vec<u8>,
}

impl Source for Halting {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        halt().await;
        let length = buffer.len().min(3);
        self.input.read(&mut buffer[..length])
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        halt().await;
        self.written.write_all(bytes)
    }
}

/// Returns `Pending` once.
async fn halt() {
    let mut has_halted = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut has_halted, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn block_on<F: Future + Send>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

#[test]
fn a_function_over_any_stream_returns_events() {
    let mut input = frame(From::Client, TEXT, b"Hel");
    input.extend(frame(From::Client, FIN | PING, b"?"));
    input.extend(frame(From::Client, FIN | CONTINUATION, b"lo"));
    input.extend(frame(From::Client, FIN | BINARY, &[7; 300]));
    let stream = Halting { input: io::Cursor::new(input), written: Vec::new() };
    let mut websocket = Lending::over(stream);
    let ended = block_on(async {
        assert_eq!(websocket.next().await?, Some(Event::Ping(b"?")));
        assert_eq!(websocket.next().await?, Some(Event::Text("Hello")));
        let mut length = 0;
        while let Some(ChunkEvent::Binary { data, fragment }) = websocket.next_chunk().await? {
            length += data.len();
            if fragment == Fragment::Last {
                break;
            }
        }
        assert_eq!(length, 300);
        websocket.next().await.map(|event| event.is_none())
    });
    assert!(ended.unwrap());
    assert_eq!(websocket.stream.written, b"\x8a\x01?");
}

/// A use of the inbox that makes its event stale.
type Change = fn(&mut Inbox, &mut Connection<Server>);

#[test]
fn a_stale_event_is_none() {
    let changes: [(&str, Change); 7] = [
        ("spare", |inbox, _| assert!(inbox.spare().is_ok())),
        ("copy_from", |inbox, _| assert_eq!(inbox.copy_from(b"x"), 1)),
        ("consume", |inbox, _| inbox.consume(0).unwrap()),
        ("split_off", |inbox, _| assert_eq!(inbox.split_off().event(), None)),
        ("shrink_to_fit", |inbox, _| inbox.shrink_to_fit()),
        ("release", |inbox, _| inbox.release()),
        ("advance", |inbox, websocket| {
            assert!(!websocket.advance(inbox, &mut Vec::new()).unwrap());
        }),
    ];
    let messages = [
        frame(From::Client, FIN | TEXT, "é".as_bytes()),
        frame(From::Client, FIN | BINARY, b"data"),
        frame(From::Client, FIN | PING, b"ping"),
        frame(From::Client, FIN | CLOSE, b"\x03\xe8bye"),
    ];
    for message in messages {
        for (name, change) in changes {
            let (mut websocket, mut inbox) = (server(Config::new()), Inbox::with_capacity(64));
            let _ = inbox.copy_from(&message);
            assert!(websocket.advance(&mut inbox, &mut Vec::new()).unwrap());
            assert!(inbox.event().is_some());
            change(&mut inbox, &mut websocket);
            assert_eq!(inbox.event(), None, "after {name}");
            assert_eq!(inbox.chunk_event(), None, "after {name}");
        }
    }
}

#[test]
fn chunks_and_messages_are_not_mixed_up() {
    let (mut websocket, mut inbox) = (server(Config::new()), Inbox::with_capacity(64));
    let _ = inbox.copy_from(&frame(From::Client, FIN | TEXT, b"one").repeat(2));
    assert!(websocket.advance_chunk(&mut inbox, &mut Vec::new()).unwrap());
    assert_eq!(inbox.event(), None);
    let chunk = ChunkEvent::Text { text: "one", fragment: Fragment::Last };
    assert_eq!(inbox.chunk_event(), Some(chunk));
    assert!(websocket.advance(&mut inbox, &mut Vec::new()).unwrap());
    assert_eq!(inbox.chunk_event(), None);
    assert_eq!(inbox.event(), Some(Event::Text("one")));
}

// 6455-5.5.1-b, 6455-5.5.1-c
#[test]
fn the_body_of_an_invalid_close_can_be_logged() {
    for body in [&b"\x03"[..], b"\x03\xee", b"\x03\xe8\xff reason", b"\x00\x00why"] {
        let (mut websocket, mut inbox) = (server(Config::new()), Inbox::with_capacity(64));
        let _ = inbox.copy_from(&frame(From::Client, FIN | CLOSE, body));
        let mut outbox = Vec::new();
        let error = websocket.receive(&mut inbox, &mut outbox).unwrap_err();
        assert!(matches!(error, Error::Protocol(_)), "{error}");
        assert_eq!(inbox.invalid_close(), Some(body));
        assert!(inbox.is_empty());
        assert_eq!(websocket.receive(&mut inbox, &mut outbox), Ok(None));
        assert_eq!(inbox.invalid_close(), None);
    }
    let (mut websocket, mut inbox) = (server(Config::new()), Inbox::with_capacity(64));
    let _ = inbox.copy_from(&frame(From::Server, FIN | TEXT, b"not masked"));
    assert!(websocket.receive(&mut inbox, &mut Vec::new()).is_err());
    assert_eq!(inbox.invalid_close(), None);
}

/// Receives all events, in either role.
fn events<R: Role>(websocket: &mut Connection<R>, inbox: &mut Inbox) -> Vec<String> {
    let mut events = Vec::new();
    while websocket.advance(inbox, &mut Vec::new()).unwrap() {
        events.push(format!("{:?}", inbox.event().unwrap().to_message()));
    }
    events
}

#[test]
fn an_owned_message_is_made_from_an_event() {
    let mut inbox = Inbox::with_capacity(64);
    let _ = inbox.copy_from(&frame(From::Client, FIN | TEXT, b"text"));
    let _ = inbox.copy_from(&frame(From::Client, FIN | BINARY, b"data"));
    let _ = inbox.copy_from(&frame(From::Client, FIN | PING, b""));
    let events = events(&mut server(Config::new()), &mut inbox);
    assert_eq!(events, ["Some(Text(4 bytes))", "Some(Binary(4 bytes))", "None"]);
    let text = Event::Text("text").to_message();
    assert_eq!(text, Some("text".into()));
    assert_eq!(Event::Binary(b"data").to_message(), Some(b"data"[..].into()));
}
