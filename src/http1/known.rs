//! The fields that the opening handshake uses, collected in one pass over all fields.

use super::{
    ReceivedHeaders,
    head::{HeadFault, HeadLimits},
    repeats::Repeats,
    token::{count_down, elements, trim},
};

/// A field that the handshake uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Host,
    Origin,
    Expect,
    Upgrade,
    Connection,
    ContentLength,
    TransferEncoding,
    Key,
    Key1,
    Accept,
    Version,
    Protocol,
    Extensions,
}

/// The fields whose values are comma-separated lists.
const LISTS: [Name; 5] =
    [Name::Upgrade, Name::Connection, Name::Version, Name::Protocol, Name::Extensions];

/// The number of known names.
const COUNT: usize = Name::Extensions as usize + 1;

impl Name {
    /// The usual spelling; names are case-insensitive.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Host => "Host",
            Self::Origin => "Origin",
            Self::Expect => "Expect",
            Self::Upgrade => "Upgrade",
            Self::Connection => "Connection",
            Self::ContentLength => "Content-Length",
            Self::TransferEncoding => "Transfer-Encoding",
            Self::Key => "Sec-WebSocket-Key",
            Self::Key1 => "Sec-WebSocket-Key1",
            Self::Accept => "Sec-WebSocket-Accept",
            Self::Version => "Sec-WebSocket-Version",
            Self::Protocol => "Sec-WebSocket-Protocol",
            Self::Extensions => "Sec-WebSocket-Extensions",
        }
    }

    /// The known name equal to this one. At most two names share a length.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let candidates: &[Self] = match name.len() {
            4 => &[Self::Host],
            6 => &[Self::Origin, Self::Expect],
            7 => &[Self::Upgrade],
            10 => &[Self::Connection],
            14 => &[Self::ContentLength],
            17 => &[Self::Key, Self::TransferEncoding],
            18 => &[Self::Key1],
            20 => &[Self::Accept],
            21 => &[Self::Version],
            22 => &[Self::Protocol],
            24 => &[Self::Extensions],
            _ => &[],
        };
        // Fast path: the usual spelling.
        let is_equal = |known: &Self| known.text() == name;
        let is_same = |known: &Self| known.text().eq_ignore_ascii_case(name);
        let found = candidates.iter().find(|known| is_equal(known));
        found.or_else(|| candidates.iter().find(|known| is_same(known))).copied()
    }
}

/// The values of one field name. Most heads have a field once or never, so only the first value is
/// stored. The others are searched for in all fields.
#[derive(Clone, Copy)]
pub(crate) struct Values<'a> {
    first: Option<&'a [u8]>,
    has_more: bool,
}

/// Omits the value, which may contain credentials.
impl core::fmt::Debug for Values<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(if self.is_empty() { "None" } else { "Some(..)" })
    }
}

impl<'a> Values<'a> {
    /// Whether the field is absent.
    pub(crate) const fn is_empty(self) -> bool {
        self.first.is_none()
    }

    /// The value if the field occurs exactly once.
    pub(crate) fn only(self) -> Option<&'a [u8]> {
        self.first.filter(|_| !self.has_more).map(trim)
    }

    /// Whether the field occurs more than once.
    pub(crate) const fn is_repeated(self) -> bool {
        self.has_more
    }

    /// All values, in order. `fields` are the fields that the first value comes from.
    pub(crate) fn all(
        self,
        name: Name,
        headers: ReceivedHeaders<'a>,
    ) -> impl Iterator<Item = &'a [u8]> + Clone {
        let more = self.has_more.then(|| headers.all(name.text()).skip(1));
        self.first.map(trim).into_iter().chain(more.into_iter().flatten())
    }
}

/// The known fields of a head.
#[derive(Clone)]
pub(crate) struct Known<'a> {
    headers: ReceivedHeaders<'a>,
    firsts: [Option<&'a [u8]>; COUNT],
    /// A bit for each known field that occurs more than once.
    repeated: u16,
    /// Where the further values of list fields are.
    repeats: Repeats,
}

