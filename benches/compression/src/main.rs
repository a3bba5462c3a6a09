//! Compression beside raw zlib-rs and beside sockudo-ws, in one process.
//!
//! `cargo run --release` in this folder prints a table of nanoseconds for each message, medians
//! over rounds that take turns, and ratios to ourselves. Every delivered byte is checked once.

mod candidates;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use candidates::{Candidate, Hybi, Raw, Sockudo};

const ROUNDS: usize = 31;
/// How long one candidate has the word in one round.
const TURN: Duration = Duration::from_millis(8);

fn main() {
    println!("nanoseconds for each message (ratio to hybi)");
    for takeover in [false, true] {
        for size in [1024, 16 * 1024, 64 * 1024] {
            let message = json(size);
            let mut candidates: Vec<Box<dyn Candidate>> = vec![
                Box::new(Hybi::new(takeover)),
                Box::new(Sockudo::new(takeover)),
                Box::new(Raw::new(takeover)),
            ];
            let label =
                format!("{} KiB, {}", size / 1024, if takeover { "takeover" } else { "none" });
            report(&format!("send {label}"), &mut candidates, |candidate| {
                black_box(candidate.send(&message).len());
            });
            report_receiving(&format!("receive {label}"), &mut candidates, &message);
        }
    }
}

/// Lets the candidates take turns, and prints the medians.
fn report(
    label: &str,
    candidates: &mut [Box<dyn Candidate>],
    mut act: impl FnMut(&mut dyn Candidate),
) {
    let mut rounds = vec![Vec::new(); candidates.len()];
    for _ in 0..ROUNDS {
        for (candidate, times) in candidates.iter_mut().zip(&mut rounds) {
            let start = Instant::now();
            let mut count = 0_u32;
            while start.elapsed() < TURN {
                act(candidate.as_mut());
                count += 1;
            }
            times.push(start.elapsed().as_nanos() / u128::from(count));
        }
    }
    print_row(label, candidates, &mut rounds);
}

/// Receiving needs wire bytes that follow one another; they are made by one sender for all, since
/// compressors differ.
fn report_receiving(label: &str, candidates: &mut [Box<dyn Candidate>], message: &str) {
    let mut rounds = vec![Vec::new(); candidates.len()];
    for round in 0..ROUNDS {
        for (candidate, times) in candidates.iter_mut().zip(&mut rounds) {
            let frames = candidate.frames(message, if message.len() < 4096 { 400 } else { 40 });
            let start = Instant::now();
            for frame in &frames {
                let text = candidate.receive(frame);
                if round == 0 {
                    assert_eq!(text, message.as_bytes());
                }
                black_box(text.len());
            }
            times.push(start.elapsed().as_nanos() / frames.len() as u128);
        }
    }
    print_row(label, candidates, &mut rounds);
}

fn print_row(label: &str, candidates: &[Box<dyn Candidate>], rounds: &mut [Vec<u128>]) {
    let medians: Vec<u128> = rounds
        .iter_mut()
        .map(|times| {
            times.sort_unstable();
            times[times.len() / 2]
        })
        .collect();
    print!("{label:28}");
    for (candidate, median) in candidates.iter().zip(&medians) {
        let ratio = *median as f64 / medians[0] as f64;
        print!("  {} {median:>8} ({ratio:.2})", candidate.name());
    }
    println!();
}

/// Text of this size as an application sends it: records that are alike and not the same.
fn json(size: usize) -> String {
    let mut text = String::from("[");
    let mut seed = 1_u32;
    while text.len() < size {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (id, price) = (seed >> 12, (seed >> 8) % 100_000);
        text += &format!(
            "{{\"id\":{id},\"name\":\"item-{}\",\"price\":{}.{:02},\"stock\":{},\"tags\":[\"a{}\",\"new\"]}},",
            id % 977,
            price / 100,
            price % 100,
            seed % 50,
            seed % 7,
        );
    }
    text.truncate(size);
    text
}
