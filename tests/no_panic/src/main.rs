//! The functions of hybi's core that cannot panic. If this program links, that is proved, and it
//! prints them.

mod buffers;
mod client;
mod connection;
mod extensions;
mod frames;
mod inbox;
#[cfg(feature = "self-check")]
mod panics;
mod proof;
mod relay;
mod server;

/// Public functions that are not proved, and why.
const NOT_PROVED: [(&str, &str); 8] = [
    (
        "advance_any all as_request as_str challenges content_length cookie cookies expire_opening \
         extensions finish finish_fields finish_requiring from_connect get host incoming into_owned list \
         origin owned parameter parameters parse parse_http receive_any receive_fields redirect refused \
         request response select_subprotocol send send_fields send_fields_with send_with subprotocols \
         time_out versions",
        "opening handshakes, tunnels and lists in header fields: httparse and base64 index slices, and \
         positions in a head are computed",
    ),
    ("next", "the iterators over header fields"),
    (
        "to_owned",
        "the compiler cannot see that copying into a box does not panic (Request, Rejected)",
    ),
    ("read_from io_slices", "the feature std"),
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
