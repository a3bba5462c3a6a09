//! An allocator that counts while counting is enabled.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering::Relaxed},
};

pub(crate) struct Counting;

static IS_ON: AtomicBool = AtomicBool::new(false);
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static LIVE: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);

/// Runs `act` and returns its number of allocations and reallocations.
pub(crate) fn count<T>(act: impl FnOnce() -> T) -> (T, usize) {
    let before = ALLOCATIONS.load(Relaxed);
    IS_ON.store(true, Relaxed);
    let result = act();
    IS_ON.store(false, Relaxed);
    (result, ALLOCATIONS.load(Relaxed) - before)
}

/// Resets the live bytes and their peak.
pub(crate) fn reset_peak() {
    LIVE.store(0, Relaxed);
    PEAK.store(0, Relaxed);
}

/// The peak of the live bytes while counting was enabled.
pub(crate) fn peak() -> usize {
    usize::try_from(PEAK.load(Relaxed)).unwrap_or(0)
}

fn allocated(by: usize, instead_of: usize) {
    ALLOCATIONS.fetch_add(1, Relaxed);
    let change = by.cast_signed() - instead_of.cast_signed();
    PEAK.fetch_max(LIVE.fetch_add(change, Relaxed) + change, Relaxed);
}

// SAFETY: all calls are forwarded to the system's allocator, and counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if IS_ON.load(Relaxed) {
            allocated(layout.size(), 0);
        }
        // SAFETY: as for this function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if IS_ON.load(Relaxed) {
            allocated(layout.size(), 0);
        }
        // SAFETY: as for this function.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if IS_ON.load(Relaxed) {
            allocated(size, layout.size());
        }
        // SAFETY: as for this function.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if IS_ON.load(Relaxed) {
            LIVE.fetch_sub(layout.size().cast_signed(), Relaxed);
        }
        // SAFETY: as for this function.
        unsafe { System.dealloc(memory, layout) }
    }
}
