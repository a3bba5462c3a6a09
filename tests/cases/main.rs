//! The cases of the Autobahn|Testsuite, in both roles and without sockets.
//!
//! `interop/autobahn` runs the suite itself. Here, a peer that shares no code with the crate sends what
//! each case sends. The numbers of the cases, and the lengths and the order of their frames, are those of
//! the suite. The expected answers follow from RFC 6455 and RFC 7692, and are stricter than the suite's
//! verdict `OK`: after a violation, the endpoint must send a Close with the right code, where the suite
//! also accepts a closed transport.
//!
//! Chapters 12 and 13 send fewer messages than the 1,000 of the suite, except in the ignored tests:
//!
//! ```sh
//! cargo test --test cases -- --nocapture
//! cargo test --release --test cases -- --ignored --nocapture
//! ```

#![allow(clippy::unwrap_used, clippy::panic)] // tests panic
#![cfg_attr(not(feature = "deflate"), allow(dead_code))] // the peer can compress

mod case;
mod closing;
#[cfg(feature = "deflate")]
mod compression;
mod deflate;
mod endpoint;
mod fragmentation;
mod framing;
mod negotiation;
#[cfg(feature = "deflate")]
mod payloads;
mod peer;
mod size;
mod utf8;
mod wire;

use std::{collections::HashSet, time::Instant};

use case::Case;
use peer::{BOTH, Peer};

// 6455-5.2-c, 6455-5.2-i, 6455-5.6-b
#[test]
fn chapter_1_messages() {
    run(1, 16, framing::messages);
}

// 6455-5.5.2-a, 6455-5.5.3-a, 6455-5.5.3-c, 6455-5.5-a, P-u8-b
#[test]
fn chapter_2_pings_and_pongs() {
    run(2, 11, framing::pings);
}

// 6455-5.2-a
#[test]
fn chapter_3_reserved_bits() {
    run(3, 7, framing::reserved_bits);
}

// 6455-5.2-b, 6455-7.1.7-b
#[test]
fn chapter_4_reserved_opcodes() {
    run(4, 10, framing::reserved_opcodes);
}

// 6455-5.4-h, 6455-5.4-i, 6455-5.4-j, 6455-5.4-l, 6455-5.4-m, 6455-5.5-b
#[test]
fn chapter_5_fragmentation() {
    run(5, 20, fragmentation::order);
}

// 6455-8.1-a, 6455-8.1-b, 6455-5.6-a, 3629-3-a, 3629-3-b, P-u8-a
#[test]
fn chapter_6_utf8() {
    run(6, 145, utf8::cases);
}

// 6455-5.5.1-b, 6455-5.5.1-c, 6455-5.5.1-f, 6455-5.5.1-i, 6455-5.5.1-j, 6455-7.1.5-a, 6455-7.4.1-c,
// 6455-7.4.1-d, 6455-7.4.2-a, 6455-7.4.2-b, 6455-7.4.2-c, 6455-7.4.2-d, P-cl-a, P-cl-b, P-cl-d, P-cl-e
#[test]
fn chapter_7_closing() {
    run(7, 37, closing::cases);
}

// 6455-5.2-c, 6455-5.4-a, P-fd-d
#[test]
fn chapter_9_sizes() {
    run(9, 54, size::cases);
}

// 6455-5.4-a, 6455-5.4-h
#[test]
fn chapter_10_automatic_fragmentation() {
    run(10, 1, fragmentation::automatic);
}

/// Runs the cases of a chapter in both roles.
fn run<C: IntoIterator<Item = Case>>(chapter: usize, count: usize, cases: impl Fn() -> C) {
    let results = |tested| {
        cases().into_iter().map(move |case| {
            let number = case.number.clone();
            let result = Peer::connect(tested).run(case);
            (number, result.map_err(|error| format!("as {tested:?}: {error}")))
        })
    };
    report(chapter, count, BOTH.into_iter().flat_map(results));
}

/// Prints the number of cases and their time, and fails if one of them failed or is missing.
fn report(
    chapter: usize,
    count: usize,
    results: impl Iterator<Item = (String, Result<(), String>)>,
) {
    let (mut numbers, mut failures) = (HashSet::new(), Vec::new());
    let (began, mut runs) = (Instant::now(), 0);
    for (number, result) in results {
        runs += 1;
        if let Err(error) = result {
            failures.push(format!("{number} {error}"));
        }
        assert!(number.starts_with(&format!("{chapter}.")), "{number}");
        numbers.insert(number);
    }
    let seconds = began.elapsed().as_secs_f32();
    println!("chapter {chapter}: {} cases, {runs} runs, {seconds:.2} s", numbers.len());
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    assert_eq!((numbers.len(), runs % (2 * count)), (count, 0));
}

#[cfg(feature = "deflate")]
mod compressed {
    use super::{
        BOTH, Case, Peer,
        compression::{Count, parameters, payloads},
        negotiation::Terms,
        report,
    };
    use hybi::deflate::Deflate;

    // 7692-6-b, 7692-6-f, 7692-6-g, 7692-7.2.1-a, 7692-7.2.2-a, 7692-7.2.2-b, 7692-7.1.1.2-b
    #[test]
    fn chapter_12_payloads() {
        run(12, 90, || payloads(Count::Reduced));
    }

    // 7692-7.1.1.1-b, 7692-7.1.1.2-b, 7692-7.1.1.2-c, 7692-7.1.2.1-b, 7692-7.1.2.2-f, 7692-7.2.1-d,
    // 7692-7.2.1-e
    #[test]
    fn chapter_13_parameters() {
        run(13, 126, || parameters(Count::Reduced));
    }

    // 7692-6-g, 7692-7.2.1-a, 7692-7.2.2-a, 7692-7.2.2-b
    #[test]
    #[ignore = "takes minutes, in release mode"]
    fn chapter_12_with_all_messages() {
        run(12, 90, || payloads(Count::Full));
    }

    // 7692-7.1.2.1-b, 7692-7.1.2.2-f, 7692-7.2.1-d, 7692-7.2.1-e
    #[test]
    #[ignore = "takes minutes, in release mode"]
    fn chapter_13_with_all_messages() {
        run(13, 126, || parameters(Count::Full));
    }

    /// Runs the cases in both roles, with the default settings, and with context takeover and
    /// messages of every length compressed.
    fn run<C: Iterator<Item = (Case, &'static Terms)>>(
        chapter: usize,
        count: usize,
        cases: impl Fn() -> C,
    ) {
        let takeover = Deflate::new().send_context_takeover(true).receive_context_takeover(true);
        let policies = [Deflate::new(), takeover.threshold(0)];
        let runs = policies.iter().flat_map(|policy| BOTH.map(|tested| (policy, tested)));
        let results = runs.flat_map(|(policy, tested)| {
            cases().map(move |(case, terms)| {
                let number = case.number.clone();
                let peer = Peer::connect_compressed(tested, terms, Some(policy));
                let result = peer.and_then(|peer| peer.run(case));
                (number, result.map_err(|error| format!("as {tested:?}: {error}")))
            })
        });
        report(chapter, count, results);
    }
}
