//! HTTP Archive 1.2, with the messages of WebSockets in `_webSocketMessages`, as browsers write them.

use std::{
    fs,
    io::{self, Seek, SeekFrom, Write},
    path::Path,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hybi::{
    frame::Opcode,
    inspect::{Entry, Event, Field, Message, Request, Response, Sender},
};
use serde_json::{Value, json};

/// The most bytes of messages to record of one connection.
const RECORDED: usize = 64 * 1024 * 1024;

/// The most messages, and the most violations, to record of one connection.
const COUNT: usize = 100_000;

/// The end of the file. An entry replaces it.
const TAIL: &str = "\n]}}\n";

/// The fields whose values are hidden.
const CREDENTIALS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "set-cookie"];

/// A HAR file. It is valid after each entry, so that the program may be interrupted.
pub(crate) struct File(Mutex<Contents>);

struct Contents {
    file: fs::File,
    has_entries: bool,
}

impl File {
    /// Creates a file without entries, or replaces an old one.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let mut file = fs::File::create(path)?;
        let creator = json!({"name": "hybi inspect", "version": env!("CARGO_PKG_VERSION")});
        write!(file, r#"{{"log":{{"version":"1.2","creator":{creator},"entries":[{TAIL}"#)?;
        Ok(Self(Mutex::new(Contents { file, has_entries: false })))
    }

    /// Appends the exchanges of a connection that ended at this time.
    pub(crate) fn append(&self, recorder: Recorder, end: Duration) -> io::Result<()> {
        let mut contents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for exchange in recorder.into_exchanges(end) {
            let tail = i64::try_from(TAIL.len()).unwrap_or_default();
            contents.file.seek(SeekFrom::End(-tail))?;
            let comma = if contents.has_entries { "," } else { "" };
            write!(contents.file, "{comma}\n{exchange}{TAIL}")?;
            contents.has_entries = true;
        }
        contents.file.flush()
    }
}

/// Records the exchanges of one connection.
pub(crate) struct Recorder {
    number: usize,
    start: SystemTime,
    credentials: bool,
    exchanges: Vec<Exchange>,
    recorded: usize,
}

/// A request, and what follows it.
struct Exchange {
    at: Duration,
    request: Value,
    host: String,
    target: String,
    response: Option<Value>,
    responded_at: Option<Duration>,
    is_websocket: bool,
    body: Option<String>,
    messages: Vec<Value>,
    violations: Vec<Value>,
    is_truncated: bool,
}

impl Recorder {
    pub(crate) const fn new(number: usize, start: SystemTime, credentials: bool) -> Self {
        Self { number, start, credentials, exchanges: Vec::new(), recorded: 0 }
    }

    /// Records an entry. Ignores those before the first request.
    pub(crate) fn record(&mut self, entry: &Entry<'_>) {
        if let Event::Request(request) = &entry.event {
            if self.exchanges.len() < COUNT {
                let exchange = self.exchange(entry.at, request);
                self.exchanges.push(exchange);
            }
            return;
        }
        let (start, credentials) = (self.start, self.credentials);
        let Some(exchange) = self.exchanges.last_mut() else { return };
        match &entry.event {
            Event::Response(response) if response.status == 101 || response.status >= 200 => {
                exchange.response = Some(response_value(response, credentials));
                exchange.responded_at = Some(entry.at);
            }
            Event::Body(body) => {
                exchange.body = Some(String::from_utf8_lossy(body.start).into_owned());
            }
            Event::Open(_) => exchange.is_websocket = true,
            Event::Message(message) => {
                self.recorded = self.recorded.saturating_add(message.payload.len());
                if self.recorded > RECORDED || exchange.messages.len() >= COUNT {
                    exchange.is_truncated = true;
                } else {
                    let time = since_epoch(start + entry.at);
                    exchange.messages.push(message_value(entry.sender, message, time));
                }
            }
            Event::Violation(rule) if exchange.violations.len() < COUNT => {
                exchange.violations.push(json!({
                    "time": since_epoch(start + entry.at),
                    "culprit": entry.sender.name(),
                    "offset": entry.offset,
                    "requirement": rule.id(),
                    "text": rule.text(),
                }));
            }
            _ => {}
        }
    }

