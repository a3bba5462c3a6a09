//! Masking a payload.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use hybi::mask::Mask;

use crate::support::{SIZES, payload::Kind, quick};

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

criterion_group! { name = benches; config = quick(); targets = mask }

fn mask(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mask");
    let mask = Mask::new(KEY);
    let mut rest_mask = mask;
    rest_mask.apply(&mut [0; 3]);
    for size in SIZES {
        group.throughput(Throughput::Bytes(size.0 as u64));
        let mut payload = Kind::Binary.payload(size.0);
        let mut copied = vec![0; size.0];

        group.bench_function(BenchmarkId::new("copy", size), |bencher| {
            bencher.iter(|| black_box(mask).copy(black_box(&payload), black_box(&mut copied)));
        });
        group.bench_function(BenchmarkId::new("apply", size), |bencher| {
            bencher.iter(|| black_box(mask).apply(black_box(&mut payload)));
        });

        // Like the rest of a payload in an inbox: unaligned, and in the middle of the masking key.
        payload.insert(0, 0);
        group.bench_function(BenchmarkId::new("apply to a rest", size), |bencher| {
            bencher.iter(|| black_box(rest_mask).apply(black_box(&mut payload[1..])));
        });
    }
}
