//! An echo over monoio: `io_uring` where there is one, else `epoll`; see `src/monoio_echo.rs`.
//!
//! `cargo run --bin io_uring -- 127.0.0.1:9001`

use std::rc::Rc;

use hybi_embedding_async::monoio_echo::{Failure, Pool, serve};
use monoio::{FusionDriver, RuntimeBuilder, net::TcpListener};

fn main() -> Result<(), Failure> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let mut runtime = RuntimeBuilder::<FusionDriver>::new().enable_timer().build()?;
    runtime.block_on(listen(&address))
}

async fn listen(address: &str) -> Result<(), Failure> {
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    let pool = Rc::new(Pool::default());
    loop {
        let (stream, peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let pool = Rc::clone(&pool);
        monoio::spawn(async move {
            if let Err(failure) = serve(stream, &pool).await {
                eprintln!("{peer}: {failure}");
            }
        });
    }
}
