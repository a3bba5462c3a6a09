//! The opening handshake of a client, URIs, and tunnels through an HTTP proxy.

use hybi::{
    Authority, Config, Host, Uri,
    client::{Accepted, Rejected, Request},
    http1::{HeadLimits, HeaderField},
    proxy::{Challenge, Connect, ParameterValue, Refused, Tunnel},
};

use crate::{
    buffers::{Numbers, drain},
    proof::proofs,
};

proofs! {
    uri_is_secure(uri: &Uri<'_>) { Uri::is_secure(uri) }
    uri_host(uri: &Uri<'_>) { Uri::host(uri) }
    uri_port(uri: &Uri<'_>) { Uri::port(uri) }
    uri_path(uri: &Uri<'_>) { Uri::path(uri).len() }
    uri_query(uri: &Uri<'_>) { Uri::query(uri).is_some() }
    uri_resource_name(uri: &Uri<'_>) { Uri::resource_name(uri) }
    uri_authority(uri: &Uri<'_>) { Uri::authority(uri) }
    uri_eq(uri: &Uri<'_>, other: &Uri<'_>) { uri == other }
    authority_eq(authority: &Authority<'_>, other: &Authority<'_>) { authority == other }
    host_eq(host: &Host<'_>, other: &Host<'_>) { host == other }
    #[cfg(feature = "alloc")]
    uri_buf_as_uri(uri: &hybi::UriBuf) { hybi::UriBuf::as_uri(uri) }
    request_new(uri: &Uri<'_>) { Request::new(uri) }
    request_subprotocols(request: Request<'_>, names: &'static [&'static str]) { Request::subprotocols(request, names) }
    request_require_subprotocol(request: Request<'_>) { Request::require_subprotocol(request) }
    request_extensions(request: Request<'_>, offers: &'static str) { Request::extensions(request, offers) }
    request_origin(request: Request<'_>, origin: &'static str) { Request::origin(request, origin) }
    request_target(request: Request<'_>, target: &'static str) { Request::target(request, target) }
    request_basic_auth(request: Request<'_>, user: &'static str, password: &'static str) { Request::basic_auth(request, user, password) }
    request_bearer(request: Request<'_>, token: &'static str) { Request::bearer(request, token) }
    request_header(request: Request<'_>, name: &'static str, value: &'static str) { Request::header(request, name, value) }
    request_headers(request: Request<'_>, fields: &'static [HeaderField<'static>]) { Request::headers(request, fields) }
    request_limits(request: Request<'_>, limits: HeadLimits) { Request::limits(request, limits) }
    request_config(request: Request<'_>, config: Config) { Request::config(request, config) }
    accepted_subprotocol(accepted: &Accepted<'_, Numbers>) { Accepted::subprotocol(accepted).is_some() }
    accepted_headers(accepted: &Accepted<'_, Numbers>) { Accepted::headers(accepted) }
    accepted_finish(accepted: Accepted<'_, Numbers>) { Accepted::finish(accepted) }
    rejected_status(rejected: &Rejected<'_>) { Rejected::status(rejected) }
    rejected_headers(rejected: &Rejected<'_>) { Rejected::headers(rejected) }
    rejected_body(rejected: &Rejected<'_>) { Rejected::body(rejected).len() }
    rejected_with_body(rejected: Rejected<'_>, body: &[u8]) { Rejected::with_body(rejected, body).status() }
    #[cfg(feature = "alloc")]
    owned_as_rejected(rejected: &hybi::client::OwnedRejected) { hybi::client::OwnedRejected::as_rejected(rejected) }
    #[cfg(feature = "alloc")]
    redirect_uri(redirect: &hybi::client::Redirect) { hybi::client::Redirect::uri(redirect) }
    #[cfg(feature = "alloc")]
    redirect_into_uri(redirect: hybi::client::Redirect) { hybi::client::Redirect::into_uri(redirect) }
    #[cfg(feature = "alloc")]
    redirect_is_same_origin(redirect: &hybi::client::Redirect) { hybi::client::Redirect::is_same_origin(redirect) }
    #[cfg(feature = "alloc")]
    redirect_is_downgrade(redirect: &hybi::client::Redirect) { hybi::client::Redirect::is_downgrade(redirect) }
    connect_new(uri: &Uri<'_>) { Connect::new(uri) }
    connect_basic_auth(connect: Connect<'_>, user: &'static str, password: &'static str) { Connect::basic_auth(connect, user, password) }
    connect_header(connect: Connect<'_>, name: &'static str, value: &'static str) { Connect::header(connect, name, value) }
    connect_headers(connect: Connect<'_>, fields: &'static [HeaderField<'static>]) { Connect::headers(connect, fields) }
    connect_limits(connect: Connect<'_>, limits: HeadLimits) { Connect::limits(connect, limits) }
    tunnel_status(tunnel: &Tunnel<'_>) { Tunnel::status(tunnel) }
    tunnel_headers(tunnel: &Tunnel<'_>) { Tunnel::headers(tunnel) }
    refused_status(refused: &Refused<'_>) { Refused::status(refused) }
    refused_headers(refused: &Refused<'_>) { Refused::headers(refused) }
    refused_body(refused: &Refused<'_>) { Refused::body(refused).len() }
    challenge_scheme(challenge: &Challenge<'_>) { Challenge::scheme(challenge).len() }
    challenge_token68(challenge: &Challenge<'_>) { Challenge::token68(challenge).is_some() }
    parameter_bytes(value: &ParameterValue<'_>) { drain(ParameterValue::bytes(value)) }
    parameter_eq(value: &ParameterValue<'_>, text: &str) { value == text }
}
