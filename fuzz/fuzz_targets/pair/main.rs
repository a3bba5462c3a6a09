//! A server and a client that communicate, with any order of calls and any delay of bytes. Each receives
//! what the other sends. The output of each is valid, even if its peer violates the protocol.

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

/// The size of a fixed inbox, in bytes: enough for every message.
const INBOX: usize = 8192;
/// The longest message, in bytes.
const MESSAGE: usize = 4096;
/// More turns than any exchange takes.
const TURNS: usize = 10_000;

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    server: Settings,
    client: Settings,
    server_closes: bool,
    /// A multiple of 8 enables garbage: bytes that the peer did not send.
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
    /// A message that is framed without an outbox.
    FrameParts(bool, &'a str),
    Prepared(bool, &'a str),
    Ping(&'a [u8]),
    Pong(&'a [u8]),
    Close(u16, &'a str),
    CloseWithoutCode,
    /// Moves bytes from the outbox to the transport.
    Write(u16),
    /// Moves bytes from the transport to the inbox.
    Read(u16),
    /// Moves all output of the peer to the inbox.
    Fetch,
    Receive,
    ReceiveChunk,
    /// Receives all events.
    Drain,
    EndOfInput,
    Garbage(&'a [u8]),
}

fuzz_target!(|input: Input<'_>| {
    let fixed = || Inbox::over(vec![0; INBOX]);
    let growing = |capacity: u8| Inbox::with_capacity(capacity.into());
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
    let is_valid = server.input == Came::Whole && client.input == Came::Whole;
    if is_valid {
        let open = (server.state() == State::Open, client.state() == State::Open);
        assert!(matches!(open, (true, true) | (false, false)), "only one endpoint is open");
    }
    if input.server_closes {
        server.close_if_open();
    } else {
        client.close_if_open();
    }
    settle(&mut server, &mut client);
    if is_valid {
        assert_eq!((server.state(), client.state()), (State::Closed, State::Closed));
        assert!(server.connection.should_close_transport() && !server.connection.is_closing());
        assert!(!client.connection.should_close_transport() && client.connection.is_closing());
    }
    server.end_of_input();
    client.end_of_input();
    assert!(
        server.connection.should_close_transport() && client.connection.should_close_transport()
    );
    if is_valid {
        assert_eq!((server.state(), client.state()), (State::Ended, State::Ended));
    }

    let from_server = server.check_sent(false);
    let from_client = client.check_sent(true);
    server.check_events(&from_client);
    client.check_events(&from_server);
    if is_valid {
        server.check_close(&from_client);
        client.check_close(&from_server);
    }
}

/// Moves bytes until nothing is left to move.
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
    panic!("the exchange does not end");
}
