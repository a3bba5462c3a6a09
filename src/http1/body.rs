//! Whether a body follows the head of a message (RFC 9112, section 6.3).

use super::known::{Known, Name};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::ReceivedHeaders;

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
