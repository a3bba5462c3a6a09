//! The chat: each message goes to all members.
//!
//! A message is framed once and appended to the outbox of every member. A member that does not read
//! is dropped when its outbox reaches the high-water mark, so that it does not delay the others.

use std::{
    error::Error,
    sync::{Arc, Mutex},
};

use hybi::{Config, Connection, Inbox, Server};

use crate::{
    frames::Report,
    member::{Member, lock},
    timed::Timed,
};

/// Chat messages are short, so the limits are low.
pub(crate) const CONFIG: Config =
    Config::new().max_message_size(64 * 1024).outbox_high_water(1024 * 1024);

/// The members of the chat.
#[derive(Default)]
pub(crate) struct Room {
    members: Mutex<Vec<Arc<Member>>>,
}

impl Room {
    /// Adds a peer to the chat until its connection ends.
    pub(crate) fn chat(
        &self,
        websocket: Connection<Server>,
        inbox: Inbox,
        stream: &mut Timed<'_>,
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
        member.stop(writer, stream);
        ended
    }
}
