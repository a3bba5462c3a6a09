//! Another implementation to talk to: Python's `websockets`, as a client and as a server.
//!
//! The tests of each package of embeddings include this file. `examples/embedding/run` prepares the
//! virtualenv that it needs.

#![allow(dead_code)] // no package needs all of it
#![allow(clippy::unwrap_used, clippy::panic)] // tests panic

use std::{
    fs,
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

/// For what would never come: nothing here takes so long.
pub(crate) const TOO_LONG: Duration = Duration::from_secs(60);

/// A server in a process of its own, which ends with this value.
pub(crate) struct Server {
    process: Child,
    /// Kept open: a server whose output nobody takes would fail when it prints.
    output: BufReader<ChildStdout>,
    address: String,
}

impl Server {
    /// Starts an embedding, `env!("CARGO_BIN_EXE_…")`, on a free port.
    pub(crate) fn start(binary: &str) -> Self {
        Self::start_with(binary, &[])
    }

    /// Starts an embedding that takes more than its address.
    pub(crate) fn start_with(binary: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(binary);
        command.arg("127.0.0.1:0").args(arguments);
        Self::spawn(command)
    }

    /// Starts the peer's own echo server on a free port; for `wss` with `--certificate` and
    /// `--key`.
    pub(crate) fn start_peer(arguments: &[&str]) -> Self {
        let mut command = python("server.py");
        command.arg("127.0.0.1:0").args(arguments);
        Self::spawn(command)
    }

    /// Where it listens, such as `127.0.0.1:9001`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The URI of its WebSocket, without TLS.
    pub(crate) fn url(&self) -> String {
        format!("ws://{}/", self.address)
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The next line that it prints, after the one with its address.
    pub(crate) fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().into()
    }

    /// An open connection to it, for frames by hand.
    pub(crate) fn open(&self) -> TcpStream {
        let (stream, answer) = self.ask("/", "");
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        stream
    }

    /// Asks it for a WebSocket, with further fields in the request, and gives the head of what it
    /// answers.
    pub(crate) fn ask(&self, target: &str, fields: &str) -> (TcpStream, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(TOO_LONG)).unwrap();
        let host = &self.address;
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Version: 13\r\n{fields}\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0]; // so that nothing behind the answer is taken
            stream.read_exact(&mut byte).unwrap();
            answer.extend(byte);
        }
        (stream, String::from_utf8(answer).unwrap())
    }

    /// How much memory its process has in use, as Linux tells.
    pub(crate) fn resident_kib(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    fn spawn(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut server = Self { process, output, address: String::new() };
        let line = server.next_line();
        let address = line.strip_prefix("listening on ");
        server.address = address.unwrap_or_else(|| panic!("{command:?} prints {line:?}")).into();
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Writes these bytes until the socket has taken nothing for a second, or everything; how many it
/// took.
pub(crate) fn offer(stream: &mut TcpStream, bytes: impl Iterator<Item = u8>) -> usize {
    const PIECE: usize = 16 * 1024;
    stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    let mut bytes = bytes.peekable();
    let mut taken = 0;
    while bytes.peek().is_some() {
        let piece: Vec<u8> = bytes.by_ref().take(PIECE).collect();
        let mut written = 0;
        while written < piece.len() {
            match stream.write(&piece[written..]) {
                Ok(length) => written += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return taken + written,
                Err(error) => panic!("{error}"),
            }
        }
        taken += written;
    }
    stream.set_write_timeout(None).unwrap();
    taken
}

/// Has the peer's client go through all its cases with the echo server at this URI.
pub(crate) fn check_echo(url: &str) {
    run_client(python("client.py").arg(url));
}

/// The same for a page of this origin.
pub(crate) fn check_echo_from(origin: &str, url: &str) {
    run_client(python("client.py").arg(url).arg("--origin").arg(origin));
}

/// The same over TLS, trusting this certificate alone.
pub(crate) fn check_secure_echo(url: &str, certificate: &Path) {
    run_client(python("client.py").arg(url).arg("--ca").arg(certificate));
}

fn run_client(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the peer's client: {}", said.trim_end());
}

fn python(script: &str) -> Command {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python: PathBuf = package.join("../../../target/embedding/venv/bin/python");
    assert!(python.exists(), "no {}: examples/embedding/run prepares it", python.display());
    let mut command = Command::new(python);
    command.arg(package.join("../peer").join(script));
    command
}
