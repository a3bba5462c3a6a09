//! Passes connections on, and observes them.

use std::{
    error::Error,
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Instant, SystemTime},
};

use hybi::inspect::Sender;

use crate::session::{Output, Session};

/// How many bytes to pass on at a time.
const PIECE: usize = 64 * 1024;

/// Passes each connection to `listen` on to `target`.
pub(crate) fn run(listen: &str, target: &str, output: &Output) -> Result<(), Box<dyn Error>> {
    let listener =
        TcpListener::bind(listen).map_err(|error| format!("cannot listen on {listen}: {error}"))?;
    eprintln!("inspect listens on {}, and passes on to {target}", listener.local_addr()?);
    for (index, client) in listener.incoming().enumerate() {
        let (output, target) = (output.clone(), target.to_string());
        thread::spawn(move || {
            if let Err(error) = client
                .map_err(Into::into)
                .and_then(|client| pass(&client, &target, index + 1, &output))
            {
                eprintln!("#{}: {error}", index + 1);
            }
        });
    }
    Ok(())
}

/// Passes one connection on, until it has ended in both directions.
fn pass(
    client: &TcpStream,
    target: &str,
    number: usize,
    output: &Output,
) -> Result<(), Box<dyn Error>> {
    let server = TcpStream::connect(target)
        .map_err(|error| format!("cannot connect to {target}: {error}"))?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let observed = Observed {
        session: Arc::new(Mutex::new(Session::new(number, SystemTime::now(), output))),
        start: Instant::now(),
    };
    thread::scope(|scope| {
        scope.spawn(|| observed.pass_one_way(Sender::Client, client, &server));
        observed.pass_one_way(Sender::Server, &server, client);
    });
    Ok(())
}

/// A connection that is passed on.
struct Observed {
    session: Arc<Mutex<Session>>,
    start: Instant,
}

impl Observed {
    /// Passes on the bytes of one sender, until it ends or its peer is gone.
    fn pass_one_way(&self, sender: Sender, mut from: &TcpStream, mut to: &TcpStream) {
        let mut piece = vec![0; PIECE];
        loop {
            let length = match from.read(&mut piece) {
                Ok(0) | Err(_) => break,
                Ok(length) => length,
            };
            let bytes = &piece[..length];
            // Before the bytes are passed on, so that no response precedes its request.
            self.with_session(|session| session.receive(sender, bytes, self.start.elapsed()));
            if to.write_all(bytes).is_err() {
                break;
            }
        }
        self.with_session(|session| session.end(sender, self.start.elapsed()));
        // A peer that has closed only its sending direction may still receive.
        let _ = to.shutdown(Shutdown::Write);
        let _ = from.shutdown(Shutdown::Read);
    }

    fn with_session(&self, act: impl FnOnce(&mut Session)) {
        act(&mut self.session.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
