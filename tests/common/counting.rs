//! An allocator that counts what each thread asks of it, so that tests beside each other do not count each other's. Whoever
//! includes this file has it as the allocator.
#![allow(dead_code, unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::thread::LocalKey;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static RELEASES: Cell<usize> = const { Cell::new(0) };
}

/// Allocations of this thread so far; a piece that grows is one more.
pub fn allocations() -> usize {
    ALLOCATIONS.get()
}

/// Allocations of this thread so far, and releases.
pub fn calls() -> usize {
    ALLOCATIONS.get() + RELEASES.get()
}

struct Counting;

fn count(what: &'static LocalKey<Cell<usize>>) {
    let _ = what.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: everything is handed to the system's allocator as it is; counting touches only const-initialised thread locals,
// which do not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(&ALLOCATIONS);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        count(&RELEASES);
        // SAFETY: as above.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count(&ALLOCATIONS);
        // SAFETY: as above.
        unsafe { System.realloc(ptr, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
