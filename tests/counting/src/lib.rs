//! A counting allocator, which measures the memory that a function allocates.
//!
//! ```
//! #[global_allocator]
//! static ALLOCATOR: counting::Counting = counting::Counting;
//!
//! let (buffer, cost) = counting::measure(|| Vec::<u8>::with_capacity(100));
//! assert_eq!(cost.kept, 100);
//! ```

#![allow(unsafe_code)] // forwards to the system's allocator

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

/// Counts what each thread allocates. Install it as the global allocator.
pub struct Counting;

thread_local! {
    /// Negative if the thread frees memory that another allocated.
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
    static HELD: Cell<isize> = const { Cell::new(0) };
    /// All bytes ever allocated, including growth.
    static TOTAL: Cell<isize> = const { Cell::new(0) };
}

fn grown(by: usize) {
    LIVE.set(LIVE.get() + by.cast_signed());
    TOTAL.set(TOTAL.get() + by.cast_signed());
    PEAK.set(PEAK.get().max(LIVE.get()));
}

/// Updates the peak that counts growing as done in place.
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
        // Count both blocks for a moment, as if the data moved.
        grown(size);
        shrunk(layout.size());
        settled();
        // SAFETY: the caller keeps the contract of the same method.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// The memory that a function allocated.
#[derive(Debug)]
pub struct Cost {
    /// The peak, if growing always moves the data.
    pub peak: isize,
    /// The peak, if growing is done in place.
    pub held: isize,
    /// All bytes allocated, including growth.
    pub total: isize,
    /// The bytes that are still allocated.
    pub kept: isize,
}

/// Runs `act` and returns the memory that this thread allocated meanwhile.
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
    /// Whether at most this many bytes were allocated at any time.
    pub fn peaks_within(&self, bytes: usize) -> bool {
        self.peak <= bytes.cast_signed()
    }

    /// Whether at most this many bytes were allocated in total.
    pub fn totals_within(&self, bytes: usize) -> bool {
        self.total <= bytes.cast_signed()
    }
}
