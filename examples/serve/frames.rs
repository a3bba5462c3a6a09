//! The frames channel: reports frames and handshakes to a page, because a browser does not.
//!
//! A script in a browser gets the messages of a WebSocket, but neither its frames nor the header
//! fields of its opening handshake. A page that shows them connects to `/frames` first. The server
//! sends JSON there: first an id, then reports on the connections whose query is `?frames=ID`.
//!
//! ```json
//! {"id":"5b1f0c6a7d3e4f20"}
//! {"connection":"echo","request":"GET /echo?frames=5b1f0c6a7d3e4f20 HTTP/1.1\r\nHost: …"}
//! {"connection":"echo","response":"HTTP/1.1 101 Switching Protocols\r\nUpgrade: …"}
//! {"connection":"echo","from":"client","number":1,"opcode":"text","fin":true,"rsv1":false,
//!  "masked":true,"length":5,"header":"818537fa213d"}
//! ```
//!
//! An id does not give access to reports: they go only to the connection that received the id.
//! They contain no payload and no credentials. If a page does not read them, the server omits those
//! for which the outbox has no room; the page sees a gap in the numbers.

use std::{
    collections::HashMap,
    error::Error,
    fmt::Write,
    sync::{Arc, Mutex, Weak},
};

use hybi::{
    Config, Connection, Inbox, Prepared, Server,
    frame::{Header, Opcode, Reserved},
    random::{Entropy, OsEntropy},
    server::Request,
};

use crate::{
    member::{Member, lock},
    timed::Timed,
    trace::Trace,
};

/// A page sends no messages here.
pub(crate) const CONFIG: Config = Config::new().max_message_size(0).outbox_high_water(256 * 1024);

/// The frames channels that are open, by their ids.
#[derive(Default)]
pub(crate) struct Channels {
    open: Mutex<HashMap<String, Arc<Member>>>,
}

impl Channels {
    /// Keeps a channel open until its connection ends.
    pub(crate) fn serve(
        &self,
        websocket: Connection<Server>,
        inbox: Inbox,
        stream: &mut Timed<'_>,
        trace: &Trace,
    ) -> Result<(), Box<dyn Error>> {
        let mut random = [0; 8];
        OsEntropy::new().fill(&mut random)?;
        let id = hex(&random);
        let unreported = Report { trace: trace.clone(), ..Report::default() };
        let (member, writer) = Member::start(websocket, stream, &unreported)?;
        lock(&self.open).insert(id.clone(), Arc::clone(&member));
        member.send(&Prepared::text(&format!(r#"{{"id":"{id}"}}"#)));
        let ended = member.listen(inbox, stream, &unreported, |_| {});
        lock(&self.open).remove(&id);
        member.stop(writer, stream);
        ended
    }

    /// The report of a connection with this target.
    pub(crate) fn report(&self, connection: &'static str, target: &str, trace: &Trace) -> Report {
        let id = target.split_once("?frames=").map_or("", |(_, id)| id);
        let channel = lock(&self.open).get(id).map(Arc::downgrade).unwrap_or_default();
        Report { connection, channel, trace: trace.clone() }
    }
}

/// Reports one connection to a frames channel, if the query of its target names one.
#[derive(Clone, Default)]
pub(crate) struct Report {
    connection: &'static str,
    /// Dropped when the page's connection ends.
    channel: Weak<Member>,
    pub(crate) trace: Trace,
}

impl Report {
    pub(crate) fn is_wanted(&self) -> bool {
        self.channel.strong_count() > 0
    }

    /// Reports the request as it was received.
    pub(crate) fn request(&self, request: &Request<'_>) {
        let mut head = format!("GET {} HTTP/1.1\r\n", request.target());
        for (name, value) in request.headers() {
            let is_secret =
                ["Cookie", "Authorization"].iter().any(|s| s.eq_ignore_ascii_case(name));
            let value =
                if is_secret { "(not shown)".into() } else { String::from_utf8_lossy(value) };
            let _ = write!(head, "{name}: {value}\r\n");
        }
        self.head("request", &head);
    }

    /// Reports the response as it is sent.
    pub(crate) fn response(&self, head: &[u8]) {
        self.head("response", &String::from_utf8_lossy(head));
    }

    fn head(&self, name: &str, head: &str) {
        self.send(format_args!(r#""{name}":"{}""#, escaped(head.trim_end())));
    }

    /// Reports a frame. `number` counts the frames of its sender from 1.
    pub(crate) fn frame(&self, from: &str, number: u64, header: &Header) {
        let opcode = match header.opcode() {
            Opcode::Continuation => "continuation",
            Opcode::Text => "text",
            Opcode::Binary => "binary",
            Opcode::Close => "close",
            Opcode::Ping => "ping",
            Opcode::Pong => "pong",
        };
        self.send(format_args!(
            r#""from":"{from}","number":{number},"opcode":"{opcode}","fin":{},"rsv1":{},"masked":{},"length":{},"header":"{}""#,
            header.fin(),
            header.reserved().contains(Reserved::RSV1),
            header.masking_key().is_some(),
            header.payload_len(),
            hex(&header.encode()),
        ));
    }

    fn send(&self, members: std::fmt::Arguments<'_>) {
        if let Some(channel) = self.channel.upgrade() {
            let connection = self.connection;
            // Omitted if the outbox has no room.
            channel.send(&Prepared::text(&format!(r#"{{"connection":"{connection}",{members}}}"#)));
        }
    }
}

/// Escapes text for a JSON string.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\\' => escaped.extend(['\\', character]),
            '\0'..'\u{20}' => {
                let _ = write!(escaped, "\\u{:04x}", u32::from(character));
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
