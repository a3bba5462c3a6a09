//! Requests in HTTP/2 and HTTP/3: the extended CONNECT (RFC 8441, RFC 9220).

use super::{
    Refusal, Request,
    check::{self, Asked},
    request::Source,
};
use crate::{
    handshake::{
        Origins,
        uri::{Authority, default_port},
    },
    http1::{
        HeadLimits,
        known::{Known, Name},
        start_line::RequestLine,
        token::target_length,
    },
    http2::{Field, RequestSection, SectionFault},
};

/// Why a server refused a request in HTTP/2 or HTTP/3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectFault {
    /// The field section is malformed. Reset the stream; you may send the response first. See
    /// [`SectionFault`].
    Section(SectionFault),
    /// The request is not an extended CONNECT: it has another method, or no `:protocol`. A CONNECT
    /// without `:protocol` asks for a tunnel.
    NotExtended,
    /// `:protocol` is not `websocket`.
    Protocol,
    /// `:scheme` is neither `http` nor `https`.
    Scheme,
    /// `:authority` is missing or invalid, or `Host` names another host or port.
    Authority,
    /// `Sec-WebSocket-Version` is not 13. 0 to 12 were drafts.
    UnsupportedVersion(u8),
}

impl ConnectFault {
    pub(super) const fn status(self) -> u16 {
        match self {
            // RFC 9220, section 3.
            Self::Protocol => 501,
            // 426 would need the field Upgrade, which does not exist in HTTP/2 and HTTP/3.
            _ => 400,
        }
    }

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Section(SectionFault::PseudoHeader) => {
                "A pseudo-header field is missing, repeated, unknown, or misplaced."
            }
            Self::Section(SectionFault::FieldName) => {
                "The name of a header field must be a token in lower case."
            }
            Self::Section(SectionFault::FieldValue) => {
                "The value of a header field contains a control character or has whitespace around it."
            }
            Self::Section(SectionFault::ConnectionSpecific) => {
                "A header field exists only in HTTP/1.1, such as Connection or Upgrade."
            }
            Self::NotExtended => {
                "This server accepts only WebSocket connections: send an extended CONNECT (RFC 8441)."
            }
            Self::Protocol => "The :protocol must be `websocket`.",
            Self::Scheme => "The :scheme must be `http` or `https`.",
            Self::Authority => {
                "The request must have a valid :authority, and no Host that differs from it."
            }
            Self::UnsupportedVersion(_) => {
                "This version of the WebSocket protocol is not supported: use version 13 (RFC 6455)."
            }
        }
    }
}

impl From<SectionFault> for Refusal {
    fn from(fault: SectionFault) -> Self {
        Self::Connect(ConnectFault::Section(fault))
    }
}

impl From<ConnectFault> for Refusal {
    fn from(fault: ConnectFault) -> Self {
        Self::Connect(fault)
    }
}

