//! Reports and traces the frames of one direction of a connection.

use hybi::{
    frame::{Decoder, Part, Reserved, Rules},
    inspect::Sender,
};

use crate::frames::Report;

/// How many bytes to decode at a time.
const PIECE: usize = 16 * 1024;

/// One direction of a connection.
pub(crate) struct Tapped {
    report: Report,
    sender: Sender,
    from: &'static str,
    decoder: Decoder,
    /// How many frames have been reported.
    count: u64,
}

impl Tapped {
    /// The direction from the client.
    pub(crate) fn received(report: &Report) -> Self {
        Self::new(report, Sender::Client, "client", Rules::from_client())
    }

    /// The direction from the server.
    pub(crate) fn sent(report: &Report) -> Self {
        Self::new(report, Sender::Server, "server", Rules::from_server())
    }

    fn new(report: &Report, sender: Sender, from: &'static str, rules: Rules) -> Self {
        // RSV1 marks compression. The connection checks whether that was negotiated.
        let decoder = Decoder::new(rules.allowing(Reserved::RSV1));
        Self { report: report.clone(), sender, from, decoder, count: 0 }
    }

    /// Reports and traces the last bytes of an inbox, which were just read.
    pub(crate) fn pass_last(&mut self, unread: &[u8], length: usize) {
        self.pass(&unread[unread.len().saturating_sub(length)..]);
    }

    /// Reports and traces the next bytes of the stream.
    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        self.report.trace.pass(self.sender, bytes);
        self.pass_traced(bytes);
    }

    /// As [`pass`](Self::pass), for bytes that were read with the request and traced with it.
    pub(crate) fn pass_traced(&mut self, bytes: &[u8]) {
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
