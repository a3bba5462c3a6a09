//! Checks the tests against the rows of `docs/conformance`: every cited row exists, and every
//! citation is above a test. This command lists the rows that no test cites:
//!
//! ```sh
//! cargo test --test conformance -- --nocapture
//! ```
//!
//! A *citation* is a comment line (`//` in Rust, `#` in Python) that contains only ids separated by
//! commas, optionally with an explanation after a colon. A line with other words between its commas
//! is prose, and so are documentation comments.
//!
//! ```text
//! // 6455-5.2-d, D-09: the shortest form only
//! ```
//!
//! In Rust, only comments and attributes may be between a citation and its test.

use std::{collections::HashSet, fmt, fs, io, path::Path};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const DOCUMENTS: [&str; 2] = ["docs/conformance/requirements.md", "docs/conformance/attacks.md"];
const SOURCES: [&str; 5] = ["src", "tests", "interop", "fuzz", "examples"];

/// A row needs no test here if one of these columns starts with this text.
const CALLERS: &str = "caller obligation";
const MARKED: [&str; 2] = ["on violation", "defence"];

#[test]
#[cfg_attr(miri, ignore)] // reads files
fn tests_cite_existing_rows() -> io::Result<()> {
    let mut check = Check::default();
    for name in DOCUMENTS {
        check.read_document(name, &fs::read_to_string(Path::new(ROOT).join(name))?);
    }
    for directory in SOURCES {
        check.read_sources(&Path::new(ROOT).join(directory))?;
    }
    println!("{check}");
    assert!(check.problems.is_empty(), "\n{}", check.problems.join("\n"));
    Ok(())
}

/// The rows of the documents, and their citations in the sources.
#[derive(Default)]
struct Check {
    sections: Vec<Section>,
    ids: HashSet<String>,
    cited: HashSet<String>,
    problems: Vec<String>,
}

struct Section {
    title: String,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    is_callers: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    Rust,
    Python,
}

impl Check {
    /// Reads the rows of all tables whose first column is `id`.
    fn read_document(&mut self, name: &str, text: &str) {
        let mut header: Option<Vec<&str>> = None;
        for line in text.lines() {
            if let Some(title) = line.strip_prefix("## ") {
                let title = format!("{name}: {title}");
                self.sections.push(Section { title, rows: Vec::new() });
            }
            let Some(cells) = cells(line) else {
                header = None;
                continue;
            };
            match &header {
                Some(header) if header[0] == "id" => {
                    if !is_rule(&cells) {
                        self.add_row(name, header, &cells);
                    }
                }
                _ if has_shape_of_id(cells[0]) => {
                    self.problems.push(format!("{name}: {} is not in a table of rows", cells[0]));
                }
                Some(_) => {}
                None => header = Some(cells),
            }
        }
    }

    fn add_row(&mut self, document: &str, header: &[&str], cells: &[&str]) {
        let id = cells[0].to_owned();
        if !has_shape_of_id(&id) || cells.len() != header.len() {
            self.problems
                .push(format!("{document}: {id}: not an id, or the wrong number of cells"));
        }
        let is_callers = header
            .iter()
            .zip(cells)
            .any(|(column, cell)| MARKED.contains(column) && cell.starts_with(CALLERS));
        if !self.ids.insert(id.clone()) {
            self.problems.push(format!("{document}: {id} is a duplicate"));
        }
        if let Some(section) = self.sections.last_mut() {
            section.rows.push(Row { id, is_callers });
        }
    }

    /// Reads the citations in all Rust and Python files below a directory, which may be missing.
    fn read_sources(&mut self, directory: &Path) -> io::Result<()> {
        if !directory.is_dir() {
            return Ok(());
        }
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let language = match path.extension().and_then(|extension| extension.to_str()) {
                Some("rs") => Language::Rust,
                Some("py") => Language::Python,
                // Skip build output and downloads.
                _ if path.is_dir() && name != "target" && !name.starts_with('.') => {
                    self.read_sources(&path)?;
                    continue;
                }
                _ => continue,
            };
            let name = path.strip_prefix(ROOT).unwrap_or(&path).display().to_string();
            self.read_source(&name, &fs::read_to_string(&path)?, language);
        }
        Ok(())
    }

    /// Reads the citations in a file.
    fn read_source(&mut self, name: &str, text: &str, language: Language) {
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        for (index, line) in lines.iter().enumerate() {
            let Some(ids) = citation(line, language) else { continue };
            let place = format!("{name}:{}", index + 1);
            if language == Language::Rust && !is_above_test(&lines[index + 1..]) {
                self.problems.push(format!("{place}: no test follows {}", ids.join(", ")));
                continue;
            }
            for id in ids {
                if !self.ids.contains(id) {
                    self.problems.push(format!("{place}: no document has {id}"));
                }
                self.cited.insert(id.to_owned());
            }
        }
    }

    fn count<'a>(&self, rows: impl Iterator<Item = &'a Row>) -> Count {
        let mut count = Count::default();
        for row in rows {
            count.rows += 1;
            count.tested += usize::from(self.cited.contains(&row.id));
            count.without += usize::from(self.lacks_test(row));
        }
        count
    }

    fn lacks_test(&self, row: &Row) -> bool {
        !row.is_callers && !self.cited.contains(&row.id)
    }
}

/// The rows without a test by section, and their number.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Section { title, rows } in self.sections.iter().filter(|s| !s.rows.is_empty()) {
            writeln!(f, "{title}\n    {}", self.count(rows.iter()))?;
            let ids: Vec<_> =
                rows.iter().filter(|row| self.lacks_test(row)).map(|row| row.id.as_str()).collect();
            for line in ids.chunks(6) {
                writeln!(f, "        {}", line.join("  "))?;
            }
        }
        let all = self.sections.iter().flat_map(|section| &section.rows);
        write!(f, "in all\n    {}", self.count(all))
    }
}

