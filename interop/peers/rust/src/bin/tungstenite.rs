//! tungstenite: its server and its client, over blocking sockets. It has no compression.

use std::{error::Error, net::TcpListener, thread};

use http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL};
use tungstenite::{
    Message, WebSocket, accept_hdr,
    client::IntoClientRequest,
    connect,
    handshake::server::{Request, Response},
    protocol::{CloseFrame, frame::coding::CloseCode},
};

fn echo(mut socket: WebSocket<impl std::io::Read + std::io::Write>) {
    // An error is also the end of the connection.
    while let Ok(message) = socket.read() {
        let sent = match message {
            Message::Text(text) if text == "ping" => socket.send(Message::Ping("hello".into())),
            Message::Text(text) if text == "close" => {
                let frame = CloseFrame { code: CloseCode::from(4001), reason: "bye".into() };
                socket.close(Some(frame))
            }
            Message::Text(_) | Message::Binary(_) => socket.send(message),
            Message::Close(frame) => {
                match frame {
                    Some(frame) => println!("closed {} {}", frame.code, frame.reason),
                    None => println!("closed 1005"),
                }
                Ok(())
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(()),
        };
        if sent.is_err() {
            return;
        }
    }
}

fn serve(port: &str) -> Result<(), Box<dyn Error>> {
    for stream in TcpListener::bind(format!("127.0.0.1:{port}"))?.incoming() {
        let stream = stream?;
        thread::spawn(move || {
            let select = |request: &Request, mut response: Response| {
                if request.headers().contains_key(SEC_WEBSOCKET_PROTOCOL) {
                    let selected = HeaderValue::from_static("echo.v1");
                    response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, selected);
                }
                Ok(response)
            };
            if let Ok(socket) = accept_hdr(stream, select) {
                echo(socket);
            }
        });
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().collect();
    if words[1] == "serve" {
        return serve(&words[2]);
    }
    let mut request = words[2].as_str().into_client_request()?;
    let offer = HeaderValue::from_static("other.v1, echo.v1");
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, offer);
    match connect(request) {
        Ok((socket, response)) => {
            let selected = response.headers().get(SEC_WEBSOCKET_PROTOCOL);
            println!("open {}", selected.map_or("", |name| name.to_str().unwrap_or_default()));
            echo(socket);
        }
        Err(error) => println!("refused {error}"),
    }
    Ok(())
}
