//! Echo servers over loopback, each in a process of its own: the CPU time of the server per message, and
//! its memory per idle connection.
//!
//! `cargo run --release` prints two tables. With an argument, only the rows whose names begin with it, such as
//! `16 B, 64` or `idle`. The server runs on the first processor and the load on the
//! second, so a machine with two is enough. Every round measures all servers one after the other, and the
//! tables have the medians of the rounds.

mod load;
mod process;
mod servers;

use std::{error::Error, time::Duration};

use load::Load;
use process::Server;
use servers::NAMES;

type Failure = Box<dyn Error + Send + Sync>;

const ROUNDS: usize = 5;
const SIZES: [usize; 4] = [16, 1024, 16 * 1024, 1024 * 1024];
const CONNECTIONS: [usize; 3] = [1, 64, 1000];
const IN_FLIGHT: [usize; 2] = [1, 16];
const IDLE: usize = 10_000;
/// How long one measurement takes.
const DURATION: Duration = Duration::from_millis(400);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", name] => return servers::serve(name).await,
        ["measure", filter] => return measure(filter).await,
        [] => process::again_on_second(&["measure", ""]),
        [filter] => process::again_on_second(&["measure", filter]),
        _ => Err("usage: hybi-sockets [ROW]".into()),
    }
}

/// Prints the tables, with the rows whose names begin with `filter`.
async fn measure(filter: &str) -> Result<(), Failure> {
    println!("{}\n", process::processor()?);
    println!("Nanoseconds of CPU time per message:\n");
    println!("| size, connections, in flight | {} |", NAMES.join(" | "));
    println!("| ---{} |", " | ---:".repeat(NAMES.len()));
    for size in SIZES {
        for connections in CONNECTIONS {
            for in_flight in IN_FLIGHT {
                // 1,000 connections with 16 messages of 1 MiB each would need 16 GiB.
                let load = Load { size, connections, in_flight };
                let name = format!("{size} B, {connections}, {in_flight}");
                if size * connections * in_flight <= 1 << 30 && name.starts_with(filter) {
                    row(&name, load).await?;
                }
            }
        }
    }
    if !"idle".starts_with(filter) {
        return Ok(());
    }
    println!("\nBytes per idle connection, with {IDLE}:\n");
    println!("| {} |", NAMES.join(" | "));
    println!("|{}", " ---: |".repeat(NAMES.len()));
    let mut cells = Vec::new();
    for name in NAMES {
        cells.push(idle(name).await?.to_string());
    }
    println!("| {} |", cells.join(" | "));
    Ok(())
}

/// Measures one row of the table and prints it.
async fn row(name: &str, load: Load) -> Result<(), Failure> {
    let mut measured = vec![Vec::new(); NAMES.len()];
    for _ in 0..ROUNDS {
        for (server, measured) in NAMES.iter().zip(&mut measured) {
            let server = Server::start(server)?;
            let mut connected = load.connect(server.address()).await?;
            // The first messages fill the buffers.
            connected.run(DURATION / 4).await?;
            let before = server.cpu_time()?;
            let messages = connected.run(DURATION).await?;
            let spent = server.cpu_time()?.saturating_sub(before);
            measured.push(spent.as_nanos() / u128::from(messages));
        }
    }
    let cells: Vec<_> = measured.iter_mut().map(|values| median(values).to_string()).collect();
    println!("| {name} | {} |", cells.join(" | "));
    Ok(())
}

/// The memory per connection that has echoed one message and waits.
async fn idle(name: &str) -> Result<usize, Failure> {
    let server = Server::start(name)?;
    let warm = Load { size: 125, connections: 10, in_flight: 1 };
    let mut first = warm.connect(server.address()).await?;
    first.run(DURATION / 4).await?;
    let before = server.memory()?;
    let load = Load { connections: IDLE, ..warm };
    let mut connected = load.connect(server.address()).await?;
    connected.once().await?;
    Ok(server.memory()?.saturating_sub(before) / IDLE)
}

fn median(values: &mut [u128]) -> u128 {
    values.sort_unstable();
    values[values.len() / 2]
}
