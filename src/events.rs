//! Events for the logs of the application (features `tracing` and `defmt`).
//!
//! This module owns the texts and the fields of the events. It reports each frame at the level "trace",
//! and how a connection ends at the level "debug". Nothing that a peer sends is in an event, except for
//! the numbers of a frame and a close code: payloads and reasons can contain secrets.
//!
//! `defmt` needs a logger of the firmware, so its events exist only on targets without an operating system.
//! Where there are no events, `off.rs` replaces this file.

#[cfg(feature = "alloc")]
use crate::frame::{Reserved, Rules};
use crate::{close::CloseCode, error::Error, frame::Header};

/// Reports a frame whose header was received.
pub(crate) fn receive_frame(header: &Header) {
    #[cfg(feature = "tracing")]
    tracing::trace!(
        target: "hybi",
        opcode = ?header.opcode(), fin = header.fin(), reserved = ?header.reserved(),
        length = header.payload_len(), "received a frame"
    );
    #[cfg(all(feature = "defmt", target_os = "none"))]
    defmt::trace!(
        "hybi: received a frame: opcode {=u8}, fin {=bool}, length {=u64}",
        header.opcode() as u8,
        header.fin(),
        header.payload_len()
    );
}

/// Reports a frame that is in the outbox.
pub(crate) fn send_frame(header: &Header) {
    #[cfg(feature = "tracing")]
    tracing::trace!(
        target: "hybi",
        opcode = ?header.opcode(), fin = header.fin(), reserved = ?header.reserved(),
        length = header.payload_len(), "sent a frame"
    );
    #[cfg(all(feature = "defmt", target_os = "none"))]
    defmt::trace!(
        "hybi: sent a frame: opcode {=u8}, fin {=bool}, length {=u64}",
        header.opcode() as u8,
        header.fin(),
        header.payload_len()
    );
}

/// Reports a prepared frame that is sent.
#[cfg(feature = "alloc")]
pub(crate) fn send_prepared(frame: &[u8]) {
    if let Ok(Some(header)) = Header::parse(frame, Rules::from_server().allowing(Reserved::RSV1)) {
        send_frame(&header);
    }
}

/// Reports the peer's Close. Its code is `None` if it has none.
pub(crate) fn receive_close(code: Option<CloseCode>) {
    let code = code.map(CloseCode::get);
    #[cfg(feature = "tracing")]
    tracing::debug!(target: "hybi", code, "the peer has sent a Close");
    #[cfg(all(feature = "defmt", target_os = "none"))]
    defmt::debug!("hybi: the peer has sent a Close: code {}", code);
    let _ = code;
}

/// Reports a connection that fails.
pub(crate) fn fail(error: &Error) {
    let code = error.close_code().map(CloseCode::get);
    #[cfg(feature = "tracing")]
    tracing::debug!(target: "hybi", code, %error, "the connection fails");
    #[cfg(all(feature = "defmt", target_os = "none"))]
    defmt::debug!("hybi: the connection fails: code {}", code);
    let _ = (code, error);
}

/// Reports the end of the input without a closing handshake.
pub(crate) fn lose() {
    #[cfg(feature = "tracing")]
    tracing::debug!(target: "hybi", "the connection was lost");
    #[cfg(all(feature = "defmt", target_os = "none"))]
    defmt::debug!("hybi: the connection was lost");
}
