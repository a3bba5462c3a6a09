//! The conversation of `over_smoltcp`: a server and a client in one process, over the TCP of smoltcp.
//!
//! This file contains only the clock, the source of randomness and the network device, which are
//! hardware on a microcontroller.
//!
//! ```sh
//! cargo run --release --bin smoltcp
//! ```

use std::{fs::File, io::Read, process::ExitCode};

use hybi_embedding_no_std::over_smoltcp::{Hardware, converse};
use smoltcp::{
    phy::{Loopback, Medium},
    time::Instant,
};

fn main() -> ExitCode {
    let mut device = Loopback::new(Medium::Ip);
    let mut generator = File::open("/dev/urandom").ok();
    let entropy = Hardware(move || {
        let mut word = [0; 4];
        generator.as_mut()?.read_exact(&mut word).ok()?;
        Some(u32::from_ne_bytes(word))
    });
    match converse(&mut device, Instant::now, entropy, |step| println!("{step}")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure:?}");
            ExitCode::FAILURE
        }
    }
}
