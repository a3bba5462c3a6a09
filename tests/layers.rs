//! The layers: which modules a module may import, and where optional features, unsafe code, the digest
//! and sources of randomness may appear.
//!
//! The order is the list in `docs/architecture.md`, from bottom to top. The tests read the sources
//! as text.

#![allow(clippy::unwrap_used, clippy::panic)] // tests panic

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The root of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The modules with their position from the bottom. Modules on one line have the same position.
fn order() -> Vec<(String, usize)> {
    let text = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let list = text.split("```modules\n").nth(1).unwrap().split("```").next().unwrap();
    let places = list.lines().enumerate();
    places
        .flat_map(|(place, line)| line.split('+').map(move |name| (name.trim().into(), place)))
        .collect()
}

/// Every source file of the crate except `lib.rs`, with the module that it belongs to.
fn sources() -> Vec<(String, PathBuf)> {
    let src = root().join("src");
    let (mut folders, mut sources) = (vec![src.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let inside = path.strip_prefix(&src).unwrap();
            let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
            let module = first.strip_suffix(".rs").unwrap_or(first);
            if module != "lib" {
                sources.push((module.into(), path));
            }
        }
    }
    sources.sort();
    sources
}

/// The code of a file, without comments and unit tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// The modules in all `crate::` paths of this code.
fn imports(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        let Some(group) = after.strip_prefix('{') else {
            names.insert(name(after));
            continue;
        };
        // The names at the top level of the group.
        let (mut depth, mut begins) = (0, true);
        for (at, byte) in group.bytes().enumerate() {
            match byte {
                b'{' => depth += 1,
                b'}' if depth == 0 => break,
                b'}' => depth -= 1,
                b',' if depth == 0 => begins = true,
                _ if byte.is_ascii_whitespace() => {}
                _ if begins => {
                    names.insert(name(&group[at..]));
                    begins = false;
                }
                _ => {}
            }
        }
    }
    names
}

/// The identifier at the start of the text.
fn name(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn no_module_imports_a_module_above_it() {
    let order = order();
    let place = |name: &str| order.iter().find(|(other, _)| other == name).map(|(_, place)| *place);
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    for (module, path) in sources() {
        let shown = path.strip_prefix(root()).unwrap().display();
        let Some(own) = place(&module) else { panic!("{module} is not listed: {shown}") };
        seen.insert(module.clone());
        for import in imports(&code(&path)) {
            match place(&import) {
                Some(other) if other <= own => {}
                Some(_) => wrong.push(format!("{shown} imports {import}, which is above {module}")),
                None => wrong.push(format!("{shown} imports {import} through lib.rs")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let listed: BTreeSet<_> = order.into_iter().map(|(name, _)| name).collect();
    assert_eq!(listed, seen, "every listed module exists");
}

#[test]
fn imports_are_found() {
    let code = "use crate::{a::{b, c}, d,\n    e::f};\nuse crate::g;\nfn h() { crate::i::j() }";
    assert_eq!(imports(code).into_iter().collect::<Vec<_>>(), ["a", "d", "e", "g", "i"]);
}

/// Without the feature, an empty twin replaces the `deflate` module, so no other code checks the
/// feature.
#[test]
fn the_deflate_feature_appears_only_at_mod_and_use_items() {
    let mut wrong = Vec::new();
    for (module, path) in sources() {
        if module == "deflate" {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let mut lines = text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            let is_feature = line.contains("feature = \"deflate\"") && !line.contains("//");
            if !is_feature {
                continue;
            }
            let item = lines.by_ref().map(|(_, line)| line).find(|line| !line.starts_with("#["));
            let is_declared = item.is_some_and(|item| {
                let item = item.trim_start_matches("pub(crate) ").trim_start_matches("pub ");
                item.starts_with("mod ") || item.starts_with("use ")
            });
            if !is_declared {
                let shown = path.strip_prefix(root()).unwrap().display();
                wrong.push(format!("{shown}:{}", number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The source files, except `lib.rs`, whose code contains one of these words.
fn files_with(words: &[&str]) -> Vec<String> {
    let src = root().join("src");
    let with = sources().into_iter().filter(|(_, path)| {
        let code = code(path);
        words.iter().any(|word| code.contains(word))
    });
    with.map(|(_, path)| path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned()).collect()
}

// P-se-g, J-06
#[test]
fn unsafe_code_is_in_one_module_and_one_call() {
    let files = files_with(&["unsafe {", "unsafe fn", "unsafe impl"]);
    let (raw, others): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|file| file.starts_with("raw"));
    assert!(!raw.is_empty());
    assert_eq!(others, ["buffer/text.rs"]);
    let calls = code(&root().join("src/buffer/text.rs")).matches("unsafe {").count();
    assert_eq!(calls, 1);
}

// 6455-10.8-a: SHA-1 proves that a server speaks the protocol, and nothing else
#[test]
fn the_digest_is_used_for_the_accept_value_alone() {
    assert_eq!(files_with(&["sha1", "Sha1"]), ["handshake/key.rs"]);
}

// 6455-5.3-d, H-02, H-03, L-08: no counter and no simple generator is part of the crate
#[test]
fn the_operating_system_is_the_only_source_of_keys_in_the_crate() {
    assert_eq!(files_with(&["Entropy for"]), ["random/os.rs", "random.rs"]);
    let implemented = |file: &str| {
        let code = code(&root().join("src").join(file));
        let types = code.split("Entropy for ").skip(1).map(|after| after.split(" {").next());
        types.map(|name| name.unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(implemented("random.rs"), ["&mut E"]);
    assert_eq!(implemented("random/os.rs"), ["OsEntropy"]);
}
