//! The settings of an endpoint, and its reactions.

use arbitrary::Arbitrary;
use hybi::{Config, Pongs, State};

#[derive(Clone, Copy, Debug, Arbitrary)]
pub(crate) struct Settings {
    pub(crate) pongs: Answering,
    pub(crate) reaction: Reaction,
    pub(crate) pong_backlog: Option<u8>,
    pub(crate) outbox_size: Option<u8>,
    pub(crate) deliver_while_closing: bool,
    /// The room in a fixed outbox, in addition to a control frame. `None` for a growing one.
    pub(crate) outbox: Option<u16>,
    /// The initial capacity of a growing inbox. `None` for a fixed one.
    pub(crate) inbox: Option<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Arbitrary)]
pub(crate) enum Answering {
    All,
    Latest,
    Manual,
}

/// What an endpoint does after an event, before it receives the next one.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub(crate) enum Reaction {
    None,
    /// Echoes messages.
    Echo,
    /// Sends pongs in addition to the automatic ones.
    Answer,
    CloseOnMessage,
    CloseOnPing,
    CloseOnPong,
}

impl Settings {
    pub(crate) fn config(&self) -> Config {
        let pongs = match self.pongs {
            Answering::All => {
                Pongs::All { max_backlog: self.pong_backlog.map_or(usize::MAX, usize::from) }
            }
            Answering::Latest => Pongs::Latest,
            Answering::Manual => Pongs::Manual,
        };
        Config::new()
            .pongs(pongs)
            .outbox_high_water(self.config_outbox_size())
            .deliver_while_closing(self.deliver_while_closing)
    }

    pub(crate) fn config_outbox_size(&self) -> usize {
        self.outbox_size.map_or(usize::MAX, usize::from)
    }

    /// Whether messages are dropped in this state.
    pub(crate) fn drops(&self, state: State) -> bool {
        state == State::CloseSent && !self.deliver_while_closing
    }
}
