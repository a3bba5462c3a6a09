//! The log, in JSON.

use std::fmt::{self, Write};

use crate::websocket::{Exception, WebSocket};

/// Data of more bytes is logged as its length and its checksum.
const SHOWN: usize = 200;

/// A value in the log.
pub(crate) enum Value {
    Bool(bool),
    Number(u64),
    String(String),
}

/// Prints a step or an event, and the attributes after it.
pub(crate) fn print(name: &str, websocket: &WebSocket, details: &[Value]) {
    let attributes = [
        Value::from(name),
        Value::Number(websocket.ready_state() as u64),
        Value::Number(websocket.buffered_amount()),
        websocket.protocol().into(),
        websocket.extensions().into(),
    ];
    println!("{}", line(attributes.iter().chain(details)));
}

/// An array.
pub(crate) fn line<'v>(values: impl IntoIterator<Item = &'v Value>) -> String {
    let values: Vec<String> = values.into_iter().map(ToString::to_string).collect();
    format!("[{}]", values.join(","))
}

/// The details of a message: its type, and its data or a checksum (Adler-32).
pub(crate) fn data(kind: &str, data: &[u8]) -> Vec<Value> {
    let shown = if data.len() > SHOWN {
        let (a, b) = data.iter().fold((1, 0), |(a, b), byte| {
            let a = (a + u32::from(*byte)) % 65521;
            (a, (a + b) % 65521)
        });
        format!("{} bytes, checksum {}", data.len(), b << 16 | a)
    } else if kind == "text" {
        String::from_utf8_lossy(data).into()
    } else {
        data.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    };
    vec![kind.into(), shown.into()]
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::String(value) => {
                f.write_char('"')?;
                for character in value.chars() {
                    match character {
                        '"' | '\\' => write!(f, "\\{character}")?,
                        '\0'..' ' => write!(f, "\\u{:04x}", u32::from(character))?,
                        _ => f.write_char(character)?,
                    }
                }
                f.write_char('"')
            }
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Number(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::String(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(value.into())
    }
}

/// The name of the `DOMException`.
impl From<Exception> for Value {
    fn from(exception: Exception) -> Self {
        Self::String(exception.to_string())
    }
}
