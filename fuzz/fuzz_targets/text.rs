//! UTF-8 validation and masking with any split of the input; round trips of extensions and URIs.

#![no_main]

use arbitrary::Arbitrary;
use hybi::{Uri, UriError, extension, mask::Mask, utf8::Validator};
use hybi_fuzz::{cuts::Cuts, reference};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
enum Input<'a> {
    Utf8 { cuts: Cuts<'a>, repeated: Option<(char, u8)>, bytes: &'a [u8] },
    Mask { key: [u8; 4], cuts: Cuts<'a>, room: u8, bytes: &'a [u8] },
    Extensions(&'a [u8]),
    Uri { secure: bool, text: &'a str },
    AnyUri(&'a str),
}

fuzz_target!(|input: Input<'_>| {
    match input {
        Input::Utf8 { cuts, repeated, bytes } => {
            // Repeated characters at the front reach the vectorized loops.
            let before = repeated.map(|(one, count)| one.to_string().repeat(count.into()));
            let bytes = [before.unwrap_or_default().as_bytes(), bytes].concat();
            for cuts in [Cuts::NONE, cuts, Cuts::EVERYWHERE] {
                utf8(&bytes, cuts);
            }
        }
        Input::Mask { key, cuts, room, bytes } => {
            for cuts in [Cuts::NONE, cuts, Cuts::EVERYWHERE] {
                mask(key, bytes, cuts, room.into());
            }
        }
        Input::Extensions(value) => extensions(value),
        Input::Uri { secure, text } => {
            let scheme = if secure { "wss" } else { "ws" };
            uri(&format!("{scheme}://{text}"));
        }
        Input::AnyUri(text) => uri(text),
    }
});

fn utf8(bytes: &[u8], cuts: Cuts<'_>) {
    let valid = reference::valid_length(bytes);
    let impossible =
        (valid..bytes.len()).find(|&end| reference::is_beyond_repair(&bytes[valid..=end]));
    let mut validator = Validator::new();
    let mut fed = 0;
    for piece in cuts.of(bytes) {
        if let Err(error) = validator.feed(piece) {
            assert_eq!(Some(fed + error.offset), impossible);
            return;
        }
        fed += piece.len();
        assert!(
            impossible.is_none_or(|impossible| impossible >= fed),
            "an invalid byte is accepted"
        );
        let partial = fed - reference::valid_length(&bytes[..fed]);
        assert_eq!(validator.partial(), partial);
        assert_eq!(validator.is_complete(), partial == 0);
    }
    assert_eq!(impossible, None);
    assert_eq!(validator.is_complete(), valid == bytes.len());
}

/// RFC 6455, section 5.3, byte by byte.
fn mask(key: [u8; 4], bytes: &[u8], cuts: Cuts<'_>, room: usize) {
    let masked = |(index, byte): (usize, &u8)| byte ^ key[index % 4];
    let expected: Vec<u8> = bytes.iter().enumerate().map(masked).collect();

    let (mut in_place, mut between) = (Mask::new(key), Mask::new(key));
    let (mut applied, mut copied) = (Vec::new(), Vec::new());
    for piece in cuts.of(bytes) {
        let start = applied.len();
        applied.extend_from_slice(piece);
        in_place.apply(&mut applied[start..]);

        let mut from = piece;
        while !from.is_empty() {
            // Bytes after the written ones must not change.
            let mut to = vec![0x55; room.max(1)];
            let length = between.copy(from, &mut to);
            assert_eq!(length, from.len().min(to.len()));
            assert!(to[length..].iter().all(|&byte| byte == 0x55));
            copied.extend_from_slice(&to[..length]);
            from = &from[length..];
        }
        assert!(in_place == between, "the phases differ");
    }
    assert_eq!(applied, expected);
    assert_eq!(copied, expected);
    let mut back = Mask::new(key);
    back.apply(&mut applied);
    assert_eq!(applied, bytes);
}

/// An extension: its name and its parameters.
type Extension = (String, Vec<(String, Option<String>)>);

fn extensions(value: &[u8]) {
    let Some(list) = parse(value) else { return };
    assert!((1..=extension::MAX_ELEMENTS).contains(&list.len()));
    let plain = |value: &str| value.to_owned();
    let quoted = |value: &str| format!("\"{value}\"");
    let escape = |value: &str| value.chars().flat_map(|one| ['\\', one]).collect::<String>();
    let escaped = |value: &str| quoted(&escape(value));
    for spell in [&plain as &dyn Fn(&str) -> String, &quoted, &escaped] {
        let written: Vec<String> = list.iter().map(|extension| write(extension, spell)).collect();
        assert_eq!(parse(written.join(", ").as_bytes()).as_ref(), Some(&list));
        // Empty elements count: one before each extension, and one at the end.
        let fits = 2 * list.len() < extension::MAX_ELEMENTS;
        let with_empty = parse(format!(" ,{},", written.join(",\t,")).as_bytes());
        assert_eq!(with_empty.as_ref(), fits.then_some(&list));
    }
}

fn parse(value: &[u8]) -> Option<Vec<Extension>> {
    let extensions = extension::parse(value).ok()?;
    let list = extensions.map(|extension| {
        let parameters = extension.parameters().map(|parameter| {
            let value = parameter.value().map(|value| {
                let text = value.bytes().map(char::from).collect::<String>();
                assert!(is_token(&text) && value == text[..]);
                text
            });
            assert!(is_token(parameter.name()));
            (parameter.name().into(), value)
        });
        assert!(is_token(extension.name()));
        (extension.name().into(), parameters.collect())
    });
    Some(list.collect())
}

fn write((name, parameters): &Extension, spell: &dyn Fn(&str) -> String) -> String {
    let parameters = parameters.iter().map(|(name, value)| match value {
        Some(value) => format!("; {name} = {}", spell(value)),
        None => format!("; {name}"),
    });
    name.clone() + &parameters.collect::<String>()
}

/// RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    let is_delimiter = |byte: &u8| br#""(),/:;<=>?@[\]{}"#.contains(byte);
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !is_delimiter(&byte))
}

fn uri(text: &str) {
    let web = text.replacen("ws", "http", 1);
    let Ok(uri) = Uri::parse(text) else { return };
    let written = uri.to_string();
    match Uri::parse(&written) {
        Ok(again) => {
            same(&uri, &again);
            assert_eq!(again.to_string(), written);
        }
        // The path or the address may be longer in its written form.
        Err(error) => {
            assert!(
                error == UriError::TooLong && written.len() > Uri::MAX_LEN,
                "{written}: {error}"
            );
        }
    }
    if text.starts_with("ws") && web.len() <= Uri::MAX_LEN {
        same(&uri, &Uri::parse_http(&web).expect("only the scheme differs"));
    }

    let scheme = if uri.is_secure() { "wss" } else { "ws" };
    let authority = format!("{scheme}://{}", uri.authority());
    let authority = Uri::parse(&authority).expect("an authority is valid in a URI");
    assert_eq!((authority.host(), authority.port()), (uri.host(), uri.port()));
    let name = uri.resource_name().to_string();
    assert!(name.starts_with('/') && name.bytes().all(|byte| byte.is_ascii_graphic()));
    assert!(!name.contains('#'), "a fragment in the resource name");
    assert_ne!(uri.port(), 0);
}

fn same(one: &Uri<'_>, other: &Uri<'_>) {
    assert_eq!(one.is_secure(), other.is_secure());
    assert_eq!((one.host(), one.port()), (other.host(), other.port()));
    assert_eq!((one.path(), one.query()), (other.path(), other.query()));
    assert_eq!(one.authority(), other.authority());
}
