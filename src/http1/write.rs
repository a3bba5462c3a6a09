//! The parts of a head that are written.

/// A number in decimal, without allocating.
pub(crate) struct Decimal {
    /// The digits are last.
    bytes: [u8; 20],
    start: usize,
}

impl Decimal {
    pub(crate) fn of(mut number: usize) -> Self {
        let mut bytes = [b'0'; 20];
        let mut start = bytes.len();
        for place in bytes.iter_mut().rev() {
            #[allow(clippy::cast_possible_truncation)] // below ten
            let digit = (number % 10) as u8;
            *place = b'0' + digit;
            start -= 1;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        Self { bytes, start }
    }

    pub(crate) fn digits(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }
}

/// The reason phrase of a status; recipients ignore it.
pub(crate) const fn reason(status: u16) -> &'static [u8] {
    match status {
        200 => b"OK",
        204 => b"No Content",
        301 => b"Moved Permanently",
        302 => b"Found",
        303 => b"See Other",
        304 => b"Not Modified",
        307 => b"Temporary Redirect",
        308 => b"Permanent Redirect",
        400 => b"Bad Request",
        401 => b"Unauthorized",
        403 => b"Forbidden",
        404 => b"Not Found",
        405 => b"Method Not Allowed",
        408 => b"Request Timeout",
        410 => b"Gone",
        413 => b"Content Too Large",
        414 => b"URI Too Long",
        417 => b"Expectation Failed",
        421 => b"Misdirected Request",
        426 => b"Upgrade Required",
        429 => b"Too Many Requests",
        431 => b"Request Header Fields Too Large",
        500 => b"Internal Server Error",
        501 => b"Not Implemented",
        502 => b"Bad Gateway",
        503 => b"Service Unavailable",
        504 => b"Gateway Timeout",
        505 => b"HTTP Version Not Supported",
        _ => b"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Section 15 of RFC 9110, section 5 of RFC 6585 for 431, and section 4 of it for 429.
    #[test]
    fn reason_phrases() {
        let phrases = [
            (200, "OK"),
            (204, "No Content"),
            (301, "Moved Permanently"),
            (302, "Found"),
            (303, "See Other"),
            (304, "Not Modified"),
            (307, "Temporary Redirect"),
            (308, "Permanent Redirect"),
            (400, "Bad Request"),
            (401, "Unauthorized"),
            (403, "Forbidden"),
            (404, "Not Found"),
            (405, "Method Not Allowed"),
            (408, "Request Timeout"),
            (410, "Gone"),
            (413, "Content Too Large"),
            (414, "URI Too Long"),
            (417, "Expectation Failed"),
            (421, "Misdirected Request"),
            (426, "Upgrade Required"),
            (429, "Too Many Requests"),
            (431, "Request Header Fields Too Large"),
            (500, "Internal Server Error"),
            (501, "Not Implemented"),
            (502, "Bad Gateway"),
            (503, "Service Unavailable"),
            (504, "Gateway Timeout"),
            (505, "HTTP Version Not Supported"),
        ];
        for (status, phrase) in phrases {
            assert_eq!(reason(status), phrase.as_bytes(), "{status}");
        }
        // It may be empty.
        assert_eq!(reason(299), b"");
    }

    #[test]
    fn decimals() {
        for (number, digits) in [(0, "0"), (7, "7"), (10, "10"), (65_536, "65536")] {
            assert_eq!(Decimal::of(number).digits(), digits.as_bytes());
        }
        assert_eq!(Decimal::of(usize::MAX).digits().len(), if usize::BITS == 64 { 20 } else { 10 });
    }
}
