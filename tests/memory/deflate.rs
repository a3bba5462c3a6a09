//! The memory of compression.

use counting::{Cost, KIB, MIB, measure};

use super::frame;
use hybi::{
    ChunkEvent, Client, Config, Connection, Error, Event, Fragment, Inbox, LimitExceeded, Origins,
    Role, Server, Storage, Uri, Violation,
    client::{Request, Response},
    deflate::Deflate,
    random::OsEntropy,
    server::Opening,
};

/// The allowance in addition to the message itself, for the codecs and the inbox.
const BESIDES: usize = 256 * KIB;

/// Connects a server and a client with these policies.
fn connect(
    server: &Deflate,
    client: &Deflate,
    config: Config,
) -> (Connection<Server>, Connection<Client<OsEntropy>>) {
    let uri = Uri::parse("ws://a/").unwrap();
    let (mut request, mut response) = (Vec::new(), Vec::new());
    let mut asking = Request::new(&uri).config(config).deflate(client).send(&mut request).unwrap();
    let mut inbox = Inbox::with_capacity(KIB);
    let _ = inbox.copy_from(&request);
    let mut opening = Opening::new(Origins::any());
    let request = opening.receive(&mut inbox, &mut response).unwrap().unwrap();
    let server = request.accept().config(config).deflate(server).finish(&mut response).unwrap();
    let mut inbox = Inbox::with_capacity(KIB);
    let _ = inbox.copy_from(&response);
    let Some(Response::Accepted(accepted)) = asking.receive(&mut inbox).unwrap() else {
        panic!("not accepted")
    };
    let client = accepted.finish();
    (server, client)
}

/// Feeds these bytes in reads of 16 KiB and drops the events. Returns the number of bytes delivered
/// and the number of events.
fn feed<R: Role, S: Storage>(
    websocket: &mut Connection<R>,
    inbox: &mut Inbox<S>,
    bytes: &[u8],
    chunks: bool,
) -> Result<(usize, usize), Error> {
    let mut outbox = Vec::new();
    let (mut length, mut pieces) = (0, 0);
    for mut piece in bytes.chunks(16 * KIB) {
        while !piece.is_empty() {
            let taken = inbox.copy_from(piece);
            piece = &piece[taken..];
            loop {
                let data = if chunks {
                    match websocket.receive_chunk(inbox, &mut outbox)? {
                        Some(ChunkEvent::Text { text, .. }) => text.len(),
                        Some(ChunkEvent::Binary { data, .. }) => data.len(),
                        Some(_) => 0,
                        None => break,
                    }
                } else {
                    match websocket.receive(inbox, &mut outbox)? {
                        Some(Event::Text(text)) => text.len(),
                        Some(Event::Binary(data)) => data.len(),
                        Some(_) => 0,
                        None => break,
                    }
                };
                length += data;
                pieces += 1;
            }
        }
    }
    Ok((length, pieces))
}

/// A message of `mebibytes` MiB of zeros in fragments of 1 MiB, as a server and as a client send
/// it.
fn bomb(mebibytes: usize) -> [Vec<u8>; 2] {
    let deflate = Deflate::new();
    let (mut server, mut client) = connect(&deflate, &deflate, Config::new());
    let zeros = vec![0; MIB];
    let mut bombs = [Vec::new(), Vec::new()];
    for index in 0..mebibytes {
        let fragment = if index + 1 == mebibytes { Fragment::Last } else { Fragment::More };
        server.send_binary_fragment(&zeros, fragment, &mut bombs[0]).unwrap();
        client.send_binary_fragment(&zeros, fragment, &mut bombs[1]).unwrap();
    }
    bombs
}

fn print(what: &str, cost: &Cost) {
    println!(
        "{what}: peak {} KiB, or {} KiB if growing moves the data",
        cost.held / 1024,
        cost.peak / 1024
    );
}

