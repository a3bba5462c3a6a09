//! The load: connections that send messages and read the echo. It does not parse frames, so that it costs
//! as little as possible: it knows how long an echo is.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

use crate::Failure;

/// What a row measures.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) size: usize,
    pub(crate) connections: usize,
    pub(crate) in_flight: usize,
}

/// Open connections.
pub(crate) struct Connected {
    streams: Vec<TcpStream>,
    /// The messages in flight of one connection.
    request: Vec<u8>,
    /// The length of their echo.
    echo: usize,
    in_flight: u64,
}

impl Load {
    /// Opens the connections. There is no opening handshake.
    pub(crate) async fn connect(self, address: SocketAddr) -> Result<Connected, Failure> {
        let mut streams = Vec::new();
        for index in 0..self.connections {
            let socket = TcpSocket::new_v4()?;
            // More connections than one address has ports.
            let source = [127, 0, 0, 1 + u8::try_from(index % 100)?];
            socket.bind((source, 0).into())?;
            let stream = socket.connect(address).await?;
            stream.set_nodelay(true)?;
            streams.push(stream);
        }
        let frame = frame(self.size);
        let echo = (frame.len() - 4) * self.in_flight;
        Ok(Connected {
            streams,
            request: frame.repeat(self.in_flight),
            echo,
            in_flight: self.in_flight as u64,
        })
    }
}

impl Connected {
    /// Sends and reads over all connections for this time. Returns the number of messages.
    pub(crate) async fn run(&mut self, duration: Duration) -> Result<u64, Failure> {
        let end = Instant::now() + duration;
        self.turns(|| Instant::now() < end).await
    }

    /// Sends and reads once over each connection.
    pub(crate) async fn once(&mut self) -> Result<u64, Failure> {
        self.turns(|| false).await
    }

    /// Each connection takes turns while `goes_on` is true, and at least one.
    async fn turns(&mut self, goes_on: impl Fn() -> bool) -> Result<u64, Failure> {
        let Self { streams, request, echo, in_flight } = self;
        let (request, echo, goes_on) = (&**request, *echo, &goes_on);
        let all = streams.iter_mut().map(|stream| async move {
            let (mut reader, mut writer) = stream.split();
            let mut buffer = vec![0; echo.min(64 * 1024)];
            let mut turns = 0;
            loop {
                let write = writer.write_all(request);
                let read = async {
                    let mut left = echo;
                    while left > 0 {
                        let room = left.min(buffer.len());
                        match reader.read(&mut buffer[..room]).await? {
                            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                            length => left -= length,
                        }
                    }
                    Ok(())
                };
                // Both at once: the echo of a large message begins before its end is sent.
                tokio::try_join!(write, read)?;
                turns += 1;
                if !goes_on() {
                    return Ok::<u64, std::io::Error>(turns);
                }
            }
        });
        let turns: u64 = futures_util::future::try_join_all(all).await?.iter().sum();
        Ok(turns * *in_flight)
    }
}

/// A binary message from a client (RFC 6455, section 5.2).
fn frame(size: usize) -> Vec<u8> {
    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![0x82];
    match (u8::try_from(size), u16::try_from(size)) {
        (Ok(size @ ..126), _) => frame.push(0x80 | size),
        (_, Ok(size)) => {
            frame.push(0xfe);
            frame.extend(size.to_be_bytes());
        }
        _ => {
            frame.push(0xff);
            frame.extend((size as u64).to_be_bytes());
        }
    }
    frame.extend(KEY);
    // The bytes 0 to 250, over and over, masked.
    let payload = (0..251).cycle().zip(KEY.into_iter().cycle());
    frame.extend(payload.map(|(byte, key)| byte ^ key).take(size));
    frame
}