    fn exchange(&self, at: Duration, request: &Request<'_>) -> Exchange {
        let is_host = |field: &&Field<'_>| field.name.eq_ignore_ascii_case("host");
        let host = request.fields.iter().find(is_host).map(|field| text(field.value));
        let query: Vec<Value> = request
            .target
            .split_once('?')
            .map_or("", |(_, query)| query)
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                json!({"name": name, "value": value})
            })
            .collect();
        Exchange {
            at,
            request: json!({
                "method": request.method,
                "url": "",
                "httpVersion": format!("HTTP/1.{}", request.minor),
                "cookies": [],
                "headers": headers(request.fields, self.credentials),
                "queryString": query,
                "headersSize": -1,
                "bodySize": -1,
            }),
            host: host.unwrap_or_default(),
            target: request.target.into(),
            response: None,
            responded_at: None,
            is_websocket: false,
            body: None,
            messages: Vec::new(),
            violations: Vec::new(),
            is_truncated: false,
        }
    }

    fn into_exchanges(self, end: Duration) -> impl Iterator<Item = Value> {
        let (start, number) = (self.start, self.number);
        self.exchanges.into_iter().map(move |exchange| exchange.into_value(start, number, end))
    }
}

impl Exchange {
    fn into_value(mut self, start: SystemTime, number: usize, end: Duration) -> Value {
        let scheme = if self.is_websocket { "ws" } else { "http" };
        let is_path = self.target.starts_with('/');
        self.request["url"] = if is_path {
            json!(format!("{scheme}://{}{}", self.host, self.target))
        } else {
            json!(self.target)
        };
        let responded_at = self.responded_at.unwrap_or(end);
        let wait = milliseconds(responded_at.saturating_sub(self.at));
        let receive = milliseconds(end.saturating_sub(responded_at));
        // Without a response, as browsers write a failed request.
        let mut response = self.response.unwrap_or_else(|| {
            json!({
                "status": 0, "statusText": "", "httpVersion": "", "cookies": [], "headers": [],
                "content": {"size": 0, "mimeType": "x-unknown"}, "redirectURL": "",
                "headersSize": -1, "bodySize": -1,
            })
        });
        if let Some(body) = self.body {
            response["content"]["size"] = json!(body.len());
            response["content"]["text"] = json!(body);
        }
        let mut value = json!({
            "startedDateTime": humantime::format_rfc3339_millis(start + self.at).to_string(),
            "time": wait + receive,
            "request": self.request,
            "response": response,
            "cache": {},
            "timings": {"send": 0, "wait": wait, "receive": receive},
            "connection": number.to_string(),
            "_violations": self.violations,
        });
        if self.is_websocket {
            value["_resourceType"] = json!("websocket");
            value["_webSocketMessages"] = json!(self.messages);
            if self.is_truncated {
                value["comment"] = json!("there are more messages than recorded");
            }
        }
        value
    }
}

/// A message as Chromium writes it: binary data in base64.
fn message_value(sender: Sender, message: &Message<'_>, time: f64) -> Value {
    let is_text = message.opcode == Opcode::Text;
    let data = if is_text { text(message.payload) } else { STANDARD.encode(message.payload) };
    let kind = match sender {
        Sender::Client => "send",
        Sender::Server => "receive",
    };
    json!({"type": kind, "time": time, "opcode": message.opcode as u8, "data": data})
}

fn response_value(response: &Response<'_>, credentials: bool) -> Value {
    let field = |name: &str| {
        let found = response.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name));
        found.map(|field| text(field.value)).unwrap_or_default()
    };
    json!({
        "status": response.status,
        "statusText": text(response.reason),
        "httpVersion": format!("HTTP/1.{}", response.minor),
        "cookies": [],
        "headers": headers(response.fields, credentials),
        "content": {"size": 0, "mimeType": field("content-type")},
        "redirectURL": field("location"),
        "headersSize": -1,
        "bodySize": -1,
    })
}

fn headers(fields: &[Field<'_>], credentials: bool) -> Vec<Value> {
    let header = |field: &Field<'_>| {
        let is_secret = CREDENTIALS.iter().any(|name| name.eq_ignore_ascii_case(field.name));
        let value = if is_secret && !credentials { "(hidden)".into() } else { text(field.value) };
        json!({"name": field.name, "value": value})
    };
    fields.iter().map(header).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn since_epoch(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
