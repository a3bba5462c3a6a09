//! `bare` is a program without std and without an allocator that runs both embeddings. Here it is
//! built and run: it would not link if anything in it asked for an allocator.

use std::{
    env,
    process::{Command, Output},
};

#[test]
fn both_embeddings_run_without_std_and_without_an_allocator() {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO"))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/bare"))
        .args(["run", "--quiet", "--locked", "--target-dir"])
        .arg(concat!(env!("CARGO_TARGET_TMPDIR"), "/bare"))
        .output()
        .unwrap();
    let said = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(status.success(), "{said:#?}");
    assert!(said[0].ends_with("embassy: an echo, and a deadline\n"), "{said:#?}");
}
