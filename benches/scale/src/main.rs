//! Measures how hybi's cost grows with the size of messages, and the memory of idle connections.
//!
//! - The time and the allocated memory for each byte do not depend on the size of the message or on
//!   how it is split. At the largest sizes, a byte may cost 2.5 times the expected cost, which is
//!   that at medium sizes plus the additional cost of a bare copy whose data no longer fits in the
//!   caches. If it costs more, the program fails. Run nothing else meanwhile.
//! - An idle connection holds a few hundred bytes. This is measured with a million connections in
//!   one process (Linux only; it takes about a gigabyte).
//!
//! ```sh
//! cargo run --release -- --picture growth.svg
//! ```

mod growth;
mod idle;
mod picture;
mod table;
mod traffic;

use std::{env, error::Error, fs, process::ExitCode};

use counting::Counting;
use growth::Growth;
use idle::{Agreement, Held};
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
        // A process of its own, started by this program.
        ["--idle", name] => {
            Held::here(Agreement::named(name).ok_or("no such agreement")?)?.print();
            Ok(ExitCode::SUCCESS)
        }
        _ => Err("usage: hybi-scale [--picture PATH]".into()),
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
    if growth.is_straight() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("the cost grows faster than the size: more than 2.5 times the expected cost");
    Ok(ExitCode::FAILURE)
}
