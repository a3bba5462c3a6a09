//! Measures how hybi's cost grows with the size of messages, and the memory of idle connections.
//!
//! - The time and the allocated memory for each byte do not depend on the size of the message or on
//!   how it is split. At the largest sizes, a byte may cost 2.5 times the expected cost, which is
//!   that at medium sizes plus the additional cost of a bare copy whose data no longer fits in the
//!   caches. If it costs more, the program fails. Run nothing else meanwhile.
//! - The time of an echo does not depend on where the buffers are within their pages. The slowest
//!   offset may take 1.3 times as long as the fastest. Otherwise the program fails.
//! - An idle connection holds a few hundred bytes. This is measured with a million connections in
//!   one process (Linux only; it takes about a gigabyte).
//!
//! ```sh
//! cargo run --release -- --picture growth.svg
//! ```

mod growth;
mod idle;
mod offsets;
mod picture;
mod table;
mod traffic;

use std::{env, error::Error, fs, process::ExitCode};

use counting::Counting;
use growth::Growth;
use idle::{Agreement, Held};
use offsets::Offsets;
use picture::Picture;
use table::Table;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => run(None),
        ["--picture", path] => run(Some(path)),
        ["--offsets"] => {
            Ok(if offsets_are_even()? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        // A process of its own, started by this program.
        ["--idle", name] => {
            Held::here(Agreement::named(name).ok_or("no such agreement")?)?.print();
            Ok(ExitCode::SUCCESS)
        }
        _ => Err("usage: hybi-scale [--picture PATH | --offsets]".into()),
    }
}

fn run(picture: Option<&str>) -> Result<ExitCode, Box<dyn Error>> {
    let growth = Growth::measure()?;
    println!("{}", Table(&growth));
    if let Some(path) = picture {
        fs::write(path, Picture(&growth).to_string())?;
    }
    println!("{}", idle::HEAD);
    for agreement in Agreement::ALL {
        println!("{}", Held::apart(agreement)?);
    }
    let is_even = offsets_are_even()?;
    if !growth.is_straight() {
        eprintln!("the cost grows faster than the size: more than 2.5 times the expected cost");
        return Ok(ExitCode::FAILURE);
    }
    Ok(if is_even { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints the cost of an echo by the offset of its buffers.
fn offsets_are_even() -> Result<bool, hybi::Error> {
    let sizes = Offsets::measure_all()?;
    println!("{:>10} {:>11} {:>11} {:>6}", "message", "fastest", "slowest", "ratio");
    for size in &sizes {
        println!("{size}");
    }
    let is_even = sizes.iter().all(Offsets::is_even);
    if !is_even {
        eprintln!("an echo takes more than 1.3 times as long at some offset in a page");
    }
    Ok(is_even)
}
