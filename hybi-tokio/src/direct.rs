//! An outbox that writes large frames to the stream instead of copying them.

use std::{
    io::{self, ErrorKind, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

use hybi::{GrowingOutbox, Outbox, frame::Header};
use tokio::io::AsyncWrite;

/// A payload of at least this many bytes is written without a copy. For a shorter one, a write of its own
/// costs more than the copy, if further messages follow.
const LARGE: usize = 32 * 1024;

/// The outbox of a connection, together with its stream. A large frame that is not masked is written at
/// once, with a vectored write after what waits in the outbox. What the stream does not take is appended to
/// the outbox.
pub(crate) struct Direct<'a, 'c, S> {
    outbox: &'a mut GrowingOutbox,
    stream: &'a mut S,
    context: &'a mut Context<'c>,
    /// The number of bytes that the stream took.
    written: usize,
    error: Option<io::Error>,
}

impl<'a, 'c, S: AsyncWrite + Unpin> Direct<'a, 'c, S> {
    pub(crate) const fn new(
        outbox: &'a mut GrowingOutbox,
        stream: &'a mut S,
        context: &'a mut Context<'c>,
    ) -> Self {
        Self { outbox, stream, context, written: 0, error: None }
    }

    /// The number of bytes that the stream took, and why it takes no more, if that is known.
    pub(crate) fn into_written(self) -> (usize, Option<io::Error>) {
        (self.written, self.error)
    }

    /// Writes the outbox and these parts, as far as the stream takes them, and drops the written bytes
    /// from the outbox. Returns the number of bytes of the parts that are written.
    fn write(&mut self, [header, payload]: [&[u8]; 2]) -> usize {
        let waiting = self.outbox.pending();
        let slices = [self.outbox.bytes(), header, payload].map(IoSlice::new);
        match Pin::new(&mut *self.stream).poll_write_vectored(self.context, &slices) {
            Poll::Ready(Ok(length)) if length > 0 => {
                self.written += length;
                let of_outbox = length.min(waiting);
                if self.outbox.consume(of_outbox).is_ok() { length - of_outbox } else { 0 }
            }
            Poll::Ready(result) => {
                let error = result.err().unwrap_or_else(|| ErrorKind::WriteZero.into());
                self.error.get_or_insert(error);
                0
            }
            Poll::Pending => 0,
        }
    }
}

impl<S: AsyncWrite + Unpin> Outbox for Direct<'_, '_, S> {
    fn pending(&self) -> usize {
        self.outbox.pending()
    }

    fn room(&self) -> usize {
        self.outbox.room()
    }

    fn append(&mut self, bytes: &[u8]) {
        self.outbox.append(bytes);
    }

    fn append_frame(&mut self, header: &Header, payload: &[u8]) {
        let is_direct = payload.len() >= LARGE
            && header.masking_key().is_none()
            && self.error.is_none()
            && self.stream.is_write_vectored();
        if !is_direct {
            return self.outbox.append_frame(header, payload);
        }
        let parts = [&header.encode()[..], payload];
        let mut written = self.write(parts);
        for part in parts {
            let skipped = written.min(part.len());
            self.outbox.append(&part[skipped..]);
            written -= skipped;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use hybi::{Config, Connection};

    use super::*;

    /// A stream whose writes take at most these numbers of bytes, in order. A write of 0 fails. After the
    /// last, the stream is not writable.
    struct Taking {
        lengths: Vec<usize>,
        written: Vec<u8>,
    }

    impl AsyncWrite for Taking {
        fn poll_write(
            self: Pin<&mut Self>,
            context: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.poll_write_vectored(context, &[IoSlice::new(bytes)])
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            slices: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            if self.lengths.is_empty() {
                return Poll::Pending;
            }
            let most = self.lengths.remove(0);
            if most == 0 {
                return Poll::Ready(Err(ErrorKind::ConnectionReset.into()));
            }
            let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
            let length = most.min(bytes.len());
            self.written.extend_from_slice(&bytes[..length]);
            Poll::Ready(Ok(length))
        }

        fn is_write_vectored(&self) -> bool {
            true
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// A short message, a large one, a short one, a large one; by hand, as a server sends them.
    fn frames(large: &[u8]) -> Vec<u8> {
        let length = u64::try_from(large.len()).unwrap().to_be_bytes();
        let large = [&[0x82, 127][..], &length, large].concat();
        [&[0x81, 2][..], b"hi", &large, &[0x81, 3], b"you", &large].concat()
    }

    #[test]
    fn bytes_are_in_order_however_many_the_stream_takes() {
        let large: Vec<u8> = (0..=255).cycle().take(70_000).collect();
        let all = frames(&large);
        let table: [(&[usize], bool); 12] = [
            (&[], false),
            (&[usize::MAX; 4], false),
            (&[1, 1], false),
            (&[4, 1], false),
            (&[5, 9], false),
            (&[14, 10], false),
            (&[15, usize::MAX], false),
            (&[70_013], false),
            (&[70_014, 1], false),
            (&[usize::MAX, 70_000], false),
            (&[0, usize::MAX], true),
            (&[100, 0, usize::MAX], true),
        ];
        for (lengths, fails) in table {
            let mut outbox = GrowingOutbox::new();
            let mut stream = Taking { lengths: lengths.to_vec(), written: Vec::new() };
            let mut context = Context::from_waker(Waker::noop());
            let mut connection = Connection::server(Config::new().outbox_high_water(usize::MAX));
            let mut direct = Direct::new(&mut outbox, &mut stream, &mut context);
            connection.send_text("hi", &mut direct).unwrap();
            connection.send_binary(&large, &mut direct).unwrap();
            connection.send_text("you", &mut direct).unwrap();
            connection.send_binary(&large, &mut direct).unwrap();
            let (written, error) = direct.into_written();
            assert_eq!(written, stream.written.len(), "{lengths:?}");
            assert_eq!(error.is_some(), fails, "{lengths:?}");
            assert!([&stream.written, outbox.bytes()].concat() == all, "{lengths:?}");
            // Nothing is written after an error.
            assert!(!fails || stream.lengths == [usize::MAX], "{lengths:?}");
        }
    }

    #[test]
    fn only_large_frames_that_are_not_masked_are_written_at_once() {
        let payload = vec![7; LARGE];
        let header = |length| Header::new(hybi::frame::Opcode::Binary, true, length).unwrap();
        let large = u64::try_from(LARGE).unwrap();
        let table = [
            (header(large), &payload[..], true),
            (header(large - 1), &payload[1..], false),
            (header(large).with_mask([1, 2, 3, 4]), &payload[..], false),
        ];
        for (header, payload, is_direct) in table {
            let mut outbox = GrowingOutbox::new();
            let mut stream = Taking { lengths: vec![usize::MAX], written: Vec::new() };
            let mut context = Context::from_waker(Waker::noop());
            let mut direct = Direct::new(&mut outbox, &mut stream, &mut context);
            direct.append_frame(&header, payload);
            let (written, _) = direct.into_written();
            let length = header.encode().len() + payload.len();
            assert_eq!(
                (written, outbox.pending()),
                if is_direct { (length, 0) } else { (0, length) }
            );
        }
    }
}
