//! An allocator that counts.

#![allow(unsafe_code)] // hands everything on to the system's

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

/// Counts what the thread that runs a test allocates.
struct Counting;

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

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        settled();
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        shrunk(layout.size());
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // As if it moved: for a moment there are both.
        grown(size);
        shrunk(layout.size());
        settled();
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What something allocated: at the most at one time, in all, and still.
#[derive(Debug)]
pub(crate) struct Cost {
    /// At one time, where growing in place counts as moving.
    pub(crate) peak: isize,
    /// At one time, where growing is done in place.
    #[allow(dead_code)] // not asked for by all
    pub(crate) held: isize,
    pub(crate) total: isize,
    pub(crate) kept: isize,
}

pub(crate) fn measure<T>(act: impl FnOnce() -> T) -> (T, Cost) {
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

pub(crate) const KIB: usize = 1024;
pub(crate) const MIB: usize = 1024 * KIB;

impl Cost {
    /// Whether at no time more than this many bytes were allocated.
    pub(crate) fn peaks_within(&self, bytes: usize) -> bool {
        self.peak <= bytes.cast_signed()
    }

    /// Whether no more than this many bytes were allocated in all.
    #[allow(dead_code)] // not asked for by all
    pub(crate) fn totals_within(&self, bytes: usize) -> bool {
        self.total <= bytes.cast_signed()
    }
}
