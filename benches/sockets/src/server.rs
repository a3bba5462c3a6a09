//! A server in a process of its own, on a processor of its own.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::thread::{CpuSet, sched_setaffinity};

use crate::{Failure, syscalls::Syscalls};

/// The longest time until a server listens.
const START: Duration = Duration::from_secs(10);

/// The ports of servers. They are below those that Linux chooses for clients.
const PORTS: std::ops::Range<u16> = 20_000..30_000;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// How to start a server.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) name: String,
    /// Words separated by spaces. `{root}` (of the repository), `{address}`, `{host}` and `{port}` are
    /// replaced.
    command: String,
}

impl Program {
    /// From `NAME=COMMAND`.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let (name, command) = line.split_once('=')?;
        let (name, command) = (name.trim(), command.trim());
        let is_complete = !name.is_empty() && !command.is_empty();
        is_complete.then(|| Self { name: name.into(), command: command.into() })
    }

    /// Starts the server on this processor, and waits until it listens.
    pub(crate) fn start(&self, processors: Processors) -> Result<Server, Failure> {
        let address = free_address()?;
        let words = self.command.split_whitespace().map(|word| {
            word.replace("{root}", ROOT)
                .replace("{address}", &address.to_string())
                .replace("{host}", &address.ip().to_string())
                .replace("{port}", &address.port().to_string())
        });
        let words: Vec<_> = words.collect();
        let (program, arguments) = words.split_first().ok_or("an empty command")?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // A child runs where its parent runs.
        pin(processors.server)?;
        let child = command.spawn();
        pin(processors.load)?;
        let child = child.map_err(|error| format!("{program}: {error}"))?;
        let mut server = Server { child, address };
        server.wait_until_it_listens()?;
        Ok(server)
    }
}

/// The processors of the load and of the servers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Processors {
    pub(crate) load: usize,
    pub(crate) server: usize,
}

fn pin(processor: usize) -> Result<(), Failure> {
    let mut set = CpuSet::new();
    set.set(processor);
    sched_setaffinity(None, &set).map_err(|error| format!("processor {processor}: {error}").into())
}

/// A running server. It is killed when this is dropped.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The time that all its threads have spent on a processor, in user and kernel mode.
    pub(crate) fn cpu_time(&self) -> Result<Duration, Failure> {
        let mut sum = 0;
        for thread in self.threads()? {
            let stat =
                fs::read_to_string(format!("/proc/{}/task/{thread}/schedstat", self.child.id()));
            // The first number is the time in nanoseconds. A thread may have ended.
            let Ok(stat) = stat else { continue };
            sum += stat.split(' ').next().ok_or("no schedstat")?.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(sum))
    }

    /// The memory of its own that is resident, in bytes.
    pub(crate) fn memory(&self) -> Result<u64, Failure> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text.lines().find(|line| line.starts_with("RssAnon:")).ok_or("no RssAnon")?;
        let kibibytes: u64 = line.split_whitespace().nth(1).ok_or("no RssAnon")?.parse()?;
        Ok(kibibytes * 1024)
    }

    /// Begins to count the system calls of all its threads.
    pub(crate) fn count_syscalls(&self) -> Result<Syscalls, Failure> {
        Ok(Syscalls::of(&self.threads()?)?)
    }

    fn threads(&self) -> Result<Vec<i32>, Failure> {
        let mut threads = Vec::new();
        for entry in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            threads.push(entry?.file_name().to_str().ok_or("no thread")?.parse()?);
        }
        Ok(threads)
    }

    fn wait_until_it_listens(&mut self) -> Result<(), Failure> {
        let end = Instant::now() + START;
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = self.child.try_wait()? {
                return Err(format!("it ended with {status}").into());
            }
            if Instant::now() > end {
                return Err("it does not listen".into());
            }
            sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address on which no socket listens.
fn free_address() -> Result<SocketAddr, Failure> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Programs that run at the same time begin at different ports.
    let first = std::process::id() % u32::from(PORTS.end - PORTS.start);
    for _ in PORTS {
        let offset = (first + u32::from(NEXT.fetch_add(1, Ordering::Relaxed))) % 10_000;
        let port = PORTS.start + u16::try_from(offset)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    Err("no free port".into())
}

/// The name of the processor.
pub(crate) fn processor_name() -> Result<String, Failure> {
    let text = fs::read_to_string("/proc/cpuinfo")?;
    let line = text.lines().find(|line| line.starts_with("model name"));
    Ok(line.and_then(|line| line.split(": ").nth(1)).unwrap_or("unknown").into())
}
