//! Which mutant of the crate is switched on, and which mutants a test reaches.
//!
//! `MUTANT=n` switches one on. `MUTANTS_REACHED=path` switches none on, and appends the number of each
//! mutant that the process reaches to that file.
//!
//! After [`set_changed(false)`](set_changed), the mutant that is switched on runs the original code, through
//! the same switches. So the difference in cost is that of the change.
//!
//! A mutated function may be `const`. [`on`] is false at compile time; the choice between compile time
//! and run time is an unstable function of the compiler, so this crate is built with
//! `RUSTC_BOOTSTRAP=switch`.
#![feature(core_intrinsics, const_eval_select)]
#![allow(internal_features)]

use std::{
    env,
    fs::File,
    io::Write,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed},
    },
};

/// The mutant that is switched on, or one of the values below.
static ACTIVE: AtomicU32 = AtomicU32::new(UNKNOWN);
/// The environment has not been read.
const UNKNOWN: u32 = u32::MAX;
/// None is switched on, and those that are reached are recorded.
const RECORD: u32 = u32::MAX - 1;
/// None is switched on.
const NONE: u32 = u32::MAX - 2;

/// Whether the mutant that is switched on changes anything.
static CHANGED: AtomicBool = AtomicBool::new(true);
/// Whether the process has come by it.
static HERE: AtomicBool = AtomicBool::new(false);

/// One bit for each mutant that was reached.
static REACHED: [AtomicU64; 512] = [const { AtomicU64::new(0) }; 512];
static RECORDS: OnceLock<File> = OnceLock::new();

/// Whether this mutant is switched on and changes something.
#[inline(always)]
#[must_use]
pub const fn on(mutant: u32) -> bool {
    is_here(mutant) && is_changed()
}

/// Whether this mutant is switched on.
#[inline(always)]
#[must_use]
pub const fn is_here(mutant: u32) -> bool {
    core::intrinsics::const_eval_select((mutant,), at_compile_time, at_run_time)
}

/// Whether the mutant that is switched on changes anything.
#[inline(always)]
#[must_use]
pub const fn is_changed() -> bool {
    core::intrinsics::const_eval_select((), always, load_changed)
}

const fn always() -> bool {
    true
}

fn load_changed() -> bool {
    HERE.store(true, Relaxed);
    CHANGED.load(Relaxed)
}

/// Sets whether the mutant that is switched on changes anything.
pub fn set_changed(is_changed: bool) {
    CHANGED.store(is_changed, Relaxed);
}

/// Whether the process has come by the mutant that is switched on, since the call before.
pub fn was_here() -> bool {
    HERE.swap(false, Relaxed)
}

const fn at_compile_time(_: u32) -> bool {
    false
}

#[inline(always)]
fn at_run_time(mutant: u32) -> bool {
    let active = ACTIVE.load(Relaxed);
    active == mutant || (active >= RECORD && first_or_recorded(mutant))
}

#[cold]
#[inline(never)]
fn first_or_recorded(mutant: u32) -> bool {
    if ACTIVE.load(Relaxed) == UNKNOWN {
        ACTIVE.store(environment(), Relaxed);
    }
    if ACTIVE.load(Relaxed) == RECORD {
        let (word, bit) = (&REACHED[mutant as usize / 64], 1 << (mutant % 64));
        if word.load(Relaxed) & bit == 0 && word.fetch_or(bit, Relaxed) & bit == 0 {
            let mut records = RECORDS.get().expect("opened before the state changed");
            writeln!(records, "{mutant}").expect("the file can be written");
        }
    }
    ACTIVE.load(Relaxed) == mutant
}

fn environment() -> u32 {
    if let Ok(path) = env::var("MUTANTS_REACHED") {
        RECORDS.get_or_init(|| {
            File::options().append(true).create(true).open(path).expect("the file can be written")
        });
        return RECORD;
    }
    env::var("MUTANT").ok().and_then(|number| number.parse().ok()).unwrap_or(NONE)
}

/// The iterator of a mutant or the original one, for a function that returns `impl Iterator`.
#[derive(Clone)]
pub enum Either<A, B> {
    Mutant(A),
    Original(B),
}

impl<A: Iterator, B: Iterator<Item = A::Item>> Iterator for Either<A, B> {
    type Item = A::Item;

    fn next(&mut self) -> Option<A::Item> {
        match self {
            Self::Mutant(items) => items.next(),
            Self::Original(items) => items.next(),
        }
    }
}

/// What such a function returns.
pub fn either<A, B>(
    on: bool,
    mutant: impl FnOnce() -> A,
    original: impl FnOnce() -> B,
) -> Either<A, B> {
    if on { Either::Mutant(mutant()) } else { Either::Original(original()) }
}
