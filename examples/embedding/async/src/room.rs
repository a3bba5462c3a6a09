//! The application next to the echo: it sends each typed line to all connections.

use std::{
    io::stdin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

/// Handles for sending over all connections.
pub struct Room<M>(Mutex<Vec<M>>);

impl<M: Send + 'static> Room<M> {
    /// Calls `send` with each typed line and each member, on a thread of its own. Drops a member for which
    /// `send` returns false.
    pub fn open(send: impl Fn(&M, &str) -> bool + Send + 'static) -> Arc<Self> {
        let room = Arc::new(Self(Mutex::default()));
        let members = Arc::clone(&room);
        for_each_line(move |line| members.members().retain(|member| send(member, line)));
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

/// Starts a thread that calls `handle` with each typed line.
pub fn for_each_line(mut handle: impl FnMut(&str) + Send + 'static) {
    thread::spawn(move || {
        for line in stdin().lines().map_while(Result::ok) {
            handle(&line);
        }
    });
}
