//! Responses of servers and proxies that current Debian does not run: published records, some of them
//! completed. The comment above each row names its source. `Sec-WebSocket-Accept` is replaced, because
//! it depends on the key of the request.

use hybi::client::Failure;

use crate::support::handshake::client::{assert_fails, assert_opens, request};

const PROOF: &str = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

fn response(lines: &[&str], after: &[u8]) -> Vec<u8> {
    [lines.join("\r\n").as_bytes(), b"\r\n\r\n", after].concat()
}

// 6455-4.1-ae, 6455-4.1-z, P-ch-b
#[test]
fn servers_on_windows_and_tempesta_fw_open_the_connection() {
    let rows: [&[&str]; 5] = [
        // IIS 8: <http://www.ethicalhack3r.co.uk/?p=17130>
        &[
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: Websocket",
            "Server: Microsoft-IIS/8.0",
            PROOF,
            "Connection: Upgrade",
            "Date: Fri, 30 Aug 2013 13:33:42 GMT",
        ],
        // IIS 10 with iisnode, which adds a second Connection:
        // <https://github.com/tjanczuk/iisnode/issues/699>
        &[
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Server: Microsoft-IIS/10.0",
            "Connection: Upgrade",
            PROOF,
            "Connection: Upgrade",
            "X-Powered-By: ASP.NET",
            "Date: Fri, 31 Mar 2023 14:58:21 GMT",
            "EndTime: 22:58:21.838",
            "ReceivedBytes: 109",
            "SentBytes: 0",
        ],
        // Kestrel in IIS Express: <https://github.com/aspnet/IISIntegration/issues/240>
        &[
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Server: Kestrel",
            PROOF,
            "Connection: Upgrade",
            "X-SourceFiles: =?UTF-8?B?QzpcVXNlcnM=?=",
            "X-Powered-By: ASP.NET",
            "Date: Mon, 06 Feb 2017 11:23:20 GMT",
            "EndTime: 12:23:21.118",
            "ReceivedBytes: 0",
            "SentBytes: 0",
        ],
        // RxNetty: <https://github.com/ReactiveX/RxNetty/issues/576>
        &[
            "HTTP/1.1 101 Switching Protocols",
            "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
            "upgrade: websocket",
            "connection: upgrade",
            "transfer-encoding: chunked",
        ],
        // Tempesta FW writes Upgrade and Connection again, and adds Via and Server:
        // <https://github.com/tempesta-tech/tempesta/pull/1592>,
        // <https://github.com/tempesta-tech/tempesta/issues/524> and
        // <https://github.com/tempesta-tech/tempesta/issues/407>. No record of a response exists.
        &[
            "HTTP/1.1 101 Switching Protocols",
            PROOF,
            "upgrade: websocket",
            "connection: upgrade",
            "via: 1.1 tempesta_fw (Tempesta FW 0.7.0)",
            "Server: Tempesta FW/0.7.0",
        ],
    ];
    for lines in rows {
        assert_opens(request(), &response(lines, b""), |_| ());
    }
}

// 6455-4.1-z
#[test]
fn http_sys_without_a_connection_field_fails() {
    // <https://stackoverflow.com/questions/16788635>
    let lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: Websocket",
        "Server: Microsoft-HTTPAPI/2.0",
        PROOF,
        "Date: Tue, 28 May 2013 09:27:59 GMT",
    ];
    assert_fails(request(), &response(&lines, b""), Failure::Connection);
}

// 6455-4.1-aa
#[test]
fn responses_of_drafts_fail() {
    // The example of section 1.2 of
    // <https://datatracker.ietf.org/doc/html/draft-hixie-thewebsocketprotocol-75>
    let hixie_75 = [
        "HTTP/1.1 101 Web Socket Protocol Handshake",
        "Upgrade: WebSocket",
        "Connection: Upgrade",
        "WebSocket-Origin: http://example.com",
        "WebSocket-Location: ws://example.com/demo",
        "WebSocket-Protocol: sample",
    ];
    assert_fails(request(), &response(&hixie_75, b""), Failure::Accept);
    // The example of section 1.2 of
    // <https://datatracker.ietf.org/doc/html/draft-hixie-thewebsocketprotocol-76>
    let hixie_76 = [
        "HTTP/1.1 101 WebSocket Protocol Handshake",
        "Upgrade: WebSocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Origin: http://example.com",
        "Sec-WebSocket-Location: ws://example.com/demo",
    ];
    assert_fails(request(), &response(&hixie_76, b"8jKS'y:G*Co,Wxa-"), Failure::Accept);
    // Mojolicious in 2011, to a request of hixie-76: <https://github.com/mojolicious/mojo/issues/185>
    let without_key = [
        "HTTP/1.1 101 Switching Protocols",
        "Connection: Upgrade",
        "X-Powered-By: Mojolicious (Perl)",
        "Date: Sun, 24 Jul 2011 03:31:42 GMT",
        "Content-Length: 0",
        "Upgrade: websocket",
        "Server: Mojolicious (Perl)",
        "Sec-WebSocket-Accept: ",
    ];
    assert_fails(request(), &response(&without_key, b""), Failure::Accept);
}
