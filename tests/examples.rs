//! Runs the examples as a user would: two terminals exchange messages through the server.

#![allow(clippy::unwrap_used)] // tests panic

use std::{
    env,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::Once,
    thread,
    time::{Duration, Instant},
};

use hybi::{CloseCode, Config, Event, Inbox, Origins, http1::HeadLimits, server::Opening};

/// The path of an example, built from the current sources: `cargo test --test examples` does not
/// build them.
fn example(name: &str) -> PathBuf {
    static BUILD: Once = Once::new();
    let tests = env::current_exe().unwrap();
    let directory = tests.ancestors().nth(2).unwrap();
    BUILD.call_once(|| {
        let profile = if directory.ends_with("release") { "release" } else { "test" };
        let build = ["build", "--examples", "--profile", profile];
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let status = Command::new(env!("CARGO")).current_dir(root).args(build).status();
        assert!(status.unwrap().success());
    });
    directory.join("examples").join(name)
}

/// A process that is killed when the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the server on a free port.
fn serve(arguments: &[&str]) -> (Running, String) {
    let arguments = [&["127.0.0.1:0", "--quiet"], arguments].concat();
    start("serve", &arguments, "http://")
}

/// Starts an example that prints its address after `words`.
fn start(name: &str, arguments: &[&str], words: &str) -> (Running, String) {
    let mut server = Running(
        Command::new(example(name)).args(arguments).stdout(Stdio::piped()).spawn().unwrap(),
    );
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split(words).nth(1).unwrap().split('/').next().unwrap().trim_end();
    (server, address.into())
}

/// A terminal: its input and its output.
struct Terminal {
    process: Running,
    typed: Option<ChildStdin>,
    printed: BufReader<ChildStdout>,
}

impl Terminal {
    fn connect(url: &str) -> Self {
        Self::connect_with(&[url])
    }

