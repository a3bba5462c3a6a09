//! Endpoints that negotiated custom extensions, and ways to feed them.

use hybi::{
    Client, Config, Connection, Error, ExtendedEvent, Inbox, Origins, Role, Server, State, Storage,
    Uri,
    client::{self, Request, Response},
    extension::{self, Claims, Extension},
    frame::{Kind, Opcode, Reserved},
    server::Opening,
};

use super::{checksum, multiplexer, run_length};
use crate::support::{
    feed::{Cut, ExampleKey, Heard, hand_over, own},
    handshake::http::Response as Parsed,
};

pub(crate) type Ends = (Connection<Server>, Connection<Client<ExampleKey>>);

/// The reserved bits of these accepted extensions. They apply in their order: what follows
/// permessage-deflate encodes compressed messages.
pub(crate) fn claims<'a>(accepted: impl Iterator<Item = Extension<'a>>) -> Claims {
    let mut is_compressed = false;
    accepted.fold(Claims::new(), |claims, extension| match extension.name() {
        checksum::NAME if is_compressed => claims.per_message_after_compression(checksum::BIT),
        checksum::NAME => claims.per_message(checksum::BIT),
        run_length::NAME => claims.per_message(run_length::BIT),
        multiplexer::NAME => claims.per_frame(multiplexer::BIT),
        other => {
            assert_eq!(other, "permessage-deflate");
            is_compressed = true;
            claims
        }
    })
}

/// Performs the opening handshake of a client that offers these extensions with a server that
/// accepts these.
pub(crate) fn open(offered: &str, accepted: &str, config: Config) -> Ends {
    let uri = Uri::parse("ws://server.example.com/").unwrap();
    let (mut request, mut response) = (Vec::new(), Vec::new());
    let opening = Request::new(&uri)
        .config(config)
        .extensions(offered)
        .send_with(ExampleKey, &mut request)
        .unwrap();
    let mut inbox = inbox_of(&request);
    let mut asked = Opening::new(Origins::any());
    let request = asked.receive(&mut inbox, &mut response).unwrap().unwrap();
    assert_eq!(request.extensions().count(), offered.split_terminator(',').count());
    let server =
        request.accept().config(config).extensions(accepted).finish(&mut response).unwrap();
    claim(server, opening, &response)
}

/// Claims the bits of the extensions in the response, at both ends.
pub(crate) fn claim(
    server: Connection<Server>,
    mut opening: client::Opening<'_, ExampleKey>,
    response: &[u8],
) -> Ends {
    let parsed = Parsed::parse(response);
    let list = parsed.all("sec-websocket-extensions").concat();
    let accepted = extension::parse(list.as_bytes()).ok();
    let server = server.with_claims(claims(accepted.into_iter().flatten())).unwrap();
    let mut inbox = inbox_of(response);
    let Some(Response::Accepted(accepted)) = opening.receive(&mut inbox).unwrap() else {
        panic!("not accepted: {}", response.escape_ascii())
    };
    let claims = claims(accepted.extensions());
    (server, accepted.finish().with_claims(claims).unwrap())
}

pub(crate) fn inbox_of(bytes: &[u8]) -> Inbox {
    let mut inbox = Inbox::with_capacity(bytes.len());
    assert_eq!(inbox.copy_from(bytes), bytes.len());
    inbox
}

/// An event that owns its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Got {
    Event(Heard),
    Message(Kind, Reserved, Vec<u8>),
    Frame(Opcode, bool, Reserved, Vec<u8>),
}

impl From<ExtendedEvent<'_>> for Got {
    fn from(event: ExtendedEvent<'_>) -> Self {
        match event {
            ExtendedEvent::Event(event) => Self::Event(own(&event)),
            ExtendedEvent::Message(m) => Self::Message(m.kind, m.reserved, m.payload.into()),
            ExtendedEvent::Frame(f) => Self::Frame(f.opcode, f.fin, f.reserved, f.payload.into()),
        }
    }
}

/// The final state of an endpoint and everything that it delivered and sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) got: Vec<Got>,
    pub(crate) error: Option<Error>,
    pub(crate) outbox: Vec<u8>,
    pub(crate) state: State,
}

/// Feeds an endpoint by `receive_extended`.
pub(crate) fn receive<R: Role, S: Storage>(
    websocket: &mut Connection<R>,
    inbox: Inbox<S>,
    bytes: &[u8],
    cut: &Cut,
) -> Outcome {
    let (mut got, mut outbox) = (Vec::new(), Vec::new());
    let error = hand_over(inbox, bytes, cut, |inbox| {
        let event = websocket.receive_extended(inbox, &mut outbox)?;
        got.extend(event.map(Got::from));
        Ok(event.is_some())
    });
    Outcome { got, error, outbox, state: websocket.state() }
}

/// The same by `advance` and `Inbox::extended_event`.
pub(crate) fn look<R: Role, S: Storage>(
    websocket: &mut Connection<R>,
    inbox: Inbox<S>,
    bytes: &[u8],
    cut: &Cut,
) -> Outcome {
    let (mut got, mut outbox) = (Vec::new(), Vec::new());
    let error = hand_over(inbox, bytes, cut, |inbox| {
        let is_found = websocket.advance(inbox, &mut outbox)?;
        assert_eq!(inbox.extended_event(), inbox.extended_event(), "it is repeatable");
        assert_eq!(is_found, inbox.extended_event().is_some());
        got.extend(inbox.extended_event().map(Got::from));
        Ok(is_found)
    });
    Outcome { got, error, outbox, state: websocket.state() }
}

/// Feeds endpoints in every way, over growing and fixed inboxes. All must give the same result.
pub(crate) fn receive_all<R: Role, const N: usize>(
    open: impl Fn() -> Connection<R>,
    bytes: &[u8],
) -> Outcome {
    let whole = receive(&mut open(), Inbox::with_capacity(64), bytes, &Cut::Whole);
    for cut in Cut::all(bytes.len()) {
        let outcomes = [
            receive(&mut open(), Inbox::with_capacity(16), bytes, &cut),
            look(&mut open(), Inbox::with_capacity(16), bytes, &cut),
            receive(&mut open(), Inbox::over([0; N]), bytes, &cut),
            look(&mut open(), Inbox::over([0; N]), bytes, &cut),
        ];
        for other in outcomes {
            assert_eq!(other, whole, "{cut:?}");
        }
    }
    whole
}
