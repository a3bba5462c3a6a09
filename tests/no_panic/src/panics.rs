//! A function that panics. With it, the program must not link.

use crate::proof::proofs;

proofs! {
    first(bytes: &[u8]) { bytes[0] }
}