    fn connect_with(arguments: &[&str]) -> Self {
        let mut process = Running(
            Command::new(example("connect"))
                .args(arguments)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap(),
        );
        let typed = process.0.stdin.take();
        let printed = BufReader::new(process.0.stdout.take().unwrap());
        // It prints a line when it is connected, or prints an error and exits.
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

    /// Closes standard input, and waits for the exit status.
    fn end(mut self) -> Option<i32> {
        self.typed = None;
        self.process.0.wait().unwrap().code()
    }
}

#[test]
fn two_terminals_chat() {
    let (_server, address) = serve(&[]);
    let mut one = Terminal::connect(&format!("ws://{address}/chat"));
    // When its own line has been echoed, it is a member of the chat.
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
fn the_echo_replies_and_closes() {
    let (_server, address) = serve(&[]);
    let mut terminal = Terminal::connect(&format!("ws://{address}/"));
    terminal.type_line("a line \u{1b}[31m in red");
    // Control characters from a peer are escaped.
    assert_eq!(terminal.line(), "< a line \\u{1b}[31m in red");
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn both_ends_trace_the_same_frames_and_messages() {
    let piped = |name: &str, arguments: &[&str]| {
        let mut command = Command::new(example(name));
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Running(command.spawn().unwrap())
    };
    let mut server = piped("serve", &["127.0.0.1:0", "--trace"]);
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap();
    let url = format!("ws://{address}/");
    let mut client = piped("connect", &["--trace", &url]);
    client.0.stdin.take().unwrap().write_all(b"Hello\n").unwrap();
    assert_eq!(client.0.wait().unwrap().code(), Some(0));
    server.0.kill().unwrap();
    // Without the label and the time.
    let lines = |running: &mut Running| -> Vec<String> {
        let mut text = String::new();
        running.0.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        let entries = text.lines().filter(|line| {
            ["frame", "message", "close"].iter().any(|kind| line.contains(&format!(" {kind}: ")))
        });
        let from_sender = |line: &str| {
            let at = line.find(" client ").or(line.find(" server ")).unwrap();
            line[at + 1..].to_owned()
        };
        entries.map(from_sender).collect()
    };
    let (of_client, of_server) = (lines(&mut client), lines(&mut server));
    for sender in ["client", "server"] {
        // The order between the directions may differ.
        let of = |lines: &[String]| -> Vec<String> {
            lines.iter().filter(|line| line.starts_with(sender)).cloned().collect()
        };
        let lines = of(&of_client);
        assert_eq!(of(&of_server), lines);
        let kinds = ["frame: text", "message: text", "frame: close", "close: 1000"];
        assert_eq!(lines.len(), kinds.len(), "{lines:?}");
        assert!(lines.iter().zip(kinds).all(|(line, kind)| line.contains(kind)), "{lines:?}");
        assert!(lines[1].ends_with(" message: text, 5 bytes in 1 frame: \"Hello\""));
    }
}

#[test]
fn a_failure_sets_the_exit_status() {
    let (_server, address) = serve(&["--message-size", "10"]);
    let mut terminal = Terminal::connect(&format!("ws://{address}/"));
    terminal.type_line("more than ten bytes");
    assert_eq!(terminal.line(), "  closed: 1009 (message too big)");
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
    for (part, media_type) in [("page.css", "text/css"), ("page.js", "text/javascript")] {
        assert!(page.contains(&format!("\"/{part}\"")));
        let part = get(&format!("GET /{part} HTTP/1.1\r\nHost: a\r\n\r\n"));
        assert!(part.starts_with("HTTP/1.1 200 OK\r\n"));
        assert!(part.contains(&format!("\r\nContent-Type: {media_type}; charset=utf-8\r\n")));
    }
    let head = get("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"));
    assert!(get("GET /none HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 404 "));
    assert!(get("POST / HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 405 "));
    assert!(get("nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
}

#[test]
fn the_response_explains_a_missing_upgrade_field() {
    let (_server, address) = serve(&[]);
    for path in ["/", "/chat", "/echo"] {
        let mut stream = TcpStream::connect(&address).unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{path}: {head}");
        // RFC 9110, section 15.5.22.
        assert!(head.contains("\r\nUpgrade: websocket\r\n"), "{path}: {head}");
        assert!(head.contains(&format!("\r\nContent-Length: {}", body.len())), "{path}: {head}");
        assert!(body.contains("proxy") && body.contains("Upgrade"), "{path}: {body}");
    }
}

/// A proxy that forwards requests in HTTP/1.0, as nginx does by default, may still forward Upgrade.
#[test]
fn a_request_of_http_1_0_is_told_so() {
    let (_server, address) = serve(&[]);
    for path in ["/", "/chat", "/echo"] {
        let mut stream = TcpStream::connect(&address).unwrap();
        let request = format!(
            "GET {path} HTTP/1.0\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{path}: {head}");
        assert!(head.contains(&format!("\r\nContent-Length: {}", body.len())), "{path}: {head}");
        assert!(body.contains("HTTP/1.0") && body.contains("proxy_http_version 1.1"), "{body}");
        assert!(!body.contains("removed"), "{path}: {body}");
    }
}

/// The server sends a Close before it has read all input. If it then closed the socket, the client
/// would receive a reset.
// 6455-7.1.1-a
#[test]
fn a_close_arrives_even_with_unread_input() {
    let (_serve, of_serve) = serve(&[]);
    let (_echo, of_echo) = start("echo", &["127.0.0.1:0"], "listening on ");
    let rest = vec![0; 256 * 1024];
    for (address, path) in [(&of_echo, "/"), (&of_serve, "/echo"), (&of_serve, "/chat")] {
        let mut stream = TcpStream::connect(address).unwrap();
        let origin = if *address == of_echo { "Origin: https://example.com\r\n" } else { "" };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             {origin}\r\n"
        );
        // The header of a message of 1 TiB, which exceeds every limit, and the start of its
        // payload.
        let too_large = b"\x82\xff\0\0\x01\0\0\0\0\0\0\0\0\0";
        stream.write_all(&[request.as_bytes(), too_large, &rest].concat()).unwrap();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).unwrap();
        let head = response.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        assert_eq!(response[head], 0x88, "{path}");
        // Code 1009.
        assert_eq!(response[head + 2..head + 4], *b"\x03\xf1", "{path}");
    }
}

/// A peer that sends one byte per second has not completed its request when the server closes the
/// connection.
// P-sh-d, A-15
#[test]
fn the_opening_handshake_has_one_deadline() {
    // Sent at that rate, a request with this field takes longer than the deadline.
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\nX-Filler: {}", "x".repeat(30));
    let drip = |address: String| {
        let start = Instant::now();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        for byte in head.bytes() {
            let sent = stream.write_all(&[byte]);
            let read = stream.read(&mut [0; 64]);
            // Any output of the server at the end is ignored: it has given up.
            if sent.is_err() || read.is_ok() {
                // Both servers allow 10 s from accepting the connection, which is later than
                // `start`.
                let waited = start.elapsed();
                assert!(
                    waited >= Duration::from_secs(8),
                    "the server closed the connection after {waited:?}"
                );
                return;
            }
        }
        panic!(
            "{} bytes were sent, one per second, and the server still waits for more",
            head.len()
        );
    };
    let (_serve, of_serve) = serve(&[]);
    let (_echo, of_echo) = start("echo", &["127.0.0.1:0"], "listening on ");
    thread::scope(|scope| {
        let slow = [of_serve, of_echo].map(|address| scope.spawn(|| drip(address)));
        for slow in slow {
            slow.join().unwrap();
        }
    });
}

// P-dl-b
#[test]
fn a_silent_server_gets_a_ping_and_then_a_close() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut connect = Command::new(example("connect"));
    connect.arg(format!("ws://{}/", listener.local_addr().unwrap()));
    connect.env("TIMEOUTS", "ping=200 silence=600").stdin(Stdio::piped());
    let connect = Running(connect.spawn().unwrap());
    let (mut stream, _) = listener.accept().unwrap();
    let (mut inbox, mut outbox) = (Inbox::with_capacity(4096), Vec::new());
    let mut opening = Opening::new(Origins::same_host().or_no_browser());
    let mut websocket = loop {
        assert_ne!(inbox.read_from(&mut stream).unwrap(), 0);
        if let Some(request) = opening.receive(&mut inbox, &mut outbox).unwrap() {
            break request.accept().finish(&mut outbox).unwrap();
        }
    };
    stream.write_all(&outbox).unwrap();
    let mut pings = 0;
    let code = loop {
        match websocket.receive(&mut inbox, &mut outbox).unwrap() {
            Some(Event::Ping(_)) => pings += 1, // not answered
            Some(Event::Close(close)) => break close.code(),
            Some(event) => panic!("{event:?}"),
            None => assert_ne!(inbox.read_from(&mut stream).unwrap(), 0),
        }
    };
    assert_eq!((pings, code), (1, Some(CloseCode::TIMEOUT)));
    drop(connect);
}

#[test]
fn the_help_shows_the_defaults() {
    let output = Command::new(example("serve")).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stderr).unwrap();
    let defaults = format!("{:?} {:?}", Config::new(), HeadLimits::new());
    let options = [
        ("--message-size", "message_size: "),
        ("--frame-size", "frame_size: "),
        ("--fragments", "fragments: "),
        ("--outbox-size", "outbox_high_water: "),
        ("--head-size", " size: "),
        ("--head-fields", " fields: "),
    ];
    for (option, setting) in options {
        let number = |text: &str| text.split(|c: char| !c.is_ascii_digit()).next().unwrap().len();
        let default = defaults.split(setting).nth(1).unwrap();
        let default = &default[..number(default)];
        let line = help.lines().find(|line| line.trim_start().starts_with(option)).unwrap();
        let shown = line.rsplit('(').next().unwrap();
        assert_eq!(&shown[..number(shown)], default, "{line}");
    }
}

