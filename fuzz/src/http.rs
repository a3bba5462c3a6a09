//! Generates heads that are mostly valid. Also contains a reference parser, which splits a valid head into
//! lines and fields.

use arbitrary::Arbitrary;

/// A head that can be changed and written.
#[derive(Clone, Debug)]
pub struct Head<'a> {
    start: &'a [u8],
    fields: Vec<(&'a [u8], &'a [u8])>,
}

/// The values that changes insert.
#[derive(Clone, Copy, Debug)]
pub struct Dictionary {
    pub starts: &'static [&'static str],
    pub names: &'static [&'static str],
    pub values: &'static [&'static str],
}

/// A change to a head. Numbers select a field or an entry of the dictionary.
#[derive(Debug, Arbitrary)]
pub enum Change<'a> {
    Start(u8),
    StartBytes(&'a [u8]),
    Remove(u8),
    Repeat(u8),
    Rename(u8, u8),
    Value(u8, u8),
    ValueBytes(u8, &'a [u8]),
    Add(u8, u8),
    AddBytes(u8, &'a [u8]),
}

impl<'a> Head<'a> {
    /// A head with this start line and these fields.
    pub fn new(start: &'a str, fields: &[(&'a str, &'a str)]) -> Self {
        let fields = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        Self { start: start.as_bytes(), fields: fields.collect() }
    }

    /// Applies a change, unless it needs a field and there is none.
    pub fn change(&mut self, change: &Change<'a>, dictionary: &Dictionary) {
        let entry =
            |list: &[&'static str], number: u8| list[usize::from(number) % list.len()].as_bytes();
        let count = self.fields.len();
        let place = |number: u8| usize::from(number).checked_rem(count);
        match *change {
            Change::Start(start) => self.start = entry(dictionary.starts, start),
            Change::StartBytes(start) => self.start = start,
            Change::Remove(field) => {
                place(field).map(|place| self.fields.remove(place));
            }
            Change::Repeat(field) => self.fields.extend(place(field).map(|at| self.fields[at])),
            Change::Rename(field, name) => {
                if let Some(place) = place(field) {
                    self.fields[place].0 = entry(dictionary.names, name);
                }
            }
            Change::Value(field, value) => {
                if let Some(place) = place(field) {
                    self.fields[place].1 = entry(dictionary.values, value);
                }
            }
            Change::ValueBytes(field, value) => {
                if let Some(place) = place(field) {
                    self.fields[place].1 = value;
                }
            }
            Change::Add(name, value) => {
                let field = (entry(dictionary.names, name), entry(dictionary.values, value));
                self.fields.push(field);
            }
            Change::AddBytes(name, value) => {
                self.fields.push((entry(dictionary.names, name), value));
            }
        }
    }

    /// The bytes on the wire.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.start);
        bytes.extend(b"\r\n");
        for (name, value) in &self.fields {
            bytes.extend([name, &b": "[..], value, b"\r\n"].concat());
        }
        bytes.extend(b"\r\n");
    }
}

/// A parsed head.
#[derive(Clone, Debug)]
pub struct Parsed<'a> {
    pub start: &'a [u8],
    /// Names in lower case, values without the whitespace around them.
    pub fields: Vec<(String, &'a [u8])>,
    /// The length of the head, including the empty line.
    pub size: usize,
}

impl<'a> Parsed<'a> {
    /// Parses the head at the front, which must be valid.
    pub fn of(bytes: &'a [u8]) -> Self {
        let size = Self::size_at(bytes).expect("an empty line ends the head");
        let mut lines = Vec::new();
        let mut rest = &bytes[..size - 2];
        while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
            assert!(
                !rest[..end].iter().any(|byte| b"\r\n\0".contains(byte)),
                "a line break or NUL within a line"
            );
            lines.push(&rest[..end]);
            rest = &rest[end + 2..];
        }
        let field = |line: &&'a [u8]| {
            let colon = line.iter().position(|&byte| byte == b':').expect("a field has a colon");
            let name = str::from_utf8(&line[..colon]).expect("a name is ASCII");
            assert!(!name.is_empty() && !name.contains([' ', '\t']), "whitespace before a colon");
            (name.to_ascii_lowercase(), trim(&line[colon + 1..]))
        };
        let fields = lines[1..].iter().map(field).collect();
        Self { start: lines[0], fields, size }
    }

    /// The length of the head at the front. `None` without an empty line.
    pub fn size_at(bytes: &[u8]) -> Option<usize> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        end.map(|end| end + 4)
    }

    /// The values of all fields with this name, in lower case.
    pub fn all(&self, name: &str) -> Vec<&'a [u8]> {
        let same = self.fields.iter().filter(|(other, _)| other == name);
        same.map(|(_, value)| *value).collect()
    }

    /// The value of a field that occurs once.
    pub fn only(&self, name: &str) -> Option<&'a [u8]> {
        match self.all(name)[..] {
            [value] => Some(value),
            _ => None,
        }
    }

    /// The elements of the list in all fields with this name.
    pub fn list(&self, name: &str) -> Vec<&'a [u8]> {
        let values = self.all(name);
        let elements = values.iter().flat_map(|value| value.split(|&byte| byte == b','));
        elements.map(trim).filter(|element| !element.is_empty()).collect()
    }

    /// Whether the list has this element, case-insensitively.
    pub fn lists(&self, name: &str, element: &str) -> bool {
        self.list(name).iter().any(|other| other.eq_ignore_ascii_case(element.as_bytes()))
    }

    /// Checks that these are the fields that the crate found.
    pub fn check_fields<'f>(&self, found: impl Iterator<Item = (&'f str, &'f [u8])>) {
        let found: Vec<_> = found.map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        assert_eq!(found, self.fields);
    }
}

