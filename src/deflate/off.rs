//! The counterpart of `session` without the feature `deflate`. It has the interface that the rest
//! of the crate calls, and never compresses.
#![allow(clippy::unused_self, clippy::needless_pass_by_ref_mut)]

use core::{fmt, marker::PhantomData};

use crate::{extension::Extension, frame::Reserved};

/// The policy that a handshake was given: none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy<'a>(PhantomData<&'a ()>);

/// What a server accepted: nothing.
pub(crate) enum Acceptance {}

/// What a client offered: nothing.
#[derive(Clone, Debug)]
pub(crate) struct Offer<'a>(PhantomData<&'a ()>);

/// What the answer to an offer comes to: nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agreed;

/// An element of `Sec-WebSocket-Extensions` for the extension; never written.
pub(crate) struct Element;

/// A server's answer that does not fit what was offered.
pub(crate) struct NotAnAnswer;

impl<'a> Policy<'a> {
    pub(crate) const NONE: Self = Self(PhantomData);

    pub(crate) fn accept<'o>(self, _: impl Iterator<Item = Extension<'o>>) -> Option<Acceptance> {
        None
    }

    pub(crate) const fn element(self) -> Option<Element> {
        None
    }

    pub(crate) const fn offer(self) -> Offer<'a> {
        Offer(PhantomData)
    }
}

impl Acceptance {
    pub(crate) const fn answer(&self) -> Element {
        match *self {}
    }

    pub(crate) const fn session(&self) -> Session {
        match *self {}
    }
}

impl Element {
    pub(crate) fn write(&self, _: &mut impl FnMut(&str)) {}
}

impl fmt::Display for Element {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl Offer<'_> {
    pub(crate) const fn is_of(&self, _: &str) -> bool {
        false
    }

    #[cfg(feature = "alloc")]
    pub(crate) const fn into_owned(self) -> Offer<'static> {
        Offer(PhantomData)
    }

    #[allow(clippy::unnecessary_wraps)]
    pub(crate) fn check<'o>(
        &self,
        _: impl Iterator<Item = Extension<'o>>,
    ) -> Result<Agreed, NotAnAnswer> {
        Ok(Agreed)
    }

    pub(crate) const fn session(&self, _: Agreed) -> Session {
        Session::NONE
    }
}

/// The extension is not in use.
#[derive(Debug)]
pub(crate) struct Session;

impl Session {
    pub(crate) const NONE: Self = Self;

    pub(crate) const fn reserved(&self) -> Reserved {
        Reserved::NONE
    }

    pub(crate) const fn should_compress(&self, _: Option<usize>) -> bool {
        false
    }

    #[cfg(feature = "alloc")]
    pub(crate) const fn allows_prepared(&self, _: u8) -> bool {
        false
    }

    pub(crate) const fn compress(&mut self, _: &[u8], _: bool) -> Option<&[u8]> {
        None
    }

    pub(crate) const fn on_sent(&mut self) {}

    pub(crate) const fn reset_sending(&mut self) {}

    pub(crate) const fn on_failure(&mut self) {}

    pub(crate) const fn end_receiving(&mut self) {}

    pub(crate) const fn end_sending(&mut self) {}
}
