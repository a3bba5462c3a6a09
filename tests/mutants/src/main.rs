//! Puts all mutants that cargo-mutants lists into one build, each behind a switch.
//!
//! `hybi-mutants LIST ROOT [LEFT_OUT]` rewrites the files below `ROOT` that `LIST` (the output of
//! `cargo mutants --list --json`) names. The number of a mutant is its position in the list. `LEFT_OUT`
//! holds the numbers of those that do not compile, one on a line. The standard output has a line for
//! each mutant that has no place in the build, and one for each that may be evaluated at compile time alone.
//!
//! A mutated expression becomes `if switch::on(n) { mutant } else { original }`; a mutated function
//! returns early. Comments around each mutant, on lines of their own, name it in compiler errors.

mod place;

use std::{
    collections::{BTreeMap, HashSet},
    env,
    error::Error,
    fs,
    path::Path,
};

use place::{Edit, Mutant, Places};
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [list, root, left_out @ ..] = &arguments[..] else {
        return Err("usage: hybi-mutants LIST ROOT [LEFT_OUT]".into());
    };
    let left_out: HashSet<usize> = match left_out {
        [path, ..] => fs::read_to_string(path)?.lines().flat_map(str::parse).collect(),
        [] => HashSet::new(),
    };
    let list: Vec<Value> = serde_json::from_str(&fs::read_to_string(list)?)?;
    let mut files: BTreeMap<&str, Vec<Mutant>> = BTreeMap::new();
    for (number, value) in list.iter().enumerate() {
        if !left_out.contains(&number) {
            let file = value["file"].as_str().ok_or("no file")?;
            files.entry(file).or_default().push(Mutant::parse(number, value).ok_or("no mutant")?);
        }
    }
    for (file, mutants) in files {
        let path = Path::new(root).join(file);
        let source = fs::read_to_string(&path)?;
        let mut places = Places::new(&source, mutants);
        places.visit(&syn::parse_file(&source)?);
        fs::write(&path, apply(&source, places.edits))?;
        for mutant in places.mutants {
            println!("none {}", mutant.number);
        }
        for number in places.constant {
            println!("constant {number}");
        }
    }
    Ok(())
}

/// The source with all insertions. Outer expressions open first and close last.
fn apply(source: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| (edit.at, edit.order));
    let (mut text, mut from) = (String::with_capacity(source.len() * 2), 0);
    for edit in edits {
        text.push_str(&source[from..edit.at]);
        text.push_str(&edit.text);
        from = edit.at;
    }
    text + &source[from..]
}
