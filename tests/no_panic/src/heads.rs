//! What parses and writes the heads of opening handshakes and of tunnels.

use core::time::Duration;

use hybi::{
    Origins, Uri,
    client::{self, Exchange, Rejected},
    deadline::Deadlines,
    extension::{self, Extension, Extensions, Parameters, Value},
    http1::{Excerpt, ReceivedHeaders, ReceivedHeadersIter},
    http2::Field,
    proxy::{self, Challenge, Connect, Refused},
    server::{self, Accept, HttpRequest, Refusal, RefusedRequest},
};

use crate::{
    buffers::{In, Numbers, Out, drain, ignore_field},
    proof::proofs,
};

proofs! {
    uri_parse(uri: &str) { Uri::parse(uri) }
    uri_parse_http(url: &str) { Uri::parse_http(url) }
    #[cfg(feature = "alloc")]
    uri_buf_parse(uri: &str) { hybi::UriBuf::parse(uri) }
    #[cfg(feature = "alloc")]
    uri_buf_parse_http(url: &str) { hybi::UriBuf::parse_http(url) }
    origins_list(origins: &'static [&'static str]) { Origins::list(origins) }
    #[cfg(feature = "alloc")]
    origins_owned(origins: &[&str]) { Origins::owned(origins) }
    excerpt_from(text: &str) { Excerpt::from(text) }
    excerpt_as_str(excerpt: &Excerpt) { Excerpt::as_str(excerpt).len() }
    headers_get(headers: ReceivedHeaders<'_>, name: &str) { ReceivedHeaders::get(headers, name).is_some() }
    headers_all(headers: ReceivedHeaders<'_>, name: &str) { drain(ReceivedHeaders::all(headers, name)) }
    headers_next(fields: &mut ReceivedHeadersIter<'_>) { ReceivedHeadersIter::next(fields).is_some() }
    extension_parse(list: &[u8]) { extension::parse(list).is_ok() }
    extension_next(list: &mut Extensions<'_>) { Extensions::next(list).is_some() }
    parameters_next(list: &mut Parameters<'_>) { Parameters::next(list).is_some() }
    extension_value(extension: &Extension<'_>) { drain(Extension::parameters(extension)) }
    value_next(value: &Value<'_>) { Value::bytes(value).next() }
    server_receive(opening: &mut server::Opening<'_>, inbox: &mut In<'_>, outbox: &mut Out<'_>) { server::Opening::receive(opening, inbox, outbox).is_ok() }
    server_receive_any(opening: &mut server::Opening<'_>, inbox: &mut In<'_>, outbox: &mut Out<'_>) { server::Opening::receive_any(opening, inbox, outbox).is_ok() }
    server_advance(opening: &mut server::Opening<'_>, inbox: &mut In<'_>, outbox: &mut Out<'_>) { server::Opening::advance(opening, inbox, outbox) }
    server_advance_any(opening: &mut server::Opening<'_>, inbox: &mut In<'_>, outbox: &mut Out<'_>) { server::Opening::advance_any(opening, inbox, outbox) }
    server_time_out(opening: &mut server::Opening<'_>, outbox: &mut Out<'_>) { server::Opening::time_out(opening, outbox) }
    server_request(opening: &server::Opening<'_>, inbox: &In<'_>) { server::Opening::request(opening, inbox).is_some() }
    server_incoming(opening: &server::Opening<'_>, inbox: &In<'_>) { server::Opening::incoming(opening, inbox).is_some() }
    server_refused(opening: &server::Opening<'_>, inbox: &In<'_>) { server::Opening::refused(opening, inbox).is_some() }
    expire_opening(deadlines: &mut Deadlines, now: Duration, opening: &mut server::Opening<'_>, outbox: &mut Out<'_>) { Deadlines::expire_opening(deadlines, now, opening, outbox) }
    request_cookie(request: &server::Request<'_>, name: &str) { server::Request::cookie(request, name).is_some() }
    request_cookies(request: &server::Request<'_>) { drain(server::Request::cookies(request)) }
    request_subprotocols(request: &server::Request<'_>) { drain(server::Request::subprotocols(request)) }
    request_extensions(request: &server::Request<'_>) { drain(server::Request::extensions(request)) }
    request_from_connect(fields: &[Field<'_>], origins: &Origins<'_>) { server::Request::from_connect(fields, origins).is_ok() }
    accept_select_subprotocol(accept: Accept<'static>, names: &[&'static str]) { Accept::select_subprotocol(accept, names) }
    accept_finish(accept: Accept<'_>, outbox: &mut Out<'_>) { Accept::finish(accept, outbox) }
    accept_finish_fields(accept: Accept<'_>) { Accept::finish_fields(accept, ignore_field) }
    response_send(response: server::Response<'_>, outbox: &mut Out<'_>) { server::Response::send(response, outbox) }
    response_send_fields(response: server::Response<'_>) { server::Response::send_fields(response, ignore_field).is_ok() }
    refusal_send_fields(refusal: Refusal) { Refusal::send_fields(refusal, ignore_field).len() }
    http_host(request: &HttpRequest<'_>) { HttpRequest::host(request) }
    refused_host(request: &RefusedRequest<'_>) { RefusedRequest::host(request) }
    refused_origin(request: &RefusedRequest<'_>) { RefusedRequest::origin(request).is_some() }
    client_send_with(request: client::Request<'_>, entropy: Numbers, outbox: &mut Out<'_>) { client::Request::send_with(request, entropy, outbox) }
    client_send_fields_with(request: client::Request<'_>, entropy: Numbers) { client::Request::send_fields_with(request, entropy, ignore_field) }
    client_receive(opening: &mut client::Opening<'_, Numbers>, inbox: &mut In<'_>) { client::Opening::receive(opening, inbox).is_ok() }
    client_advance(opening: &mut client::Opening<'_, Numbers>, inbox: &mut In<'_>) { client::Opening::advance(opening, inbox) }
    client_response(opening: &mut client::Opening<'_, Numbers>, inbox: &In<'_>) { client::Opening::response(opening, inbox).is_some() }
    #[cfg(feature = "alloc")]
    client_into_owned(opening: client::Opening<'_, Numbers>) { client::Opening::into_owned(opening) }
    exchange_receive_fields(exchange: &mut Exchange<'_, Numbers>, fields: &[Field<'_>]) { Exchange::receive_fields(exchange, fields).is_ok() }
    #[cfg(feature = "alloc")]
    exchange_into_owned(exchange: Exchange<'_, Numbers>) { Exchange::into_owned(exchange) }
    accepted_extensions(accepted: &client::Accepted<'_, Numbers>) { drain(client::Accepted::extensions(accepted)) }
    accepted_finish_requiring(accepted: client::Accepted<'_, Numbers>, extension: &str, outbox: &mut Out<'_>) { client::Accepted::finish_requiring(accepted, extension, outbox) }
    rejected_content_length(rejected: &Rejected<'_>) { Rejected::content_length(rejected) }
    rejected_versions(rejected: &Rejected<'_>) { drain(Rejected::versions(rejected)) }
    connect_send(connect: Connect<'_>, outbox: &mut Out<'_>) { Connect::send(connect, outbox) }
    proxy_receive(opening: &mut proxy::Opening, inbox: &mut In<'_>) { proxy::Opening::receive(opening, inbox).is_ok() }
    proxy_advance(opening: &mut proxy::Opening, inbox: &mut In<'_>) { proxy::Opening::advance(opening, inbox) }
    proxy_response(opening: &proxy::Opening, inbox: &In<'_>) { proxy::Opening::response(opening, inbox).is_some() }
    refused_content_length(refused: &Refused<'_>) { Refused::content_length(refused) }
    refused_challenges(refused: &Refused<'_>) { drain(Refused::challenges(refused)) }
    challenge_parameters(challenge: &Challenge<'_>) { drain(Challenge::parameters(challenge)) }
    challenge_parameter(challenge: &Challenge<'_>, name: &str) { Challenge::parameter(challenge, name).is_some() }
}
