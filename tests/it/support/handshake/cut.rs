//! Splits bytes into pieces, as a network would.

/// In one piece, byte by byte, and in two pieces split at every offset, or at every nth offset of a
/// long input.
pub(crate) fn cuts(bytes: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    let step = bytes.len() / 1000 + 1;
    let splits = (0..=bytes.len()).step_by(step).map(|at| bytes.split_at(at).into());
    let splits = splits.map(|pair: [&[u8]; 2]| pair.to_vec());
    [vec![bytes], bytes.chunks(1).collect()].into_iter().chain(splits)
}
