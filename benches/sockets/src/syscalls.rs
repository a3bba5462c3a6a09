//! The number of system calls of a process, counted by the kernel (`perf_event_open`, as root).

use std::{fs, io};

use perf_event::{Builder, Counter, events::Tracepoint};

/// Counts the system calls of some threads, and of the threads that they start.
pub(crate) struct Syscalls(Vec<Counter>);

impl Syscalls {
    /// Begins to count for the threads with these ids.
    pub(crate) fn of(threads: &[i32]) -> io::Result<Self> {
        let mounts = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];
        let ids =
            mounts.map(|at| fs::read_to_string(format!("{at}/events/raw_syscalls/sys_enter/id")));
        let id = ids.into_iter().find_map(Result::ok).and_then(|id| id.trim().parse().ok());
        let id = id.ok_or(io::ErrorKind::Unsupported)?;
        let mut counters = Vec::new();
        for thread in threads {
            let mut builder = Builder::new(Tracepoint::with_id(id));
            // The kernel includes the system calls in user mode only if neither mode is excluded.
            builder.exclude_kernel(false).inherit(true).observe_pid(*thread);
            let mut counter = builder.build()?;
            counter.enable()?;
            counters.push(counter);
        }
        Ok(Self(counters))
    }

    /// The number so far.
    pub(crate) fn count(&mut self) -> io::Result<u64> {
        self.0.iter_mut().map(Counter::read).sum()
    }
}
