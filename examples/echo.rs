//! The loop of the README, word for word, on blocking sockets: a thread for each connection.
//!
//! `cargo run --example echo -- 127.0.0.1:9001`. Pages of `https://example.com` alone are let in.

use hybi::{Event, Inbox, Origins, server::Opening};
use std::{error::Error, io::Write, net::TcpStream};

fn serve(mut stream: TcpStream) -> Result<(), Box<dyn Error>> {
    let mut outbox = Vec::new();
    let ended = echo(&mut stream, &mut outbox);
    stream.write_all(&outbox)?; // after an error, it holds the answer that says what it was
    ended
}

fn echo(stream: &mut TcpStream, outbox: &mut Vec<u8>) -> Result<(), Box<dyn Error>> {
    let mut inbox = Inbox::with_capacity(16 * 1024);

    // The opening handshake.
    let mut opening = Opening::new(Origins::list(&["https://example.com"]));
    let mut websocket = loop {
        if inbox.read_from(stream)? == 0 {
            return Ok(()); // nobody asked for anything
        }
        if let Some(request) = opening.receive(&mut inbox, outbox)? {
            break request.accept().finish(outbox)?;
        }
    };

    // Data transfer.
    loop {
        while let Some(event) = websocket.receive(&mut inbox, outbox)? {
            match event {
                Event::Text(text) => websocket.send_text(text, outbox)?,
                Event::Binary(data) => websocket.send_binary(data, outbox)?,
                // The pong, or the reply to the Close, is in the outbox already.
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
            }
        }
        stream.write_all(outbox)?;
        outbox.clear();
        if websocket.is_done() {
            return Ok(());
        }
        if inbox.read_from(stream)? == 0 {
            return Ok(websocket.end_of_input()?);
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".into());
    let listener = std::net::TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    for stream in listener.incoming() {
        let stream = stream?;
        std::thread::spawn(move || {
            if let Err(error) = serve(stream) {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}
