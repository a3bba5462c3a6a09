//! The memory of idle connections. Each has echoed a message, so that its buffers were allocated
//! and freed.

use std::{
    env,
    error::Error,
    fmt::{self, Display, Formatter},
    fs, mem,
    process::Command,
};

use counting::measure;
use hybi::{
    Connection, Event, Inbox, Origins, Server, Uri,
    client::{Request, Response},
    deflate::Deflate,
    server::Opening,
};

use crate::traffic;

/// The negotiated compression.
#[derive(Clone, Copy)]
pub(crate) enum Agreement {
    Plain,
    /// Compression without context takeover.
    Compressed,
    /// Compression with context takeover in both directions.
    Takeover,
}

/// The memory of all connections together.
pub(crate) struct Held {
    agreement: Agreement,
    /// The allocated memory as counted by the allocator, in bytes.
    allocated: usize,
    /// The growth of the resident memory of the process, in bytes.
    resident: usize,
}

impl Agreement {
    pub(crate) const ALL: [Self; 3] = [Self::Plain, Self::Compressed, Self::Takeover];

    /// The agreement with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|agreement| agreement.name() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Plain => "no compression",
            Self::Compressed => "compression",
            Self::Takeover => "compression, takeover both ways",
        }
    }

    const fn connections(self) -> usize {
        match self {
            Self::Plain | Self::Compressed => 1_000_000,
            Self::Takeover => 1_000,
        }
    }

    fn deflate(self) -> Option<Deflate> {
        match self {
            Self::Plain => None,
            Self::Compressed => Some(Deflate::new()),
            Self::Takeover => {
                Some(Deflate::new().send_context_takeover(true).receive_context_takeover(true))
            }
        }
    }
}

impl Held {
    /// Measures in a new process, whose memory has not been used before.
    pub(crate) fn apart(agreement: Agreement) -> Result<Self, Box<dyn Error>> {
        let output =
            Command::new(env::current_exe()?).args(["--idle", agreement.name()]).output()?;
        let printed = String::from_utf8_lossy(&output.stdout);
        let mut figures = printed.split_whitespace().map(str::parse);
        match (figures.next(), figures.next()) {
            (Some(allocated), Some(resident)) => {
                Ok(Self { agreement, allocated: allocated?, resident: resident? })
            }
            _ => Err(String::from_utf8_lossy(&output.stderr).into()),
        }
    }

    /// Measures in this process.
    pub(crate) fn here(agreement: Agreement) -> Result<Self, Box<dyn Error>> {
        let deflate = agreement.deflate();
        let client = Client::new(deflate.as_ref())?;
        let before = resident()?;
        let (connections, cost) = measure(|| {
            let mut connections = Vec::with_capacity(agreement.connections());
            for _ in 0..agreement.connections() {
                connections.push(client.converse(deflate.as_ref())?);
            }
            Ok::<_, Box<dyn Error>>(connections)
        });
        let grown = resident()? - before;
        assert_eq!(connections?.len(), agreement.connections(), "all connections are still open");
        Ok(Self { agreement, allocated: cost.kept.unsigned_abs(), resident: grown })
    }

    /// The figures that [`apart`](Self::apart) reads.
    pub(crate) fn print(&self) {
        println!("{} {}", self.allocated, self.resident);
    }
}

/// A row of the table.
impl Display for Held {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let connections = self.agreement.connections();
        write!(
            f,
            "| {:<31} | {connections:>11} | {:>6} | {:>9} | {:>8} |",
            self.agreement.name(),
            size_of::<Idle>(),
            self.allocated / connections,
            self.resident / connections,
        )
    }
}

/// The header of the table.
pub(crate) const HEAD: &str = "\
| idle, bytes for each connection | connections | struct | allocated | resident |
| --- | ---: | ---: | ---: | ---: |";

/// The state of a server for one connection.
struct Idle {
    websocket: Connection<Server>,
    inbox: Inbox,
    outbox: Vec<u8>,
}

impl Idle {
    /// Accepts a request.
    fn open(request: &[u8], deflate: Option<&Deflate>) -> Result<Self, Box<dyn Error>> {
        let (mut inbox, mut outbox) = (Inbox::with_capacity(16 * 1024), Vec::new());
        assert_eq!(inbox.copy_from(request), request.len());
        let mut opening = Opening::new(Origins::no_browser());
        let request = opening.receive(&mut inbox, &mut outbox)?;
        let mut accept =
            request.map(hybi::server::Request::accept).ok_or("the request is not complete")?;
        if let Some(deflate) = deflate {
            accept = accept.deflate(deflate);
        }
        let websocket = accept.finish(&mut outbox)?;
        Ok(Self { websocket, inbox, outbox })
    }

    /// Echoes the messages in these frames.
    fn echo(&mut self, frames: &[u8]) -> Result<(), hybi::Error> {
        let Self { websocket, inbox, outbox } = self;
        assert_eq!(inbox.copy_from(frames), frames.len());
        while let Some(event) = websocket.receive(inbox, outbox)? {
            if let Event::Text(text) = event {
                websocket.send_text(text, outbox)?;
            }
        }
        Ok(())
    }

    /// Frees the memory that an idle connection does not need.
    fn rest(&mut self) {
        if self.inbox.is_empty() {
            self.inbox.release();
        }
        self.outbox = Vec::new();
    }
}

/// The bytes that a client sends on each connection, and the bytes that it expects.
struct Client {
    request: Vec<u8>,
    response: Vec<u8>,
    message: Vec<u8>,
    echo: Vec<u8>,
}

impl Client {
    /// Records the bytes of a conversation with one server.
    fn new(deflate: Option<&Deflate>) -> Result<Self, Box<dyn Error>> {
        let uri = Uri::parse("ws://server.example.com/")?;
        let mut request = Vec::new();
        let mut asking = Request::new(&uri);
        if let Some(deflate) = deflate {
            asking = asking.deflate(deflate);
        }
        let mut opening = asking.send(&mut request)?;
        let mut server = Idle::open(&request, deflate)?;
        let response = mem::take(&mut server.outbox);

        let mut inbox = Inbox::with_capacity(16 * 1024);
        assert_eq!(inbox.copy_from(&response), response.len());
        let Some(Response::Accepted(accepted)) = opening.receive(&mut inbox)? else {
            return Err("not accepted".into());
        };
        let mut websocket = accepted.finish();
        assert_eq!(
            websocket.compression().is_some(),
            deflate.is_some(),
            "compression as requested"
        );

        let text = traffic::payload(1024);
        let mut message = Vec::new();
        websocket.send_text(&text, &mut message)?;
        server.echo(&message)?;
        let echo = server.outbox;
        assert_eq!(inbox.copy_from(&echo), echo.len());
        let received = websocket.receive(&mut inbox, &mut Vec::new())?;
        assert_eq!(received, Some(Event::Text(&text)), "the message is echoed");
        Ok(Self { request, response, message, echo })
    }

    /// Replays the conversation with another server, and leaves it idle.
    fn converse(&self, deflate: Option<&Deflate>) -> Result<Idle, Box<dyn Error>> {
        let mut server = Idle::open(&self.request, deflate)?;
        assert_eq!(server.outbox, self.response);
        server.outbox.clear();
        server.echo(&self.message)?;
        assert_eq!(server.outbox, self.echo);
        server.rest();
        Ok(server)
    }
}

/// The resident memory of this process, in bytes.
fn resident() -> Result<usize, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: usize = line.and_then(|l| l.split_whitespace().next()).ok_or("no VmRSS")?.parse()?;
    Ok(kib * 1024)
}
