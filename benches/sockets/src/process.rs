//! A server in a process of its own, and what the system says about it.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::Failure;

/// A running server. It ends when this is dropped.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts a server on the first processor.
    pub(crate) fn start(name: &str) -> Result<Self, Failure> {
        let mut child = Command::new("taskset")
            .args(["--cpu-list", "0"])
            .arg(std::env::current_exe()?)
            .args(["serve", name])
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().ok_or("the server has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().parse()?;
        Ok(Self { child, address })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The time that it has spent in user and kernel mode.
    pub(crate) fn cpu_time(&self) -> Result<Duration, Failure> {
        // The first number of `schedstat` is the time on a processor in nanoseconds, of one thread.
        let stat = fs::read_to_string(format!("/proc/{0}/task/{0}/schedstat", self.child.id()))?;
        let nanos = stat.split(' ').next().ok_or("no schedstat")?.parse()?;
        Ok(Duration::from_nanos(nanos))
    }

    /// The memory of its own that is resident, in bytes.
    pub(crate) fn memory(&self) -> Result<usize, Failure> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text.lines().find(|line| line.starts_with("RssAnon:")).ok_or("no RssAnon")?;
        let kibibytes: usize = line.split_whitespace().nth(1).ok_or("no RssAnon")?.parse()?;
        Ok(kibibytes * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs this program with other arguments on the second processor.
pub(crate) fn again_on_second(arguments: &[&str]) -> Result<(), Failure> {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", "1"]).arg(std::env::current_exe()?).args(arguments);
    if command.status()?.success() { Ok(()) } else { Err("the measurement failed".into()) }
}

/// The name of the processor.
pub(crate) fn processor() -> Result<String, Failure> {
    let text = fs::read_to_string("/proc/cpuinfo")?;
    let line = text.lines().find(|line| line.starts_with("model name"));
    let name = line.and_then(|line| line.split(": ").nth(1)).unwrap_or("unknown");
    Ok(format!("Processor: {name}"))
}
