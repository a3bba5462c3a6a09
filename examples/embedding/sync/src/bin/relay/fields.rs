//! The header fields that a gateway forwards.

use hybi::http1::{HeaderField, ReceivedHeaders};

/// Fields that are for one connection only (RFC 9110, section 7.6.1), and fields that hybi writes
/// itself: the handshake with the upstream server has its own key and offers.
const NOT_FORWARDED: [&str; 13] = [
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "Content-Length",
    "Expect",
    "Host",
    "Date",
    // The caller sets these.
    "Origin",
    "Via",
];
const NOT_FORWARDED_PREFIXES: [&str; 2] = ["Proxy-", "Sec-WebSocket-"];

/// The end-to-end fields, such as Cookie, Authorization, Set-Cookie and Location. Omits a value that is
/// not UTF-8, because hybi writes values as text.
pub(crate) fn end_to_end(fields: ReceivedHeaders<'_>) -> impl Iterator<Item = HeaderField<'_>> {
    fields
        .iter()
        .filter(move |(name, _)| !is_for_this_connection(fields, name))
        .filter_map(|(name, value)| Some((name, std::str::from_utf8(value).ok()?)))
}

fn is_for_this_connection(fields: ReceivedHeaders<'_>, name: &str) -> bool {
    let has_prefix = |prefix: &str| {
        name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    NOT_FORWARDED.iter().any(|other| name.eq_ignore_ascii_case(other))
        || NOT_FORWARDED_PREFIXES.into_iter().any(has_prefix)
        || fields
            .all("Connection")
            .flat_map(|value| value.split(|byte| *byte == b','))
            .any(|option| option.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
}
