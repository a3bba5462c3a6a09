//! Connections that negotiated compression by the public handshake, and ways to feed them.

use hybi::{
    Client, Config, Connection, Inbox, Origins, Role, Server, Uri,
    client::{self, Failure, Request},
    deflate::Deflate,
    server::Opening,
};

use crate::support::{
    feed::{Cut, ExampleKey, Outcome, receive, receive_chunks},
    handshake::{
        client::{SampleNonce, answer},
        http::Response,
        server::sound,
    },
    wire::{FIN, From, KEY, RSV1, frame},
};

/// Compresses messages of any length, with or without context takeover in both directions.
pub(crate) fn policy(takeover: bool) -> Deflate {
    Deflate::new().threshold(0).send_context_takeover(takeover).receive_context_takeover(takeover)
}

/// Connects a server and a client with these policies.
pub(crate) fn connect(
    server: &Deflate,
    client: &Deflate,
    config: Config,
) -> (Connection<Server>, Connection<Client<ExampleKey>>) {
    let uri = Uri::parse("ws://a/").unwrap();
    let (mut request, mut response) = (Vec::new(), Vec::new());
    let mut opening = Request::new(&uri)
        .config(config)
        .deflate(client)
        .send_with(ExampleKey, &mut request)
        .unwrap();
    let server = serve(server, config, &request, &mut response);
    let mut inbox = inbox_of(&response);
    let Some(client::Response::Accepted(accepted)) = opening.receive(&mut inbox).unwrap() else {
        panic!("not accepted: {}", response.escape_ascii())
    };
    let client = accepted.finish();
    (server, client)
}

/// A server that has accepted a request with these values of `Sec-WebSocket-Extensions`, and the
/// values in its response.
pub(crate) fn offer(policy: &Deflate, offers: &[&str]) -> (Connection<Server>, Vec<String>) {
    let request = sound().with("Sec-WebSocket-Extensions", offers).bytes();
    let mut response = Vec::new();
    let server = serve(policy, Config::new(), &request, &mut response);
    let response = Response::parse(&response);
    assert_eq!(response.status, 101);
    let answers = response.all("sec-websocket-extensions").into_iter().map(Into::into).collect();
    (server, answers)
}

/// A client that received a response with these values of `Sec-WebSocket-Extensions`.
pub(crate) fn answered(
    policy: &Deflate,
    answers: &[&str],
) -> Result<Connection<Client<SampleNonce>>, Failure> {
    let uri = Uri::parse("ws://server.example.com/chat").unwrap();
    let request = Request::new(&uri).deflate(policy);
    let mut opening = request.send_with(SampleNonce, &mut Vec::new()).unwrap();
    let bytes = answer().with("Sec-WebSocket-Extensions", answers).bytes();
    match opening.receive(&mut inbox_of(&bytes)) {
        Ok(Some(client::Response::Accepted(accepted))) => Ok(accepted.finish()),
        Err(client::Error::Failed(failure)) => Err(failure),
        other => panic!("{other:?}"),
    }
}

fn serve(
    policy: &Deflate,
    config: Config,
    request: &[u8],
    response: &mut Vec<u8>,
) -> Connection<Server> {
    let mut inbox = inbox_of(request);
    let mut opening = Opening::new(Origins::any());
    let request = opening.receive(&mut inbox, response).unwrap().unwrap();
    request.accept().config(config).deflate(policy).finish(response).unwrap()
}

fn inbox_of(bytes: &[u8]) -> Inbox {
    let mut inbox = Inbox::with_capacity(bytes.len());
    assert_eq!(inbox.copy_from(bytes), bytes.len());
    inbox
}

/// A message in one frame that is marked as compressed.
pub(crate) fn compressed(from: From, opcode: u8, payload: &[u8]) -> Vec<u8> {
    frame(from, FIN | RSV1 | opcode, payload)
}

/// A message in stored blocks, which compress nothing, without the last four bytes of the empty
/// block at its end (RFC 7692, section 7.2.1).
pub(crate) fn stored(data: &[u8]) -> Vec<u8> {
    let blocks = data.chunks(0xffff).flat_map(|block| stored_block(0, block));
    blocks.chain([0]).collect()
}

/// A stored block that begins on a byte boundary (RFC 1951, section 3.2.4).
pub(crate) fn stored_block(is_final: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap();
    [&[is_final][..], &length.to_le_bytes(), &(!length).to_le_bytes(), data].concat()
}

/// The frames on the wire: their first byte and unmasked payload.
pub(crate) fn frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        let (length, rest) = match second & 0x7f {
            126 => (usize::from(rest[0]) << 8 | usize::from(rest[1]), &rest[2..]),
            127 => (
                usize::try_from(u64::from_be_bytes(rest[..8].try_into().unwrap())).unwrap(),
                &rest[8..],
            ),
            short => (usize::from(short), rest),
        };
        let (key, rest) = if second & 0x80 == 0 { ([0; 4], rest) } else { (KEY, &rest[4..]) };
        let (payload, rest) = rest.split_at(length);
        frames.push((*first, payload.iter().zip(key.iter().cycle()).map(|(a, b)| a ^ b).collect()));
        bytes = rest;
    }
    frames
}

/// How messages are received.
#[derive(Clone, Copy, Debug)]
pub(crate) enum How {
    Whole,
    Chunks,
}

pub(crate) const WAYS: [How; 2] = [How::Whole, How::Chunks];

/// Feeds the peer of `from`, which uses compression.
pub(crate) fn hear(
    from: From,
    takeover: bool,
    config: Config,
    bytes: &[u8],
    cut: &Cut,
    how: How,
) -> Outcome {
    let policy = policy(takeover);
    let (mut server, mut client) = connect(&policy, &policy, config);
    match from {
        From::Client => hear_at(&mut server, bytes, cut, how),
        From::Server => hear_at(&mut client, bytes, cut, how),
    }
}

/// Feeds an endpoint.
pub(crate) fn hear_at<R: Role>(
    websocket: &mut Connection<R>,
    bytes: &[u8],
    cut: &Cut,
    how: How,
) -> Outcome {
    match how {
        How::Whole => receive(websocket, Inbox::with_capacity(64), bytes, cut),
        How::Chunks => receive_chunks(websocket, Inbox::over([0; 160]), bytes, cut),
    }
}

/// Feeds an endpoint with an inbox of a fixed size.
pub(crate) fn hear_at_fixed<R: Role, const N: usize>(
    websocket: &mut Connection<R>,
    bytes: &[u8],
    cut: &Cut,
    how: How,
) -> Outcome {
    match how {
        How::Whole => receive(websocket, Inbox::over([0; N]), bytes, cut),
        How::Chunks => receive_chunks(websocket, Inbox::over([0; N]), bytes, cut),
    }
}

/// Feeds the peer of `from` in every way. All must give the same result.
pub(crate) fn hear_all(from: From, takeover: bool, config: Config, bytes: &[u8]) -> Outcome {
    let outcome = hear(from, takeover, config, bytes, &Cut::Whole, How::Whole);
    for how in WAYS {
        for cut in Cut::all(bytes.len()) {
            let other = hear(from, takeover, config, bytes, &cut, how);
            assert_eq!(other, outcome, "{from:?}, {how:?}, {cut:?}");
        }
    }
    outcome
}

/// Incompressible bytes.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    })
    .take(length)
    .collect()
}
