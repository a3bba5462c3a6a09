//! The chat: what one sends goes to everybody.
//!
//! A message is prepared once and appended to the outbox of every member. Each member has two
//! threads: one receives, the other writes what waits in the outbox. A member that does not read
//! is dropped when more waits for it than the limit allows, and so holds nobody up.

use std::{
    error::Error,
    net::{Shutdown, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use hybi::{CloseCode, Config, Connection, Event, Inbox, Prepared, Server};

use crate::{
    PONG, SILENCE, WRITING,
    accept::STACK,
    timed::{Timed, is_late},
};

/// Messages of a chat are short, and so is what waits for a member.
pub(crate) const CONFIG: Config =
    Config::new().max_message_size(64 * 1024).outbox_high_water(1024 * 1024);

/// Everybody who is connected.
#[derive(Default)]
pub(crate) struct Room {
    members: Mutex<Vec<Arc<Member>>>,
}

/// What the threads that serve one member share.
struct Member {
    end: Mutex<End>,
    /// Told when there is something to write, or nothing more to come.
    changed: Condvar,
}

/// The server's end of a member's connection.
struct End {
    websocket: Connection<Server>,
    outbox: Vec<u8>,
    /// Whether the writer is to stop once the outbox is written.
    over: bool,
}

impl Room {
    /// Lets a peer take part until its connection ends.
    pub(crate) fn chat(
        &self,
        websocket: Connection<Server>,
        inbox: Inbox,
        stream: &TcpStream,
    ) -> Result<(), Box<dyn Error>> {
        let end = End { websocket, outbox: Vec::new(), over: false };
        let member = Arc::new(Member { end: Mutex::new(end), changed: Condvar::new() });
        let writer = stream.try_clone().and_then(|stream| {
            let member = Arc::clone(&member);
            thread::Builder::new().stack_size(STACK).spawn(move || member.write(&stream))
        });
        let writer = match writer {
            Ok(writer) => writer,
            Err(error) => {
                // The connection is open already: a client may connect again later.
                let End { websocket, outbox, .. } = &mut *lock(&member.end);
                websocket.close(CloseCode::TRY_AGAIN_LATER, "", outbox)?;
                Timed::new(stream, WRITING).write_out(outbox, WRITING)?;
                return Err(error.into());
            }
        };
        lock(&self.members).push(Arc::clone(&member));
        let ended = self.listen(&member, inbox, stream);
        lock(&self.members).retain(|other| !Arc::ptr_eq(other, &member));
        member.stop();
        let _ = writer.join();
        ended
    }

    /// Receives from a member and passes on what it says.
    fn listen(
        &self,
        member: &Member,
        mut inbox: Inbox,
        stream: &TcpStream,
    ) -> Result<(), Box<dyn Error>> {
        let mut stream = Timed::new(stream, SILENCE);
        loop {
            while let Some(message) = member.receive(&mut inbox)? {
                for other in lock(&self.members).iter() {
                    other.tell(&message);
                }
            }
            if lock(&member.end).websocket.should_close_transport() {
                return Ok(());
            }
            let length = match inbox.read_from(stream.within(SILENCE)) {
                Err(error) if is_late(&error) => {
                    member.ping()?;
                    inbox.read_from(stream.within(PONG))?
                }
                result => result?,
            };
            if length == 0 {
                return Ok(lock(&member.end).websocket.end_of_input()?);
            }
        }
    }
}

impl Member {
    /// The next message from this member.
    fn receive(&self, inbox: &mut Inbox) -> Result<Option<Prepared>, hybi::Error> {
        let mut end = lock(&self.end);
        let End { websocket, outbox, .. } = &mut *end;
        let received = loop {
            match websocket.receive(inbox, outbox) {
                Ok(Some(Event::Text(text))) => break Ok(Some(Prepared::text(text))),
                Ok(Some(Event::Binary(data))) => break Ok(Some(Prepared::binary(data))),
                Ok(Some(Event::Ping(_) | Event::Pong(_) | Event::Close(_))) => {}
                Ok(None) => break Ok(None),
                Err(error) => break Err(error),
            }
        };
        // A pong or a Close may wait to be written, after an error too.
        self.changed.notify_one();
        received
    }

    /// Puts a message into this member's outbox.
    fn tell(&self, message: &Prepared) {
        let mut end = lock(&self.end);
        let End { websocket, outbox, over } = &mut *end;
        if let Err(hybi::Error::OutboxFull { .. }) = websocket.send_prepared(message, outbox) {
            // Too slow: what waits is dropped with the connection.
            outbox.clear();
            *over = true;
        }
        self.changed.notify_one();
    }

    /// Asks a silent member for a sign of life.
    fn ping(&self) -> Result<(), hybi::Error> {
        let End { websocket, outbox, .. } = &mut *lock(&self.end);
        websocket.send_ping(b"", outbox)?;
        self.changed.notify_one();
        Ok(())
    }

    /// Has the writer stop once the outbox is written.
    fn stop(&self) {
        lock(&self.end).over = true;
        self.changed.notify_one();
    }

    /// Writes what waits in the outbox, until there is nothing more to come.
    fn write(&self, stream: &TcpStream) {
        let mut timed = Timed::new(stream, WRITING);
        let mut bytes = Vec::new();
        loop {
            let mut end = lock(&self.end);
            while end.outbox.is_empty() && !end.over {
                end = self.changed.wait(end).unwrap_or_else(PoisonError::into_inner);
            }
            // Written without the lock, so that nobody waits for a slow member.
            std::mem::swap(&mut bytes, &mut end.outbox);
            let over = end.over;
            drop(end);
            if timed.write_out(&mut bytes, WRITING).is_err() || over {
                break;
            }
        }
        // Wakes the thread that reads, if the connection did not end by itself.
        let _ = stream.shutdown(Shutdown::Read);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
