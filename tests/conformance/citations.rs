//! The citations in the sources. A *citation* is a comment line (`//` in Rust, `#` in Python) that contains
//! only ids separated by commas, optionally with an explanation after a colon. A line with other words
//! between its commas is prose, and so are documentation comments.
//!
//! ```text
//! // 6455-5.2-d, D-09: the shortest form only
//! ```
//!
//! In Rust, only comments and attributes may be between a citation and its test.

use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::Path,
};

use super::rows::{Kind, Row, Rows, has_shape_of_id};

/// The tests of each row.
#[derive(Default)]
pub(crate) struct Citations {
    tests: HashMap<String, Tests>,
    /// Each id with the place of its citations, in the order of the sources.
    places: Vec<(String, String)>,
    misplaced: Vec<String>,
}

/// The names of tests, by file.
pub(crate) type Tests = BTreeMap<String, Vec<String>>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    Rust,
    Python,
}

impl Language {
    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "rs" => Some(Self::Rust),
            "py" => Some(Self::Python),
            _ => None,
        }
    }
}

impl Citations {
    /// Reads all Rust and Python files below a directory.
    pub(crate) fn read_directory(&mut self, root: &Path, directory: &Path) -> io::Result<()> {
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if let Some(language) = Language::of(&path) {
                let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
                self.read_source(&name, &fs::read_to_string(&path)?, language);
            } else if path.is_dir() && name != "target" && !name.starts_with('.') {
                // Not build output or downloads.
                self.read_directory(root, &path)?;
            }
        }
        Ok(())
    }

    fn read_source(&mut self, file: &str, text: &str, language: Language) {
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        for (index, line) in lines.iter().enumerate() {
            let Some(ids) = citation(line, language) else { continue };
            let place = format!("{file}:{}", index + 1);
            let Some(test) = test_below(&lines[index + 1..], language) else {
                self.misplaced.push(format!("{place}: no test follows {}", ids.join(", ")));
                continue;
            };
            for id in ids {
                let tests = self.tests.entry(id.to_owned()).or_default();
                let names = tests.entry(file.to_owned()).or_default();
                if !names.contains(&test) {
                    names.push(test.clone());
                }
                self.places.push((id.to_owned(), place.clone()));
            }
        }
    }

    /// The tests of a row, if it has any.
    pub(crate) fn of(&self, row: &Row) -> Option<&Tests> {
        self.tests.get(&row.id)
    }

    /// What is wrong with the citations of these documents.
    pub(crate) fn problems(&self, documents: &[Rows]) -> Vec<String> {
        let mut problems = self.misplaced.clone();
        let rows = || documents.iter().flat_map(Rows::all);
        for (id, place) in &self.places {
            if !rows().any(|row| row.id == *id) {
                problems.push(format!("{place}: no document has {id}"));
            }
        }
        for row in rows() {
            match (&row.kind, self.of(row)) {
                (Kind::Tested, None) => {
                    problems.push(format!("{} has no test, and no reason for that", row.id));
                }
                (Kind::Untested(_), Some(_)) => {
                    problems.push(format!("{} has a test, but says that it has none", row.id));
                }
                _ => {}
            }
        }
        problems
    }
}

/// The ids that a line cites; `None` if it is not a citation.
fn citation(line: &str, language: Language) -> Option<Vec<&str>> {
    let marker = match language {
        Language::Rust => "//",
        Language::Python => "#",
    };
    let text = line.trim().strip_prefix(marker)?;
    let list = text.split_once(':').map_or(text, |(list, _)| list);
    let ids: Vec<_> = list.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    let are_words = ids.iter().all(|id| !id.contains(char::is_whitespace));
    (are_words && ids.iter().any(|id| has_shape_of_id(id))).then_some(ids)
}

/// The name of the test that these lines begin with: a function, a fuzz target or a program.
fn test_below(lines: &[&str], language: Language) -> Option<String> {
    let named = |keyword: &str, lines: &[&str]| {
        let name = lines.iter().find_map(|line| Some(line.split_once(keyword)?.1))?;
        let is_inside = |c: char| c.is_alphanumeric() || c == '_';
        Some(name.chars().take_while(|c| is_inside(*c)).collect())
    };
    if language == Language::Python {
        return named("def ", lines);
    }
    let is_between = |line: &str| line.starts_with("//") || line.starts_with("#[");
    let is_attribute =
        |line: &str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
    for (index, line) in lines.iter().enumerate() {
        match line {
            _ if is_attribute(line) => return named("fn ", &lines[index..]),
            _ if line.starts_with("fn main(") => return Some("main".into()),
            _ if line.starts_with("fuzz_target!") => return Some("fuzz_target".into()),
            _ if is_between(line) => {}
            _ => break,
        }
    }
    None
}

