//! The negotiation of the extension (RFC 7692, sections 5 and 7.1).

use super::{
    Deflate, Direction, Negotiated, NotAnAnswer, Settings,
    parameters::{Bits, Element},
};
use crate::extension::Extension;

/// The smallest window that our compressor supports, in bits. An offer that requires 8 is declined.
const MIN_SEND_BITS: u8 = 9;

/// The parameters that a server accepted, and the extension element of its response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accepted {
    pub(crate) parameters: Negotiated,
    pub(crate) answer: Element,
}

impl Deflate {
    /// As a server, accepts the first acceptable offer. The others are declined: none of them is an
    /// error (section 7).
    pub(crate) fn accept<'a>(
        &self,
        mut offers: impl Iterator<Item = Extension<'a>>,
    ) -> Option<Accepted> {
        offers.find_map(|offer| self.settings().accept(Element::parse(&offer)?))
    }

    /// As a client, makes the offer. It is a single element, because some servers accept all
    /// elements of an offer (libsoup 3.2), which fails the connection.
    pub(crate) fn offer(&self) -> Element {
        self.settings().offer()
    }

    /// As a client, checks the server's response and returns the negotiated parameters.
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

/// As an observer: the parameters that this response negotiates, if it fits one of the offers.
#[cfg(feature = "inspect")]
pub(crate) fn negotiated<'a>(
    offers: impl Iterator<Item = Extension<'a>>,
    answer: &Extension<'_>,
) -> Result<Negotiated, NotAnAnswer> {
    let answer = Element::parse(answer).ok_or(NotAnAnswer)?;
    let mut offers = offers.filter_map(|offer| Element::parse(&offer));
    let offer = offers.find(|offer| Settings::fits(answer, *offer)).ok_or(NotAnAnswer)?;
    // Section 7.1.2.2: a client may limit its window by its offer alone.
    let client_bits = match (answer.client_bits, offer.client_bits) {
        (Some(Bits::Of(bits)), _) | (None, Some(Bits::Of(bits))) => bits,
        _ => 15,
    };
    Ok(Negotiated {
        server: Direction {
            window_bits: answer.server_bits.unwrap_or(15),
            context_takeover: !answer.server_no_takeover,
        },
        client: Direction {
            window_bits: client_bits,
            context_takeover: !answer.client_no_takeover,
        },
    })
}

impl Settings {
    fn accept(&self, offer: Element) -> Option<Accepted> {
        let (sending, receiving) = (self.sending, self.receiving);
        let server_bits = sending.window_bits.min(offer.server_bits.unwrap_or(15));
        if server_bits < MIN_SEND_BITS {
            return None;
        }
        // Section 7.1.2.2: only a client that offers the parameter accepts a smaller window.
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

    /// The offer with all parameters that we ask for, or with none: then the defaults of section 7.1
    /// apply.
    fn offer(&self) -> Element {
        if !self.offers_parameters {
            return Element::default();
        }
        let bits = self.receiving.window_bits;
        // Section 7.1.2.2: indicates that we accept a smaller window.
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

    /// Whether a response is valid for this offer.
    fn fits(answer: Element, offer: Element) -> bool {
        // Section 7.1.1.1: the server must grant the parameter if we offered it.
        let takeover = answer.server_no_takeover || !offer.server_no_takeover;
        // Section 7.1.2.1: the same window as offered or a smaller one; any if we offered none.
        let server_bits = match (answer.server_bits, offer.server_bits) {
            (Some(answered), Some(offered)) => answered <= offered,
            (None, Some(_)) => false,
            (_, None) => true,
        };
        // Section 7.1.2.2: the response has a value, no larger than the offered one; none if we
        // offered none.
        let client_bits = match (answer.client_bits, offer.client_bits) {
            (None, _) | (Some(Bits::Of(_)), Some(Bits::Bare)) => true,
            (Some(Bits::Of(answered)), Some(Bits::Of(offered))) => answered <= offered,
            (Some(_), _) => false,
        };
        takeover && server_bits && client_bits
    }
}
