//! The rules that a peer can break.

use crate::close::CloseCode;

/// A rule that the peer broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// A reserved bit is set that no negotiated extension defines.
    #[error("a reserved bit is set that no extension defines (RFC 6455, section 5.2)")]
    ReservedBits,
    /// A reserved opcode.
    #[error("opcode {0:#x} is reserved (RFC 6455, section 5.2)")]
    ReservedOpcode(u8),
    /// A control frame without the FIN bit.
    #[error("a control frame is fragmented (RFC 6455, section 5.5)")]
    FragmentedControl,
    /// A control frame of more than 125 bytes.
    #[error("a control frame is longer than 125 bytes (RFC 6455, section 5.5)")]
    ControlTooLong,
    /// A payload length that is not in its shortest form.
    #[error("the payload length is not in its shortest form (RFC 6455, section 5.2)")]
    LengthNotMinimal,
    /// A payload length of 2^63 or more.
    #[error("the payload length has its top bit set (RFC 6455, section 5.2)")]
    LengthTopBit,
    /// An unmasked frame from a client.
    #[error("a client's frame is not masked (RFC 6455, section 5.1)")]
    NotMasked,
    /// A masked frame from a server.
    #[error("a server's frame is masked (RFC 6455, section 5.1)")]
    Masked,
    /// A continuation frame without a message to continue.
    #[error("a continuation frame has no message to continue (RFC 6455, section 5.4)")]
    NothingToContinue,
    /// A new message before the last fragment of the previous one.
    #[error("a message begins before the previous one has ended (RFC 6455, section 5.4)")]
    MessageInsideMessage,
    /// Text that is not UTF-8.
    #[error("a text message is not UTF-8 (RFC 6455, section 8.1)")]
    TextNotUtf8,
    /// A compressed message that is not valid DEFLATE data, or does not end where it must.
    #[error("a compressed message is not valid (RFC 7692, section 7.2)")]
    NotDeflate,
    /// A Close frame with a body of one byte.
    #[error("the body of a Close frame has one byte (RFC 6455, section 5.5.1)")]
    CloseBodyTooShort,
    /// A Close frame with a status code that must not be sent.
    #[error("status code {0} must not be sent (RFC 6455, section 7.4)")]
    CloseCode(u16),
    /// A Close frame with a reason that is not UTF-8.
    #[error("the reason in a Close frame is not UTF-8 (RFC 6455, section 5.5.1)")]
    CloseReasonNotUtf8,
}

impl Violation {
    /// The status code of the Close that answers it.
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::TextNotUtf8 | Self::NotDeflate | Self::CloseReasonNotUtf8 => {
                CloseCode::INVALID_PAYLOAD
            }
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }
}
