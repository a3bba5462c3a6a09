//! Request and response heads that tests build line by line.

/// The key of section 1.2.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// A start line and fields.
#[derive(Clone, Default)]
pub(crate) struct Head {
    start: Vec<u8>,
    fields: Vec<(String, Vec<u8>)>,
}

impl Head {
    /// Replaces the start line.
    pub(crate) fn start(mut self, line: impl AsRef<[u8]>) -> Self {
        self.start = line.as_ref().into();
        self
    }

    /// Replaces all fields of this name by one field for each value.
    pub(crate) fn with(mut self, name: &str, values: &[impl AsRef<[u8]>]) -> Self {
        self.fields.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.fields.extend(values.iter().map(|value| (name.into(), value.as_ref().into())));
        self
    }

    /// The complete head as sent on the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = [&self.start[..], b"\r\n"].concat();
        for (name, value) in &self.fields {
            bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        bytes.extend(b"\r\n");
        bytes
    }
}
