//! Code in vector instructions that only some processors of the architecture have.
#![allow(unsafe_code)]

pub(super) mod utf8;
