//! The negotiation of the extension (RFC 7692, sections 5 and 7.1).

use super::{
    Deflate, Direction, Negotiated, NotAnAnswer, Settings,
    parameters::{Bits, Element},
};
use crate::extension::Extension;

/// The smallest window that our compressor can keep to; 8 bits are declined.
const MIN_SEND_BITS: u8 = 9;

/// What a server agreed to, and the element that says so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accepted {
    pub(crate) parameters: Negotiated,
    pub(crate) answer: Element,
}

impl Deflate {
    /// As a server: the first offer that can be accepted. All others are declined, for none of
    /// them is an error (section 7).
    pub(crate) fn accept<'a>(
        &self,
        mut offers: impl Iterator<Item = Extension<'a>>,
    ) -> Option<Accepted> {
        offers.find_map(|offer| self.settings().accept(Element::parse(&offer)?))
    }

    /// As a client: what to offer. It is one element: some servers accept every one of several
    /// (libsoup 3.2), which fails the connection.
    pub(crate) fn offer(&self) -> Element {
        self.settings().offer()
    }

    /// As a client: what the server's answer means.
    pub(crate) fn check(&self, answer: &Extension<'_>) -> Result<Negotiated, NotAnAnswer> {
        let answer = Element::parse(answer).ok_or(NotAnAnswer)?;
        let settings = self.settings();
        if !Settings::fits(answer, self.offer()) {
            return Err(NotAnAnswer);
        }
        let client_bits = match answer.client_bits {
            Some(Bits::Of(bits)) => bits,
            _ => settings.sending.window_bits,
        };
        Ok(Negotiated {
            server: Direction {
                window_bits: answer.server_bits.unwrap_or(15),
                context_takeover: !answer.server_no_takeover,
            },
            client: Direction {
                window_bits: client_bits.min(settings.sending.window_bits),
                context_takeover: settings.sending.context_takeover && !answer.client_no_takeover,
            },
        })
    }
}

impl Settings {
    fn accept(&self, offer: Element) -> Option<Accepted> {
        let (sending, receiving) = (self.sending, self.receiving);
        let server_bits = sending.window_bits.min(offer.server_bits.unwrap_or(15));
        if server_bits < MIN_SEND_BITS {
            return None;
        }
        // Section 7.1.2.2: only a client that says so can be given a smaller window.
        let client_bits = match offer.client_bits {
            None if self.requires_window && receiving.window_bits < 15 => return None,
            None => None,
            Some(Bits::Bare) => Some(receiving.window_bits).filter(|bits| *bits < 15),
            Some(Bits::Of(bits)) => Some(bits.min(receiving.window_bits)),
        };
        let server_takeover = sending.context_takeover && !offer.server_no_takeover;
        let client_takeover = receiving.context_takeover && !offer.client_no_takeover;
        let named = offer.server_bits.is_some() || server_bits < 15;
        let answer = Element {
            server_no_takeover: !server_takeover,
            client_no_takeover: !client_takeover,
            server_bits: named.then_some(server_bits),
            client_bits: client_bits.map(Bits::Of),
        };
        let parameters = Negotiated {
            server: Direction { window_bits: server_bits, context_takeover: server_takeover },
            client: Direction {
                window_bits: client_bits.unwrap_or(15),
                context_takeover: client_takeover,
            },
        };
        Some(Accepted { parameters, answer })
    }

    /// The offer with all that we ask for, or with nothing: then the defaults of section 7.1 hold.
    fn offer(&self) -> Element {
        if !self.offers_parameters {
            return Element::default();
        }
        let bits = self.receiving.window_bits;
        // Section 7.1.2.2: says that we can be given a smaller window.
        let client_bits = match self.sending.window_bits {
            15 => Bits::Bare,
            bits => Bits::Of(bits),
        };
        Element {
            server_no_takeover: !self.receiving.context_takeover,
            client_no_takeover: !self.sending.context_takeover,
            server_bits: if bits < 15 { Some(bits) } else { None },
            client_bits: Some(client_bits),
        }
    }

    /// Whether an answer is one to this offer.
    fn fits(answer: Element, offer: Element) -> bool {
        // Section 7.1.1.1: what was asked for is granted; unasked, either.
        let takeover = answer.server_no_takeover || !offer.server_no_takeover;
        // Section 7.1.2.1: the same or a smaller window; unasked, any.
        let server_bits = match (answer.server_bits, offer.server_bits) {
            (Some(answered), Some(offered)) => answered <= offered,
            (None, Some(_)) => false,
            (_, None) => true,
        };
        // Section 7.1.2.2: with a value, and no larger than offered; unasked, none.
        let client_bits = match (answer.client_bits, offer.client_bits) {
            (None, _) | (Some(Bits::Of(_)), Some(Bits::Bare)) => true,
            (Some(Bits::Of(answered)), Some(Bits::Of(offered))) => answered <= offered,
            (Some(_), _) => false,
        };
        takeover && server_bits && client_bits
    }
}
