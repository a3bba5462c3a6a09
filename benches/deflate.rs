//! Compressed messages, sent by a server and received by a client.

use std::{fmt::Write, hint::black_box};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use hybi::{
    Config, Connection, Inbox, Server,
    deflate::{Deflate, Direction, Negotiated},
    random::OsEntropy,
};

use crate::support::{Size, each_of, quick, wire::Wire};

const SIZES: [Size; 2] = [Size(1024), Size(64 * 1024)];

criterion_group! { name = benches; config = quick(); targets = deflate }

fn deflate(criterion: &mut Criterion) {
    for takeover in [false, true] {
        let direction = Direction::new(15, takeover).unwrap();
        let parameters = Negotiated::new(direction, direction);
        let name = if takeover { "deflate/takeover" } else { "deflate" };
        let mut group = criterion.benchmark_group(name);
        for size in SIZES {
            let deflate = Deflate::new();
            let texts: Vec<String> = (0..size.batch()).map(|n| json(n, size)).collect();
            group.throughput(Throughput::Bytes(size.0 as u64));

            let mut outbox = Vec::new();
            let mut server = Connection::server(Config::new()).with_deflate(&deflate, parameters);
            group.bench_function(BenchmarkId::new("send", size), |bencher| {
                each_of(texts.len(), bencher, || {
                    outbox.clear();
                    send(&mut server, &texts, &mut outbox);
                });
            });

            // The batch begins with an empty window, so that it can be received repeatedly.
            outbox.clear();
            let mut server = Connection::server(Config::new()).with_deflate(&deflate, parameters);
            send(&mut server, &texts, &mut outbox);
            let wire = Wire { bytes: outbox.clone(), messages: texts.len(), size };

            let mut client = Connection::client(Config::new(), OsEntropy::new())
                .with_deflate(&deflate, parameters);
            let mut inbox = Inbox::with_capacity(64 * 1024);
            group.bench_function(BenchmarkId::new("receive", size), |bencher| {
                each_of(wire.messages, bencher, || wire.deliver(&mut client, &mut inbox));
            });
        }
    }
}

fn send(server: &mut Connection<Server>, texts: &[String], outbox: &mut Vec<u8>) {
    for text in texts {
        server.send_text(black_box(text), outbox).unwrap();
    }
    black_box(outbox);
}

/// Text of exactly this size like that of an application: records that are similar but not equal.
fn json(nth: usize, size: Size) -> String {
    let mut text = String::from("[");
    let mut state = nth as u64 + 1;
    while text.len() < size.0 {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let (x, y) = (state >> 52, state >> 40 & 0xfff);
        let (celsius, is_open) = (state >> 36 & 0xf, state >> 63 == 1);
        write!(
            text,
            r#"{{"sensor":"north-{}","at":"2026-05-{:02}T08:{:02}:00Z","x":{x},"y":{y},"#,
            x % 40,
            y % 28 + 1,
            y % 60
        )
        .unwrap();
        write!(text, r#""celsius":{celsius}.{},"open":{is_open}}},"#, y % 10).unwrap();
    }
    text.truncate(size.0);
    text
}
