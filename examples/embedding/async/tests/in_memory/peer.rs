//! The peer: a client of tungstenite.

use std::io::{self, Cursor, Read, Write};

use tungstenite::{
    Message, WebSocket,
    protocol::{
        Role,
        frame::{
            Frame,
            coding::{Data, OpCode},
        },
    },
};

/// The bytes of a client that sends these messages, every fourth in two fragments.
pub(crate) fn sent(messages: &[Message]) -> Vec<u8> {
    let mut client = WebSocket::from_raw_socket(Wire::default(), Role::Client, None);
    for (number, message) in messages.iter().enumerate() {
        match message {
            Message::Text(text) if number % 4 == 3 => {
                let (first, last) = text.as_bytes().split_at(text.len() / 2);
                for (bytes, kind, fin) in [(first, Data::Text, false), (last, Data::Continue, true)]
                {
                    let frame = Frame::message(bytes.to_vec(), OpCode::Data(kind), fin);
                    client.write(Message::Frame(frame)).unwrap();
                }
            }
            message => client.write(message.clone()).unwrap(),
        }
    }
    client.flush().unwrap();
    client.get_mut().output.clone()
}

/// The messages in the bytes of a server, including a Close.
pub(crate) fn received(bytes: &[u8]) -> Vec<Message> {
    let wire = Wire { input: Cursor::new(bytes.to_vec()), output: Vec::new() };
    let mut client = WebSocket::from_raw_socket(wire, Role::Client, None);
    let mut messages = Vec::new();
    while let Ok(message) = client.read() {
        messages.push(message);
    }
    let read = client.get_ref().input.position();
    assert_eq!(read, bytes.len() as u64, "the bytes after {messages:?} are not valid");
    messages
}

#[derive(Default)]
struct Wire {
    input: Cursor<Vec<u8>>,
    output: Vec<u8>,
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.input.read(buffer)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            length => Ok(length),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
