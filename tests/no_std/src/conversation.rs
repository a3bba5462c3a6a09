//! The conversation, step by step.

use core::panic::Location;

use hybi::{
    ChunkEvent, CloseCode, Error, Event, FixedOutbox, Fragment, LimitExceeded, Misuse, Origins,
    OutboxFull, Role, State, Uri,
    client::{self, Request, Response},
    server::{self, Opening},
};

use crate::endpoint::{Endpoint, Pair, SIZE, Sequence, carry, empty_inbox};

/// A step of the conversation. Its number is the exit status if it fails.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Open = 1,
    Echo = 2,
    PingAmidFragments = 3,
    Chunks = 4,
    FullOutbox = 5,
    Close = 6,
    TooLarge = 7,
}

/// The failure of a step.
#[derive(Debug)]
#[allow(dead_code)] // read by `Debug`
pub(crate) enum Wrong {
    /// The check in this line failed.
    Unexpected { line: u32 },
    /// A call returned an error.
    Error(Error),
    /// So did the client's opening handshake.
    Opening(client::Error),
    /// The server's end of the opening handshake refused.
    Server(server::Error),
}

impl From<client::Error> for Wrong {
    fn from(error: client::Error) -> Self {
        Self::Opening(error)
    }
}

impl From<server::Error> for Wrong {
    fn from(error: server::Error) -> Self {
        Self::Server(error)
    }
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

type Checked<T = ()> = Result<T, Wrong>;
type Run = fn(&mut Pair) -> Checked;

pub(crate) fn run() -> Result<(), (Step, Wrong)> {
    let mut pair = open().map_err(|wrong| (Step::Open, wrong))?;
    let steps: [(Step, Run); 5] = [
        (Step::Echo, echo),
        (Step::PingAmidFragments, ping_amid_fragments),
        (Step::Chunks, chunks),
        (Step::FullOutbox, full_outboxes),
        (Step::Close, close),
    ];
    for (step, run) in steps {
        run(&mut pair).map_err(|wrong| (step, wrong))?;
    }
    too_large(&mut Pair::connected()).map_err(|wrong| (Step::TooLarge, wrong))
}

/// The opening handshake, with a subprotocol.
fn open() -> Checked<Pair> {
    let (mut client_inbox, mut server_inbox) = (empty_inbox(), empty_inbox());
    let mut outbox = FixedOutbox::over([0; SIZE]);

    let uri = expect(Uri::parse("ws://example.com/tea?milk=1").ok())?;
    let request = Request::new(&uri).subprotocols(&["chat", "superchat"]);
    let mut asking = request.send_with(Sequence::new(), &mut outbox)?;
    let head = b"GET /tea?milk=1 HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n";
    check(outbox.bytes().starts_with(head))?;
    carry(&mut outbox, &mut server_inbox);

    let mut awaiting = Opening::new(Origins::no_browser());
    let request = expect(awaiting.receive(&mut server_inbox, &mut outbox)?)?;
    check(request.target() == "/tea?milk=1" && request.path() == "/tea")?;
    check(request.origin().is_none())?;
    check(request.headers().get("host") == Some(b"example.com"))?;
    check(request.subprotocols().eq(["chat", "superchat"]))?;
    let server = request.accept().subprotocol("superchat").finish(&mut outbox)?;
    check(outbox.bytes().starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"))?;
    carry(&mut outbox, &mut client_inbox);

    let answer = expect(asking.receive(&mut client_inbox)?)?;
    let Response::Accepted(accepted) = answer else { return unexpected() };
    check(accepted.subprotocol() == Some("superchat"))?;
    check(accepted.extensions().next().is_none())?;
    let client = accepted.finish();

    check(client_inbox.is_empty() && server_inbox.is_empty())?;
    Ok(Pair {
        client: Endpoint::new(client, client_inbox),
        server: Endpoint::new(server, server_inbox),
    })
}

/// The server echoes a masked text from the client.
fn echo(pair: &mut Pair) -> Checked {
    const TEXT: &str = "Tee für zwei";
    let Pair { client, server } = pair;
    client.websocket.send_text(TEXT, &mut client.outbox)?;
    let [first, second, frame @ ..] = client.outbox.bytes() else { return unexpected() };
    check(*first == 0x81 && usize::from(*second) == 0x80 | TEXT.len())?;
    check(frame.len() == 4 + TEXT.len() && frame[4..] != *TEXT.as_bytes())?;
    client.send_to(server);

    let event = expect(server.websocket.receive(&mut server.inbox, &mut server.outbox)?)?;
    let Event::Text(text) = event else { return unexpected() };
    check(text == TEXT)?;
    server.websocket.send_text(text, &mut server.outbox)?;
    check(server.outbox.bytes()[2..] == *TEXT.as_bytes())?;
    server.send_to(client);

    next(client, Event::Text(TEXT))?;
    nothing_more(client)?;
    nothing_more(server)
}

/// A message in three fragments with a ping between them, which is answered before the message
/// ends.
fn ping_amid_fragments(pair: &mut Pair) -> Checked {
    let Pair { client: Endpoint { websocket, outbox, .. }, .. } = pair;
    websocket.send_text_fragment("one, ", Fragment::More, outbox)?;
    websocket.send_ping(b"still there?", outbox)?;
    websocket.send_text_fragment("zwei, ", Fragment::More, outbox)?;
    let whole_message = websocket.send_text("another", outbox);
    check(whole_message == Err(Error::Misuse(Misuse::MessageOpen)))?;
    websocket.send_text_fragment("três", Fragment::Last, outbox)?;

    let Pair { client, server } = pair;
    client.send_to(server);
    next(server, Event::Ping(b"still there?"))?;
    next(server, Event::Text("one, zwei, três"))?;
    nothing_more(server)?;
    server.send_to(client);
    next(client, Event::Pong(b"still there?"))?;
    nothing_more(client)
}

/// A frame that is larger than both inbox and outbox. It is masked in place and received in chunks.
fn chunks(pair: &mut Pair) -> Checked {
    const COUNT: usize = SIZE;
    let Pair { client, server } = pair;
    let mut text = [0; COUNT * '€'.len_utf8()];
    for euro in text.chunks_exact_mut('€'.len_utf8()) {
        '€'.encode_utf8(euro);
    }
    let framed = client.websocket.mask_text(&mut text)?;
    let (mut chunks, mut count, mut ended) = (0, 0, false);
    for mut rest in framed.slices() {
        while !rest.is_empty() {
            let taken = server.inbox.copy_from(rest);
            check(taken > 0 && !ended)?;
            rest = &rest[taken..];
            while let Some(event) =
                server.websocket.receive_chunk(&mut server.inbox, &mut server.outbox)?
            {
                let ChunkEvent::Text { text, fragment } = event else { return unexpected() };
                check(text.chars().all(|character| character == '€'))?;
                count += text.chars().count();
                chunks += 1;
                ended = fragment.is_last();
            }
        }
    }
    check(ended && count == COUNT && chunks > 2)?;
    nothing_more(server)
}

/// A full outbox accepts no part of a message, and all of it after it has been written.
fn full_outboxes(pair: &mut Pair) -> Checked {
    let Pair { client, server } = pair;
    full_outbox(client, server)?;
    full_outbox(server, client)
}

fn full_outbox<R: Role, P: Role>(from: &mut Endpoint<R>, to: &mut Endpoint<P>) -> Checked {
    let mut outbox = FixedOutbox::over([0; 20]);
    from.websocket.send_binary(b"0123456789", &mut outbox)?;
    let before = outbox.clone();
    let refused = from.websocket.send_binary(b"abcdefghij", &mut outbox);
    check(matches!(refused, Err(Error::OutboxFull(OutboxFull { needed: 12..=16, .. }))))?;
    check(outbox.bytes() == before.bytes())?;

    carry(&mut outbox, &mut to.inbox);
    check(outbox.bytes().is_empty())?;
    from.websocket.send_binary(b"abcdefghij", &mut outbox)?;
    carry(&mut outbox, &mut to.inbox);
    next(to, Event::Binary(b"0123456789"))?;
    next(to, Event::Binary(b"abcdefghij"))?;
    nothing_more(to)
}

/// The client closes. The server replies and is done. The client waits for the end of the input.
fn close(pair: &mut Pair) -> Checked {
    let Pair { client, server } = pair;
    client.websocket.close(CloseCode::NORMAL, "good night", &mut client.outbox)?;
    check(client.websocket.state() == State::CloseSent && client.websocket.is_closing())?;
    let late = client.websocket.send_text("wait", &mut client.outbox);
    check(late == Err(Error::Misuse(Misuse::NotOpen)))?;
    client.send_to(server);

    closes(server, CloseCode::NORMAL, "good night")?;
    check(server.websocket.should_close_transport())?;
    check(server.outbox.bytes() == b"\x88\x02\x03\xe8")?;
    server.send_to(client);
    server.websocket.end_of_input()?;
    check(server.websocket.state() == State::Ended)?;

    closes(client, CloseCode::NORMAL, "")?;
    check(client.websocket.is_closing() && !client.websocket.should_close_transport())?;
    client.websocket.end_of_input()?;
    check(
        client.websocket.should_close_transport() && client.websocket.close_code() == Some(1000),
    )?;
    check(client.outbox.bytes().is_empty())
}

/// A message that does not fit in the inbox fails the connection with 1009 when its header arrives.
fn too_large(pair: &mut Pair) -> Checked {
    let Pair { client, server } = pair;
    let mut data = [0; SIZE + 1];
    let framed = client.websocket.mask_binary(&mut data)?;
    let taken = server.inbox.copy_from(framed.header());
    check(taken == framed.header().len())?;

    let refused = server.websocket.receive(&mut server.inbox, &mut server.outbox);
    let Err(Error::Limit(limit)) = refused else { return unexpected() };
    check(matches!(limit, LimitExceeded::InboxSize { size: 513, limit: 512 }))?;
    check(limit.close_code() == CloseCode::MESSAGE_TOO_BIG)?;
    check(server.outbox.bytes() == b"\x88\x02\x03\xf1")?;
    check(server.websocket.should_close_transport() && server.inbox.is_empty())?;
    server.send_to(client);

    closes(client, CloseCode::MESSAGE_TOO_BIG, "")?;
    check(client.websocket.close_code() == Some(1009))?;
    client.websocket.end_of_input()?;
    check(client.websocket.state() == State::Ended)
}

/// Checks that this is the next event.
#[track_caller]
fn next<R: Role>(endpoint: &mut Endpoint<R>, expected: Event<'_>) -> Checked {
    let Endpoint { websocket, inbox, outbox } = endpoint;
    check(websocket.receive(inbox, outbox)? == Some(expected))
}

#[track_caller]
fn nothing_more<R: Role>(endpoint: &mut Endpoint<R>) -> Checked {
    let Endpoint { websocket, inbox, outbox } = endpoint;
    check(websocket.receive(inbox, outbox)?.is_none() && inbox.is_empty())
}

#[track_caller]
fn closes<R: Role>(endpoint: &mut Endpoint<R>, code: CloseCode, reason: &str) -> Checked {
    let Endpoint { websocket, inbox, outbox } = endpoint;
    let Some(Event::Close(close)) = websocket.receive(inbox, outbox)? else { return unexpected() };
    check(close.code() == Some(code) && close.reason() == reason)
}

#[track_caller]
fn check(holds: bool) -> Checked {
    if holds { Ok(()) } else { unexpected() }
}

#[track_caller]
fn expect<T>(value: Option<T>) -> Checked<T> {
    match value {
        Some(value) => Ok(value),
        None => unexpected(),
    }
}

#[track_caller]
fn unexpected<T>() -> Checked<T> {
    Err(Wrong::Unexpected { line: Location::caller().line() })
}
