//! The opening handshake of the server: consecutive requests with any split of the input. The reference
//! checks each accepted request, and each response must be complete.

#![no_main]

mod check;
mod policy;
mod requests;
mod server;

use arbitrary::Arbitrary;
use hybi::Inbox;
use hybi_fuzz::cuts::Cuts;
use libfuzzer_sys::fuzz_target;
use policy::Policy;
use requests::Source;
use server::{Answer, Server};

#[derive(Debug, Arbitrary)]
struct Input<'a> {
    policy: Policy,
    limits: Option<(u16, u8, u16, u8)>,
    answer: Answer,
    /// Whether the server also receives plain HTTP requests.
    serves_http: bool,
    /// The initial capacity of the growing inbox.
    capacity: u8,
    /// The size of the fixed inbox.
    fixed: u16,
    cuts: Cuts<'a>,
    edits: Vec<(u16, u8)>,
    source: Source<'a>,
}

// P-se-g, J-06
fuzz_target!(|input: Input<'_>| {
    let bytes = input.source.bytes(&input.edits);
    let server = Server::new(&input, &bytes);
    let expected = server.run(Inbox::with_capacity(usize::from(input.capacity)), Cuts::NONE);
    for cuts in [input.cuts, Cuts::EVERYWHERE] {
        let inbox = Inbox::with_capacity(usize::from(input.capacity));
        assert_eq!(server.run(inbox, cuts), expected);
    }
    // One byte more than the longest head.
    let fixed = Inbox::over(vec![0; server.size + 1]);
    assert_eq!(server.run(fixed, input.cuts), expected);
    server.check(&expected);

    // A fixed inbox is a further limit.
    let size = usize::from(input.fixed).max(1);
    let small = Server { size: server.size.min(size), ..server };
    let steps = small.run(Inbox::over(vec![0; size]), input.cuts);
    small.check(&steps);
    assert_eq!(small.run(Inbox::over(vec![0; size]), Cuts::NONE), steps);
});