/// The error of `connect` for this response to its request.
fn failure_of(response: &'static str) -> String {
    failure_with(response, |address| vec![format!("ws://{address}/")])
}

/// The same for a response to its first request to this address.
fn failure_with(
    response: &'static str,
    arguments: impl FnOnce(SocketAddr) -> Vec<String>,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let arguments = arguments(listener.local_addr().unwrap());
    let answering = thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        read_head(&mut stream);
        stream.write_all(response.as_bytes()).unwrap();
    });
    let mut connect = Command::new(example("connect"));
    let output = connect.args(arguments).stdin(Stdio::null()).output().unwrap();
    answering.join().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    String::from_utf8(head).unwrap()
}

/// An HTTP proxy for one tunnel, in two threads: its address, and the request that it was sent.
fn proxy() -> (SocketAddr, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let passing = thread::spawn(move || {
        let mut client = listener.accept().unwrap().0;
        let request = read_head(&mut client);
        let target = request.split(' ').nth(1).unwrap();
        let mut server = TcpStream::connect(target).unwrap();
        client.write_all(b"HTTP/1.0 200 Connection established\r\n\r\n").unwrap();
        let mut up = [client.try_clone().unwrap(), server.try_clone().unwrap()];
        thread::spawn(move || {
            let [from, to] = &mut up;
            let _ = io::copy(from, to);
            let _ = to.shutdown(Shutdown::Write);
        });
        let _ = io::copy(&mut server, &mut client);
        let _ = client.shutdown(Shutdown::Write);
        request
    });
    (address, passing)
}

