//! The examples, run as a user would: two terminals talk to each other through the server.

#![allow(clippy::unwrap_used)] // tests panic

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// The path of an example, which is built if nobody has done so.
fn example(name: &str) -> PathBuf {
    let tests = env::current_exe().unwrap();
    let path = tests.ancestors().nth(2).unwrap().join("examples").join(name);
    if !path.exists() {
        let built = Command::new(env!("CARGO")).args(["test", "--no-run", "--examples"]).status();
        assert!(built.unwrap().success());
    }
    path
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the server on a free port.
fn serve(arguments: &[&str]) -> (Running, String) {
    let mut server = Running(
        Command::new(example("serve"))
            .args(["127.0.0.1:0", "--quiet"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap();
    (server, address.into())
}

/// A terminal: what is typed, and what is printed.
struct Terminal {
    process: Running,
    typed: Option<ChildStdin>,
    printed: BufReader<ChildStdout>,
}

impl Terminal {
    fn connect(url: &str) -> Self {
        let mut process = Running(
            Command::new(example("connect"))
                .arg(url)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap(),
        );
        let typed = process.0.stdin.take();
        let printed = BufReader::new(process.0.stdout.take().unwrap());
        // It says so once it is connected, or says why not and ends.
        BufReader::new(process.0.stderr.as_mut().unwrap()).read_line(&mut String::new()).unwrap();
        Self { process, typed, printed }
    }

    fn type_line(&mut self, line: &str) {
        writeln!(self.typed.as_ref().unwrap(), "{line}").unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.printed.read_line(&mut line).unwrap();
        line.trim_end().into()
    }

    /// Ends standard input, and waits for the exit status.
    fn end(mut self) -> Option<i32> {
        self.typed = None;
        self.process.0.wait().unwrap().code()
    }
}

#[test]
fn two_terminals_chat() {
    let (_server, address) = serve(&[]);
    let mut one = Terminal::connect(&format!("ws://{address}/chat"));
    // Once its own line has come back, it is a member.
    one.type_line("one: here");
    assert_eq!(one.line(), "< one: here");
    let mut two = Terminal::connect(&format!("ws://{address}/chat"));
    two.type_line("two: Grüße");
    assert_eq!(two.line(), "< two: Grüße");
    assert_eq!(one.line(), "< two: Grüße");
    one.type_line("one: hello");
    assert_eq!(two.line(), "< one: hello");
    assert_eq!(one.line(), "< one: hello");
    assert_eq!(one.end(), Some(0));
    two.type_line("two: alone");
    assert_eq!(two.line(), "< two: alone");
    assert_eq!(two.end(), Some(0));
}

#[test]
fn a_terminal_is_echoed_and_closed() {
    let (_server, address) = serve(&["--fragment-size", "3"]);
    let mut terminal = Terminal::connect(&format!("ws://{address}/"));
    terminal.type_line("a line \u{1b}[31m in fragments");
    // What a peer sends does not steer the terminal.
    assert_eq!(terminal.line(), "< a line \\u{1b}[31m in fragments");
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn a_failure_is_told_by_the_exit_status() {
    let (_server, address) = serve(&["--message-size", "10"]);
    let mut terminal = Terminal::connect(&format!("ws://{address}/"));
    terminal.type_line("more than ten bytes");
    assert_eq!(terminal.line(), "  closed: 1009");
    for url in ["http://127.0.0.1/", "wss://127.0.0.1/", "ws://127.0.0.1:1/"] {
        assert_eq!(Terminal::connect(url).end(), Some(1), "{url}");
    }
    let status = Command::new(example("connect")).stderr(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(2));
}

#[test]
fn the_page_is_served_on_the_same_port() {
    let (_server, address) = serve(&[]);
    let get = |request: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response
    };
    let page = get("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.contains("<title>hybi"));
    let head = get("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"));
    assert!(get("GET /none HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 404 "));
    assert!(get("POST / HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 405 "));
    assert!(get("nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
}
