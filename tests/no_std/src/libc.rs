//! Bindings to the C library, for any Unix.

use core::{
    ffi::{c_int, c_void},
    fmt,
};

#[link(name = "c")]
unsafe extern "C" {
    fn write(file: c_int, bytes: *const c_void, length: usize) -> isize;
    pub(crate) safe fn abort() -> !;
}

/// An open file descriptor to write text to.
pub(crate) struct Output(c_int);

impl Output {
    pub(crate) const fn standard() -> Self {
        Self(1)
    }

    pub(crate) const fn error() -> Self {
        Self(2)
    }
}

impl fmt::Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            // SAFETY: the pointer and the length belong to one slice, which `write` only reads.
            let written = unsafe { write(self.0, rest.as_ptr().cast(), rest.len()) };
            let written = usize::try_from(written).map_err(|_| fmt::Error)?;
            rest = rest.get(written..).ok_or(fmt::Error)?;
        }
        Ok(())
    }
}