// 6455-4.1-3a, 9110-9.3.6-a, 7617-2-a
#[test]
fn a_terminal_reaches_the_server_through_a_proxy() {
    let (_server, address) = serve(&[]);
    let (proxy, passing) = proxy();
    let proxy = format!("http://Aladdin:open sesame@{proxy}");
    let url = format!("ws://{address}/echo");
    let mut terminal = Terminal::connect_with(&["--proxy", &proxy, &url]);
    terminal.type_line("through");
    assert_eq!(terminal.line(), "< through");
    assert_eq!(terminal.end(), Some(0));
    let expected = format!(
        "CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n\
         Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n"
    );
    assert_eq!(passing.join().unwrap(), expected);
}

// 6455-4.1-3d, 9110-11.7.1-a
#[test]
fn a_proxy_that_opens_no_tunnel_is_explained() {
    let failure = |response| {
        failure_with(response, |proxy| {
            ["--proxy", &format!("http://{proxy}"), "ws://a.invalid/"].map(String::from).into()
        })
    };
    let message =
        failure("HTTP/1.1 407 x\r\nProxy-Authenticate: Negotiate, Basic realm=\"a\"\r\n\r\n<html>");
    assert!(message.contains("407") && message.contains("(Negotiate, Basic)"), "{message}");
    let message = failure("HTTP/1.1 403 Forbidden\r\n\r\n");
    assert_eq!(message, "connect: the proxy answered with status 403\n");
    let message = failure("HTTP/1.1 100 Continue\r\n\r\n");
    assert!(message.contains("hung up"), "{message}");
    for proxy in ["127.0.0.1:1", "https://127.0.0.1:1", "http://user@127.0.0.1:1", "http://"] {
        let mut connect = Command::new(example("connect"));
        let status = connect.args(["--proxy", proxy, "ws://a/"]).stderr(Stdio::null()).status();
        assert_eq!(status.unwrap().code(), Some(1), "{proxy}");
    }
}

#[test]
fn connect_explains_a_response_that_is_a_page() {
    let message = failure_of(
        "HTTP/1.1 502 Bad Gateway\r\nServer: nginx/1.26.0\r\nContent-Type: text/html\r\n\r\n\
         <html>\r\n<head><title>502 Bad\r\nGateway</title></head>",
    );
    for part in ["502", "\"502 Bad Gateway\"", "nginx/1.26.0", "proxy"] {
        assert!(message.contains(part), "{message:?} does not say {part}");
    }
    assert!(!message.contains('<'), "{message}");

    let message = failure_of("HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n");
    assert!(message.contains("404") && message.contains("HTML page"), "{message}");

    let message = failure_of("HTTP/1.1 503 No\r\n\r\n\n  too busy \u{7}\nnow\n");
    assert_eq!(message, "connect: the server answered with status 503: too busy \\u{7}\n");
    let message = failure_of("HTTP/1.1 301 Moved\r\nLocation: wss://a/b\r\n\r\n<html>");
    assert_eq!(message, "connect: the server answered with status 301: wss://a/b\n");
}

/// Opens a WebSocket with additional fields in the request, and returns the head of the response.
fn open(address: &str, target: &str, fields: &str, frames: &[u8]) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("{}{fields}\r\n", request(target));
    stream.write_all(&[request.as_bytes(), frames].concat()).unwrap();
    let head = read_head(&mut stream);
    (stream, head)
}

/// A request without the empty line at the end.
fn request(target: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )
}

/// The output of the echo for these frames and a Close, all of which arrive together with the
/// request.
fn echoed(address: &str, target: &str, fields: &str, frames: &[&[u8]]) -> Vec<u8> {
    let frames = [&frames.concat(), b"\x88\x80\0\0\0\0".as_slice()].concat();
    let (mut stream, _) = open(address, target, fields, &frames);
    let mut response = Vec::new();
    stream.read_to_end(&mut response).unwrap();
    response.strip_suffix(b"\x88\x00").unwrap().to_vec()
}

/// The frames channel of a page.
struct Channel {
    stream: BufReader<TcpStream>,
    id: String,
}

