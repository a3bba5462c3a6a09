//! The texts of errors, and that a chain of errors repeats nothing.

use std::{
    fs,
    io::{self, ErrorKind},
    path::Path,
};

use hybi::{
    CloseCode, Error, InboxFull, InvalidCloseCode, LimitExceeded, Misuse, OriginError, Origins,
    OutboxFull, Overrun, UriError, Violation, blocking,
    client::{self, Failure},
    deadline::Cause,
    extension::ExtensionSyntax,
    frame::{EncodeError, InvalidHeader},
    http1::{FieldError, HeadFault},
    http2::SectionFault,
    proxy,
    random::EntropyError,
    server::{self, ConnectFault, Refusal},
    utf8::InvalidUtf8,
};

/// A value of each error type, and of each variant that contains another error.
fn errors() -> Vec<(&'static str, Box<dyn std::error::Error>)> {
    let head = HeadFault::TooManyFields;
    let full = OutboxFull { needed: 2, room: 1 };
    let origin = origin_error("example.com");
    vec![
        ("Cause", Box::new(Cause::Silence)),
        ("OutboxFull", Box::new(full)),
        ("FieldError", Box::new(FieldError::TooMany)),
        ("OriginError", Box::new(origin)),
        ("OriginFault", Box::new(origin.fault())),
        ("Error", Box::new(Error::Protocol(Violation::CloseCode(1005)))),
        ("Error", Box::new(Error::Limit(LimitExceeded::Fragments { limit: 1 }))),
        ("Error", Box::new(server::Error::Refused(Refusal::Head(head)))),
        ("Error", Box::new(server::Error::OutboxFull(full))),
        ("Error", Box::new(server::Error::HeaderField(FieldError::TooMany))),
        ("Error", Box::new(server::Error::SubprotocolNotOffered("chat".into()))),
        ("Error", Box::new(server::Error::Status(101))),
        ("Error", Box::new(client::Error::Failed(Failure::Head(head)))),
        ("Error", Box::new(client::Error::Uri(UriError::Scheme))),
        ("Error", Box::new(client::Error::Entropy(EntropyError))),
        ("Error", Box::new(client::Error::HeaderField(FieldError::TooMany))),
        ("Error", Box::new(proxy::Error::Failed(proxy::Failure::Head(head)))),
        ("Error", Box::new(proxy::Error::OutboxFull(full))),
        ("Error", Box::new(proxy::Error::Uri(UriError::Scheme))),
        ("Error", Box::new(proxy::Error::HeaderField(FieldError::TooMany))),
        ("Failure", Box::new(proxy::Failure::Head(head))),
        ("Error", Box::new(Error::Misuse(Misuse::NotOpen))),
        ("Misuse", Box::new(Misuse::NotOpen)),
        ("Error", Box::new(Error::Entropy(EntropyError))),
        ("Violation", Box::new(Violation::CloseCode(CloseCode::NORMAL.get()))),
        ("LimitExceeded", Box::new(LimitExceeded::Fragments { limit: 1 })),
        ("Refusal", Box::new(Refusal::Head(head))),
        ("Failure", Box::new(Failure::Head(head))),
        ("Refusal", Box::new(Refusal::Connect(ConnectFault::Protocol))),
        ("Refusal", Box::new(Refusal::from(SectionFault::FieldName))),
        ("Failure", Box::new(Failure::Section(SectionFault::FieldName))),
        ("SectionFault", Box::new(SectionFault::PseudoHeader)),
        ("HeadFault", Box::new(head)),
        ("UriError", Box::new(UriError::Byte { offset: 3 })),
        ("EntropyError", Box::new(EntropyError)),
        ("ExtensionSyntax", Box::new(ExtensionSyntax)),
        ("InvalidCloseCode", Box::new(InvalidCloseCode(1005))),
        ("Error", Box::new(blocking::Error::Io(ErrorKind::TimedOut.into()))),
        ("Error", Box::new(blocking::Error::Connection(Error::ConnectionLost))),
        ("EncodeError", Box::new(EncodeError::PayloadTooLong(1))),
        ("InvalidHeader", Box::new(InvalidHeader)),
        ("InvalidUtf8", Box::new(InvalidUtf8 { offset: 4 })),
        ("InboxFull", Box::new(InboxFull)),
        ("Overrun", Box::new(Overrun { count: 2, available: 1 })),
    ]
}

