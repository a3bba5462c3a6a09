//! Programs that were written for tokio-tungstenite 0.30, each compiled twice: with tokio-tungstenite, and
//! with the names of this crate. Only the line that brings `tokio_tungstenite` into scope differs. Every
//! client runs against every server.
#![cfg(feature = "tungstenite")]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::duplicate_mod)]
#![allow(dead_code, clippy::result_large_err)]

use std::{cell::Cell, future::Future, panic, sync::Once, time::Duration};

use tokio::{net::TcpListener, runtime::Handle, time::sleep};

#[path = "migration"]
mod original {
    use ::tokio_tungstenite;

    mod autobahn;
    mod chat;
    mod client;
    mod closing;
    mod echo;
    mod headers;
    mod interval;
    mod raw;
    pub(crate) mod roles;
}

#[path = "migration"]
mod migrated {
    use hybi_tokio::tokio_tungstenite;

    mod autobahn;
    mod chat;
    mod client;
    mod closing;
    mod echo;
    mod headers;
    mod interval;
    mod raw;
    pub(crate) mod roles;
}

thread_local! {
    /// Whether a task of this test has panicked. All tasks of a test run on its thread.
    static PANICKED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a client against a server, and waits until the tasks of the server have ended, except the one that
/// listens.
async fn run<S: Future<Output = ()> + Send + 'static, C: Future<Output = ()>>(
    server: impl FnOnce(TcpListener) -> S,
    client: impl FnOnce(String) -> C,
) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let default = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PANICKED.set(true);
            default(info);
        }));
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("ws://{}", listener.local_addr().unwrap());
    tokio::spawn(server(listener));
    client(uri).await;
    while Handle::current().metrics().num_alive_tasks() > 1 {
        sleep(Duration::from_millis(1)).await;
    }
    assert!(!PANICKED.get(), "the server panicked");
}

/// A test for each combination of a server and a client.
macro_rules! combinations {
    ($($test:ident($server:ident, $client:ident);)*) => {
        mod original_client_and_server {
            $(#[tokio::test]
            async fn $test() {
                crate::run(crate::original::roles::$server, crate::original::roles::$client).await;
            })*
        }

        mod migrated_client {
            $(#[tokio::test]
            async fn $test() {
                crate::run(crate::original::roles::$server, crate::migrated::roles::$client).await;
            })*
        }

        mod migrated_server {
            $(#[tokio::test]
            async fn $test() {
                crate::run(crate::migrated::roles::$server, crate::original::roles::$client).await;
            })*
        }

        mod migrated_client_and_server {
            $(#[tokio::test]
            async fn $test() {
                crate::run(crate::migrated::roles::$server, crate::migrated::roles::$client).await;
            })*
        }
    };
}

combinations! {
    messages_of_all_sizes_are_echoed(echo_server, echo_client);
    the_halves_work_in_two_tasks(echo_server, pipe_client);
    a_chat_reaches_all_others(chat_server, chat_clients);
    a_server_sends_at_intervals_while_it_receives(interval_server, interval_client);
    a_callback_reads_and_adds_header_fields(headers_server, headers_client);
    a_callback_rejects_a_request(headers_server, rejected_client);
    the_autobahn_client_runs_all_cases_of_its_server(autobahn_server, autobahn_client);
    a_client_closes(closing_server, closing_client);
    a_server_closes(closing_server, closed_client);
    a_close_without_a_code(closing_server, sink_closing_client);
    a_lost_connection_is_an_error(losing_server, lost_client);
    a_server_over_a_raw_socket(raw_server, echo_client);
    a_message_over_the_limit_is_an_error(limited_server, limited_client);
}
