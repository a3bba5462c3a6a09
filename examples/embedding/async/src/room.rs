//! The application next to the echo: it sends each typed line to all connections.

use std::{
    io::stdin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

/// Handles for sending over all connections.
pub struct Room<M>(Mutex<Vec<M>>);

impl<M: Send + 'static> Room<M> {
    /// Starts a thread that calls `send` with each typed line and each member. Drops a member for which
    /// `send` returns false.
    pub fn open(send: impl Fn(&M, &str) -> bool + Send + 'static) -> Arc<Self> {
        let room = Arc::new(Self(Mutex::default()));
        let members = Arc::clone(&room);
        thread::spawn(move || {
            for line in stdin().lines().map_while(Result::ok) {
                members.members().retain(|member| send(member, &line));
            }
        });
        room
    }

    /// Adds a member.
    pub fn add(&self, member: M) {
        self.members().push(member);
    }

    /// Removes members that have left.
    pub fn remove(&self, has_left: impl Fn(&M) -> bool) {
        self.members().retain(|member| !has_left(member));
    }

    fn members(&self) -> MutexGuard<'_, Vec<M>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
