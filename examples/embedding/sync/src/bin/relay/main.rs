//! A gateway: it joins each client to a WebSocket server behind it, frame by frame.
//!
//! It teaches how to pass messages of any size on in constant memory: frames are masked anew where
//! they were read, a Close travels through, and whoever is left alone is told so. It also shows both
//! opening handshakes side by side. The data transfer is in `carry.rs`. There is a thread for each
//! client, which waits for both sockets at once.
//!
//! `cargo run --bin relay -- 127.0.0.1:9001 127.0.0.1:9002`

mod carry;

use std::{
    error::Error,
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use carry::{Peer, carry};
use hybi::{
    Inbox, Origins, Uri,
    client::{self, Answer},
    server::{self, Opening},
};

/// How long a peer may take for the opening handshake, and for the end.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much is read and dropped of a client that is refused.
const DRAINED: u64 = 1024 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:9001".into());
    let behind = arguments.next().unwrap_or_else(|| "127.0.0.1:9002".into());
    let listener = TcpListener::bind(address)?;
    println!("listening on {}", listener.local_addr()?);
    for stream in listener.incoming() {
        let stream = match stream {
            Ok(stream) => stream,
            Err(error) => {
                // Such as too many open files: others end in the meantime.
                eprintln!("accept: {error}");
                thread::sleep(Duration::from_millis(50));
                continue;
            }
        };
        let behind = behind.clone();
        thread::spawn(move || {
            if let Err(error) = serve(stream, &behind) {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

/// One client.
fn serve(mut client: TcpStream, behind: &str) -> Result<(), Box<dyn Error>> {
    prepare(&client)?;
    let (mut inbox, mut outbox) = (Inbox::with_capacity(4096), Vec::new());
    let opened = open(&mut client, &mut inbox, &mut outbox, behind);
    client.write_all(&outbox)?; // also after an error: the answer that says what it was
    match opened {
        Ok(Some(server)) => {
            let client = Peer::new(client, inbox.unread())?;
            carry(client, Peer::new(server.stream, server.inbox.unread())?)
        }
        ended => {
            client.shutdown(Shutdown::Write)?;
            io::copy(&mut client.take(DRAINED), &mut io::sink())?;
            ended.map(drop)
        }
    }
}

/// The opening handshakes: the client asks, the server behind is asked and answers, the client gets
/// its answer. `None` if nobody asked for anything.
fn open(
    stream: &mut TcpStream,
    inbox: &mut Inbox,
    outbox: &mut Vec<u8>,
    behind: &str,
) -> Result<Option<Behind>, Box<dyn Error>> {
    let mut opening = Opening::new(Origins::same_host().or_no_browser());
    let request = loop {
        if inbox.read_from(stream)? == 0 {
            return Ok(None);
        }
        if let Some(request) = opening.receive(inbox, outbox)? {
            break request;
        }
    };
    match ask(&request, behind) {
        Ok(server) => {
            let mut accept = request.accept();
            if let Some(name) = &server.subprotocol {
                accept = accept.subprotocol(name);
            }
            accept.finish(outbox)?; // the connection is not needed: frames are passed on
            Ok(Some(server))
        }
        Err(error) => {
            request.reject(502).send(outbox)?;
            Err(error)
        }
    }
}

/// The server behind, which has accepted.
struct Behind {
    stream: TcpStream,
    /// It holds what came behind the answer.
    inbox: Inbox,
    subprotocol: Option<String>,
}

/// Asks the server behind for what the client asks for.
fn ask(request: &server::Request<'_>, behind: &str) -> Result<Behind, Box<dyn Error>> {
    let uri = format!("ws://{behind}{}", request.target());
    let uri = Uri::parse(&uri)?;
    let subprotocols: Vec<&str> = request.subprotocols().collect();
    let mut stream = TcpStream::connect(behind)?;
    prepare(&stream)?;

    let (mut inbox, mut outbox) = (Inbox::with_capacity(4096), Vec::new());
    let request = client::Request::new(&uri).subprotocols(&subprotocols);
    let mut opening = request.send(&mut outbox)?;
    stream.write_all(&outbox)?;
    let subprotocol = loop {
        if inbox.read_from(&mut stream)? == 0 {
            return Err("the server behind hung up".into());
        }
        match opening.receive(&mut inbox)? {
            None => {}
            Some(Answer::Accepted(accepted)) => break accepted.subprotocol().map(String::from),
            Some(Answer::Refused(refused)) => {
                return Err(format!("the server behind answered {}", refused.status()).into());
            }
        }
    };
    Ok(Behind { stream, inbox, subprotocol })
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))
}
