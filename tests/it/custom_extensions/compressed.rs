//! Custom extensions together with permessage-deflate.

mod after;
mod before;
mod bits;

use hybi::{
    Config, Origins, Uri, client::Request, deflate::Deflate, frame::Reserved, server::Opening,
};

use super::{
    checksum,
    endpoint::{Ends, claim, inbox_of},
};
use crate::{deflate::endpoint::noise, support::feed::ExampleKey};

/// The other bits in the first byte of a frame.
const RSV2: u8 = 0x20;
const RSV3: u8 = 0x10;

/// The bits of a message that is compressed and then has a checksum.
const BOTH_BITS: Reserved = Reserved::RSV1.union(checksum::BIT);

/// The opening handshake for compression and two lists of extensions around it.
fn open(deflate: &Deflate, before: &str, after: &str, config: Config) -> Ends {
    let uri = Uri::parse("ws://server.example.com/").unwrap();
    let (mut request, mut response) = (Vec::new(), Vec::new());
    let offers = [before, after].join(",");
    let offers = offers.trim_matches(',');
    let asking = Request::new(&uri).config(config).extensions(offers).deflate(deflate);
    let opening = asking.send_with(ExampleKey, &mut request).unwrap();
    let mut inbox = inbox_of(&request);
    let mut asked = Opening::new(Origins::any());
    let request = asked.receive(&mut inbox, &mut response).unwrap().unwrap();
    let accept = request.accept().config(config).deflate(deflate).extensions(before);
    let server = accept.extensions_after_compression(after).finish(&mut response).unwrap();
    claim(server, opening, &response)
}

/// The nth text. It has little in common with the others.
fn sentence(n: usize) -> String {
    let letters = noise(64 * (n + 1)).split_off(64 * n);
    letters.into_iter().map(|byte| char::from(b'a' + byte % 26)).collect()
}
