//! The echo server of `over_embassy` on the executor of embassy, with TCP of the operating system.
//!
//! As on a microcontroller, memory is fixed: there is a task for each connection, which contains its
//! buffers. Only [`Tcp`] and the listener differ on a microcontroller.
//!
//! ```sh
//! cargo run --release --bin embassy -- 127.0.0.1:9001
//! ```

use std::{
    env,
    error::Error,
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    process,
    sync::OnceLock,
};

use async_io::Async;
use embassy_executor::Spawner;
use embedded_io_async::{ErrorType, Read, Write};
use hybi_embedding_no_std::over_embassy::Echo;

/// The most connections at a time. Others wait to be accepted.
const CONNECTIONS: usize = 4;

static LISTENER: OnceLock<Async<TcpListener>> = OnceLock::new();

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    if let Err(error) = start(spawner) {
        eprintln!("{error}");
        process::exit(1);
    }
}

fn start(spawner: Spawner) -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = Async::<TcpListener>::bind(address.parse::<SocketAddr>()?)?;
    println!("listening on {}", listener.get_ref().local_addr()?);
    let listener = LISTENER.get_or_init(|| listener);
    for _ in 0..CONNECTIONS {
        spawner.spawn(serve(listener)?);
    }
    Ok(())
}

#[embassy_executor::task(pool_size = CONNECTIONS)]
async fn serve(listener: &'static Async<TcpListener>) {
    loop {
        let ended = match listener.accept().await {
            Ok((stream, _)) => converse(Tcp(stream)).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = ended {
            eprintln!("{error}");
        }
    }
}

async fn converse(mut tcp: Tcp) -> Result<(), Box<dyn Error>> {
    tcp.0.get_ref().set_nodelay(true)?;
    Echo::new().run(&mut tcp).await.map_err(|failure| format!("{failure:?}").into())
}

/// A TCP connection of the operating system behind the traits of embedded drivers. Its futures are
/// cancel safe: they read or write only when they complete.
struct Tcp(Async<TcpStream>);

impl ErrorType for Tcp {
    type Error = io::Error;
}

impl Read for Tcp {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_with(|mut stream| stream.read(buffer)).await
    }
}

impl Write for Tcp {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_with(|mut stream| stream.write(bytes)).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        Ok(()) // there is no buffer
    }
}
