//! The functions of hybi's core that cannot panic. If this program links, that is proved, and it
//! prints them.

mod buffers;
mod client;
mod connection;
mod extensions;
mod frames;
mod heads;
mod inbox;
#[cfg(feature = "self-check")]
mod panics;
mod proof;
mod relay;
mod server;

/// Public functions that are not proved, and why.
const NOT_PROVED: [(&str, &str); 8] = [
    ("as_request", "parses its head again, and panics if it is no longer the one that was checked"),
    (
        "to_owned",
        "the compiler cannot see that copying into a box does not panic (Request, Rejected)",
    ),
    ("redirect", "formats the new URI with `core::fmt`, and cuts a `String`"),
    ("read_from", "does not link: calls a stream, and boxes an error"),
    (
        "with_deflate compression set_compression compress decompress deflate compressed \
         extensions_after_compression",
        "the feature deflate",
    ),
    (
        "send_http send_http_with send_http_connect send_http_connect_with receive_http finish_http \
         from_http from_http_connect to_http",
        "the feature http",
    ),
    ("counters", "the feature counters"),
    ("fmt", "`Display` and `Debug` call the formatter of the caller"),
];

fn main() {
    let lists = [
        ("frames", frames::proofs()),
        ("buffers", inbox::proofs()),
        ("server", connection::server::proofs()),
        ("client", connection::client::proofs()),
        ("opening of a server", server::proofs()),
        ("opening of a client", client::proofs()),
        ("extensions", extensions::proofs()),
        ("heads", heads::proofs()),
        ("relay, deadlines, settings", relay::proofs()),
        #[cfg(feature = "self-check")]
        ("self-check", panics::proofs()),
    ];
    let mut count = 0;
    for (module, proofs) in &lists {
        for proof in proofs {
            std::hint::black_box(proof.function);
            println!("{module}: {}", proof.call);
            count += 1;
        }
    }
    for (names, reason) in NOT_PROVED {
        println!("not proved: {names}: {reason}");
    }
    println!("{count} proofs");
}
