//! What a handshake knows of compression.

use alloc::borrow::Cow;

use super::{Accepted, Deflate, NAME, Negotiated, Session, parameters::Element};
use crate::extension::Extension;

/// The policy that a handshake was given, if any.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy<'a>(Option<&'a Deflate>);

/// What a server accepted with this policy.
pub(crate) struct Acceptance<'a> {
    deflate: &'a Deflate,
    accepted: Accepted,
}

/// What a client offered, if anything.
#[derive(Clone, Debug)]
pub(crate) struct Offer<'a>(Option<Cow<'a, Deflate>>);

/// What the answer to an offer comes to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Agreed(Option<Negotiated>);

/// A server's answer that does not fit what was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAnAnswer;

impl<'a> Policy<'a> {
    /// No compression.
    pub(crate) const NONE: Self = Self(None);

    pub(crate) const fn new(deflate: &'a Deflate) -> Self {
        Self(Some(deflate))
    }

    /// As a server: accepts the first offer that fits.
    pub(crate) fn accept<'o>(
        self,
        offers: impl Iterator<Item = Extension<'o>>,
    ) -> Option<Acceptance<'a>> {
        let deflate = self.0?;
        let accepted = deflate.accept(offers.filter(|offer| offer.name() == NAME))?;
        Some(Acceptance { deflate, accepted })
    }

    /// As a client: the element to offer.
    pub(crate) fn element(self) -> Option<Element> {
        self.0.map(Deflate::offer)
    }

    /// As a client: what is kept of the offer until the answer arrives.
    pub(crate) fn offer(self) -> Offer<'a> {
        Offer(self.0.map(Cow::Borrowed))
    }
}

impl Acceptance<'_> {
    /// The element that says so to the client.
    pub(crate) const fn answer(&self) -> Element {
        self.accepted.answer
    }

    pub(crate) fn session(&self) -> Session {
        Session::new(self.deflate, self.accepted.parameters, true)
    }
}

impl Offer<'_> {
    /// Whether it is an offer of the extension with this name.
    pub(crate) fn is_of(&self, name: &str) -> bool {
        self.0.is_some() && name == NAME
    }

    /// The same offer without a borrow. It shares the codecs.
    pub(crate) fn into_owned(self) -> Offer<'static> {
        Offer(self.0.map(|deflate| Cow::Owned(deflate.into_owned())))
    }

    /// What the server's answer means (RFC 7692, section 7).
    pub(crate) fn check<'o>(
        &self,
        mut answers: impl Iterator<Item = Extension<'o>>,
    ) -> Result<Agreed, NotAnAnswer> {
        let Some(deflate) = &self.0 else { return Ok(Agreed(None)) };
        match answers.find(|answer| answer.name() == NAME) {
            Some(answer) => Ok(Agreed(Some(deflate.check(&answer)?))),
            None => Ok(Agreed(None)),
        }
    }

    pub(crate) fn session(&self, agreed: Agreed) -> Session {
        match (&self.0, agreed.0) {
            (Some(deflate), Some(negotiated)) => Session::new(deflate, negotiated, false),
            _ => Session::NONE,
        }
    }
}
