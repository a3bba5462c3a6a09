//! An echo over monoio, with `io_uring` if the kernel has it, otherwise `epoll`; see `src/monoio_echo.rs`.
//!
//! `cargo run --bin io_uring -- 127.0.0.1:9001`

#[path = "../../../../shared/report.rs"]
mod report;

use std::{rc::Rc, time::Duration};

use hybi_embedding_async::monoio_echo::{Failure, Pool, serve};
use monoio::{FusionDriver, RuntimeBuilder, net::TcpListener, time::sleep};
use report::report;

/// How long to wait after a connection could not be accepted.
const PAUSE: Duration = Duration::from_millis(50);

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
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Such as too many open files. Wait for other connections to end.
                report(format_args!("accept: {error}"));
                sleep(PAUSE).await;
                continue;
            }
        };
        let pool = Rc::clone(&pool);
        monoio::spawn(async move {
            let served = match stream.set_nodelay(true) {
                Ok(()) => serve(stream, &pool).await,
                Err(error) => Err(error.into()),
            };
            if let Err(failure) = served {
                report(format_args!("{peer}: {failure}"));
            }
        });
    }
}