// P-pd-e, F-01, F-02, F-03, F-04, F-05, F-06, F-08
#[test]
fn a_compression_bomb_takes_no_more_memory_than_the_limit() {
    // It exceeds each limit at once, like a gibibyte would. The rest of it is ignored.
    let [from_server, from_client] = bomb(128);
    assert!(from_server.len() < 256 * KIB, "{}", from_server.len());
    for limit in [64 * KIB, MIB, 16 * MIB] {
        for takeover in [false, true] {
            for chunks in [false, true] {
                let config = Config::new().max_message_size(limit as u64);
                let deflate = Deflate::new()
                    .receive_context_takeover(takeover)
                    .send_context_takeover(takeover);
                let (mut server, mut client) = connect(&deflate, &deflate, config);
                let mut inbox = Inbox::with_capacity(16 * KIB);
                let (results, cost) = measure(|| {
                    let one = feed(&mut server, &mut inbox, &from_client, chunks);
                    drop(server);
                    inbox.release();
                    [one, feed(&mut client, &mut inbox, &from_server, chunks)]
                });
                let size = limit as u64 + 1;
                let error = LimitExceeded::MessageSize { size, limit: limit as u64 };
                assert_eq!(results, [Err(error.into()), Err(error.into())]);
                print(&format!("{} KiB allowed, chunks {chunks}", limit / KIB), &cost);
                // In chunks, the message is not collected.
                let message = if chunks { 0 } else { limit };
                assert!(cost.held <= (message + BESIDES).cast_signed(), "{cost:?}");
                // While the buffer grows, the old one exists too.
                assert!(cost.peaks_within(2 * message + BESIDES), "{cost:?}");
            }
        }
    }
}

// P-pd-g, P-pd-e, F-05
#[test]
fn a_gibibyte_in_chunks_takes_constant_memory() {
    let [from_server, _] = bomb(1024);
    assert!(from_server.len() < 2 * MIB);
    let config = Config::new().max_message_size(u64::MAX);
    let deflate = Deflate::new().receive_context_takeover(true);
    let (_, mut client) = connect(&deflate, &deflate, config);
    let mut inbox = Inbox::with_capacity(16 * KIB);
    let (result, cost) = measure(|| feed(&mut client, &mut inbox, &from_server, true));
    let (length, pieces) = result.unwrap();
    print("a gibibyte in chunks", &cost);
    assert_eq!(length, 1024 * MIB);
    assert!(pieces >= 1024 * MIB / (16 * KIB), "{pieces} chunks");
    assert!(cost.peaks_within(160 * KIB), "{cost:?}");
}

// 7692-7.2.3.4-a, P-pd-e, F-19
#[test]
fn endless_blocks() {
    let masked = |payload: &[u8]| frame(0xc2, payload.len() as u64, payload);
    // Empty final blocks of two bytes, empty stored blocks of five bytes, and final blocks that
    // contain one byte.
    let cases = [
        (vec![0x03, 0x00], Some(Error::Limit(LimitExceeded::FinalBlocks(10)))),
        (
            vec![0x01, 0x01, 0x00, 0xfe, 0xff, b'a'],
            Some(Error::Limit(LimitExceeded::FinalBlocks(30))),
        ),
        (vec![0x00, 0x00, 0x00, 0xff, 0xff], None),
    ];
    for (block, error) in cases {
        let mut payload = block.repeat(500_000);
        payload.push(0);
        let bytes = masked(&payload);
        for chunks in [false, true] {
            let deflate = Deflate::new().receive_context_takeover(true);
            let (mut server, _) = connect(&deflate, &deflate, Config::new());
            let mut inbox = Inbox::with_capacity(16 * KIB);
            let (result, cost) = measure(|| feed(&mut server, &mut inbox, &bytes, chunks));
            assert_eq!(result.err(), error);
            print(&format!("blocks of {block:02x?}"), &cost);
            assert!(cost.peaks_within(BESIDES), "{cost:?}");
            // The cost of final blocks is bounded by their limit.
            assert!(error.is_none() || cost.totals_within(MIB), "{cost:?}");
        }
    }
}

