//! Chat rooms. Several of these processes share them, if they are connected to the same NATS.
//!
//! `cargo run --release --bin server -- 127.0.0.1:9001 [nats://127.0.0.1:4222]`
//!
//! `/chat?room=NAME&after=NUMBER` is a WebSocket, `/health` and `/stats` are pages on the same port. At
//! SIGTERM the health check fails first, then every client gets a Close with code 1012.

mod bus;
mod member;
mod room;
mod stats;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use hybi_tokio::{
    Acceptor, HttpRequest, Incoming, Request, Shutdown,
    hybi::{CloseCode, Config, Origins, server::Response},
};
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{SignalKind, signal},
    sync::Mutex,
    time::{sleep, timeout},
};

use crate::{bus::Bus, room::Room, stats::Stats};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The largest number of rooms. They are never removed.
const MAX_ROOMS: usize = 100;
const MAX_CONNECTIONS: usize = 10_000;
/// How long the health check fails before the connections are closed, so that the proxy sends no more
/// clients: longer than the interval of its checks.
const NOTICE: Duration = Duration::from_secs(2);
/// How long to wait for the end of the connections.
const DRAIN: Duration = Duration::from_secs(15);

struct Service {
    bus: Bus,
    rooms: Mutex<HashMap<String, Arc<Room>>>,
    stats: Stats,
    /// Whether the health check fails.
    is_draining: AtomicBool,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:9001".into());
    let bus = match arguments.next() {
        Some(url) => Bus::connect(&url).await?,
        None => Bus::Local,
    };
    let mut terminate = signal(SignalKind::terminate())?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let service = Arc::new(Service {
        bus,
        rooms: Mutex::default(),
        stats: Stats::default(),
        is_draining: AtomicBool::new(false),
    });
    let shutdown = Shutdown::new();
    // HAProxy leaves the field `Host` as it is, so a browser's origin can be compared with it.
    let acceptor = Acceptor::new(Origins::same_host().or_no_browser())
        .config(Config::new().max_message_size(4096).outbox_high_water(16 * 1024))
        .max_connections(MAX_CONNECTIONS)
        .compression(room::compression())
        .shutdown(&shutdown);
    tokio::spawn(accept(listener, acceptor, Arc::clone(&service)));

    terminate.recv().await;
    service.is_draining.store(true, Relaxed);
    sleep(NOTICE).await;
    shutdown.begin(CloseCode::SERVICE_RESTART);
    let is_empty = timeout(DRAIN, shutdown.ended()).await.is_ok();
    println!("{}", service.stats.to_json());
    if is_empty { Ok(()) } else { Err("some connections did not end in time".into()) }
}

/// Accepts connections. This goes on while the process drains: the health check is one of them.
async fn accept(listener: TcpListener, acceptor: Acceptor, service: Arc<Service>) {
    loop {
        // `accept` fails without file descriptors. Those that are open can go on.
        let Ok((stream, peer)) = listener.accept().await else {
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let (acceptor, service) = (acceptor.clone(), Arc::clone(&service));
        tokio::spawn(async move {
            if let Err(failure) = service.serve(stream, &acceptor).await {
                eprintln!("{peer}: {failure}");
            }
        });
    }
}

impl Service {
    async fn serve(&self, stream: TcpStream, acceptor: &Acceptor) -> Result<(), Failure> {
        stream.set_nodelay(true)?;
        match acceptor.receive(stream).await? {
            Incoming::WebSocket(request) => self.join(request).await,
            Incoming::Http(request) => self.respond(request).await,
        }
    }

    async fn join(&self, request: Request<TcpStream>) -> Result<(), Failure> {
        let Some((name, after)) = parse(request.get().target()) else {
            return Ok(request.reject(Response::new(404)).await?);
        };
        let room = match self.room(name).await {
            Ok(Some(room)) => room,
            Ok(None) => return Ok(request.reject(Response::new(503)).await?),
            Err(failure) => {
                request.reject(Response::new(503)).await?;
                return Err(failure);
            }
        };
        let meter = self.stats.open();
        let websocket = request.accept().await?;
        Ok(member::serve(websocket, &room, &self.bus, after, meter).await?)
    }

    /// Finds a room or opens it. `None` if there are too many.
    async fn room(&self, name: &str) -> Result<Option<Arc<Room>>, Failure> {
        let mut rooms = self.rooms.lock().await;
        if let Some(room) = rooms.get(name) {
            return Ok(Some(Arc::clone(room)));
        }
        if rooms.len() >= MAX_ROOMS {
            return Ok(None);
        }
        let room = self.bus.open(name).await?;
        rooms.insert(name.into(), Arc::clone(&room));
        Ok(Some(room))
    }

    async fn respond(&self, request: HttpRequest<TcpStream>) -> Result<(), Failure> {
        let target = request.get().map(|request| request.target().to_owned());
        let (status, body) = match target.as_deref() {
            Some("/health") if self.is_draining.load(Relaxed) => (503, "draining".into()),
            Some("/health") => (200, "ready".into()),
            Some("/stats") => (200, self.stats.to_json()),
            _ => (404, String::new()),
        };
        Ok(request.respond(status, &[("Content-Type", "text/plain")], body.as_bytes()).await?)
    }
}

/// The name of the room, and the number of the last message that the client has.
fn parse(target: &str) -> Option<(&str, Option<u64>)> {
    let (mut room, mut after) = (None, None);
    for parameter in target.strip_prefix("/chat?")?.split('&') {
        match parameter.split_once('=')? {
            ("room", name) => room = Some(name),
            ("after", number) => after = Some(number.parse().ok()?),
            _ => return None,
        }
    }
    // These characters can be part of the name of a stream.
    let is_name = |name: &&str| {
        (1..=32).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    Some((room.filter(is_name)?, after))
}
