//! Reads or writes one direction of a connection, and reports and traces each frame.

use std::{io, net::TcpStream, time::Duration};

use hybi::{
    Inbox,
    frame::{Decoder, Part, Reserved, Rules},
    inspect::Sender,
};

use crate::{WRITING, frames::Report, timed::Timed};

/// How many bytes to decode at a time.
const PIECE: usize = 16 * 1024;

/// One direction of a socket.
pub(crate) struct Tapped<'s> {
    stream: Timed<'s>,
    report: Report,
    from: &'static str,
    decoder: Decoder,
    /// How many frames have been reported.
    count: u64,
}

impl<'s> Tapped<'s> {
    /// The direction from the client.
    pub(crate) fn received(stream: &'s TcpStream, report: &Report) -> Self {
        Self::new(stream, report, "client", Rules::from_client())
    }

    /// The direction from the server.
    pub(crate) fn sent(stream: &'s TcpStream, report: &Report) -> Self {
        Self::new(stream, report, "server", Rules::from_server())
    }

    fn new(stream: &'s TcpStream, report: &Report, from: &'static str, rules: Rules) -> Self {
        let stream = Timed::new(stream, WRITING);
        // RSV1 marks compression. The connection checks whether that was negotiated.
        let decoder = Decoder::new(rules.allowing(Reserved::RSV1));
        Self { stream, report: report.clone(), from, decoder, count: 0 }
    }

    /// Reads once into the inbox, within this time.
    pub(crate) fn read_into(&mut self, inbox: &mut Inbox, timeout: Duration) -> io::Result<usize> {
        let length = inbox.read_from(self.stream.within(timeout))?;
        let unread = inbox.unread();
        let bytes = &unread[unread.len() - length..];
        self.report.trace.pass(Sender::Client, bytes);
        self.pass(bytes);
        Ok(length)
    }

    /// Writes all of an outbox, and clears it.
    pub(crate) fn write_out(&mut self, outbox: &mut Vec<u8>) -> io::Result<()> {
        self.report.trace.pass(Sender::Server, outbox);
        self.pass(outbox);
        self.stream.write_out(outbox, WRITING)
    }

    /// Reports the frames that begin in the next bytes of the stream.
    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        if !self.report.is_wanted() {
            return;
        }
        for piece in bytes.chunks(PIECE) {
            // A copy, because the decoder unmasks in place.
            let (mut piece, decoder) = (piece.to_vec(), &mut self.decoder);
            let mut rest = piece.as_mut_slice();
            // Nothing is reported after a violation.
            while let Ok(Some(part)) = decoder.decode(&mut rest) {
                if let Part::Header(header) = part {
                    self.count += 1;
                    self.report.frame(self.from, self.count, &header);
                }
            }
        }
    }
}
