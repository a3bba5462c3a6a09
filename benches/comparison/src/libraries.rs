//! The compared libraries: what the tables and the chart show about each.

use std::{fs, iter};

pub(crate) struct Library {
    /// The name of the package, and of the column.
    pub(crate) name: &'static str,
    /// The color in the chart.
    pub(crate) color: &'static str,
    /// The size of the read buffer that its documentation recommends, or else the default.
    buffer: &'static str,
    /// What validates text.
    utf8: &'static str,
    /// What generates masking keys.
    random: &'static str,
}

pub(crate) const OURS: &Library = &LIBRARIES[0];

/// hybi, then the peers.
pub(crate) const LIBRARIES: [Library; 12] = [
    Library {
        name: "hybi",
        color: "#d62718",
        buffer: "16 KiB",
        utf8: "its own for AVX2 and AVX-512, else simdutf8",
        random: "ChaCha20, seeded by the system (its default)",
    },
    Library { name: "tungstenite", color: "#b05a00", buffer: "128 KiB", utf8: "std", random: RAND },
    Library {
        name: "fastwebsockets",
        color: "#0072b2",
        buffer: "8 KiB, no setting",
        utf8: "simdutf8",
        random: RAND,
    },
    Library {
        name: "soketto",
        color: "#7a6a2f",
        buffer: "8 KiB",
        utf8: "none; std in the benchmark",
        random: RAND,
    },
    Library {
        name: "tokio-websockets",
        color: "#009e73",
        buffer: "8 KiB, no setting",
        utf8: "simdutf8",
        random: RAND,
    },
    Library { name: "yawc", color: "#8a5bb5", buffer: "128 KiB", utf8: "simdutf8", random: RAND },
    Library {
        name: "sockudo-ws",
        color: "#c2408a",
        buffer: "64 KiB",
        utf8: "simdutf8",
        random: "ChaCha12 of rand, seeded by the system (feature `rand_rng`)",
    },
    Library {
        name: "web-socket",
        color: "#3d8fd1",
        buffer: "8 KiB",
        utf8: "none; std in the benchmark",
        random: RAND,
    },
    Library {
        name: "websocketz",
        color: "#a0522d",
        buffer: "16 KiB, or one message",
        utf8: "std",
        random: "ChaCha12 of rand, seeded by the system (given to it)",
    },
    Library {
        name: "ws-framer",
        color: "#4b5fc4",
        buffer: "10 KiB, or one message",
        utf8: "std",
        random: "the system's, for each key",
    },
    Library {
        name: "nago-wss",
        color: "#1d1f23",
        buffer: "16 KiB, no setting",
        utf8: "simdutf8",
        random: "SplitMix64, seeded by the time and an address (no setting)",
    },
    Library {
        name: "wtx",
        color: "#5b8c2a",
        buffer: "grows as frames need",
        utf8: "simdutf8",
        random: "ChaCha20, seeded by the system (given to it); Xorshift64 in handshakes",
    },
];

const RAND: &str = "ChaCha12 of rand, seeded by the system (its default)";

impl Library {
    /// The way in which a library takes part, if this name is of an entrant of the library. It is
    /// empty for the only or the main way.
    pub(crate) fn way<'a>(&self, entrant: &'a str) -> Option<&'a str> {
        let way = entrant.strip_prefix(self.name)?;
        if way.is_empty() { Some(way) } else { way.strip_prefix(", ") }
    }

    /// Its version in the lock file.
    fn version(&self) -> &'static str {
        let name = format!("name = \"{}\"", self.name);
        let mut lines = include_str!("../Cargo.lock").lines().skip_while(|line| *line != name);
        let version = lines.nth(1).and_then(|line| line.strip_prefix("version = "));
        version.unwrap().trim_matches('"')
    }
}

/// The library of an entrant.
pub(crate) fn of(entrant: &str) -> Option<&'static Library> {
    LIBRARIES.iter().find(|library| library.way(entrant).is_some())
}

/// The table of the libraries.
pub(crate) fn table() -> String {
    let head = "| library | version | read buffer | UTF-8 validator | masking keys |\n\
                | --- | --- | --- | --- | --- |";
    let rows = LIBRARIES.iter().map(|library| {
        let Library { name, buffer, utf8, random, .. } = library;
        format!("| {name} | {} | {buffer} | {utf8} | {random} |", library.version())
    });
    iter::once(head.into()).chain(rows).collect::<Vec<_>>().join("\n")
}

/// The processor, and the extensions that all code may use.
pub(crate) fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown", |model| model.trim_start_matches(['\t', ' ', ':']));
    let extensions = match (cfg!(target_feature = "avx512f"), cfg!(target_feature = "avx2")) {
        (true, _) => ", compiled for AVX-512",
        (_, true) => ", compiled for AVX2",
        _ => "",
    };
    let (arch, os) = (std::env::consts::ARCH, std::env::consts::OS);
    format!("Processor: {model} ({arch}, {os}{extensions})")
}