// P-pd-e, P-pd-l, P-ra-c
#[test]
fn a_fixed_inbox_bounds_the_decompressed_data() {
    let [bomb, _] = bomb(15);
    let deflate = Deflate::new();
    for size in [64, 1024, 64 * KIB] {
        for chunks in [false, true] {
            let (_, mut client) = connect(&deflate, &deflate, Config::new());
            let mut inbox = Inbox::over(vec![0; size]);
            let (result, cost) = measure(|| feed(&mut client, &mut inbox, &bomb, chunks));
            print(&format!("fixed inbox of {size} bytes, chunks {chunks}"), &cost);
            if chunks {
                assert_eq!(result.map(|(length, _)| length), Ok(15 * MIB));
            } else {
                let (size, limit) = (size as u64 + 1, size as u64);
                assert_eq!(result, Err(LimitExceeded::InboxSize { size, limit }.into()));
                assert!(inbox.is_empty());
            }
            // The size of the inbox or 4 KiB, and twice that while the buffer grows, plus the codec
            // and its windows.
            assert!(cost.peaks_within(2 * size.max(4 * KIB) + 128 * KIB), "{size}: {cost:?}");
        }
    }
}

// P-pd-j, 7692-7.2.2-c
#[test]
fn idle_connections_without_takeover_hold_no_codec() {
    const COUNT: usize = 1000;
    let deflate = Deflate::new();
    let message = "The same as ever. ".repeat(100);
    // Warm up: the shared codecs, and the buffers for one message.
    let mut inbox = Inbox::with_capacity(16 * KIB);
    let mut outbox = Vec::with_capacity(16 * KIB);
    let mut exchange = |count| -> Vec<_> {
        let talk = |_| {
            let (mut server, mut client) = connect(&deflate, &deflate, Config::new());
            outbox.clear();
            server.send_text(&message, &mut outbox).unwrap();
            assert_eq!(outbox[0], 0xc1);
            assert_eq!(feed(&mut client, &mut inbox, &outbox, false).unwrap().0, message.len());
            outbox.clear();
            client.send_text(&message, &mut outbox).unwrap();
            assert_eq!(feed(&mut server, &mut inbox, &outbox, true).unwrap().0, message.len());
            (server, client)
        };
        (0..count).map(talk).collect()
    };
    drop(exchange(1));
    let (connections, cost) = measure(|| exchange(COUNT));
    let each = cost.kept / (2 * COUNT).cast_signed();
    println!("{each} bytes for each idle connection, itself included");
    assert!(each <= 1024, "{each}");
    drop(connections);
}

// P-pd-j, 7692-7.2.2-d
#[test]
fn memory_of_a_connection_by_settings() {
    let policy = |bits, memory, send, receive| {
        let policy = Deflate::new().memory_level(memory).send_window(bits).receive_window(bits);
        policy.send_context_takeover(send).receive_context_takeover(receive)
    };
    let peer = policy(15, 8, true, true);
    let text = "The same as ever. ".repeat(100);
    println!("bytes on the heap for each connection");
    println!("window  memory  sends  receives    idle   after a message each way");
    for (bits, memory) in [(15, 8), (12, 8), (9, 8), (15, 1), (12, 1), (9, 1)] {
        for (send, receive) in [(true, true), (true, false), (false, true), (false, false)] {
            let policy = policy(bits, memory, send, receive);
            // Warm up the shared codecs.
            for _ in 0..2 {
                let (mut server, mut client) = connect(&policy, &peer, Config::new());
                exchange(&mut server, &mut client, &text);
            }
            let ((mut server, mut client), idle) =
                measure(|| connect(&policy, &peer, Config::new()));
            let (mut inbox, mut outbox) = (Inbox::with_capacity(16 * KIB), Vec::new());
            // Fills the window.
            client.send_text(&text.repeat(20), &mut outbox).unwrap();
            let ((), used) = measure(|| {
                feed(&mut server, &mut inbox, &outbox, false).unwrap();
                inbox.release();
                server.send_text(&text, &mut Vec::new()).unwrap();
            });
            // Both endpoints hold the same, so divide by two.
            let idle = idle.kept / 2;
            let used = idle + used.kept;
            println!("{bits:>6}  {memory:>6}  {send:>5}  {receive:>8}  {idle:>6}  {used:>6}");
            assert!(idle <= 256, "nothing before it is needed");
            assert!(send || receive || used == idle, "nothing without takeover");
            assert!(used <= (512 * KIB).cast_signed());
        }
    }
}

