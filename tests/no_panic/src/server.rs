//! The opening handshake of a server.

use hybi::{
    Config, OriginError, Origins,
    http1::{HeadLimits, HeaderField},
    server::{Accept, HttpRequest, Incoming, Opening, Refusal, RefusedRequest, Request, Response},
};

use crate::proof::proofs;

proofs! {
    opening_new(origins: Origins<'_>) { Opening::new(origins) }
    opening_with_limits(origins: Origins<'_>, limits: HeadLimits) { Opening::with_limits(origins, limits) }
    request_is_connect(request: &Request<'_>) { Request::is_connect(request) }
    request_target(request: &Request<'_>) { Request::target(request).len() }
    request_path(request: &Request<'_>) { Request::path(request).len() }
    request_host(request: &Request<'_>) { Request::host(request) }
    request_headers(request: &Request<'_>) { Request::headers(request) }
    request_origin(request: &Request<'_>) { Request::origin(request).is_some() }
    request_accept(request: Request<'_>) { Request::accept(request) }
    request_reject(request: Request<'_>, status: u16) { Request::reject(request, status) }
    accept_subprotocol(accept: Accept<'_>, name: &'static str) { Accept::subprotocol(accept, name) }
    accept_selected_subprotocol(accept: &Accept<'_>) { Accept::selected_subprotocol(accept).is_some() }
    accept_header(accept: Accept<'_>, name: &'static str, value: &'static str) { Accept::header(accept, name, value) }
    accept_headers(accept: Accept<'_>, fields: &'static [HeaderField<'static>]) { Accept::headers(accept, fields) }
    accept_config(accept: Accept<'_>, config: Config) { Accept::config(accept, config) }
    accept_extensions(accept: Accept<'_>, list: &'static str) { Accept::extensions(accept, list) }
    response_new(status: u16) { Response::new(status) }
    response_header(response: Response<'_>, name: &'static str, value: &'static str) { Response::header(response, name, value) }
    response_headers(response: Response<'_>, fields: &'static [HeaderField<'static>]) { Response::headers(response, fields) }
    response_body(response: Response<'_>, body: &'static [u8]) { Response::body(response, body) }
    refusal_status(refusal: Refusal) { Refusal::status(refusal) }
    refused_method(refused: &RefusedRequest<'_>) { RefusedRequest::method(refused).len() }
    refused_target(refused: &RefusedRequest<'_>) { RefusedRequest::target(refused).len() }
    refused_headers(refused: &RefusedRequest<'_>) { RefusedRequest::headers(refused) }
    http_method(request: &HttpRequest<'_>) { HttpRequest::method(request).len() }
    http_target(request: &HttpRequest<'_>) { HttpRequest::target(request).len() }
    http_headers(request: &HttpRequest<'_>) { HttpRequest::headers(request) }
    http_head(request: &HttpRequest<'_>) { HttpRequest::head(request).len() }
    http_respond(request: HttpRequest<'_>, status: u16) { HttpRequest::respond(request, status) }
    incoming_clone(incoming: &Incoming<'_>) { Incoming::clone(incoming) }
    origins_any() { Origins::any() }
    origins_same_host() { Origins::same_host() }
    origins_no_browser() { Origins::no_browser() }
    origins_or_no_browser(origins: Origins<'_>) { Origins::or_no_browser(origins) }
    origin_error_index(error: &OriginError) { OriginError::index(error) }
    origin_error_fault(error: &OriginError) { OriginError::fault(error) }
}
