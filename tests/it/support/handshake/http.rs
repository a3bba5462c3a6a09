//! Parses the HTTP that the crate writes, with another parser.

use httparse::Status;

/// A response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    fields: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Response {
    /// Parses a complete response. Everything after the head is the body.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let mut fields = [httparse::EMPTY_HEADER; 32];
        let mut head = httparse::Response::new(&mut fields);
        let Ok(Status::Complete(length)) = head.parse(bytes) else {
            panic!("not a response: {}", bytes.escape_ascii());
        };
        assert_eq!(head.version, Some(1), "HTTP/1.1");
        let text = |bytes: &[u8]| String::from_utf8(bytes.into()).unwrap();
        Self {
            status: head.code.unwrap(),
            fields: head.headers.iter().map(|f| (f.name.to_lowercase(), text(f.value))).collect(),
            body: text(&bytes[length..]),
        }
    }

    /// The values of the fields with this name, given in lower case.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let fields = self.fields.iter().filter(|(other, _)| other == name);
        fields.map(|(_, value)| value.as_str()).collect()
    }

    /// The names of all fields, in lower case.
    #[cfg(feature = "http")]
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|(name, _)| name.as_str())
    }

    /// Checks that the response states its length and closes the connection.
    pub(crate) fn assert_ends_the_connection(&self) {
        assert_eq!(self.all("content-length"), [self.body.len().to_string()], "{self:?}");
        assert_eq!(self.all("transfer-encoding"), [""; 0], "{self:?}");
        // RFC 9110, section 7.8: a sender of Upgrade also lists it in Connection.
        let options = if self.status == 426 { "close, Upgrade" } else { "close" };
        assert_eq!(self.all("connection"), [options], "{self:?}");
    }
}
