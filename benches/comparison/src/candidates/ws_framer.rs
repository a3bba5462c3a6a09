//! ws-framer, in buffers of the size that its example has, or of one message if that is larger.

use std::io::{Read, Write};

use bytes::Bytes;
use httparse::Request;
use ws_framer::{Header, WsFrame, WsRxFramer, WsTxFramer, process_sec_websocket_key};

use super::{Echoes, MAX_HEADER, ReadBuffers, Receives, Role, Sends};
use crate::transport::Transport;

const BUFFER: usize = 10_240;

/// Each pass makes its framers, which borrow the buffers. That costs nothing, and no bytes are
/// pending between two passes.
pub(crate) struct WsFramer {
    masks: bool,
    input: Vec<u8>,
    output: Vec<u8>,
    transport: Transport,
}

impl WsFramer {
    /// For messages of at most this size.
    pub(crate) fn new(role: Role, buffers: ReadBuffers, size: usize, transport: Transport) -> Self {
        let message = size + MAX_HEADER;
        Self {
            masks: role == Role::Client,
            input: vec![0; buffers.size(BUFFER).max(message)],
            output: vec![0; BUFFER.max(message)],
            transport,
        }
    }

    /// Receives this many messages and handles each. The handler may write to the transport.
    fn run(
        &mut self,
        count: usize,
        mut handle: impl FnMut(WsFrame<'_>, &mut WsTxFramer<'_>, &mut Transport),
    ) {
        let mut input = WsRxFramer::new(&mut self.input);
        let mut output = WsTxFramer::new(self.masks, &mut self.output);
        let mut received = 0;
        while received < count {
            let read = self.transport.read(input.read_buf()).unwrap();
            assert_ne!(read, 0);
            input.advance(read);
            while let Some(frame) = input.next_frame() {
                match frame.unwrap() {
                    WsFrame::Ping(data) => {
                        self.transport.write_all(output.pong(data).unwrap()).unwrap();
                    }
                    frame => {
                        handle(frame, &mut output, &mut self.transport);
                        received += 1;
                    }
                }
            }
        }
    }
}

impl Receives for WsFramer {
    fn receive(&mut self, count: usize, mut look: impl FnMut(&[u8])) {
        self.run(count, |frame, _, _| match frame {
            WsFrame::Text(text) => look(text.as_bytes()),
            WsFrame::Binary(data) => look(data),
            frame => panic!("{frame:?}"),
        });
    }
}

impl Sends for WsFramer {
    fn send(&mut self, messages: &[Bytes]) {
        let mut output = WsTxFramer::new(self.masks, &mut self.output);
        for message in messages {
            self.transport.write_all(output.binary(message).unwrap()).unwrap();
        }
    }
}

impl Echoes for WsFramer {
    fn echo(&mut self, count: usize) {
        self.run(count, |frame, output, transport| {
            transport.write_all(output.frame(frame).unwrap()).unwrap();
        });
    }
}

/// The buffers of a connection. The next connection can reuse them.
pub(crate) struct Buffers {
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Buffers {
    pub(crate) fn new() -> Self {
        Self { input: vec![0; BUFFER], output: vec![0; BUFFER] }
    }

    /// A server's opening handshake. As in its example, httparse parses the request.
    pub(crate) fn accept(&mut self, transport: &mut Transport) -> (WsRxFramer<'_>, WsTxFramer<'_>) {
        let mut output = WsTxFramer::new(false, &mut self.output);
        let mut request_head = [0; 4096];
        let read = transport.read(&mut request_head).unwrap();
        let mut headers = [httparse::EMPTY_HEADER; 16];
        let mut request = Request::new(&mut headers);
        assert!(request.parse(&request_head[..read]).unwrap().is_complete());
        let is_key = |header: &&Header<'_>| header.name.eq_ignore_ascii_case("Sec-WebSocket-Key");
        let key = request.headers.iter().find(|header| is_key(&&**header)).unwrap().value;
        let accept = process_sec_websocket_key(str::from_utf8(key).unwrap()).unwrap();
        let headers = [
            Header { name: "Upgrade", value: b"websocket" },
            Header { name: "Connection", value: b"upgrade" },
            Header { name: "Sec-WebSocket-Accept", value: &accept },
        ];
        let response = output.http_response(101, "Switching Protocols", &headers).unwrap();
        transport.write_all(response).unwrap();
        (WsRxFramer::new(&mut self.input), output)
    }

    /// A client's opening handshake.
    pub(crate) fn connect(
        &mut self,
        transport: &mut Transport,
    ) -> (WsRxFramer<'_>, WsTxFramer<'_>) {
        let mut input = WsRxFramer::new(&mut self.input);
        let mut output = WsTxFramer::new(true, &mut self.output);
        let request = output.http_upgrade_request("example.com", "/chat", &[]).unwrap();
        transport.write_all(request).unwrap();
        loop {
            let read = transport.read(input.read_buf()).unwrap();
            assert_ne!(read, 0);
            input.advance(read);
            if let Some(response) = input.http_response() {
                assert!(response.unwrap().is_websocket_accepted(&output.accept_key()));
                break;
            }
        }
        (input, output)
    }
}