impl Channel {
    fn open(address: &str) -> Self {
        let (stream, _) = open(address, "/frames", "", b"");
        let mut channel = Self { stream: BufReader::new(stream), id: String::new() };
        let message = channel.report();
        let id = message.strip_prefix(r#"{"id":""#).and_then(|rest| rest.strip_suffix(r#""}"#));
        channel.id = id.unwrap().into();
        channel
    }

    /// A target whose connection is reported on this channel.
    fn target(&self, path: &str) -> String {
        format!("{path}?frames={}", self.id)
    }

    /// The next report.
    fn report(&mut self) -> String {
        self.next().unwrap()
    }

    /// The next report, in an unmasked text frame; `None` for a Close.
    fn next(&mut self) -> Option<String> {
        let mut header = [0; 2];
        self.stream.read_exact(&mut header).unwrap();
        if header[0] == 0x88 {
            return None;
        }
        assert_eq!(header[0], 0x81);
        let mut length = usize::from(header[1]);
        if length == 126 {
            let mut long = [0; 2];
            self.stream.read_exact(&mut long).unwrap();
            length = u16::from_be_bytes(long).into();
        }
        let mut text = vec![0; length];
        self.stream.read_exact(&mut text).unwrap();
        Some(String::from_utf8(text).unwrap())
    }

    /// The reports of frames up to the Close of the server, without their common prefix.
    fn frames(&mut self, connection: &str) -> Vec<String> {
        let start = format!(r#"{{"connection":"{connection}","from":"#);
        let mut frames = Vec::new();
        loop {
            let report = self.report();
            let frame = report.strip_prefix(&start).unwrap().strip_suffix('}').unwrap();
            frames.push(frame.replace('"', ""));
            if frame.starts_with(r#""server""#) && frame.contains(r#""close""#) {
                return frames;
            }
        }
    }
}

/// The masking key is that of RFC 6455, section 5.7; the other frames here have a masking key of
/// zero, which changes nothing.
const HELLO: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";

#[test]
fn the_frames_channel_reports_the_opening_handshake() {
    let (_server, address) = serve(&[]);
    let mut channel = Channel::open(&address);
    let target = channel.target("/chat");
    let fields = "Sec-WebSocket-Protocol: chat\r\ncookie: session=1\r\nAuthorization: Basic YTpi\r\n\
                  X-Quoted: \"a\\b\"\tc\r\n";
    let (_stream, response) = open(&address, &target, fields, b"");
    let received = format!("{}{fields}", request(&target));
    let shown = received.replace("session=1", "(not shown)").replace("Basic YTpi", "(not shown)");
    for (name, head) in [("request", shown), ("response", response)] {
        let head = head.trim_end().replace('\\', "\\\\").replace('"', "\\\"");
        let head = head.replace('\r', "\\u000d").replace('\n', "\\u000a").replace('\t', "\\u0009");
        assert_eq!(channel.report(), format!(r#"{{"connection":"chat","{name}":"{head}"}}"#));
    }
}

#[test]
fn the_frames_channel_reports_the_frames_of_both_sides() {
    let (_server, address) = serve(&[]);
    let mut channel = Channel::open(&address);
    let frames: [&[u8]; 5] = [
        HELLO,
        b"\x01\x83\0\0\0\0Hel",
        b"\x89\x80\0\0\0\0",
        b"\x80\x82\0\0\0\0lo",
        &[b"\x82\xfe\x01\x00\0\0\0\0".as_slice(), &[7; 256]].concat(),
    ];
    echoed(&address, &channel.target("/echo"), "", &frames);
    channel.report();
    channel.report();
    let reported = channel.frames("echo");
    let of = |from| {
        let is_from = move |frame: &&String| frame.starts_with(from);
        reported.iter().filter(is_from).map(String::as_str).collect::<Vec<_>>()
    };
    assert_eq!(
        of("client"),
        [
            "client,number:1,opcode:text,fin:true,rsv1:false,masked:true,length:5,\
             header:818537fa213d",
            "client,number:2,opcode:text,fin:false,rsv1:false,masked:true,length:3,\
             header:018300000000",
            "client,number:3,opcode:ping,fin:true,rsv1:false,masked:true,length:0,\
             header:898000000000",
            "client,number:4,opcode:continuation,fin:true,rsv1:false,masked:true,length:2,\
             header:808200000000",
            "client,number:5,opcode:binary,fin:true,rsv1:false,masked:true,length:256,\
             header:82fe010000000000",
            "client,number:6,opcode:close,fin:true,rsv1:false,masked:true,length:0,\
             header:888000000000",
        ]
    );
    assert_eq!(
        of("server"),
        [
            "server,number:1,opcode:text,fin:true,rsv1:false,masked:false,length:5,header:8105",
            "server,number:2,opcode:pong,fin:true,rsv1:false,masked:false,length:0,header:8a00",
            "server,number:3,opcode:text,fin:true,rsv1:false,masked:false,length:5,header:8105",
            "server,number:4,opcode:binary,fin:true,rsv1:false,masked:false,length:256,\
             header:827e0100",
            "server,number:5,opcode:close,fin:true,rsv1:false,masked:false,length:0,header:8800",
        ]
    );
}

#[test]
fn the_frames_channel_reports_compression() {
    let (_server, address) = serve(&[]);
    let mut channel = Channel::open(&address);
    // RFC 7692, section 7.2.3.1.
    let hello = b"\xc1\x87\0\0\0\0\xf2\x48\xcd\xc9\xc9\x07\x00";
    let same = [b"\x81\xfe\x01\x2c\0\0\0\0".as_slice(), &[b'a'; 300]].concat();
    let fields = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    let sent = echoed(&address, &channel.target("/echo"), fields, &[hello, &same]);
    // Short messages are sent uncompressed.
    let rest = sent.strip_prefix(b"\x81\x05Hello").unwrap();
    assert!(rest[0] == 0xc1 && usize::from(rest[1]) == rest.len() - 2);
    channel.report();
    channel.report();
    let reported = channel.frames("echo");
    let compressed: Vec<_> = reported.iter().filter(|frame| frame.contains("rsv1:true")).collect();
    let header = |number, length: u8, header: &str| {
        format!("number:{number},opcode:text,fin:true,rsv1:true,masked:{header},length:{length},")
    };
    assert_eq!(compressed.len(), 2, "{reported:?}");
    assert!(compressed[0].starts_with(&format!("client,{}", header(1, 7, "true"))));
    assert!(compressed[1].starts_with(&format!("server,{}", header(2, rest[1], "false"))));
}

#[test]
fn a_frames_channel_reports_only_connections_with_its_id() {
    let (_server, address) = serve(&[]);
    let (one, two) = (Channel::open(&address), Channel::open(&address));
    assert_ne!(one.id, two.id);
    let unknown = format!("/echo?frames={}", "0".repeat(one.id.len()));
    for target in ["/echo", "/echo?frames=", &unknown, &one.target("/echo"), &two.target("/chat")] {
        assert_eq!(echoed(&address, target, "", &[HELLO]), b"\x81\x05Hello", "{target}");
    }
    for (mut channel, connection) in [(one, "echo"), (two, "chat")] {
        let target = channel.target(&format!("/{connection}"));
        let start = format!(r#"{{"connection":"{connection}","request":"GET {target} HTTP/1.1"#);
        assert!(channel.report().starts_with(&start));
        channel.report();
        assert_eq!(channel.frames(connection).len(), 4);
        // Only the reply to a Close follows.
        channel.stream.get_mut().write_all(b"\x88\x80\0\0\0\0").unwrap();
        let mut rest = Vec::new();
        channel.stream.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, b"\x88\x00");
    }
}

#[test]
fn an_unread_frames_channel_does_not_block_the_connection() {
    let (_server, address) = serve(&[]);
    let mut channel = Channel::open(&address);
    // More reports than fit into the outbox and the socket buffers.
    let count = 60_000;
    let (mut stream, _) = open(&address, &channel.target("/echo"), "", b"");
    let mut reader = stream.try_clone().unwrap();
    let reading = thread::spawn(move || reader.read_to_end(&mut Vec::new()).unwrap());
    stream.write_all(&b"\x81\x80\0\0\0\0".repeat(count)).unwrap();
    stream.write_all(b"\x88\x80\0\0\0\0").unwrap();
    assert_eq!(reading.join().unwrap(), 2 * count + 2);
    channel.report();
    channel.report();
    channel.stream.get_mut().write_all(b"\x88\x80\0\0\0\0").unwrap();
    let (mut reported, mut last) = (0, [0, 0]);
    while let Some(report) = channel.next() {
        let number = report.split(r#""number":"#).nth(1).unwrap().split(',').next().unwrap();
        let number: usize = number.parse().unwrap();
        let last = &mut last[usize::from(report.contains(r#""from":"server""#))];
        assert!(number > *last);
        *last = number;
        reported += 1;
    }
    assert!((1..2 * count).contains(&reported), "{reported} frames were reported");
}

#[test]
fn the_echo_is_the_loop_of_the_readme() {
    let readme = include_str!("../README.md");
    let block = readme.split("```rust\n").nth(1).unwrap().split("```").next().unwrap();
    let shown: String =
        block.split_inclusive('\n').filter(|line| !line.starts_with("# ")).collect();
    assert!(shown.contains("fn echo("));
    assert!(include_str!("../examples/echo.rs").contains(&shown));
}