// P-pd-j
#[test]
fn a_large_sent_message_leaves_no_large_buffer() {
    // Hardly compressible, so that the output is large.
    let mut state = 1_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b'a' + (state >> 28) as u8
    })
    .take(8 * MIB)
    .collect();
    for takeover in [false, true] {
        let deflate =
            Deflate::new().send_context_takeover(takeover).receive_context_takeover(takeover);
        let (mut server, _) = connect(&deflate, &deflate, Config::new());
        server.send_binary(&noise[..KIB], &mut Vec::new()).unwrap();
        let ((), cost) = measure(|| server.send_binary(&noise, &mut Vec::new()).unwrap());
        println!("takeover {takeover}: {} bytes more after a large message", cost.kept);
        assert!(cost.kept <= (64 * KIB).cast_signed(), "{cost:?}");
    }
}

/// One message each way.
fn exchange(
    server: &mut Connection<Server>,
    client: &mut Connection<Client<OsEntropy>>,
    text: &str,
) {
    let (mut inbox, mut outbox) = (Inbox::with_capacity(16 * KIB), Vec::new());
    client.send_text(text, &mut outbox).unwrap();
    feed(server, &mut inbox, &outbox, false).unwrap();
    outbox.clear();
    server.send_text(text, &mut outbox).unwrap();
    feed(client, &mut inbox, &outbox, false).unwrap();
}

// P-pd-i, P-ra-c
#[test]
fn a_failed_connection_holds_no_codec() {
    let deflate = Deflate::new().receive_context_takeover(true).send_context_takeover(true);
    let (mut server, mut client) = connect(&deflate, &deflate, Config::new());
    let text = "The same as ever. ".repeat(4000);
    let mut bytes = Vec::new();
    client.send_text(&text, &mut bytes).unwrap();
    bytes.extend(frame(0xc1, 1, &[0x07]));
    let mut inbox = Inbox::with_capacity(16 * KIB);
    let (result, cost) = measure(|| {
        server.send_text(&text, &mut Vec::new()).unwrap();
        feed(&mut server, &mut inbox, &bytes, false)
    });
    assert_eq!(result.err(), Some(Violation::NotDeflate.into()));
    assert!(cost.kept <= 1024, "{cost:?}");
}

// P-ra-c
#[test]
fn an_inbox_frees_the_memory_of_a_large_decompressed_message() {
    let [large, _] = bomb(4);
    for compressed in [true, false] {
        let deflate = Deflate::new();
        let (mut server, mut client) = connect(&deflate, &deflate, Config::new());
        let mut small = Vec::new();
        server.set_compression(compressed);
        server.send_text(&"small".repeat(100), &mut small).unwrap();
        let mut inbox = Inbox::with_capacity(16 * KIB);
        let ((), cost) = measure(|| {
            feed(&mut client, &mut inbox, &large, false).unwrap();
            for _ in 0..200 {
                feed(&mut client, &mut inbox, &small, false).unwrap();
            }
        });
        assert!(cost.kept <= (100 * KIB).cast_signed(), "compressed {compressed}: {cost:?}");
    }
}
