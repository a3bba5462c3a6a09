//! The server and the client in HTTP/3, against another implementation and each other.

#![allow(clippy::unwrap_used, clippy::panic)] // tests panic

mod aioquic;
mod deadlines;
#[path = "../../../peer/peer.rs"]
mod peer;
#[path = "../../../peer/slow.rs"]
mod slow;
mod versions;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The files of a certificate for `localhost`, and of its key.
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    /// Makes a certificate for one test.
    fn make(test: &str) -> Self {
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let certificate = directory.join(format!("{test}.pem"));
        let key = directory.join(format!("{test}.key"));
        let own = rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
        fs::write(&certificate, own.cert.pem()).unwrap();
        fs::write(&key, own.signing_key.serialize_pem()).unwrap();
        Self { certificate, key }
    }

    fn certificate(&self) -> &str {
        self.certificate.to_str().unwrap()
    }

    fn key(&self) -> &str {
        self.key.to_str().unwrap()
    }
}
