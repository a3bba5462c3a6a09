//! Extensions, and the limits and fields of HTTP/1.1.

use hybi::{
    extension::{Claims, Extension, Parameter, Value},
    frame::Reserved,
    http1::{HeadLimits, ReceivedHeaders},
};

use crate::{buffers::drain, proof::proofs};

proofs! {
    extension_name(extension: &Extension<'_>) { Extension::name(extension).len() }
    extension_parameters(extension: &Extension<'_>) { Extension::parameters(extension) }
    parameter_name(parameter: &Parameter<'_>) { Parameter::name(parameter).len() }
    parameter_value(parameter: &Parameter<'_>) { Parameter::value(parameter).is_some() }
    value_bytes(value: &Value<'_>) { drain(Value::bytes(value)) }
    value_eq(value: &Value<'_>, other: &str) { value == other }
    claims_new() { Claims::new() }
    claims_per_message(claims: Claims, bits: Reserved) { Claims::per_message(claims, bits) }
    claims_after_compression(claims: Claims, bits: Reserved) { Claims::per_message_after_compression(claims, bits) }
    claims_per_frame(claims: Claims, bits: Reserved) { Claims::per_frame(claims, bits) }
    limits_new() { HeadLimits::new() }
    limits_size(limits: HeadLimits, bytes: usize) { HeadLimits::size(limits, bytes) }
    limits_max_size(limits: HeadLimits) { HeadLimits::max_size(limits) }
    limits_fields(limits: HeadLimits, count: usize) { HeadLimits::fields(limits, count) }
    limits_line(limits: HeadLimits, bytes: usize) { HeadLimits::line(limits, bytes) }
    limits_elements(limits: HeadLimits, count: usize) { HeadLimits::elements(limits, count) }
    headers_iter(headers: ReceivedHeaders<'_>) { ReceivedHeaders::iter(headers) }
}
