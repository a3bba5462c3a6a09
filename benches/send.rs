//! Sending binary messages, by every method.

use std::hint::black_box;

use criterion::{Bencher, BenchmarkId, Criterion, Throughput, criterion_group};
use hybi::{Config, Connection, Error, Prepared, random::OsEntropy};

use crate::support::{SIZES, Size, each_of, payload::Kind, quick};

criterion_group! { name = benches; config = quick(); targets = server, client }

fn server(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("send/server");
    let mut websocket = Connection::server(Config::new());
    for size in SIZES {
        group.throughput(Throughput::Bytes(size.0 as u64));
        let payload = Kind::Binary.payload(size.0);
        let prepared = Prepared::binary(&payload);

        group.bench_function(BenchmarkId::new("appended", size), |bencher| {
            append(bencher, size, |outbox| websocket.send_binary(black_box(&payload), outbox));
        });
        group.bench_function(BenchmarkId::new("prepared, appended", size), |bencher| {
            append(bencher, size, |outbox| websocket.send_prepared(black_box(&prepared), outbox));
        });
        group.bench_function(BenchmarkId::new("vectored", size), |bencher| {
            bencher.iter(|| {
                black_box(&websocket.frame_binary(black_box(&payload)).unwrap().io_slices());
            });
        });
        group.bench_function(BenchmarkId::new("prepared, vectored", size), |bencher| {
            bencher.iter(|| {
                black_box(websocket.frame_prepared(black_box(&prepared)).unwrap());
            });
        });
    }
}

/// A client with masking keys seeded from the operating system.
fn client(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("send/client");
    let mut websocket = Connection::client(Config::new(), OsEntropy::new());
    for size in SIZES {
        group.throughput(Throughput::Bytes(size.0 as u64));
        let mut payload = Kind::Binary.payload(size.0);

        group.bench_function(BenchmarkId::new("appended", size), |bencher| {
            append(bencher, size, |outbox| websocket.send_binary(black_box(&payload), outbox));
        });
        group.bench_function(BenchmarkId::new("masked in place", size), |bencher| {
            bencher.iter(|| {
                black_box(&websocket.mask_binary(black_box(&mut payload)).unwrap().io_slices());
            });
        });
    }
}

/// Fills an outbox with a batch of messages repeatedly.
fn append(
    bencher: &mut Bencher<'_>,
    size: Size,
    mut send: impl FnMut(&mut Vec<u8>) -> Result<(), Error>,
) {
    let mut outbox = Vec::new();
    each_of(size.batch(), bencher, || {
        outbox.clear();
        for _ in 0..size.batch() {
            send(&mut outbox).unwrap();
        }
        black_box(&outbox);
    });
}
