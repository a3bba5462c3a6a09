//! Sending without a copy: framing a payload in place, and sending prepared messages.

use super::{Client, Connection, Server};
#[cfg(feature = "alloc")]
use crate::{buffer::Outbox, error::OutboxFull, message::Prepared};
use crate::{
    error::{Error, Misuse},
    frame::{FrameParts, Header, Kind},
    mask::Mask,
    random::Entropy,
    utf8::Validator,
};

impl Connection<Server> {
    /// Frames a text message without copying it. See [`FrameParts`].
    ///
    /// ```
    /// # use hybi::{Config, Connection};
    /// # let mut websocket = Connection::server(Config::new());
    /// # let (mut stream, mut outbox) = (Vec::new(), Vec::new());
    /// use std::io::Write;
    ///
    /// let framed = websocket.frame_text("a long text")?;
    /// stream.write_all(&outbox)?;
    /// outbox.clear();
    /// let written = stream.write_vectored(&framed.io_slices())?;
    /// # assert_eq!(stream, b"\x81\x0ba long text");
    /// # let _: Vec<u8> = outbox;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Misuse::NotOpen`], [`Misuse::MessageOpen`].
    #[inline]
    pub fn frame_text<'a>(&mut self, text: &'a str) -> Result<FrameParts<'a>, Error> {
        self.frame(Kind::Text, text.as_bytes())
    }

    /// Frames a binary message without copying it. See [`FrameParts`].
    ///
    /// # Errors
    ///
    /// [`Misuse::NotOpen`], [`Misuse::MessageOpen`].
    #[inline]
    pub fn frame_binary<'a>(&mut self, data: &'a [u8]) -> Result<FrameParts<'a>, Error> {
        self.frame(Kind::Binary, data)
    }

    /// Sends a prepared message.
    ///
    /// # Errors
    ///
    /// As for [`send_text`](Self::send_text).
    #[cfg(feature = "alloc")]
    pub fn send_prepared(
        &mut self,
        message: &Prepared,
        outbox: &mut impl Outbox,
    ) -> Result<(), Error> {
        self.may_begin_message()?;
        self.send_pending(outbox);
        self.check_high_water(outbox)?;
        let compressed = self.compressed_frame(message);
        let frame = compressed.unwrap_or_else(|| message.frame());
        let (needed, room) = (frame.len(), outbox.room());
        if needed > room {
            return Err(OutboxFull { needed, room }.into());
        }
        outbox.append(frame);
        self.on_prepared(message, compressed);
        Ok(())
    }

    /// The complete frame of a prepared message, to write without copying it into an outbox. Write
    /// the outbox first.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotOpen`], [`Misuse::MessageOpen`].
    #[cfg(feature = "alloc")]
    #[inline]
    pub fn frame_prepared<'a>(&mut self, message: &'a Prepared) -> Result<&'a [u8], Error> {
        self.may_begin_message()?;
        let compressed = self.compressed_frame(message);
        self.on_prepared(message, compressed);
        Ok(compressed.unwrap_or_else(|| message.frame()))
    }

    /// The compressed frame of a prepared message, if this connection can send it.
    #[cfg(feature = "alloc")]
    #[inline]
    fn compressed_frame<'a>(&self, message: &'a Prepared) -> Option<&'a [u8]> {
        let (frame, window_bits) = message.compressed_frame()?;
        self.compression.allows_prepared(window_bits).then_some(frame)
    }

    /// A prepared message is sent.
    #[cfg(feature = "alloc")]
    #[inline]
    fn on_prepared(&mut self, message: &Prepared, compressed: Option<&[u8]>) {
        let frame = compressed.unwrap_or_else(|| message.frame());
        self.observer.send_prepared(message.kind(), message.payload_len(), frame);
        if compressed.is_some() {
            // The peer's window will contain data that our compressor has not seen.
            self.compression.reset_sending();
        }
    }

    #[inline]
    fn frame<'a>(&mut self, kind: Kind, payload: &'a [u8]) -> Result<FrameParts<'a>, Error> {
        self.may_begin_message()?;
        let header = Header::data(kind.opcode(), true, payload);
        self.observer.send_frame(&header);
        self.observer.send_message(kind, payload.len(), true);
        Ok(FrameParts::new(header.encode(), payload))
    }
}

impl<E: Entropy> Connection<Client<E>> {
    /// Frames a text message and masks it in place. See [`FrameParts`].
    ///
    /// The parameter is a byte slice, because the masked text is not UTF-8.
    ///
    /// # Errors
    ///
    /// [`Misuse::NotOpen`], [`Misuse::MessageOpen`], [`Misuse::TextNotUtf8`] and
    /// [`Entropy`](Error::Entropy). The text is unchanged then.
    pub fn mask_text<'a>(&mut self, text: &'a mut [u8]) -> Result<FrameParts<'a>, Error> {
        let mut validator = Validator::new();
        validator.feed(text).map_err(|error| Misuse::TextNotUtf8(error.offset))?;
        if !validator.is_complete() {
            return Err(Misuse::TextNotUtf8(text.len() - validator.partial()).into());
        }
        self.mask(Kind::Text, text)
    }

    /// Frames a binary message and masks it in place. See [`FrameParts`].
    ///
    /// The payload cannot be changed before the frame is written (section 10.3):
    ///
    /// ```compile_fail
    /// # fn f(websocket: &mut hybi::Connection<hybi::Client>) -> Result<(), hybi::Error> {
    /// let mut data = [0; 100];
    /// let framed = websocket.mask_binary(&mut data)?;
    /// data[0] = 1;
    /// println!("{framed:?}");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Misuse::NotOpen`], [`Misuse::MessageOpen`] and [`Entropy`](Error::Entropy). The data is
    /// unchanged then.
    #[inline]
    pub fn mask_binary<'a>(&mut self, data: &'a mut [u8]) -> Result<FrameParts<'a>, Error> {
        self.mask(Kind::Binary, data)
    }

    #[inline]
    fn mask<'a>(&mut self, kind: Kind, payload: &'a mut [u8]) -> Result<FrameParts<'a>, Error> {
        self.may_begin_message()?;
        let key = self.role.entropy.masking_key()?;
        Mask::new(key).apply(payload);
        let header = Header::data(kind.opcode(), true, payload).with_mask(key);
        self.observer.send_frame(&header);
        self.observer.send_message(kind, payload.len(), true);
        Ok(FrameParts::new(header.encode(), payload))
    }
}
