//! Connections, of both roles.

macro_rules! role {
    ($role:ident: $type:ty { $($own:tt)* }) => {
        pub(crate) mod $role {
            #[allow(unused_imports)] // each role uses its own
            use hybi::{
                Client, CloseCode, Config, Connection, Fragment, Server,
                extension::{Claims, ExtendedMessage, ExtensionFrame},
            };

            #[allow(unused_imports)]
            use crate::{
                buffers::{In, Numbers, Out},
                proof::proofs,
            };

            type Ws = $type;

            proofs! {
                $($own)*
                state(websocket: &Ws) { Connection::state(websocket) }
                should_close_transport(websocket: &Ws) { Connection::should_close_transport(websocket) }
                is_closing(websocket: &Ws) { Connection::is_closing(websocket) }
                close_code(websocket: &Ws) { Connection::close_code(websocket) }
                end_of_input(websocket: &mut Ws) { Connection::end_of_input(websocket) }
                receive(websocket: &mut Ws, inbox: &mut In<'_>, outbox: &mut Out<'_>) { Connection::receive(websocket, inbox, outbox) }
                receive_chunk(websocket: &mut Ws, inbox: &mut In<'_>, outbox: &mut Out<'_>) { Connection::receive_chunk(websocket, inbox, outbox) }
                advance(websocket: &mut Ws, inbox: &mut In<'_>, outbox: &mut Out<'_>) { Connection::advance(websocket, inbox, outbox) }
                advance_chunk(websocket: &mut Ws, inbox: &mut In<'_>, outbox: &mut Out<'_>) { Connection::advance_chunk(websocket, inbox, outbox) }
                with_claims(websocket: Ws, claims: Claims) { Connection::with_claims(websocket, claims) }
                receive_extended(websocket: &mut Ws, inbox: &mut In<'_>, outbox: &mut Out<'_>) { Connection::receive_extended(websocket, inbox, outbox) }
                send_extended(websocket: &mut Ws, message: ExtendedMessage<'_>, outbox: &mut Out<'_>) { Connection::send_extended(websocket, message, outbox) }
                send_extended_fragment(websocket: &mut Ws, message: ExtendedMessage<'_>, fragment: Fragment, outbox: &mut Out<'_>) { Connection::send_extended_fragment(websocket, message, fragment, outbox) }
                send_extension_frame(websocket: &mut Ws, frame: ExtensionFrame<'_>, outbox: &mut Out<'_>) { Connection::send_extension_frame(websocket, frame, outbox) }
                send_text(websocket: &mut Ws, text: &str, outbox: &mut Out<'_>) { Connection::send_text(websocket, text, outbox) }
                send_binary(websocket: &mut Ws, data: &[u8], outbox: &mut Out<'_>) { Connection::send_binary(websocket, data, outbox) }
                #[cfg(feature = "alloc")]
                send(websocket: &mut Ws, message: &hybi::Message, outbox: &mut Out<'_>) { Connection::send(websocket, message, outbox) }
                send_text_fragment(websocket: &mut Ws, text: &str, fragment: Fragment, outbox: &mut Out<'_>) { Connection::send_text_fragment(websocket, text, fragment, outbox) }
                send_binary_fragment(websocket: &mut Ws, data: &[u8], fragment: Fragment, outbox: &mut Out<'_>) { Connection::send_binary_fragment(websocket, data, fragment, outbox) }
                send_ping(websocket: &mut Ws, payload: &[u8], outbox: &mut Out<'_>) { Connection::send_ping(websocket, payload, outbox) }
                send_pong(websocket: &mut Ws, payload: &[u8], outbox: &mut Out<'_>) { Connection::send_pong(websocket, payload, outbox) }
                close(websocket: &mut Ws, code: CloseCode, reason: &str, outbox: &mut Out<'_>) { Connection::close(websocket, code, reason, outbox) }
                close_without_code(websocket: &mut Ws, outbox: &mut Out<'_>) { Connection::close_without_code(websocket, outbox) }
                has_room(websocket: &Ws, outbox: &Out<'_>) { Connection::has_room(websocket, outbox) }
            }
        }
    };
}

role! {
    server: Connection<Server> {
        new(config: Config) { Connection::server(config) }
        frame_text(websocket: &mut Ws, text: &str) { Connection::frame_text(websocket, text) }
        frame_binary(websocket: &mut Ws, data: &[u8]) { Connection::frame_binary(websocket, data) }
        #[cfg(feature = "alloc")]
        send_prepared(websocket: &mut Ws, message: &hybi::Prepared, outbox: &mut Out<'_>) { Connection::send_prepared(websocket, message, outbox) }
        #[cfg(feature = "alloc")]
        frame_prepared(websocket: &mut Ws, message: &hybi::Prepared) { Connection::frame_prepared(websocket, message) }
    }
}

role! {
    client: Connection<Client<Numbers>> {
        new(config: Config, entropy: Numbers) { Connection::client(config, entropy) }
        mask_text(websocket: &mut Ws, text: &mut [u8]) { Connection::mask_text(websocket, text) }
        mask_binary(websocket: &mut Ws, data: &mut [u8]) { Connection::mask_binary(websocket, data) }
    }
}