// P-se-i
#[test]
fn a_chain_of_errors_repeats_and_omits_nothing() {
    for (name, error) in errors() {
        let mut text_so_far = error.to_string();
        assert!(!text_so_far.is_empty() && text_so_far.is_ascii(), "{name}: {text_so_far}");
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            assert!(!text_so_far.contains(&text), "{name}: {text_so_far}: {text}");
            text_so_far = format!("{text_so_far}: {text}");
            source = cause.source();
        }
    }
    // The text of the outermost error is sufficient.
    let causes = [
        (Error::Protocol(Violation::NotMasked), "is not masked"),
        (Error::Limit(LimitExceeded::Fragments { limit: 7 }), "Config::max_fragments"),
    ];
    for (error, part) in causes {
        assert!(error.to_string().contains(part), "{error}");
    }
    let name = "X Y".into();
    let causes = [
        (Refusal::Head(HeadFault::TooManyFields).into(), "431 The request has too many"),
        (FieldError::Name { index: 2, name }.into(), "header field 2, \"X Y\""),
        (FieldError::Value { index: 3, name }.into(), "header field 3, \"X Y\""),
        (FieldError::Reserved { index: 4, name: "Host" }.into(), "header field 4, Host"),
        (FieldError::TooMany.into(), "`headers`"),
        (server::Error::SubprotocolNotOffered("chat".into()), "\"chat\""),
        (server::Error::Status(101), "status 101"),
        (OutboxFull { needed: 300, room: 20 }.into(), "20 bytes, and 300"),
    ];
    for (error, part) in causes {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert!(origin_error("a/").to_string().contains("origin 1"));
}

fn origin_error(origin: &str) -> OriginError {
    Origins::list(&["https://example.com", origin]).unwrap_err()
}

// P-se-i
#[test]
fn the_kind_of_an_io_error_shows_who_is_at_fault() {
    let full = OutboxFull { needed: 300, room: 20 };
    let table: [(io::Error, ErrorKind); 16] = [
        (Error::from(Violation::Masked).into(), ErrorKind::InvalidData),
        (Error::from(LimitExceeded::Fragments { limit: 1 }).into(), ErrorKind::InvalidData),
        (Error::AboveHighWater { pending: 2, high_water: 1 }.into(), ErrorKind::WouldBlock),
        (Error::from(full).into(), ErrorKind::WouldBlock),
        (Error::from(Misuse::NotOpen).into(), ErrorKind::InvalidInput),
        (server::Error::Refused(Refusal::Origin).into(), ErrorKind::InvalidData),
        (Cause::Silence.into(), ErrorKind::TimedOut),
        (server::Error::OutboxFull(full).into(), ErrorKind::WouldBlock),
        (server::Error::HandshakeOver.into(), ErrorKind::InvalidInput),
        (server::Error::HeaderField(FieldError::TooMany).into(), ErrorKind::InvalidInput),
        (server::Error::SubprotocolNotOffered("a".into()).into(), ErrorKind::InvalidInput),
        (server::Error::Status(101).into(), ErrorKind::InvalidInput),
        (origin_error("*").into(), ErrorKind::InvalidInput),
        (proxy::Error::Failed(proxy::Failure::TooManyInterim).into(), ErrorKind::InvalidData),
        (proxy::Error::OutboxFull(full).into(), ErrorKind::WouldBlock),
        (proxy::Error::UserName.into(), ErrorKind::InvalidInput),
    ];
    for (error, kind) in table {
        assert_eq!(error.kind(), kind, "{error}");
    }
}

