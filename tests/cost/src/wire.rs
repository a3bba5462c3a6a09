//! How input arrives, and what heads and frames are made of.

use hybi::Inbox;

/// What one read brings at most, unless an input arrives in smaller pieces.
pub(crate) const READ: usize = 16 * 1024;

/// Brings all bytes into an inbox, in pieces of at most this many, and calls `receive` after each.
pub(crate) fn arrive<T>(
    bytes: &[u8],
    piece: usize,
    inbox: &mut Inbox,
    mut receive: impl FnMut(&mut Inbox) -> Option<T>,
) -> Option<T> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let spare = inbox.spare().expect("there is room");
        let length = spare.len().min(piece).min(rest.len());
        spare[..length].copy_from_slice(&rest[..length]);
        rest = &rest[length..];
        inbox.commit(length).expect("no more than there was room for");
        if let Some(result) = receive(inbox) {
            return Some(result);
        }
    }
    None
}

/// An inbox that has allocated its usual room.
pub(crate) fn inbox(bytes: usize) -> Inbox {
    let mut inbox = Inbox::with_capacity(bytes);
    assert!(inbox.spare().is_ok());
    inbox
}

/// Parts joined by commas into values, each in a field of this name whose line has at most `line`
/// bytes, as long as all fields together have at most `length` bytes.
pub(crate) fn list(
    name: &str,
    line: usize,
    length: usize,
    part: impl Fn(usize) -> String,
) -> String {
    let mut fields = String::new();
    let mut index = 0;
    loop {
        let end = length.min(fields.len() + line) - "\r\n".len();
        let mut next = format!("{name}: {}", part(index));
        if fields.len() + next.len() > end {
            return fields;
        }
        index += 1;
        while fields.len() + next.len() + ",".len() + part(index).len() <= end {
            next.push(',');
            next.push_str(&part(index));
            index += 1;
        }
        fields.push_str(&next);
        fields.push_str("\r\n");
    }
}

/// Fields until they have about `length` bytes, or until there are `most` of them.
pub(crate) fn fields(length: usize, most: usize, field: impl Fn(usize) -> String) -> String {
    let mut all = String::new();
    for index in 0..most {
        let next = field(index);
        if all.len() + next.len() + 2 > length {
            break;
        }
        all.push_str(&next);
        all.push_str("\r\n");
    }
    all
}

/// Cookies that bring a head from `length` bytes to `to`, as far as those go, in lines of at most
/// `line` bytes.
pub(crate) fn cookies(name: &str, line: usize, length: usize, to: usize) -> String {
    let mut all = String::new();
    let least = name.len() + ": a=b\r\n".len();
    while to.saturating_sub(length + all.len()) >= least {
        let missing = to - length - all.len();
        // Nothing too short for another line is left over.
        let size = if missing > line { line.min(missing - least) } else { missing };
        all.push_str(name);
        all.push_str(": a=");
        all.extend(std::iter::repeat_n('b', size + 1 - least));
        all.push_str("\r\n");
    }
    all
}

/// A frame: its first byte, its payload and, from a client, a masking key.
pub(crate) fn frame(from_client: bool, first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    let mask = if from_client { 0x80 } else { 0 };
    match payload.len() {
        short @ 0..126 => frame.push(mask | short as u8),
        medium @ 126..65_536 => {
            frame.push(mask | 0x7e);
            frame.extend((medium as u16).to_be_bytes());
        }
        long => {
            frame.push(mask | 0x7f);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    if from_client {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        frame.extend(key);
        frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    } else {
        frame.extend(payload);
    }
    frame
}
