//! A client and a server connected to each other.

use hybi::{
    Event, Inbox, Origins, Uri,
    client::{Request, Response},
    extension,
    random::{Entropy, EntropyError},
    server::Opening,
};
use proptest::{collection::vec, option, prelude::*, sample::Index};

/// Pseudorandom numbers, the same in every run (xorshift).
#[derive(Clone, Debug)]
struct Sequence(u64);

impl Entropy for Sequence {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for byte in bytes {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            *byte = self.0.to_be_bytes()[0];
        }
        Ok(())
    }
}

/// The options of a request, and of the response to it.
#[derive(Clone, Debug)]
struct Wishes {
    uri: String,
    subprotocols: Vec<String>,
    chosen: Option<Index>,
    extensions: String,
    origin: Option<String>,
    asked: Vec<(String, String)>,
    answered: Vec<(String, String)>,
}

fn wishes() -> impl Strategy<Value = Wishes> {
    let host = r"([a-z][a-z0-9.-]{0,9}|\[::[1-9a-f]\]|192\.0\.2\.[1-9])";
    let uri = format!(r"wss?://{host}(:[1-9][0-9]{{0,3}})?(/[A-Za-z0-9/?&=.~_-]{{0,20}})?");
    let uri = proptest::string::string_regex(&uri).unwrap();
    let subprotocols = vec("[a-zA-Z0-9.!#$%&'*+^_`|~-]{1,8}", 0..5);
    let subprotocols = subprotocols.prop_map(|mut names| {
        names.sort_unstable();
        names.dedup();
        names
    });
    let extensions = r#"([a-z-]{1,9}(; ?[a-z_]{1,9}(=([0-9]{1,3}|"[0-9]{1,3}"))?){0,3}(, )?){0,3}"#;
    let extensions = extensions.prop_filter("a list or nothing", |list| {
        list.is_empty() || extension::parse(list.as_bytes()).is_ok()
    });
    let origin = option::of("https?://[a-z]{1,9}(:[1-9][0-9]{0,3})?|null");
    let fields = || vec(("X-[a-zA-Z0-9]{1,9}", "([!-~]([ -~]{0,20}[!-~])?)?"), 0..5);
    let chosen = option::of(any::<Index>());
    (uri, subprotocols, chosen, extensions, origin, fields(), fields()).prop_map(
        |(uri, subprotocols, chosen, extensions, origin, asked, answered)| Wishes {
            uri,
            subprotocols,
            chosen,
            extensions,
            origin,
            asked,
            answered,
        },
    )
}

fn inbox_with(bytes: &[u8]) -> Inbox {
    let mut inbox = Inbox::with_capacity(bytes.len());
    assert_eq!(inbox.copy_from(bytes), bytes.len());
    inbox
}

fn borrow(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

proptest! {
    // 6455-4.1-i, 6455-4.1-r, 6455-4.1-t, 6455-4.1-u, 6455-4.1-af
    // 6455-4.2.2-j, 6455-4.2.2-k, 6455-4.2.2-m
    #[test]
    fn a_server_accepts_every_request_and_the_client_every_response(
        wishes in wishes(),
        seed in 1..u64::MAX,
    ) {
        let uri = Uri::parse(&wishes.uri).unwrap();
        let names: Vec<_> = wishes.subprotocols.iter().map(String::as_str).collect();
        let chosen = wishes.chosen.filter(|_| !names.is_empty()).map(|index| *index.get(&names));
        let (asked, answered) = (borrow(&wishes.asked), borrow(&wishes.answered));

        let mut to_server = Vec::new();
        let mut asking = Request::new(&uri).subprotocols(&names).headers(&asked);
        asking = asking.extensions(&wishes.extensions);
        if let Some(origin) = &wishes.origin {
            asking = asking.origin(origin);
        }
        let mut opening = asking.send_with(Sequence(seed), &mut to_server).unwrap();

        let mut to_client = Vec::new();
        let mut at_server = inbox_with(&to_server);
        let mut awaiting = Opening::new(Origins::any());
        let request = awaiting.receive(&mut at_server, &mut to_client).unwrap().unwrap();
        prop_assert_eq!(request.target(), uri.resource_name().to_string());
        prop_assert_eq!(request.origin(), wishes.origin.as_deref());
        prop_assert!(request.subprotocols().eq(names.iter().copied()));
        for (name, value) in &asked {
            prop_assert!(request.headers().all(name).any(|found| found == value.as_bytes()));
        }
        let mut accepting = request.accept().headers(&answered);
        if let Some(name) = chosen {
            accepting = accepting.subprotocol(name);
        }
        let mut server = accepting.finish(&mut to_client).unwrap();
        server.send_text("from the server", &mut to_client).unwrap();

        let mut at_client = inbox_with(&to_client);
        let Some(Response::Accepted(accepted)) = opening.receive(&mut at_client).unwrap() else {
            return Err(TestCaseError::fail("the server accepted"));
        };
        prop_assert_eq!(accepted.subprotocol(), chosen);
        for (name, value) in &answered {
            prop_assert!(accepted.headers().all(name).any(|found| found == value.as_bytes()));
        }
        let mut client = accepted.finish();
        let event = client.receive(&mut at_client, &mut to_server).unwrap();
        prop_assert_eq!(event, Some(Event::Text("from the server")));

        to_server.clear();
        client.send_text("from the client", &mut to_server).unwrap();
        prop_assert_eq!(at_server.copy_from(&to_server), to_server.len());
        let event = server.receive(&mut at_server, &mut to_client).unwrap();
        prop_assert_eq!(event, Some(Event::Text("from the client")));
    }
}