// P-se-i
#[test]
fn client_errors_name_the_faulty_value() {
    let failed = |fault| client::Error::Failed(Failure::Head(fault));
    let field = FieldError::Value { index: 3, name: "X".into() };
    let causes = [
        (failed(HeadFault::TooManyFields), "HeadLimits::fields", ErrorKind::InvalidData),
        (failed(HeadFault::Tls), "TLS", ErrorKind::InvalidData),
        (client::Error::HandshakeOver, "is over", ErrorKind::InvalidInput),
        (OutboxFull { needed: 300, room: 20 }.into(), "20 bytes", ErrorKind::WouldBlock),
        (EntropyError.into(), "random", ErrorKind::Other),
        (UriError::Scheme.into(), "wss://", ErrorKind::InvalidInput),
        (field.into(), "header field 3, \"X\"", ErrorKind::InvalidInput),
        (client::Error::SubprotocolSyntax { index: 5 }, "subprotocol 5", ErrorKind::InvalidInput),
        (client::Error::SubprotocolTwice { index: 6 }, "subprotocol 6", ErrorKind::InvalidInput),
        (client::Error::TooManySubprotocols(129), "129", ErrorKind::InvalidInput),
        (client::Error::Extensions("a;".into()), "\"a;\"", ErrorKind::InvalidInput),
        (client::Error::Target { offset: 9 }, "byte 9", ErrorKind::InvalidInput),
        (client::Error::UserName, "user name", ErrorKind::InvalidInput),
        (client::Error::Password, "password", ErrorKind::InvalidInput),
        (client::Error::BearerToken, "token", ErrorKind::InvalidInput),
        (client::Error::Origin("*".into()), "\"*\"", ErrorKind::InvalidInput),
    ];
    for (error, part, kind) in causes {
        assert!(error.to_string().contains(part), "{error}");
        let converted = io::Error::from(error);
        assert_eq!(converted.kind(), kind, "{error}");
        assert_eq!(converted.to_string(), error.to_string());
    }
}

// P-se-i
#[test]
fn proxy_errors_name_the_faulty_value() {
    let failed = proxy::Error::Failed;
    let causes = [
        (failed(proxy::Failure::Head(HeadFault::Tls)), "tunnel failed", ErrorKind::InvalidData),
        (failed(proxy::Failure::TooManyInterim), "8", ErrorKind::InvalidData),
        (failed(proxy::Failure::SwitchingProtocols), "101", ErrorKind::InvalidData),
        (proxy::Error::Over, "is over", ErrorKind::InvalidInput),
        (OutboxFull { needed: 300, room: 20 }.into(), "20 bytes", ErrorKind::WouldBlock),
        (UriError::Scheme.into(), "wss://", ErrorKind::InvalidInput),
        (FieldError::TooMany.into(), "`headers`", ErrorKind::InvalidInput),
        (proxy::Error::UserName, "user name", ErrorKind::InvalidInput),
        (proxy::Error::Password, "password", ErrorKind::InvalidInput),
    ];
    for (error, part, kind) in causes {
        assert!(error.to_string().contains(part), "{error}");
        let converted = io::Error::from(error);
        assert_eq!(converted.kind(), kind, "{error}");
        assert_eq!(converted.to_string(), error.to_string());
    }
}

// P-se-i
#[cfg(feature = "http")]
#[test]
fn the_body_of_a_refusal_is_a_sentence_of_its_own() {
    let refusals = [
        Refusal::Head(HeadFault::TooManyFields),
        Refusal::NotWebSocket,
        Refusal::Key,
        Refusal::Connect(ConnectFault::NotExtended),
        Refusal::Connect(ConnectFault::Protocol),
        Refusal::Connect(ConnectFault::Scheme),
        Refusal::Connect(ConnectFault::Authority),
        Refusal::from(SectionFault::FieldName),
    ];
    let bodies = refusals.map(|refusal| refusal.to_http().into_body());
    for (n, body) in bodies.iter().enumerate() {
        assert!(body.starts_with(|first: char| first.is_uppercase()), "{body}");
        assert!(body.trim_end().ends_with('.'), "{body}");
        assert!(!bodies[..n].contains(body), "{body}");
    }
}

// P-se-i
#[test]
fn every_error_type_is_tested() {
    let mut files = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../src")];
    let mut types = Vec::new();
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        let derived = text.split("thiserror::Error)]").skip(1).map(|after| {
            let words = after.split(|byte: char| !byte.is_alphanumeric());
            words.skip_while(|word| !["enum", "struct"].contains(word)).nth(1).unwrap()
        });
        let written = text.split("Error for ").skip(1);
        let written = written.filter_map(|after| after.split(' ').next());
        types.extend(derived.chain(written).map(String::from));
    }
    types.sort_unstable();
    types.dedup();
    let mut known: Vec<_> = errors().into_iter().map(|(name, _)| name).collect();
    known.sort_unstable();
    known.dedup();
    assert_eq!(types, known);
}