#[derive(Default)]
struct Count {
    rows: usize,
    tested: usize,
    without: usize,
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, tested, without } = self;
        let callers = rows - tested - without;
        write!(f, "{rows} rows: {tested} tested, {callers} the caller's, {without} without a test")
    }
}

/// The cells of a table line.
fn cells(line: &str) -> Option<Vec<&str>> {
    let cells = line.trim().strip_prefix('|')?;
    let cells = cells.strip_suffix('|').unwrap_or(cells);
    Some(cells.split('|').map(str::trim).collect())
}

/// Whether this is the line below the header.
fn is_rule(cells: &[&str]) -> bool {
    cells.iter().all(|cell| cell.bytes().all(|byte| matches!(byte, b'-' | b':')))
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

/// `6455-5.2-c`, `P-fd-a`, `IANA-close-a`, `A-01`.
fn has_shape_of_id(word: &str) -> bool {
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<_> = word.split('-').collect();
    match parts[..] {
        [group, number] => {
            matches!(group.as_bytes(), [b'A'..=b'Z']) && number.len() == 2 && is_digits(number)
        }
        [source, section, row] => {
            let is_source =
                matches!(source, "P" | "IANA") || (source.len() == 4 && is_digits(source));
            let is_section = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.';
            is_source
                && !section.is_empty()
                && section.bytes().all(is_section)
                && (1..=3).contains(&row.len())
                && row.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
                && row.ends_with(|last: char| last.is_ascii_lowercase())
        }
        _ => false,
    }
}

/// Whether a test starts here, after any comments and attributes.
fn is_above_test(lines: &[&str]) -> bool {
    let is_test = |line: &str| {
        line.starts_with("#[test]")
            || line.starts_with("proptest!")
            || line.starts_with("fuzz_target!")
    };
    let is_between = |line: &str| line.starts_with("//") || line.starts_with("#[");
    let first = lines.iter().find(|line| is_test(line) || !is_between(line));
    first.is_some_and(|line| is_test(line))
}

/// Checks these rows against this source.
fn checked(document: &str, source: &str, language: Language) -> Check {
    let mut check = Check::default();
    check.read_document("doc", document);
    check.read_source("source", source, language);
    check
}

const TABLES: &str = "\
## One\n\
| id | who | on violation |\n| --- | :-- | --- |\n| 6455-5.2-c | R | n/a |\n| P-fd-a | R | fail |\n\
\n| code | sent |\n| --- | --- |\n| 1000 | yes |\n\n\
## Two\n\
| id | defence |\n| --- | --- |\n| A-01 | as caller obligation |\n| 6455-4.1-3a | caller obligation: x |\n";

#[test]
fn rows_are_read_from_tables_with_ids() {
    let check = checked(TABLES, "", Language::Rust);
    assert!(check.problems.is_empty(), "{:?}", check.problems);
    let ids: Vec<_> = check.sections.iter().flat_map(|s| &s.rows).map(|row| &row.id).collect();
    assert_eq!(ids, ["6455-5.2-c", "P-fd-a", "A-01", "6455-4.1-3a"]);
}

#[test]
fn the_report_omits_tested_rows_and_caller_obligations() {
    let check = checked(TABLES, "// P-fd-a\n#[test]", Language::Rust);
    let expected = "\
doc: One\n    2 rows: 1 tested, 0 the caller's, 1 without a test\n        6455-5.2-c\n\
doc: Two\n    2 rows: 0 tested, 1 the caller's, 1 without a test\n        A-01\n\
in all\n    4 rows: 1 tested, 1 the caller's, 2 without a test";
    assert_eq!(check.to_string(), expected);
}

#[test]
fn malformed_rows_are_reported() {
    let twice = format!("{TABLES}| A-01 | again |\n");
    assert_eq!(checked(&twice, "", Language::Rust).problems, ["doc: A-01 is a duplicate"]);
    for row in ["| A-1 | no id |", "| A-02 | a | cell too many |", "\n| A-02 | no header |"] {
        let check = checked(&format!("{TABLES}{row}\n"), "", Language::Rust);
        assert_eq!(check.problems.len(), 1, "{row}");
    }
}

#[test]
fn unknown_ids_are_reported() {
    let check = checked(TABLES, "// P-fd-a, P-fd-zz\n#[test]", Language::Rust);
    assert_eq!(check.problems, ["source:1: no document has P-fd-zz"]);
    let check = checked(TABLES, "\n# A-99\ndef test():", Language::Python);
    assert_eq!(check.problems, ["source:2: no document has A-99"]);
    // A badly misspelt id next to a valid one.
    let check = checked(TABLES, "// P-fd-a, 6455-5.2\n#[test]", Language::Rust);
    assert_eq!(check.problems, ["source:1: no document has 6455-5.2"]);
}

#[test]
fn citations_without_a_test_are_reported_and_do_not_count() {
    for below in ["", "fn helper() {}", "\n#[test]", "let x = 1;\n#[test]"] {
        let check = checked(TABLES, &format!("// P-fd-a\n{below}"), Language::Rust);
        assert_eq!(check.problems, ["source:1: no test follows P-fd-a"], "{below}");
        assert!(check.cited.is_empty());
    }
    for below in ["#[test]", "// A-01: more\n/// Words.\n#[cfg(x)]\n#[test]", "proptest! {"] {
        let check = checked(TABLES, &format!("    // P-fd-a\n    {below}"), Language::Rust);
        assert!(check.problems.is_empty() && check.cited.contains("P-fd-a"), "{below}");
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
}