/// Checks that this is one complete HTTP/1.1 response. Returns its status and head.
pub fn check_response(bytes: &[u8], has_body: bool) -> (u16, Parsed<'_>) {
    assert!(bytes.starts_with(b"HTTP/1.1 "), "not an HTTP/1.1 response");
    let head = Parsed::of(bytes);
    let start = str::from_utf8(head.start).expect("the start line is ASCII");
    let status = start[9..12].parse().expect("a status is a number");
    assert!(start[12..].starts_with(' '), "no space after the status");
    let body = bytes.len() - head.size;
    if matches!(status, 101 | 204) {
        assert_eq!(body, 0, "a body in a response without one");
        assert!(
            head.all("content-length").is_empty(),
            "Content-Length in a response without a body"
        );
    } else {
        let length = head.only("content-length").expect("one Content-Length");
        let length: usize =
            str::from_utf8(length).ok().and_then(|l| l.parse().ok()).expect("ASCII");
        let has_body = has_body && status != 304;
        assert_eq!(body, if has_body { length } else { 0 }, "Content-Length is wrong");
    }
    let connection = match status {
        101 => "Upgrade",
        426 => "close, Upgrade",
        _ => "close",
    };
    assert_eq!(head.only("connection"), Some(connection.as_bytes()));
    assert!(head.all("transfer-encoding").is_empty());
    (status, head)
}

/// The number of empty lines at the front.
pub fn empty_lines(bytes: &[u8]) -> usize {
    bytes.chunks(2).take_while(|line| *line == b"\r\n").count()
}

/// Unfolds obs-fold (RFC 9112, section 5.2): a line that begins with whitespace, after the first two lines,
/// continues the previous field.
pub fn unfold(bytes: &[u8]) -> Vec<u8> {
    let mut unfolded = Vec::new();
    let mut lines = 0;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        // After an empty line, the next head begins with a start line.
        lines = if line == b"\r\n" { 0 } else { lines + 1 };
        if lines > 2 && matches!(line[0], b' ' | b'\t') && unfolded.ends_with(b"\r\n") {
            let end = unfolded.len() - 2;
            unfolded[end..].fill(b' ');
        }
        unfolded.extend(line);
    }
    unfolded
}

fn trim(value: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = value.iter().position(|byte| !is_space(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    &value[start..end]
}
