//! The extension and the header fields of a check.

use hybi::deflate::Deflate;

/// The subprotocol that both roles choose.
pub(crate) const SUBPROTOCOL: &str = "echo.v1";
/// The subprotocols that a client offers.
pub(crate) const SUBPROTOCOLS: [&str; 2] = ["other.v1", SUBPROTOCOL];

/// The compression to ask for in this check, if any. Messages of any length are compressed.
pub(crate) fn deflate(check: &str) -> Option<Deflate> {
    let takeover = match check {
        "takeover" | "z-empty" | "z-large" => true,
        "no-takeover" | "z-fragments" => false,
        _ => return None,
    };
    Some(with_takeover(takeover))
}

/// The check that a target of our server names.
pub(crate) fn check_at(target: &str) -> Option<&str> {
    target.strip_prefix("/check/")
}

/// The compression that our server accepts at this target, if any.
pub(crate) fn deflate_at(target: &str) -> Option<Deflate> {
    match check_at(target) {
        Some(check) => deflate(check),
        None => Some(with_takeover(true)),
    }
}

/// Compression with or without context takeover in both directions.
pub(crate) fn with_takeover(takeover: bool) -> Deflate {
    let deflate = Deflate::new().threshold(0);
    deflate.send_context_takeover(takeover).receive_context_takeover(takeover)
}
