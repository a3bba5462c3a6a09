//! The frame layer: headers, and decoding and encoding of streams.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use hybi::frame::{Decoder, Encoder, Header, Opcode, Part, Rules};

use crate::support::{
    SIZES, Size, each_of,
    payload::Kind,
    quick,
    wire::{Sender, Wire},
};

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

criterion_group! { name = benches; config = quick(); targets = header, stream }

/// One size for each encoding of the length.
fn header(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frame/header");
    for size in [Size(125), Size(1024), Size(64 * 1024)] {
        let header = Header::new(Opcode::Binary, true, size.0 as u64).unwrap().with_mask(KEY);
        let bytes = header.encode();
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(BenchmarkId::new("parse", size), |bencher| {
            bencher.iter(|| Header::parse(black_box(&bytes), Rules::from_client()).unwrap());
        });
        group.bench_function(BenchmarkId::new("encode", size), |bencher| {
            bencher.iter(|| black_box(header).encode());
        });
    }
}

/// Masked frames.
fn stream(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frame");
    for size in SIZES {
        group.throughput(Throughput::Bytes(size.0 as u64));

        // Unmasking the payload twice masks it again. The headers do not change.
        let mut wire = Wire::new(Sender::Client, Kind::Binary, size, 1);
        let mut decoder = Decoder::from_client();
        group.bench_function(BenchmarkId::new("decode", size), |bencher| {
            each_of(wire.messages, bencher, || {
                let mut frames = 0;
                let mut input = &mut wire.bytes[..];
                while let Some(part) = decoder.decode(&mut input).unwrap() {
                    frames += usize::from(matches!(black_box(part), Part::Header(_)));
                }
                assert_eq!(frames, wire.messages);
            });
        });

        let header = Header::new(Opcode::Binary, true, size.0 as u64).unwrap().with_mask(KEY);
        let mut payload = Kind::Binary.payload(size.0);
        let mut encoder = Encoder::new();
        group.bench_function(BenchmarkId::new("encode", size), |bencher| {
            bencher.iter(|| {
                black_box(encoder.header(black_box(header)).unwrap());
                encoder.payload(black_box(&mut payload)).unwrap();
            });
        });
    }
}
