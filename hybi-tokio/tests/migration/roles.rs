//! The servers and clients of the programs.

pub(crate) use super::{
    autobahn::{autobahn_client, autobahn_server},
    chat::{chat_clients, chat_server},
    client::pipe_client,
    closing::{
        closed_client, closing_client, closing_server, limited_client, limited_server,
        losing_server, lost_client, sink_closing_client,
    },
    echo::{echo_client, echo_server},
    headers::{headers_client, headers_server, rejected_client},
    interval::{interval_client, interval_server},
    raw::raw_server,
};
