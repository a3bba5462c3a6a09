//! A server and a client that talk to each other: what one sends the other hears, whatever the
//! order of calls and however slowly the bytes get through, and what goes over the wire keeps the
//! rules, even where the peer does not.

#![no_main]

mod end;
mod outbox;
mod role;
mod settings;

use arbitrary::Arbitrary;
use end::{Came, End};
use hybi::{Connection, Inbox, Outbox, State, Storage};
use hybi_fuzz::keys::Keys;
use libfuzzer_sys::fuzz_target;
use role::Endpoint;
use settings::Settings;

/// The size of an inbox that cannot grow: enough for every message.
const INBOX: usize = 8192;
/// No message is longer.
const MESSAGE: usize = 4096;
/// More turns than any exchange takes.
const TURNS: usize = 10_000;

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    server: Settings,
    client: Settings,
    server_closes: bool,
    /// Whether bytes are put in that nobody sent.
    garbage: u8,
    operations: Vec<(Side, Operation<'a>)>,
}

#[derive(Clone, Copy, Debug, Arbitrary)]
enum Side {
    Server,
    Client,
}

#[derive(Clone, Copy, Debug, Arbitrary)]
enum Operation<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
    Long(u8, u16),
    TextFragment(&'a str, bool),
    BinaryFragment(&'a [u8], bool),
    /// A message in its frame, without an outbox.
    FrameParts(bool, &'a str),
    Prepared(bool, &'a str),
    Ping(&'a [u8]),
    Pong(&'a [u8]),
    Close(u16, &'a str),
    CloseWithoutCode,
    /// Bytes go from the outbox to the transport.
    Write(u16),
    /// Bytes come from the transport to the inbox.
    Read(u16),
    /// All that the peer sent comes to the inbox.
    Fetch,
    Receive,
    ReceiveChunk,
    /// All that has come is received.
    Drain,
    EndOfInput,
    Garbage(&'a [u8]),
}

fuzz_target!(|input: Input<'_>| {
    let fixed = || Inbox::over(vec![0; INBOX]);
    let growing = |usual: u8| Inbox::with_capacity(usual.into());
    match (input.server.inbox, input.client.inbox) {
        (Some(server), Some(client)) => play(&input, growing(server), growing(client)),
        (Some(server), None) => play(&input, growing(server), fixed()),
        (None, Some(client)) => play(&input, fixed(), growing(client)),
        (None, None) => play(&input, fixed(), fixed()),
    }
});

fn play<S: Storage, T: Storage>(input: &Input<'_>, server: Inbox<S>, client: Inbox<T>) {
    let connection = Connection::server(input.server.config());
    let mut server = End::new(connection, server, input.server);
    let connection = Connection::client(input.client.config(), Keys::default());
    let mut client = End::new(connection, client, input.client);

    for &(side, operation) in &input.operations {
        if matches!(operation, Operation::Garbage(_)) && !input.garbage.is_multiple_of(8) {
            continue;
        }
        match side {
            Side::Server => server.operate(operation, &mut client),
            Side::Client => client.operate(operation, &mut server),
        }
    }

    settle(&mut server, &mut client);
    let is_sound = server.input == Came::Whole && client.input == Came::Whole;
    if is_sound {
        let open = (server.state() == State::Open, client.state() == State::Open);
        assert!(matches!(open, (true, true) | (false, false)), "one end is open");
    }
    if input.server_closes {
        server.close_if_open();
    } else {
        client.close_if_open();
    }
    settle(&mut server, &mut client);
    if is_sound {
        assert_eq!((server.state(), client.state()), (State::Closed, State::Closed));
        assert!(server.connection.should_close_transport() && !server.connection.is_closing());
        assert!(!client.connection.should_close_transport() && client.connection.is_closing());
    }
    server.end_of_input();
    client.end_of_input();
    assert!(
        server.connection.should_close_transport() && client.connection.should_close_transport()
    );
    if is_sound {
        assert_eq!((server.state(), client.state()), (State::Ended, State::Ended));
    }

    let from_server = server.check_sent(false);
    let from_client = client.check_sent(true);
    server.check_heard(&from_client);
    client.check_heard(&from_server);
    if is_sound {
        server.check_close(&from_client);
        client.check_close(&from_server);
    }
}

/// Lets bytes flow until nothing moves any more.
fn settle<R: Endpoint, S: Storage, Q: Endpoint, T: Storage>(
    one: &mut End<R, S>,
    other: &mut End<Q, T>,
) {
    for _ in 0..TURNS {
        one.write(usize::MAX);
        other.write(usize::MAX);
        let read = one.read_all(&mut other.wire) | other.read_all(&mut one.wire);
        let drained = one.drain() | other.drain();
        if !read && !drained && one.outbox.pending() + other.outbox.pending() == 0 {
            return;
        }
    }
    panic!("the exchange has no end");
}
