//! One observed connection, and where its timeline goes.

use std::{
    io::{self, Write},
    sync::Arc,
    time::{Duration, SystemTime},
};

use hybi::inspect::{Entry, Extensions, Inspector, Limits, Sender};

use crate::har::{File, Recorder};

/// What to write, for all connections.
#[derive(Clone)]
pub(crate) struct Output {
    pub(crate) has_lines: bool,
    pub(crate) credentials: bool,
    pub(crate) excerpt: usize,
    pub(crate) limits: Limits,
    pub(crate) har: Option<Arc<File>>,
}

/// One connection.
pub(crate) struct Session {
    inspector: Inspector,
    /// Precedes each line.
    label: String,
    output: Output,
    recorder: Option<Recorder>,
    open: usize,
}

impl Session {
    /// A connection that began at this time.
    pub(crate) fn new(number: usize, start: SystemTime, output: &Output) -> Self {
        Self::of(Inspector::with_limits(output.limits), number, start, output)
    }

    /// A connection that is open already.
    pub(crate) fn in_the_middle(number: usize, start: SystemTime, output: &Output) -> Self {
        let inspector = Inspector::without_handshake(Extensions::Unknown, output.limits);
        Self::of(inspector, number, start, output)
    }

    fn of(inspector: Inspector, number: usize, start: SystemTime, output: &Output) -> Self {
        let recorder =
            output.har.as_ref().map(|_| Recorder::new(number, start, output.credentials));
        Self { inspector, label: format!("#{number}"), output: output.clone(), recorder, open: 2 }
    }

    /// The next bytes of a sender. The time is since the start of the connection.
    pub(crate) fn receive(&mut self, sender: Sender, bytes: &[u8], at: Duration) {
        let Self { inspector, label, output, recorder, .. } = self;
        let mut lines = Vec::new();
        inspector.receive(sender, bytes, at, |entry| {
            take(&entry, label, output, recorder.as_mut(), &mut lines);
        });
        print(&lines);
    }

    /// The end of the transport in one direction. After both, the HAR is written.
    pub(crate) fn end(&mut self, sender: Sender, at: Duration) {
        let Self { inspector, label, output, recorder, open } = self;
        let (mut lines, mut has_ended) = (Vec::new(), false);
        inspector.end(sender, at, |entry| {
            has_ended = true;
            take(&entry, label, output, recorder.as_mut(), &mut lines);
        });
        print(&lines);
        *open -= usize::from(has_ended);
        if *open == 0
            && let (Some(har), Some(recorder)) = (&output.har, recorder.take())
            && let Err(error) = har.append(recorder, at)
        {
            eprintln!("inspect: cannot write the HAR: {error}");
        }
    }

    /// Whether the transport has ended in both directions.
    pub(crate) const fn is_over(&self) -> bool {
        self.open == 0
    }
}

/// Records an entry, and adds its text to the lines.
fn take(
    entry: &Entry<'_>,
    label: &str,
    output: &Output,
    recorder: Option<&mut Recorder>,
    lines: &mut Vec<u8>,
) {
    if let Some(recorder) = recorder {
        recorder.record(entry);
    }
    if output.has_lines {
        let text = entry.text().excerpt(output.excerpt).credentials(output.credentials);
        // Writing to a vector does not fail.
        let _ = writeln!(lines, "{label} {text}");
    }
}

/// Prints lines. Ignores an error, such as a closed pipe: connections are passed on all the same.
fn print(lines: &[u8]) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(lines).and_then(|()| stdout.flush());
}
