//! Chapters 12 and 13: messages with permessage-deflate.

use super::{
    case::{Case, Cut, End, Piece, Step, echo},
    negotiation::{Demand, Terms},
    payloads::{Payloads, Source},
    wire::{BINARY, TEXT},
};

/// The length of the messages, and the size of their fragments if they have any.
const SIZES: [(usize, Option<usize>); 18] = [
    (16, None),
    (64, None),
    (256, None),
    (1024, None),
    (4096, None),
    (8192, None),
    (16_384, None),
    (32_768, None),
    (65_536, None),
    (131_072, None),
    (8192, Some(256)),
    (16_384, Some(256)),
    (32_768, Some(256)),
    (65_536, Some(256)),
    (131_072, Some(256)),
    (131_072, Some(1024)),
    (131_072, Some(4096)),
    (131_072, Some(32_768)),
];

const fn ask(no_context_takeover: bool, max_window_bits: Option<u8>) -> Demand {
    Demand { no_context_takeover, max_window_bits }
}

/// The terms of 13.1 to 13.7. The first ones are those of chapter 12, too.
const TERMS: [Terms; 7] = [
    Terms {
        offer: "permessage-deflate; client_no_context_takeover; client_max_window_bits",
        demands: &[ask(false, None)],
    },
    Terms {
        offer: "permessage-deflate; client_no_context_takeover; client_max_window_bits; \
                server_no_context_takeover",
        demands: &[ask(true, None)],
    },
    Terms {
        offer: "permessage-deflate; client_no_context_takeover; client_max_window_bits; \
                server_max_window_bits=9",
        demands: &[ask(false, Some(9))],
    },
    Terms {
        offer: "permessage-deflate; client_no_context_takeover; client_max_window_bits; \
                server_max_window_bits=15",
        demands: &[ask(false, Some(15))],
    },
    Terms {
        offer: "permessage-deflate; client_no_context_takeover; client_max_window_bits; \
                server_no_context_takeover; server_max_window_bits=9",
        demands: &[ask(true, Some(9))],
    },
    Terms {
        offer: "permessage-deflate; client_no_context_takeover; client_max_window_bits; \
                server_no_context_takeover; server_max_window_bits=15",
        demands: &[ask(true, Some(15))],
    },
    Terms {
        offer: "permessage-deflate; client_no_context_takeover; client_max_window_bits; \
                server_no_context_takeover; server_max_window_bits=9, \
                permessage-deflate; client_no_context_takeover; client_max_window_bits; \
                server_no_context_takeover, \
                permessage-deflate; client_no_context_takeover; client_max_window_bits",
        demands: &[ask(true, Some(9)), ask(true, None), ask(false, None)],
    },
];

/// How many messages a case has.
#[derive(Clone, Copy)]
pub(crate) enum Count {
    /// 1,000, as in the suite.
    Full,
    /// As many as fit into 128 KiB, but two at least and 1,000 at most.
    Reduced,
}

/// 12: five kinds of payloads.
pub(crate) fn payloads(count: Count) -> impl Iterator<Item = (Case, &'static Terms)> {
    let sources = [Source::Json, Source::Image, Source::Prose, Source::Html, Source::Document];
    sources.into_iter().zip(1..).flat_map(move |(source, section)| {
        SIZES.into_iter().zip(1..).map(move |(size, index)| {
            (case(format!("12.{section}.{index}"), source, size, count), &TERMS[0])
        })
    })
}

/// 13: seven sets of parameters.
pub(crate) fn parameters(count: Count) -> impl Iterator<Item = (Case, &'static Terms)> {
    TERMS.iter().zip(1..).flat_map(move |(terms, section)| {
        SIZES.into_iter().zip(1..).map(move |(size, index)| {
            (case(format!("13.{section}.{index}"), Source::Json, size, count), terms)
        })
    })
}

fn case(
    number: String,
    source: Source,
    (length, fragment): (usize, Option<usize>),
    count: Count,
) -> Case {
    let count = match count {
        Count::Full => 1000,
        Count::Reduced => (128 * 1024 / length).clamp(2, 1000),
    };
    let opcode = if source.is_text() { TEXT } else { BINARY };
    let steps = Payloads::new(source, length).take(count).map(move |message| {
        let answers = vec![echo(opcode, &message)];
        let piece = Piece::Compressed(opcode, message, fragment.unwrap_or(usize::MAX));
        Step::new(vec![piece], Cut::Whole, answers)
    });
    Case { number, steps: Box::new(steps), end: End::PeerCloses }
}
