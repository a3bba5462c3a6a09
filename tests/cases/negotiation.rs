//! The peer's side of the negotiation of permessage-deflate (RFC 7692, section 7.1).

use super::deflate::{Codec, Direction};

/// What the peer offers as a client, and what it accepts as a server.
pub(crate) struct Terms {
    /// The value of `Sec-WebSocket-Extensions`.
    pub(crate) offer: &'static str,
    /// What the server asks of the client, the most desired first.
    pub(crate) demands: &'static [Demand],
}

/// What a server asks of a client.
pub(crate) struct Demand {
    pub(crate) no_context_takeover: bool,
    pub(crate) max_window_bits: Option<u8>,
}

/// The parameters of an offer or a response.
#[derive(Default)]
struct Parameters {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_bits: Option<u8>,
    client_bits: Option<u8>,
}

impl Terms {
    /// Reads the response to the offer.
    pub(crate) fn as_client(&self, response: &str) -> Result<Codec, String> {
        let accepted = Parameters::parse(response, None)?;
        let mut offers =
            self.offer.split(", ").map(|offer| Parameters::parse(offer, Some(15)).unwrap());
        if !offers.any(|offer| offer.allows(&accepted)) {
            return Err(format!("the response {response:?} fits no offer"));
        }
        Ok(Codec::new(accepted.client(), accepted.server()))
    }

    /// Answers an offer, on which one of the demands must be possible.
    pub(crate) fn as_server(&self, offer: &str) -> (String, Codec) {
        let offered = Parameters::parse(offer, Some(15)).unwrap();
        // `client_no_context_takeover` needs no offer (section 7.1.1.2).
        let is_met =
            |demand: &&Demand| demand.max_window_bits.is_none() || offered.client_bits.is_some();
        let demand = self.demands.iter().find(is_met).unwrap();
        let accepted = Parameters {
            server_no_context_takeover: offered.server_no_context_takeover,
            client_no_context_takeover: demand.no_context_takeover,
            server_bits: offered.server_bits,
            client_bits: demand.max_window_bits,
        };
        (accepted.to_response(), Codec::new(accepted.server(), accepted.client()))
    }
}

impl Parameters {
    /// `default_bits` is the meaning of `client_max_window_bits` without a value, which is valid only
    /// in an offer.
    fn parse(element: &str, default_bits: Option<u8>) -> Result<Self, String> {
        let mut parts = element.split("; ");
        if parts.next() != Some("permessage-deflate") {
            return Err(format!("no compression: {element:?}"));
        }
        let mut parameters = Self::default();
        for part in parts {
            match part.split_once('=') {
                None if part == "server_no_context_takeover" => {
                    parameters.server_no_context_takeover = true;
                }
                None if part == "client_no_context_takeover" => {
                    parameters.client_no_context_takeover = true;
                }
                None if part == "client_max_window_bits" && default_bits.is_some() => {
                    parameters.client_bits = default_bits;
                }
                Some(("server_max_window_bits", bits)) => {
                    parameters.server_bits = Some(bits.parse().map_err(|_| part)?);
                }
                Some(("client_max_window_bits", bits)) => {
                    parameters.client_bits = Some(bits.parse().map_err(|_| part)?);
                }
                _ => return Err(format!("an unknown parameter: {part}")),
            }
        }
        Ok(parameters)
    }

    /// Whether a response fits this offer.
    fn allows(&self, response: &Self) -> bool {
        let is_up_to = |least: u8, bits: u8, most: u8| (least..=most).contains(&bits);
        let server = match (self.server_bits, response.server_bits) {
            (Some(offered), Some(bits)) => is_up_to(8, bits, offered),
            (Some(_), None) => false,
            (None, bits) => is_up_to(8, bits.unwrap_or(15), 15),
        };
        let client = match (self.client_bits, response.client_bits) {
            (_, None) => true,
            (Some(offered), Some(bits)) => is_up_to(8, bits, offered),
            (None, Some(_)) => false,
        };
        let takeover = response.server_no_context_takeover || !self.server_no_context_takeover;
        server && client && takeover
    }

    fn to_response(&self) -> String {
        let mut response = String::from("permessage-deflate");
        for (is_set, name) in [
            (self.server_no_context_takeover, "server_no_context_takeover"),
            (self.client_no_context_takeover, "client_no_context_takeover"),
        ] {
            if is_set {
                response = format!("{response}; {name}");
            }
        }
        for (bits, name) in [
            (self.server_bits, "server_max_window_bits"),
            (self.client_bits, "client_max_window_bits"),
        ] {
            if let Some(bits) = bits {
                response = format!("{response}; {name}={bits}");
            }
        }
        response
    }

    fn server(&self) -> Direction {
        Direction {
            window_bits: self.server_bits.unwrap_or(15),
            context_takeover: !self.server_no_context_takeover,
        }
    }

    fn client(&self) -> Direction {
        Direction {
            window_bits: self.client_bits.unwrap_or(15),
            context_takeover: !self.client_no_context_takeover,
        }
    }
}
