//! The chat: what one sends goes to everybody.
//!
//! A message is prepared once and appended to the outbox of every member. A member that does not
//! read is dropped when more waits for it than the limit allows, and so holds nobody up.

use std::{
    error::Error,
    net::TcpStream,
    sync::{Arc, Mutex},
};

use hybi::{Config, Connection, Inbox, Server};

use crate::{
    frames::Report,
    member::{Member, lock},
};

/// Messages of a chat are short, and so is what waits for a member.
pub(crate) const CONFIG: Config =
    Config::new().max_message_size(64 * 1024).outbox_high_water(1024 * 1024);

/// Everybody who is connected.
#[derive(Default)]
pub(crate) struct Room {
    members: Mutex<Vec<Arc<Member>>>,
}

impl Room {
    /// Lets a peer take part until its connection ends.
    pub(crate) fn chat(
        &self,
        websocket: Connection<Server>,
        inbox: Inbox,
        stream: &TcpStream,
        report: &Report,
    ) -> Result<(), Box<dyn Error>> {
        let (member, writer) = Member::start(websocket, stream, report)?;
        lock(&self.members).push(Arc::clone(&member));
        let ended = member.listen(inbox, stream, report, |message| {
            for other in lock(&self.members).iter() {
                if !other.send(message) {
                    other.drop_connection();
                }
            }
        });
        lock(&self.members).retain(|other| !Arc::ptr_eq(other, &member));
        member.stop(writer);
        ended
    }
}
