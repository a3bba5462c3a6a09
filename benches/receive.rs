//! Receiving messages of each type in both roles, in one frame, in fragments and in chunks.
//!
//! Each row includes the copy into the inbox, in place of a read.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use hybi::{ChunkEvent, Config, Connection, Inbox, Role, random::OsEntropy};

use crate::support::{
    SIZES, each_of,
    payload::Kind::{self, Ascii, Binary, MultiByte},
    quick,
    wire::{Sender, Wire},
};

criterion_group! {
    name = benches; config = quick(); targets = server, client, fragments, chunks
}

fn server(criterion: &mut Criterion) {
    let mut websocket = Connection::server(Config::new());
    for kind in [Binary, Ascii, MultiByte] {
        rows(criterion, "receive/server", kind, (Sender::Client, 1), |wire, inbox| {
            wire.deliver(&mut websocket, inbox);
        });
    }
}

fn client(criterion: &mut Criterion) {
    let mut websocket = Connection::client(Config::new(), OsEntropy::new());
    for kind in [Binary, Ascii, MultiByte] {
        rows(criterion, "receive/client", kind, (Sender::Server, 1), |wire, inbox| {
            wire.deliver(&mut websocket, inbox);
        });
    }
}

/// As a server, messages in four fragments.
fn fragments(criterion: &mut Criterion) {
    let mut websocket = Connection::server(Config::new());
    for kind in [Binary, MultiByte] {
        rows(criterion, "receive/fragments", kind, (Sender::Client, 4), |wire, inbox| {
            wire.deliver(&mut websocket, inbox);
        });
    }
}

/// As a server, messages in chunks.
fn chunks(criterion: &mut Criterion) {
    let mut websocket = Connection::server(Config::new());
    for kind in [Binary, MultiByte] {
        rows(criterion, "receive/chunks", kind, (Sender::Client, 1), |wire, inbox| {
            in_chunks(&mut websocket, wire, inbox);
        });
    }
}

/// Measures a row for each size: a batch of messages in this many fragments.
fn rows(
    criterion: &mut Criterion,
    group: &str,
    kind: Kind,
    (sender, fragments): (Sender, usize),
    mut receive: impl FnMut(&Wire, &mut Inbox),
) {
    let mut group = criterion.benchmark_group(group);
    for size in SIZES {
        let wire = Wire::new(sender, kind, size, fragments);
        let mut inbox = Inbox::with_capacity(64 * 1024);
        group.throughput(Throughput::Bytes(size.0 as u64));
        group.bench_function(BenchmarkId::new(kind.to_string(), size), |bencher| {
            each_of(wire.messages, bencher, || receive(&wire, &mut inbox));
        });
    }
}

fn in_chunks<R: Role>(websocket: &mut Connection<R>, wire: &Wire, inbox: &mut Inbox) {
    let mut outbox = Vec::new();
    let mut length = 0;
    wire.read_into(inbox, |inbox| {
        while let Some(event) = websocket.receive_chunk(inbox, &mut outbox).unwrap() {
            length += match event {
                ChunkEvent::Text { text, .. } => black_box(text).len(),
                ChunkEvent::Binary { data, .. } => black_box(data).len(),
                _ => 0,
            };
        }
    });
    assert_eq!(length, wire.messages * wire.size.0);
}
