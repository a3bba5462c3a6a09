//! Whether a body follows the head of a message, and how long it is (RFC 9112, section 6.3).

use super::{
    ReceivedHeaders,
    known::{Known, Name},
    token::elements,
};

/// The parts of a head that decide whether a body follows.
pub(crate) enum Message<'k, 'a> {
    /// A request with these fields.
    Request(&'k Known<'a>),
    /// A response, and whether it responds to HEAD.
    Response { status: u16, answers_head: bool },
}

/// Whether a body follows. A request counts as having one unless its `Content-Length` is absent or
/// exactly one `0`: a body must never be read as frames or as the next request.
pub(crate) fn has_body(message: &Message<'_, '_>) -> bool {
    match *message {
        Message::Request(known) => {
            let length = known.values(Name::ContentLength);
            let is_zero = length.is_empty() || length.only() == Some(b"0");
            !is_zero || !known.values(Name::TransferEncoding).is_empty()
        }
        // RFC 9110, sections 9.3.2, 15.2, 15.3.5 and 15.4.5.
        Message::Response { status, answers_head } => {
            !answers_head && !matches!(status, 100..=199 | 204 | 304)
        }
    }
}

/// The length of the body of a response with this status, if its fields state it.
pub(crate) fn content_length(status: u16, fields: ReceivedHeaders<'_>) -> Option<u64> {
    // RFC 9112, section 6.3, item 1; section 6.3, item 3 for the encoding.
    if matches!(status, 204 | 304) {
        return Some(0);
    }
    if fields.get("Transfer-Encoding").is_some() {
        return None;
    }
    // RFC 9110, section 8.6: the same length may be repeated.
    let mut lengths = fields.all("Content-Length").flat_map(elements).map(parse_length);
    let first = lengths.next()??;
    lengths.all(|length| length == Some(first)).then_some(first)
}

/// One or more digits (RFC 9110, section 8.6).
fn parse_length(value: &[u8]) -> Option<u64> {
    // `parse` would also accept a sign.
    let is_number = value.iter().all(u8::is_ascii_digit);
    core::str::from_utf8(value).ok().filter(|_| is_number)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // 9112-6.3-a
    #[test]
    fn a_request_has_a_body_if_a_field_says_so() {
        let table = [
            ("", false),
            ("Content-Length: 0\r\n", false),
            ("Content-Length: 5\r\n", true),
            ("Content-Length: 00\r\n", true),
            ("Content-Length: \r\n", true),
            ("Content-Length: 0\r\nContent-Length: 0\r\n", true),
            ("Content-Length: 0, 0\r\n", true),
            ("Transfer-Encoding: chunked\r\n", true),
            ("Transfer-Encoding: identity\r\nContent-Length: 0\r\n", true),
        ];
        for (lines, expected) in table {
            let known = Known::collect(ReceivedHeaders::of_lines(lines.as_bytes()));
            assert_eq!(has_body(&Message::Request(&known)), expected, "{lines}");
        }
    }

    // RFC 9112, section 6.3, items 1 and 8
    #[test]
    fn a_response_has_a_body_unless_its_status_or_the_method_rules_it_out() {
        let table = [
            (200, false, true),
            (200, true, false),
            (404, false, true),
            (100, false, false),
            (101, false, false),
            (199, false, false),
            (204, false, false),
            (304, false, false),
            (304, true, false),
        ];
        for (status, answers_head, expected) in table {
            let message = Message::Response { status, answers_head };
            assert_eq!(has_body(&message), expected, "{status}, HEAD: {answers_head}");
        }
    }
}