impl<'i> Request<'i> {
    /// Checks a request that an HTTP/2 or HTTP/3 server has received. `fields` holds all its fields in
    /// the order of the wire, pseudo-header fields included. The rules are the same as in HTTP/1.1.
    ///
    /// The server must have sent `SETTINGS_ENABLE_CONNECT_PROTOCOL` (0x8) with the value 1. Respond
    /// with [`finish_fields`](super::Accept::finish_fields), [`Response::send_fields`] or
    /// [`Refusal::send_fields`]. Once the request is accepted, the contents of the DATA frames are the
    /// bytes of the connection. The [guide] says how a stream ends.
    ///
    /// ```
    /// use hybi::{Connection, Origins, Server, http2::Field, server};
    ///
    /// /// The fields of the response, and the connection or the body.
    /// fn respond(request: &[Field<'_>]) -> (Vec<(String, String)>, Result<Connection<Server>, &'static [u8]>) {
    ///     let mut fields = Vec::new();
    ///     let mut sink = |name: &dyn ToString, value: &dyn ToString| {
    ///         fields.push((name.to_string(), value.to_string()));
    ///     };
    ///     let answer = match server::Request::from_connect(request, &Origins::any()) {
    ///         Ok(request) => match request.accept().finish_fields(|name, value| sink(&name, &value)) {
    ///             Ok(websocket) => Ok(websocket),
    ///             Err(misuse) => panic!("{misuse}"),
    ///         },
    ///         Err(refusal) => Err(refusal.send_fields(|name, value| sink(&name, &value))),
    ///     };
    ///     (fields, answer)
    /// }
    ///
    /// let (fields, answer) = respond(&[
    ///     (b":method", b"CONNECT"),
    ///     (b":protocol", b"websocket"),
    ///     (b":scheme", b"https"),
    ///     (b":path", b"/chat"),
    ///     (b":authority", b"server.example.com"),
    ///     (b"sec-websocket-version", b"13"),
    /// ]);
    /// assert_eq!(fields, [(":status".into(), "200".into())]);
    /// assert!(answer.is_ok());
    /// ```
    ///
    /// [`Response::send_fields`]: super::Response::send_fields
    /// [guide]: https://docs.rs/hybi/latest/hybi/guide/index.html
    ///
    /// # Errors
    ///
    /// [`ConnectFault::NotExtended`] if the request is not an extended CONNECT: the server may serve it
    /// as plain HTTP. Otherwise, the rule that the request violates. [`ConnectFault::Section`] is a
    /// stream error.
    pub fn from_connect(fields: &'i [Field<'i>], origins: &Origins<'_>) -> Result<Self, Refusal> {
        Self::check_section(RequestSection::parse(fields)?, origins)
    }

    /// Whether the request is an extended CONNECT (HTTP/2, HTTP/3). Otherwise it is an upgrade in
    /// HTTP/1.1.
    pub const fn is_connect(&self) -> bool {
        matches!(self.offer.asked, Asked::Connect(_))
    }

    /// Checks a request whose field section is valid.
    pub(super) fn check_section(
        section: RequestSection<'i>,
        origins: &Origins<'_>,
    ) -> Result<Self, Refusal> {
        let RequestSection { method, protocol, scheme, path, authority, headers } = section;
        let Some(protocol) = protocol else {
            let is_connect = method == b"CONNECT";
            // RFC 9113, section 8.5: a CONNECT for a tunnel has neither.
            return Err(if is_connect && (scheme.is_some() || path.is_some()) {
                SectionFault::PseudoHeader.into()
            } else {
                ConnectFault::NotExtended.into()
            });
        };
        // RFC 8441, section 4.
        let (b"CONNECT", Some(scheme), Some(path)) = (method, scheme, path) else {
            return Err(SectionFault::PseudoHeader.into());
        };
        // RFC 9110, section 16.7: the names of the registry are case-insensitive.
        if !protocol.eq_ignore_ascii_case(b"websocket") {
            return Err(ConnectFault::Protocol.into());
        }
        let is_secure = match scheme {
            _ if scheme.eq_ignore_ascii_case(b"https") => true,
            _ if scheme.eq_ignore_ascii_case(b"http") => false,
            _ => return Err(ConnectFault::Scheme.into()),
        };
        if target_length(path) != path.len() {
            return Err(Refusal::Target);
        }
        // Both must be ASCII.
        let path = core::str::from_utf8(path).map_err(|_| Refusal::Target)?;
        let authority = authority.and_then(|authority| core::str::from_utf8(authority).ok());
        let authority = authority.ok_or(ConnectFault::Authority)?;
        let known = Known::collect(headers);
        known.check_lists(HeadLimits::new()).map_err(Refusal::Head)?;
        if !is_host_equal(authority, is_secure, &known) {
            return Err(ConnectFault::Authority.into());
        }
        Self::check_connect(path, authority, &known, Some(origins))
    }

    /// Checks the rest of a request. `origins` is `None` if its origin was checked before.
    pub(super) fn check_connect(
        target: &'i str,
        authority: &'i str,
        known: &Known<'i>,
        origins: Option<&Origins<'_>>,
    ) -> Result<Self, Refusal> {
        // RFC 9113, section 8.3.1: no absolute URL.
        if !target.starts_with('/') {
            return Err(Refusal::Target);
        }
        let path = check::path_of(target);
        let host = check::parse_host(authority.as_bytes()).ok_or(ConnectFault::Authority)?;
        let offer = check::check_connect(known, host)?;
        let line = RequestLine { method: "CONNECT", target, minor: 1 };
        let source = Source::Connect(authority);
        Self::of_offer(source, line, path, known.headers(), offer, origins)
    }
}

/// Whether `Host`, if there is one, names the same host and port (RFC 8441, section 5; RFC 9113,
/// section 8.3.1).
fn is_host_equal(authority: &str, is_secure: bool, known: &Known<'_>) -> bool {
    let hosts = known.values(Name::Host);
    let usual = default_port(is_secure);
    let normalize = |Authority { host, port }| (host, port.unwrap_or(usual));
    let is_equal = |host| {
        let (host, authority) = (check::parse_host(host), check::parse_host(authority.as_bytes()));
        host.map(normalize) == authority.map(normalize)
    };
    hosts.is_empty() || hosts.only().is_some_and(is_equal)
}
