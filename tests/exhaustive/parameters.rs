//! The parameters of permessage-deflate (RFC 7692, section 7.1), and the settings that they meet.

use hybi::deflate::{Deflate, Negotiated};

const NAME: &str = "permessage-deflate";

/// A parameter for a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Window {
    Absent,
    WithoutValue,
    Bits(u8),
}

/// An offer or a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parameters {
    pub(crate) server_no_context_takeover: bool,
    pub(crate) client_no_context_takeover: bool,
    pub(crate) server: Window,
    pub(crate) client: Window,
}

impl Parameters {
    /// Without parameters.
    pub(crate) const NONE: Self = Self {
        server_no_context_takeover: false,
        client_no_context_takeover: false,
        server: Window::Absent,
        client: Window::Absent,
    };

    /// Each combination.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let windows = || {
            let bits = (8..=15).map(Window::Bits);
            [Window::Absent, Window::WithoutValue].into_iter().chain(bits)
        };
        windows().flat_map(move |server| windows().map(move |client| (server, client))).flat_map(
            |(server, client)| {
                flags().map(move |[server_no_context_takeover, client_no_context_takeover]| Self {
                    server_no_context_takeover,
                    client_no_context_takeover,
                    server,
                    client,
                })
            },
        )
    }

    /// The element of `Sec-WebSocket-Extensions`.
    pub(crate) fn element(self) -> String {
        let window = |name: &str, window| match window {
            Window::Absent => String::new(),
            Window::WithoutValue => format!("; {name}"),
            Window::Bits(bits) => format!("; {name}={bits}"),
        };
        let flag = |name: &str, is_set| if is_set { format!("; {name}") } else { String::new() };
        let flags = flag("server_no_context_takeover", self.server_no_context_takeover)
            + &flag("client_no_context_takeover", self.client_no_context_takeover);
        let server = window("server_max_window_bits", self.server);
        let client = window("client_max_window_bits", self.client);
        format!("{NAME}{flags}{server}{client}")
    }

    /// Parses an element of the crate.
    pub(crate) fn parse(element: &str) -> Self {
        let mut parts = element.split("; ");
        assert_eq!(parts.next(), Some(NAME));
        let mut parameters = Self::NONE;
        for part in parts {
            let (name, window) = match part.split_once('=') {
                Some((name, bits)) => (name, Window::Bits(bits.parse().unwrap())),
                None => (part, Window::WithoutValue),
            };
            let previous = match name {
                "server_max_window_bits" => std::mem::replace(&mut parameters.server, window),
                "client_max_window_bits" => std::mem::replace(&mut parameters.client, window),
                "server_no_context_takeover" if !parameters.server_no_context_takeover => {
                    parameters.server_no_context_takeover = true;
                    continue;
                }
                "client_no_context_takeover" if !parameters.client_no_context_takeover => {
                    parameters.client_no_context_takeover = true;
                    continue;
                }
                _ => panic!("{element}"),
            };
            assert_eq!(previous, Window::Absent, "{element}");
        }
        parameters
    }
}

/// The settings of an endpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) send_window: u8,
    pub(crate) receive_window: u8,
    pub(crate) send_takeover: bool,
    pub(crate) receive_takeover: bool,
    /// `require_receive_window` of a server, `offer_parameters` of a client.
    pub(crate) option: bool,
}

impl Settings {
    /// Each combination.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (9..=15).flat_map(|send| (8..=15).map(move |receive| (send, receive))).flat_map(
            |(send_window, receive_window)| {
                let options = flags().flat_map(|takeover| [(takeover, true), (takeover, false)]);
                options.map(move |([send_takeover, receive_takeover], option)| Self {
                    send_window,
                    receive_window,
                    send_takeover,
                    receive_takeover,
                    option,
                })
            },
        )
    }

    pub(crate) fn deflate(self) -> Deflate {
        Deflate::new()
            .send_window(self.send_window)
            .receive_window(self.receive_window)
            .send_context_takeover(self.send_takeover)
            .receive_context_takeover(self.receive_takeover)
    }
}

fn flags() -> impl Iterator<Item = [bool; 2]> {
    [[false, false], [false, true], [true, false], [true, true]].into_iter()
}

/// The window and the context takeover of the server, then of the client.
pub(crate) type Terms = [(u8, bool); 2];

pub(crate) fn terms(negotiated: Negotiated) -> Terms {
    [negotiated.server(), negotiated.client()]
        .map(|direction| (direction.window_bits(), direction.context_takeover()))
}
