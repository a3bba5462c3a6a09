//! Another implementation as the peer: `websockets` of Python, as a client and as a server, and over
//! `aioquic` in HTTP/3.
//!
//! The tests of each package include this file. `examples/embedding/run` creates the virtual environment
//! that it needs.

#![allow(dead_code)] // no package uses all of it
#![allow(clippy::unwrap_used, clippy::panic)] // tests panic

use std::{
    fs,
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

/// A timeout that no working test reaches.
pub(crate) const TOO_LONG: Duration = Duration::from_secs(60);

/// A server in its own process, which ends when this is dropped.
pub(crate) struct Server {
    process: Child,
    /// Kept open, because printing to a closed pipe would fail.
    output: BufReader<ChildStdout>,
    address: String,
}

impl Server {
    /// Starts an embedding, `env!("CARGO_BIN_EXE_…")`, on a free port.
    pub(crate) fn start(binary: &str) -> Self {
        Self::start_with(binary, &[])
    }

    /// Starts an embedding with further arguments after its address.
    pub(crate) fn start_with(binary: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(binary);
        command.arg("127.0.0.1:0").args(arguments);
        Self::spawn(command)
    }

    /// Starts an embedding with these timeouts, such as `opening=500`, in milliseconds.
    pub(crate) fn start_timed(binary: &str, arguments: &[&str], timeouts: &str) -> Self {
        let mut command = Command::new(binary);
        command.arg("127.0.0.1:0").args(arguments).env("TIMEOUTS", timeouts);
        Self::spawn(command)
    }

    /// Starts the echo server of `websockets` on a free port. For `wss`, pass `--certificate` and
    /// `--key`.
    pub(crate) fn start_peer(arguments: &[&str]) -> Self {
        let mut command = python("server.py");
        command.arg("127.0.0.1:0").args(arguments);
        Self::spawn(command)
    }

    /// Starts the echo server of `aioquic` in HTTP/3 on a free port. Pass `--certificate` and `--key`.
    pub(crate) fn start_h3_peer(arguments: &[&str]) -> Self {
        let mut command = python("h3_server.py");
        command.arg("127.0.0.1:0").args(arguments);
        Self::spawn(command)
    }

    /// Its address, such as `127.0.0.1:9001`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The URI of its WebSocket, without TLS.
    pub(crate) fn url(&self) -> String {
        format!("ws://{}/", self.address)
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The next line of its output, after the line with its address.
    pub(crate) fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().into()
    }

    /// Opens a connection to it, for frames written by hand.
    pub(crate) fn open(&self) -> TcpStream {
        let (stream, answer) = self.ask("/", "");
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        stream
    }

    /// Requests a WebSocket, with further header fields. Returns the response head.
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
            let mut byte = [0]; // reads nothing after the response head
            stream.read_exact(&mut byte).unwrap();
            answer.extend(byte);
        }
        (stream, String::from_utf8(answer).unwrap())
    }

    /// Its resident memory in KiB, from Linux.
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
        let address = line.strip_prefix("listening on ").or_else(|| {
            let rest = line.strip_prefix("hybi listens: open http://")?;
            Some(rest.split_once('/')?.0)
        });
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

/// Writes these bytes until a write blocks for a second. Returns how many bytes were written.
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

/// Runs all cases of the client of `websockets` with the echo server at this URI.
pub(crate) fn check_echo(url: &str) {
    run_client(python("client.py").arg(url));
}

/// As [`check_echo`], with this origin.
pub(crate) fn check_echo_from(origin: &str, url: &str) {
    run_client(python("client.py").arg(url).arg("--origin").arg(origin));
}

/// As [`check_echo`], over TLS, trusting only this certificate.
pub(crate) fn check_secure_echo(url: &str, certificate: &Path) {
    run_client(python("client.py").arg(url).arg("--ca").arg(certificate));
}

/// Runs all cases of the client of `aioquic` in HTTP/3 with the echo server at this URI, trusting only
/// this certificate.
pub(crate) fn check_h3_echo(url: &str, certificate: &Path) {
    run_client(python("h3_client.py").arg(url).arg("--ca").arg(certificate));
}

fn run_client(command: &mut Command) {
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}", stderr.trim_end());
}

fn python(script: &str) -> Command {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python: PathBuf = package.join("../../../target/embedding/venv/bin/python");
    assert!(python.exists(), "{} is missing: run examples/embedding/run", python.display());
    let mut command = Command::new(python);
    command.arg(package.join("../peer").join(script));
    command
}
