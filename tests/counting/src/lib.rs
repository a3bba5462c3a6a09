//! An allocator that counts, and what an action allocated with it.
//!
//! ```
//! #[global_allocator]
//! static ALLOCATOR: counting::Counting = counting::Counting;
//!
//! let (buffer, cost) = counting::measure(|| Vec::<u8>::with_capacity(100));
//! assert_eq!(cost.kept, 100);
//! ```

#![allow(unsafe_code)] // hands everything on to the system's

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

/// Counts what each thread allocates. Install it as the global allocator.
pub struct Counting;

thread_local! {
    /// Below zero where a thread frees what another allocated.
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
    static HELD: Cell<isize> = const { Cell::new(0) };
    /// Every byte ever allocated, growing included.
    static TOTAL: Cell<isize> = const { Cell::new(0) };
}

fn grown(by: usize) {
    LIVE.set(LIVE.get() + by.cast_signed());
    TOTAL.set(TOTAL.get() + by.cast_signed());
    PEAK.set(PEAK.get().max(LIVE.get()));
}

/// What is there now, is there for good.
fn settled() {
    HELD.set(HELD.get().max(LIVE.get()));
}

fn shrunk(by: usize) {
    LIVE.set(LIVE.get() - by.cast_signed());
}

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        settled();
        // SAFETY: the caller keeps the contract of the same method.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        shrunk(layout.size());
        // SAFETY: the caller keeps the contract of the same method.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // As if it moved: for a moment there are both.
        grown(size);
        shrunk(layout.size());
        settled();
        // SAFETY: the caller keeps the contract of the same method.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// What something allocated: at the most at one time, in all, and still.
#[derive(Debug)]
pub struct Cost {
    /// At one time, where growing in place counts as moving.
    pub peak: isize,
    /// At one time, where growing is done in place.
    pub held: isize,
    /// Every byte, growing included.
    pub total: isize,
    /// What is still allocated.
    pub kept: isize,
}

/// Runs `act`, and returns what this thread allocated meanwhile.
pub fn measure<T>(act: impl FnOnce() -> T) -> (T, Cost) {
    let (live, total) = (LIVE.get(), TOTAL.get());
    PEAK.set(live);
    HELD.set(live);
    let result = act();
    let cost = Cost {
        peak: PEAK.get() - live,
        held: HELD.get() - live,
        total: TOTAL.get() - total,
        kept: LIVE.get() - live,
    };
    (result, cost)
}

/// 1024 bytes.
pub const KIB: usize = 1024;
/// 1024 KiB.
pub const MIB: usize = 1024 * KIB;

impl Cost {
    /// Whether at no time more than this many bytes were allocated.
    pub fn peaks_within(&self, bytes: usize) -> bool {
        self.peak <= bytes.cast_signed()
    }

    /// Whether no more than this many bytes were allocated in all.
    pub fn totals_within(&self, bytes: usize) -> bool {
        self.total <= bytes.cast_signed()
    }
}
