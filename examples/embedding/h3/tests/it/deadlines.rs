//! The deadlines of the server, with clients that do not cooperate. Each server gets short timeouts.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::UdpSocket,
    time::Instant,
};

use quiche::h3::{self, Event, Header};

use crate::{
    Files,
    peer::{Server, TOO_LONG},
    slow,
};

/// How many bytes the server may send on a stream before they are read.
const WINDOW: u64 = 64 * 1024;

/// A client with one request for a WebSocket, whose stream blocks as a socket with a timeout does.
struct Client {
    _server: Server,
    socket: UdpSocket,
    quic: quiche::Connection,
    http: Option<h3::Connection>,
    stream: Option<u64>,
    start: Instant,
    has_response: bool,
    has_ended: bool,
    is_reset: bool,
}

impl Client {
    /// Starts a server with these timeouts, and connects to it.
    fn connect(test: &str, timeouts: &str, window: u64) -> Self {
        let files = Files::make(test);
        let arguments = [files.certificate(), files.key()];
        let server = Server::start_timed(env!("CARGO_BIN_EXE_h3"), &arguments, timeouts);
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(server.address()).unwrap();
        socket.set_read_timeout(Some(slow::PAUSE)).unwrap();
        let mut config = quiche::Config::new(quiche::PROTOCOL_VERSION).unwrap();
        config.set_application_protos(h3::APPLICATION_PROTOCOL).unwrap();
        config.verify_peer(false);
        config.set_initial_max_data(1024 * 1024);
        config.set_initial_max_stream_data_uni(WINDOW);
        config.set_initial_max_streams_uni(16);
        config.set_initial_max_stream_data_bidi_local(window);
        let id = quiche::ConnectionId::from_ref(&[7; quiche::MAX_CONN_ID_LEN]);
        let (local, peer) = (socket.local_addr().unwrap(), socket.peer_addr().unwrap());
        let quic = quiche::connect(Some("localhost"), &id, local, peer, &mut config).unwrap();
        let mut client = Self {
            _server: server,
            socket,
            quic,
            http: None,
            stream: None,
            start: Instant::now(),
            has_response: false,
            has_ended: false,
            is_reset: false,
        };
        while !client.quic.is_established() {
            client.take_turn();
        }
        let http = h3::Connection::with_transport(&mut client.quic, &h3::Config::new().unwrap());
        client.http = Some(http.unwrap());
        client
    }

    /// Requests a WebSocket.
    fn request(&mut self) {
        while !self.http.as_ref().unwrap().extended_connect_enabled_by_peer() {
            self.take_turn();
        }
        let fields = [
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", "https"),
            (":authority", "localhost"),
            (":path", "/"),
            ("sec-websocket-version", "13"),
        ];
        let fields = fields.map(|(name, value)| Header::new(name.as_bytes(), value.as_bytes()));
        let http = self.http.as_mut().unwrap();
        self.stream = Some(http.send_request(&mut self.quic, &fields, false).unwrap());
    }

    /// Starts a server, and opens a WebSocket.
    fn open(test: &str, timeouts: &str) -> Self {
        let mut client = Self::connect(test, timeouts, WINDOW);
        client.request();
        while !client.has_response {
            client.take_turn();
        }
        client
    }

    /// Sends all datagrams, and receives one if it comes soon.
    fn take_turn(&mut self) {
        assert!(self.start.elapsed() < TOO_LONG, "still waits");
        self.quic.on_timeout();
        self.flush();
        let mut datagram = [0; 1500];
        if let Ok(length) = self.socket.recv(&mut datagram) {
            let (from, to) = (self.socket.peer_addr().unwrap(), self.socket.local_addr().unwrap());
            let _ = self.quic.recv(&mut datagram[..length], quiche::RecvInfo { from, to });
        }
        while let Some(http) = &mut self.http
            && let Ok((id, event)) = http.poll(&mut self.quic)
        {
            match event {
                Event::Headers { list, .. } if self.stream == Some(id) => {
                    self.has_response = list.contains(&Header::new(b":status", b"200"));
                    assert!(self.has_response, "{list:?}");
                }
                Event::Finished => self.has_ended = true,
                Event::Reset(_) => self.is_reset = true,
                _ => {}
            }
        }
    }

    fn flush(&mut self) {
        let mut datagram = [0; 1350];
        while let Ok((length, _)) = self.quic.send(&mut datagram) {
            self.socket.send(&datagram[..length]).unwrap();
        }
    }
}

impl Read for Client {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.take_turn();
        let (http, quic) = (self.http.as_mut().unwrap(), &mut self.quic);
        match http.recv_body(quic, self.stream.unwrap(), bytes) {
            Ok(length) => Ok(length),
            Err(h3::Error::Done) if self.has_ended => Ok(0),
            Err(h3::Error::Done) if !self.is_reset => Err(ErrorKind::WouldBlock.into()),
            Err(_) => Err(ErrorKind::ConnectionReset.into()),
        }
    }
}

impl Write for Client {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (http, quic) = (self.http.as_mut().unwrap(), &mut self.quic);
        match http.send_body(quic, self.stream.unwrap(), bytes, false) {
            Ok(length) => {
                self.flush();
                Ok(length)
            }
            Err(h3::Error::Done) => {
                self.take_turn();
                Err(ErrorKind::WouldBlock.into())
            }
            Err(_) => Err(ErrorKind::ConnectionReset.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

// P-dl-a
#[test]
fn a_connection_without_a_websocket_is_closed() {
    let mut client = Client::connect("unused", "opening=500", WINDOW);
    while client.quic.peer_error().is_none() {
        client.take_turn();
    }
}

// P-dl-a
#[test]
fn a_stream_without_room_for_the_response_is_reset() {
    let mut client = Client::connect("no_room", "opening=2000", 0);
    client.request();
    while !client.is_reset {
        client.take_turn();
    }
    assert!(!client.has_response);
}

// P-dl-b
#[test]
fn a_silent_peer_gets_a_ping_and_then_3008() {
    slow::is_silent(Client::open("silent", "ping=200 silence=600"));
}

// P-dl-h
#[test]
fn a_silent_peer_that_answers_pings_stays() {
    slow::is_silent_but_answers_pings(Client::open("answers", "ping=50 silence=10000"));
}

// P-dl-c
#[test]
fn only_the_pong_to_the_ping_counts() {
    slow::answers_with_other_pongs(Client::open("pongs", "ping=200 pong=600"));
}

// P-dl-d
#[test]
fn a_peer_that_does_not_read_is_dropped() {
    slow::does_not_read(Client::open("unread", "writing=500"));
}

// P-cl-f, P-dl-e, G-08
#[test]
fn a_peer_that_does_not_end_the_stream_is_dropped() {
    slow::does_not_end(Client::open("ending", "closing=500"));
}

// P-dl-f
#[test]
fn an_old_websocket_is_closed_with_1001() {
    let received = slow::talks_for_ever(Client::open("old", "age=600 closing=500"));
    assert!(received.ends_with(slow::GOING_AWAY), "{received:?}");
}