/// The citations of this source, for tests.
#[cfg(test)]
pub(crate) fn cited(file: &str, source: &str) -> Citations {
    let mut citations = Citations::default();
    citations.read_source(file, source, Language::of(Path::new(file)).unwrap_or(Language::Rust));
    citations
}

/// The problems of the tables with this source, apart from rows without tests.
#[cfg(test)]
fn problems(file: &str, source: &str) -> Vec<String> {
    let documents = [Rows::read("doc", super::rows::TABLES)];
    let mut problems = cited(file, source).problems(&documents);
    problems.retain(|problem| !problem.contains("has no test"));
    problems
}

#[test]
fn rows_without_a_test_need_a_reason() {
    let documents = [Rows::read("doc", super::rows::TABLES)];
    let check = |source| cited("a.rs", source).problems(&documents);
    let expected = ["A-01 has no test, and no reason for that"];
    assert_eq!(check("// P-fd-a, 6455-5.2-c\n#[test]\nfn a() {"), expected);
    let stale = ["A-02 has a test, but says that it has none"];
    assert_eq!(check("// P-fd-a, 6455-5.2-c, A-01, A-02, 6455-4.1-3a\n#[test]\nfn a() {"), stale);
}

#[test]
fn unknown_ids_are_reported() {
    let found = problems("a.rs", "// P-fd-a, P-fd-zz\n#[test]\nfn a() {");
    assert_eq!(found, ["a.rs:1: no document has P-fd-zz"]);
    let found = problems("a.py", "\n# A-99\ndef test():");
    assert_eq!(found, ["a.py:2: no document has A-99"]);
    // A badly misspelt id next to a valid one.
    let found = problems("a.rs", "// P-fd-a, 6455-5.2\n#[test]\nfn a() {");
    assert_eq!(found, ["a.rs:1: no document has 6455-5.2"]);
}

#[test]
fn citations_without_a_test_are_reported_and_do_not_count() {
    for below in ["", "fn helper() {}", "\n#[test]\nfn a() {", "let x = 1;\n#[test]\nfn a() {"] {
        let source = format!("// P-fd-a\n{below}");
        assert_eq!(problems("a.rs", &source), ["a.rs:1: no test follows P-fd-a"], "{below}");
        assert!(cited("a.rs", &source).tests.is_empty());
    }
    let tests = [
        ("#[test]\nfn a_name() {", "a_name"),
        ("// A-01: more\n/// Words.\n#[cfg(x)]\n#[test]\n#[ignore]\nfn b(x: u8) {", "b"),
        ("#[tokio::test(start_paused = true)]\nasync fn c() {", "c"),
        ("fn main() -> ExitCode {", "main"),
        ("fuzz_target!(|data| {", "fuzz_target"),
    ];
    for (below, name) in tests {
        let citations = cited("a.rs", &format!("    // P-fd-a\n    {below}"));
        assert_eq!(citations.misplaced, [""; 0], "{below}");
        assert_eq!(citations.tests["P-fd-a"]["a.rs"], [name]);
    }
}

#[test]
fn prose_is_not_a_citation() {
    let prose = [
        "// Section 5.2: the shortest form",
        "// 6455-5.2-c is checked elsewhere",
        "// As P-fd-a, 6455-5.2-c",
        "// UTF-8",
        "// RFC 6455, section 5.2",
        "// 2024-05-01: a date",
        "/// P-fd-a",
        "//! P-fd-a",
        "let x = 1; // P-fd-a",
        "\"// P-fd-a\"",
        "# P-fd-a",
        "//",
    ];
    for line in prose {
        assert_eq!(citation(line, Language::Rust), None, "{line}");
    }
    assert_eq!(citation("#!/usr/bin/env python3", Language::Python), None);
    assert_eq!(citation("// P-fd-a", Language::Python), None);
}

#[test]
fn a_citation_may_have_an_explanation_or_continue_below() {
    let ids = |line| citation(line, Language::Rust);
    assert_eq!(ids("// P-fd-a: words, and a-b"), Some(vec!["P-fd-a"]));
    assert_eq!(
        ids("    // 7692-7.1.1.1-a, IANA-close-a,"),
        Some(vec!["7692-7.1.1.1-a", "IANA-close-a"])
    );
    assert_eq!(ids("// 8307-3-a,6455-4.1-aa"), Some(vec!["8307-3-a", "6455-4.1-aa"]));
    assert_eq!(citation("    # L-03", Language::Python), Some(vec!["L-03"]));
    let citations = cited("a.rs", "// P-fd-a,\n// A-01, P-fd-a\n#[test]\nfn a() {");
    assert_eq!(citations.tests["P-fd-a"]["a.rs"], ["a"], "once");
    assert_eq!(citations.tests["A-01"]["a.rs"], ["a"]);
}
