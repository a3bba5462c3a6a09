//! The application beside the echo: each line typed goes to all that are connected.

use std::{
    io::stdin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

/// Everybody who is connected.
pub struct Room<M>(Mutex<Vec<M>>);

impl<M: Send + 'static> Room<M> {
    /// A room in which a thread tells everybody what is typed. Whoever cannot be told is dropped.
    pub fn open(tell: impl Fn(&M, &str) -> bool + Send + 'static) -> Arc<Self> {
        let room = Arc::new(Self(Mutex::default()));
        let told = Arc::clone(&room);
        thread::spawn(move || {
            for line in stdin().lines().map_while(Result::ok) {
                told.members().retain(|member| tell(member, &line));
            }
        });
        room
    }

    /// Lets somebody in.
    pub fn enter(&self, member: M) {
        self.members().push(member);
    }

    /// Forgets those who have left.
    pub fn forget(&self, has_left: impl Fn(&M) -> bool) {
        self.members().retain(|member| !has_left(member));
    }

    fn members(&self) -> MutexGuard<'_, Vec<M>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