impl<'a> Known<'a> {
    /// Starts without known fields. Call [`add`](Self::add) for each field of `headers`, in order.
    pub(crate) const fn new(headers: ReceivedHeaders<'a>) -> Self {
        Self { headers, firsts: [None; COUNT], repeated: 0, repeats: Repeats::NONE }
    }

    /// Collects the known fields of `headers`.
    pub(crate) fn collect(headers: ReceivedHeaders<'a>) -> Self {
        let mut known = Self::new(headers);
        headers.iter().for_each(|(name, value)| known.add(name, value));
        known
    }

    /// Adds the next of the fields.
    #[inline]
    pub(crate) fn add(&mut self, name: &str, value: &'a [u8]) {
        if let Some(name) = Name::of(name) {
            match &mut self.firsts[name as usize] {
                Some(_) => {
                    self.repeated |= 1 << name as u8;
                    if let (Some(lines), true) = (self.headers.lines(), LISTS.contains(&name)) {
                        self.repeats.add(name, value, lines);
                    }
                }
                first => *first = Some(value),
            }
        }
    }

    /// All fields, known or not.
    pub(crate) const fn headers(&self) -> ReceivedHeaders<'a> {
        self.headers
    }

    #[inline]
    pub(crate) const fn values(&self, name: Name) -> Values<'a> {
        let has_more = self.repeated >> name as u8 & 1 != 0;
        Values { first: self.firsts[name as usize], has_more }
    }

    /// The value if the field occurs exactly once.
    pub(crate) fn only(&self, name: Name) -> Option<&'a [u8]> {
        self.values(name).only()
    }

    /// All values, in order.
    pub(crate) fn all(&self, name: Name) -> impl Iterator<Item = &'a [u8]> + Clone + use<'_, 'a> {
        let values = self.values(name);
        let lines = self.headers.lines().filter(|_| values.has_more && LISTS.contains(&name));
        let found = lines.and_then(|lines| self.repeats.of(name, lines));
        let searched =
            (values.has_more && found.is_none()).then(|| self.headers.all(name.text()).skip(1));
        let found = found.into_iter().flatten().map(trim);
        let first = values.first.map(trim).into_iter();
        first.chain(found).chain(searched.into_iter().flatten())
    }

    /// Checks that no list has more elements than the limit, so that later checks may look at each
    /// element. Empty elements count, as RFC 9110, section 5.6.1.2 asks for.
    pub(crate) fn check_lists(&self, limits: HeadLimits) -> Result<(), HeadFault> {
        if LISTS.into_iter().all(|name| self.is_short(name, limits)) {
            return Ok(());
        }
        let fits = |name: Name| {
            let left = self.all(name).try_fold(limits.elements, |room, value| {
                // A list has one element more than commas.
                let room = count_down(room.checked_sub(1)?, value, b',')?;
                if name == Name::Extensions { count_down(room, value, b';') } else { Some(room) }
            });
            left.is_some()
        };
        if LISTS.into_iter().all(fits) { Ok(()) } else { Err(HeadFault::TooManyElements) }
    }

    /// Whether the value has fewer bytes than the limit allows elements.
    fn is_short(&self, name: Name, limits: HeadLimits) -> bool {
        let values = self.values(name);
        !values.has_more && values.first.is_none_or(|value| value.len() < limits.elements)
    }

    /// Whether a list contains a token, in any of the fields of its name.
    pub(crate) fn has_token(&self, name: Name, token: &str) -> bool {
        let is_token = |element: &[u8]| element.eq_ignore_ascii_case(token.as_bytes());
        // Fast path: most peers send the token alone.
        self.only(name).is_some_and(is_token)
            || self.all(name).any(|value| elements(value).any(is_token))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::{string::String, vec::Vec};

    use super::*;

    const ALL: [Name; COUNT] = [
        Name::Host,
        Name::Origin,
        Name::Expect,
        Name::Upgrade,
        Name::Connection,
        Name::ContentLength,
        Name::TransferEncoding,
        Name::Key,
        Name::Key1,
        Name::Accept,
        Name::Version,
        Name::Protocol,
        Name::Extensions,
    ];

    // 6455-4.2.1-a
    #[test]
    fn only_the_known_names_are_known_in_any_case() {
        for name in ALL {
            assert_eq!(Name::of(name.text()), Some(name));
            assert_eq!(Name::of(&name.text().to_ascii_lowercase()), Some(name));
            assert_eq!(Name::of(&name.text().to_ascii_uppercase()), Some(name));
            assert_eq!(Name::of(&name.text()[1..]), None);
            let last = name.text().len() - 1;
            assert_eq!(Name::of(&std::format!("{}x", &name.text()[..last])), None);
        }
    }

    #[test]
    fn values_are_returned_in_order_for_any_number_of_fields() {
        let lines = b"upgrade: a \r\nUpgrades: no\r\nHost: h\r\nUPGRADE:b,C\r\nUpgrade:\r\nOrigin: o\r\nOrigin: p\r\n";
        let known = Known::collect(ReceivedHeaders::of_lines(lines));
        let all = |name| known.all(name).collect::<Vec<_>>();
        assert_eq!(all(Name::Upgrade), [&b"a"[..], b"b,C", b""]);
        assert_eq!(all(Name::Host), [b"h"]);
        assert_eq!(all(Name::Origin), [b"o", b"p"]);
        assert!(all(Name::Key).is_empty());
        assert_eq!(known.only(Name::Upgrade), None);
        assert_eq!(known.only(Name::Host), Some(&b"h"[..]));
        assert!(known.has_token(Name::Upgrade, "c"));
        assert!(!known.has_token(Name::Upgrade, "d"));
        assert!(known.values(Name::Upgrade).is_repeated());
        assert!(known.values(Name::Key).is_empty());
        let shown = [Name::Key, Name::Host].map(|name| std::format!("{:?}", known.values(name)));
        assert_eq!(shown, ["None", "Some(..)"]);
    }

    #[test]
    fn one_value_of_fewer_bytes_than_elements_are_allowed_is_short() {
        let lines = b"Upgrade: 1234\r\nConnection: a\r\nConnection: b\r\n";
        let known = Known::collect(ReceivedHeaders::of_lines(lines));
        let is_short = |name, count| known.is_short(name, HeadLimits::new().elements(count));
        let of_upgrade = [4, 5, 6].map(|count| is_short(Name::Upgrade, count));
        assert_eq!(of_upgrade, [false, true, true]);
        // Each further field has an element more.
        assert!(!is_short(Name::Connection, 100));
        assert!(is_short(Name::Protocol, 1), "there is none");
    }

    // P-sh-c
    #[test]
    fn the_elements_of_all_fields_of_a_list_count() {
        let line = |name: Name| std::format!("{}: a,b\r\n", name.text());
        let lines = LISTS.map(line).concat().repeat(3);
        let known = Known::collect(ReceivedHeaders::of_lines(lines.as_bytes()));
        let check = |count| known.check_lists(HeadLimits::new().elements(count));
        assert_eq!(check(6), Ok(()));
        assert_eq!(check(5), Err(HeadFault::TooManyElements));
        // Empty elements count: there is one more than commas.
        let known = Known::collect(ReceivedHeaders::of_lines(b"Upgrade: ,,,,\r\n"));
        let check = |count| known.check_lists(HeadLimits::new().elements(count));
        assert_eq!(check(5), Ok(()));
        assert_eq!(check(4), Err(HeadFault::TooManyElements));
    }

    #[test]
    fn a_list_may_be_in_more_fields_than_have_a_known_place() {
        for count in 100..150 {
            let values: Vec<_> = (0..count).map(|n| std::format!("{n}")).collect();
            let line = |value| std::format!("Upgrade: {value}\r\n");
            let lines = values.iter().map(line).collect::<Vec<_>>().concat();
            let known = Known::collect(ReceivedHeaders::of_lines(lines.as_bytes()));
            assert!(known.all(Name::Upgrade).eq(values.iter().map(String::as_bytes)));
        }
    }
}
