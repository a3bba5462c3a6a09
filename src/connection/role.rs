//! The two roles: server and client.

use crate::{
    frame::Rules,
    random::{Entropy, EntropyError},
};

/// The role of an endpoint: [`Server`] or [`Client`].
pub trait Role: sealed::Sealed {}

/// The server role: it receives masked frames and sends unmasked ones.
#[derive(Debug)]
pub struct Server(());

/// The client role: it masks the frames that it sends, with keys from a source of randomness.
#[derive(Debug)]
pub struct Client<
    #[cfg(feature = "getrandom")] E = crate::random::OsEntropy,
    #[cfg(not(feature = "getrandom"))] E,
> {
    pub(crate) entropy: E,
}

impl Server {
    pub(crate) const fn new() -> Self {
        Self(())
    }
}

impl Role for Server {}
impl<E: Entropy> Role for Client<E> {}

pub(crate) mod sealed {
    use super::{EntropyError, Rules};

    pub trait Sealed {
        /// The rules for the peer's frames.
        const RULES: Rules;
        const IS_SERVER: bool;

        /// The masking key for the next frame to send. `None` for a server.
        fn masking_key(&mut self) -> Result<Option<[u8; 4]>, EntropyError>;
    }
}

impl sealed::Sealed for Server {
    const RULES: Rules = Rules::from_client();
    const IS_SERVER: bool = true;

    #[inline]
    fn masking_key(&mut self) -> Result<Option<[u8; 4]>, EntropyError> {
        // Section 5.1: a server must not mask any frame.
        Ok(None)
    }
}

impl<E: Entropy> sealed::Sealed for Client<E> {
    const RULES: Rules = Rules::from_server();
    const IS_SERVER: bool = false;

    #[inline]
    fn masking_key(&mut self) -> Result<Option<[u8; 4]>, EntropyError> {
        // Section 5.3: a fresh key for every frame.
        self.entropy.masking_key().map(Some)
    }
}
