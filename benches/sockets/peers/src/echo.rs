//! The echo over a stream and sink of messages.

use futures_util::{FutureExt as _, Sink, SinkExt as _, Stream, StreamExt as _};

use crate::Failure;

/// The most messages between two flushes, as in the benchmark of yawc.
const BATCH: usize = 32;

/// Echoes each message that `is_data`. If it is `batched`, it flushes when nothing more can be received.
pub(crate) async fn echo<M, E: Into<Failure>>(
    mut websocket: impl Stream<Item = Result<M, E>> + Sink<M, Error = E> + Unpin,
    batched: bool,
    is_data: impl Fn(&M) -> bool,
) -> Result<(), Failure> {
    while let Some(message) = websocket.next().await {
        let message = message.map_err(Into::into)?;
        if !is_data(&message) {
            continue;
        }
        if !batched {
            websocket.send(message).await.map_err(Into::into)?;
            continue;
        }
        let mut batch = vec![message];
        while batch.len() < BATCH {
            let Some(next) = websocket.next().now_or_never().flatten() else { break };
            let next = next.map_err(Into::into)?;
            if is_data(&next) {
                batch.push(next);
            }
        }
        // All at once: some libraries flush in `next`.
        for message in batch {
            websocket.feed(message).await.map_err(Into::into)?;
        }
        websocket.flush().await.map_err(Into::into)?;
    }
    Ok(())
}
