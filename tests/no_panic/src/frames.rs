//! Frames, masking, UTF-8, and the body of a Close frame.
#![allow(clippy::mut_mut)] // `Decoder::decode` shortens the slice itself

use hybi::{
    Close, CloseCode, Fragment, LimitExceeded, Violation,
    frame::{Decoder, Encoder, FrameParts, Header, HeaderBytes, Kind, Opcode, Reserved, Rules},
    mask::Mask,
    utf8::Validator,
};

use crate::{buffers::drain, proof::proofs};

proofs! {
    opcode_is_control(opcode: Opcode) { Opcode::is_control(opcode) }
    reserved_contains(bits: Reserved, other: Reserved) { Reserved::contains(bits, other) }
    reserved_is_empty(bits: Reserved) { Reserved::is_empty(bits) }
    reserved_intersects(bits: Reserved, other: Reserved) { Reserved::intersects(bits, other) }
    reserved_union(bits: Reserved, other: Reserved) { Reserved::union(bits, other) }
    rules_from_client() { Rules::from_client() }
    rules_from_server() { Rules::from_server() }
    rules_from_any() { Rules::from_any() }
    rules_allowing(rules: Rules, bits: Reserved) { Rules::allowing(rules, bits) }
    header_new(opcode: Opcode, fin: bool, length: u64) { Header::new(opcode, fin, length) }
    header_with_mask(header: Header, key: [u8; 4]) { Header::with_mask(header, key) }
    header_without_mask(header: Header) { Header::without_mask(header) }
    header_with_reserved(header: Header, bits: Reserved) { Header::with_reserved(header, bits) }
    header_fin(header: &Header) { Header::fin(header) }
    header_reserved(header: &Header) { Header::reserved(header) }
    header_opcode(header: &Header) { Header::opcode(header) }
    header_payload_len(header: &Header) { Header::payload_len(header) }
    header_masking_key(header: &Header) { Header::masking_key(header) }
    header_parse(bytes: &[u8], rules: Rules) { Header::parse(bytes, rules) }
    header_encode(header: &Header) { Header::encode(header) }
    header_encoded_len(header: &Header) { Header::encoded_len(header) }
    header_bytes_deref(bytes: &HeaderBytes) { HeaderBytes::as_ref(bytes).len() }
    parts_header(parts: &FrameParts<'_>) { FrameParts::header(parts).len() }
    parts_payload(parts: &FrameParts<'_>) { FrameParts::payload(parts).len() }
    parts_len(parts: &FrameParts<'_>) { FrameParts::len(parts) }
    parts_is_empty(parts: &FrameParts<'_>) { FrameParts::is_empty(parts) }
    parts_slices(parts: &FrameParts<'_>) { FrameParts::slices(parts).len() }
    #[cfg(feature = "std")]
    parts_io_slices(parts: &FrameParts<'_>) { FrameParts::io_slices(parts).len() }
    decoder_new(rules: Rules) { Decoder::new(rules) }
    decoder_from_client() { Decoder::from_client() }
    decoder_from_server() { Decoder::from_server() }
    decoder_decode(decoder: &mut Decoder, input: &mut &mut [u8]) { Decoder::decode(decoder, input) }
    decoder_remaining(decoder: &Decoder) { Decoder::remaining(decoder) }
    encoder_new() { Encoder::new() }
    encoder_header(encoder: &mut Encoder, header: Header) { Encoder::header(encoder, header) }
    encoder_payload(encoder: &mut Encoder, piece: &mut [u8]) { Encoder::payload(encoder, piece) }
    encoder_remaining(encoder: &Encoder) { Encoder::remaining(encoder) }
    mask_new(key: [u8; 4]) { Mask::new(key) }
    mask_apply(mask: &mut Mask, data: &mut [u8]) { Mask::apply(mask, data) }
    mask_copy(mask: &mut Mask, from: &[u8], to: &mut [u8]) { Mask::copy(mask, from, to) }
    validator_new() { Validator::new() }
    validator_feed(validator: &mut Validator, piece: &[u8]) { Validator::feed(validator, piece) }
    validator_is_complete(validator: &Validator) { Validator::is_complete(validator) }
    validator_partial(validator: &Validator) { Validator::partial(validator) }
    code_new(code: u16) { CloseCode::new(code) }
    code_get(code: CloseCode) { CloseCode::get(code) }
    code_try_from(code: u16) { CloseCode::try_from(code) }
    close_code(close: &Close<'_>) { Close::code(close) }
    close_reason(close: &Close<'_>) { Close::reason(close).len() }
    close_parse(body: &[u8]) { Close::parse(body) }
    violation_close_code(violation: Violation) { Violation::close_code(violation) }
    limit_close_code(limit: LimitExceeded) { LimitExceeded::close_code(limit) }
    fragment_from_last(last: bool) { Fragment::from_last(last) }
    fragment_is_last(fragment: Fragment) { Fragment::is_last(fragment) }
    split_binary(data: &[u8], size: usize) { drain(Fragment::split_binary(data, size)) }
    split_text(text: &str, size: usize) { drain(Fragment::split_text(text, size)) }
    kind_eq(kind: Kind) { kind == Kind::Text }
}
