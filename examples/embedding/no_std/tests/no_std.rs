//! Builds and runs `bare`, a program without std and without an allocator that contains both embeddings.
//! It would not link if any code in it needed an allocator.

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
    let output = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(status.success(), "{output:#?}");
    assert!(output[0].ends_with("embassy: an echo, and a deadline\n"), "{output:#?}");
}
