//! Builds and runs `tests/no_std`, a program without std and without an allocator, and checks that
//! neither is linked into it.
#![cfg(all(unix, not(miri)))]

use std::{
    env, fs, io,
    path::PathBuf,
    process::{Command, Output},
};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

#[test]
fn two_endpoints_converse_without_std() -> io::Result<()> {
    let output = cargo("run").args(["--quiet", "--target-dir", TARGET]).output()?;
    assert!(output.status.success(), "{}", shown(&output));
    Ok(())
}

#[test]
fn no_dependency_enables_std_or_alloc() -> io::Result<()> {
    let asked = std_features(&mut cargo("tree"))?;
    assert!(asked.is_empty(), "{asked:#?}");

    // With default features, hybi enables std, which proves that the check works.
    let default = std_features(cargo("tree").current_dir(ROOT))?;
    assert!(default.iter().any(|line| line.starts_with("hybi ")), "{default:#?}");
    Ok(())
}

#[test]
fn the_allocator_is_not_linked() -> io::Result<()> {
    let arguments = ["--quiet", "--message-format=json", "--target-dir", TARGET];
    let output = cargo("build").args(arguments).output()?;
    assert!(output.status.success(), "{}", shown(&output));
    let messages = String::from_utf8_lossy(&output.stdout);
    let path = messages.split_once(r#""executable":""#).and_then(|(_, rest)| rest.split_once('"'));
    let (path, _) = path.expect("cargo names the program");
    // Written backwards, so that this test contains the names only as symbols.
    for backwards in ["colla_tsur__", "mihs_colla_on_tsur__"] {
        let symbol: String = backwards.chars().rev().collect();
        assert!(!contains(path.into(), &symbol)?, "{symbol} is in {path}");
        assert!(contains(env::current_exe()?, &symbol)?, "{symbol} would not have been found");
    }
    Ok(())
}

#[test]
fn its_dependencies_are_locked_as_in_the_root() -> io::Result<()> {
    let root = fs::read_to_string(format!("{ROOT}/Cargo.lock"))?;
    let locked = fs::read_to_string(format!("{ROOT}/tests/no_std/Cargo.lock"))?;
    let root: Vec<_> = packages(&root).collect();
    for package in packages(&locked).filter(|(name, _)| *name != "name = \"hybi-no-std\"") {
        assert!(root.contains(&package), "{package:?}");
    }
    Ok(())
}

/// Separate from the root's target directory, so that neither build waits for the other's lock or
/// rebuilds its artifacts.
const TARGET: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/no_std");

/// A Cargo command for the program, with its locked dependencies.
fn cargo(command: &str) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(format!("{ROOT}/tests/no_std")).args([command, "--locked"]);
    // Coverage and sanitizers need std.
    for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER"] {
        cargo.env_remove(variable);
    }
    cargo
}

/// The packages in a dependency tree with the feature `std` or `alloc`, except for build
/// dependencies and procedural macros.
fn std_features(tree: &mut Command) -> io::Result<Vec<String>> {
    let arguments = ["--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}|{f}"];
    let output = tree.args(arguments).output()?;
    assert!(output.status.success(), "{}", shown(&output));
    let lines = String::from_utf8_lossy(&output.stdout);
    assert!(lines.contains("hybi v"), "{}", shown(&output));
    let asks = |line: &&str| {
        let (_, features) = line.split_once('|').unwrap_or_default();
        features.split([',', ' ']).any(|feature| matches!(feature, "std" | "alloc"))
    };
    Ok(lines.lines().filter(asks).map(str::to_owned).collect())
}

fn contains(file: PathBuf, symbol: &str) -> io::Result<bool> {
    let bytes = fs::read(file)?;
    Ok(bytes.windows(symbol.len()).any(|window| window == symbol.as_bytes()))
}

/// The name and version lines of each package in a lock file.
fn packages(lock: &str) -> impl Iterator<Item = (&str, &str)> {
    lock.split("[[package]]\n").filter_map(|package| {
        let mut lines = package.lines();
        Some((lines.next()?, lines.next()?)).filter(|(name, _)| name.starts_with("name"))
    })
}

fn shown(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{}\n{out}\n{err}", output.status)
}
