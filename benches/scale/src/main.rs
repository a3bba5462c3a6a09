//! How hybi's cost grows with messages, and what idle connections hold.
//!
//! - A byte costs the same, however large its message is and however it is cut, and so does the
//!   memory that is allocated for it. At the largest sizes it may cost 2.5 times what it usually
//!   does, not counting what a bare copy costs more there because the caches are too small; if it
//!   costs more, the program fails. Let nothing else run meanwhile.
//! - An idle connection holds a few hundred bytes, measured with a million of them in one process
//!   (Linux only; it takes about a gigabyte).
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
    eprintln!("more than 2.5 times what is expected: it bends upward");
    Ok(ExitCode::FAILURE)
}
