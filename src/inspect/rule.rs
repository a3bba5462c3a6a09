//! The rules that an inspector checks.

/// Declares the rules with the id of each in the list of requirements, and what is wrong.
macro_rules! rules {
    ($($name:ident = $id:literal, $text:literal;)*) => {
        /// A rule that a client or a server has broken.
        ///
        /// [`Display`](core::fmt::Display) writes what is wrong and the id of the requirement.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $(#[doc = concat!($text, " (", $id, ").")] $name,)*
        }

        impl Rule {
            /// All rules.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The id of the requirement in `docs/conformance/requirements.md`, such as
            /// `6455-5.1-a`: the RFC, the section, and a letter.
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)*
                }
            }

            /// What is wrong, without the id.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

rules! {
    RequestSyntax = "6455-4.1-i", "the request is not valid HTTP/1.1";
    RequestLine = "6455-4.1-j", "the request is not a GET in HTTP/1.1";
    Target = "6455-4.1-k", "the request target is neither a path nor an absolute URI";
    Host = "6455-4.1-l", "there is not exactly one valid Host field";
    RequestConnection = "6455-4.1-n", "the Connection field of the request does not list upgrade";
    Key = "6455-4.1-o", "the Sec-WebSocket-Key field is missing or not 16 bytes in base64";
    KeyRepeated = "6455-11.3.1-a", "there is more than one Sec-WebSocket-Key field";
    Version = "6455-4.1-q", "the Sec-WebSocket-Version field is missing or not 13";
    VersionRepeated = "6455-11.3.5-a", "there is more than one Sec-WebSocket-Version field";
    OfferedSubprotocols = "6455-4.1-s", "the offered subprotocols are not distinct tokens";
    Origin = "6454-7.3-a", "there is more than one Origin field";
    OriginSyntax = "6455-4.1-p", "the Origin field is not ASCII";
    Body = "9112-6-a", "the request for a WebSocket has a body";
    Extensions = "6455-9.1-a", "the Sec-WebSocket-Extensions field is malformed";
    Early = "6455-4.1-v", "the client sends before it has received the response";
    ResponseSyntax = "9112-3-a", "the response is not valid HTTP/1.1";
    AcceptedInvalid = "6455-4.2.1-a", "the server accepts a request that is not valid";
    Upgrade = "6455-4.1-y", "the Upgrade field of the response is missing or not websocket";
    ResponseConnection = "6455-4.1-z", "the Connection field of the response does not list upgrade";
    Accept = "6455-4.1-aa", "the Sec-WebSocket-Accept field is missing, repeated or wrong";
    ExtensionNotOffered = "6455-4.1-ab", "the server accepts an extension that was not offered";
    ExtensionTwice = "7692-5-f", "the server accepts the same extension twice";
    DeflateParameters = "7692-5-d", "the permessage-deflate parameters do not match an offer";
    Subprotocol = "6455-4.1-ac", "the server selects a subprotocol that was not offered";
    ReservedBits = "6455-5.2-a", "a reserved bit is set that no extension defines";
    CompressedBit = "7692-6-c", "RSV1 is set on a frame that does not begin a message";
    ReservedOpcode = "6455-5.2-b", "the opcode is reserved";
    NotMasked = "6455-5.1-a", "a client's frame is not masked";
    Masked = "6455-5.1-b", "a server's frame is masked";
    FragmentedControl = "6455-5.5-b", "a control frame is fragmented";
    ControlTooLong = "6455-5.5-a", "a control frame is longer than 125 bytes";
    LengthNotMinimal = "6455-5.2-d", "the payload length is not in its shortest form";
    LengthTopBit = "6455-5.2-e", "the payload length has its top bit set";
    NothingToContinue = "6455-5.4-i", "a continuation frame has no message to continue";
    MessageInsideMessage = "6455-5.4-j", "a message begins before the previous one has ended";
    TextNotUtf8 = "6455-8.1-a", "a text message is not UTF-8";
    TextIncomplete = "6455-8.1-b", "a text message ends inside a character";
    NotDeflate = "P-pd-d", "a compressed message is not valid DEFLATE data";
    CloseBody = "6455-5.5.1-c", "the body of a Close frame has one byte";
    CloseReason = "6455-5.5.1-b", "the reason in a Close frame is not UTF-8";
    CloseCodeLocal = "6455-7.4.1-b", "the close code is one that is only reported locally";
    CloseCodeReserved = "6455-7.4.1-d", "the close code 1004 is reserved";
    CloseCodeOfClient = "6455-7.4.1-e", "the close code 1010 is only for clients";
    CloseCodeUnused = "6455-7.4.2-a", "the close code is below 1000";
    CloseCodeUnassigned = "6455-7.4.2-b", "the close code is not assigned";
    CloseCodeRange = "6455-11.7-a", "the close code is above 4999";
    DataAfterClose = "6455-5.5.1-a", "a data frame follows the sender's Close";
    SecondClose = "6455-5.5.1-h", "the sender has already sent a Close";
}

impl core::fmt::Display for Rule {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} ({})", self.text(), self.id())
    }
}
