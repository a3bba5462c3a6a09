//! Incremental validation of text.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use hybi::utf8::Validator;

use crate::support::{SIZES, payload::Kind, quick};

/// The length of a piece in bytes. It is odd, so that characters are split.
const PIECE: usize = 1021;

criterion_group! { name = benches; config = quick(); targets = utf8 }

fn utf8(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("utf8");
    for kind in [Kind::Ascii, Kind::MultiByte] {
        for size in SIZES {
            let text = kind.payload(size.0);
            group.throughput(Throughput::Bytes(size.0 as u64));
            group.bench_function(BenchmarkId::new(kind.to_string(), size), |bencher| {
                bencher.iter(|| validate([black_box(&text[..])]));
            });
            if size.0 > PIECE {
                let name = format!("{kind} in pieces");
                group.bench_function(BenchmarkId::new(name, size), |bencher| {
                    bencher.iter(|| validate(black_box(&text[..]).chunks(PIECE)));
                });
            }
        }
    }
}

fn validate<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) {
    let mut validator = Validator::new();
    for piece in pieces {
        validator.feed(piece).unwrap();
    }
    assert!(validator.is_complete());
}
