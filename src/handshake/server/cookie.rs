//! A request's cookies (RFC 6265, sections 4.2 and 5.4).

use crate::http1::{
    ReceivedHeaders,
    token::{split_once, trim},
};

/// The names and values of all cookies, in order, over all `Cookie` fields.
pub(super) fn cookies(
    headers: ReceivedHeaders<'_>,
) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
    let pairs = headers.all("Cookie").flat_map(|value| value.split(|byte| *byte == b';'));
    pairs.map(trim).filter(|pair| !pair.is_empty()).map(|pair| match split_once(pair, b'=') {
        Some((name, value)) => (trim(name), trim(value)),
        // Browsers send a cookie without a name as its value alone.
        None => (&[][..], pair),
    })
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;

    // RFC 6265, sections 4.2.1 and 5.4
    #[test]
    fn cookies_are_pairs_in_all_cookie_fields() {
        type Pairs = &'static [(&'static str, &'static str)];
        let table: [(&str, Pairs); 12] = [
            ("Host: a\r\n", &[]),
            ("Cookie: \r\n", &[]),
            ("Cookie: SID=31d4d96e407aad42\r\n", &[("SID", "31d4d96e407aad42")]),
            ("Cookie: SID=31d4; lang=en-US\r\n", &[("SID", "31d4"), ("lang", "en-US")]),
            ("cookie: a=1\r\nCOOKIE: b=2; c=3\r\n", &[("a", "1"), ("b", "2"), ("c", "3")]),
            ("Cookie: a=1;b=2 ;\t c = 3 \r\n", &[("a", "1"), ("b", "2"), ("c", "3")]),
            ("Cookie: a=b=c==\r\n", &[("a", "b=c==")]),
            ("Cookie: a=\"b, c\"\r\n", &[("a", "\"b, c\"")]),
            ("Cookie: a=; b\r\n", &[("a", ""), ("", "b")]),
            ("Cookie: =a\r\n", &[("", "a")]),
            ("Cookie: ;; a=1; ;\r\n", &[("a", "1")]),
            ("Cookie: a=1; A=2; a=3\r\n", &[("a", "1"), ("A", "2"), ("a", "3")]),
        ];
        for (lines, expected) in table {
            let found = cookies(ReceivedHeaders::of_lines(lines.as_bytes())).collect::<Vec<_>>();
            let expected = expected.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
            assert_eq!(found, expected.collect::<Vec<_>>(), "{lines}");
        }
    }
}
