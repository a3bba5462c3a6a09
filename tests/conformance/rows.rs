//! The rows of a document: its tables whose first column is `id`.

use std::collections::HashSet;

/// A row binds the caller if one of these columns begins with this text.
const CALLERS: &str = "caller obligation";
const MARKED: [&str; 2] = ["on violation", "defence"];
/// A row cannot have a test if its column of this name begins with this text; the reason follows.
const UNTESTED: &str = "no test: ";
const OBLIGATION: &str = "test obligation";

/// All rows of a document, by section.
pub(crate) struct Rows {
    pub(crate) sections: Vec<Section>,
    problems: Vec<String>,
}

pub(crate) struct Section {
    pub(crate) title: String,
    pub(crate) rows: Vec<Row>,
}

pub(crate) struct Row {
    pub(crate) id: String,
    /// MUST, MUST NOT and so on; empty if there is no such column.
    pub(crate) level: String,
    /// The requirement, attack or lesson.
    pub(crate) text: String,
    pub(crate) kind: Kind,
}

/// Why a row has no test, if it has none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// There is no reason: it needs one.
    Tested,
    /// It binds the caller, for this reason (which may be empty).
    Callers(String),
    /// No test is possible, for this reason.
    Untested(String),
}

impl Rows {
    pub(crate) fn read(document: &str, text: &str) -> Self {
        let mut rows = Self { sections: Vec::new(), problems: Vec::new() };
        let mut header: Option<Vec<&str>> = None;
        for line in text.lines() {
            if let Some(title) = line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")) {
                rows.sections.push(Section { title: title.into(), rows: Vec::new() });
            }
            let Some(cells) = cells(line) else {
                header = None;
                continue;
            };
            match &header {
                Some(header) if header[0] == "id" => {
                    if !is_rule(&cells) {
                        rows.add(document, header, &cells);
                    }
                }
                _ if has_shape_of_id(cells[0]) => {
                    rows.problems
                        .push(format!("{document}: {} is not in a table of rows", cells[0]));
                }
                Some(_) => {}
                None => header = Some(cells),
            }
        }
        rows.sections.retain(|section| !section.rows.is_empty());
        rows
    }

    fn add(&mut self, document: &str, header: &[&str], cells: &[&str]) {
        let id = cells[0].to_owned();
        if !has_shape_of_id(&id) || cells.len() != header.len() {
            self.problems
                .push(format!("{document}: {id}: not an id, or the wrong number of cells"));
        }
        let cell = |names: &[&str]| {
            let found = header.iter().zip(cells).find(|(column, _)| names.contains(column));
            found.map_or("", |(_, cell)| *cell)
        };
        let reason = |text: &str| text.trim_start_matches([':', ';', ',', ' ']).to_owned();
        let kind = if let Some(rest) = cell(&MARKED).strip_prefix(CALLERS) {
            Kind::Callers(reason(rest))
        } else if let Some(rest) = cell(&[OBLIGATION]).strip_prefix(UNTESTED) {
            Kind::Untested(reason(rest))
        } else {
            Kind::Tested
        };
        let level = cell(&["level"]).to_owned();
        let text = cell(&["requirement", "what happened", "lesson"]).to_owned();
        if let Some(section) = self.sections.last_mut() {
            section.rows.push(Row { id, level, text, kind });
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Row> {
        self.sections.iter().flat_map(|section| &section.rows)
    }
}

/// What is wrong with the documents alone.
pub(crate) fn problems(documents: &[Rows]) -> Vec<String> {
    let mut problems: Vec<_> = documents.iter().flat_map(|rows| rows.problems.clone()).collect();
    let mut ids = HashSet::new();
    for row in documents.iter().flat_map(Rows::all) {
        if !ids.insert(&row.id) {
            problems.push(format!("{} is a duplicate", row.id));
        }
    }
    problems
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

/// `6455-5.2-c`, `P-fd-a`, `IANA-close-a`, `A-01`.
pub(crate) fn has_shape_of_id(word: &str) -> bool {
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

/// Rows of each kind, for tests.
#[cfg(test)]
pub(crate) const TABLES: &str = "\
# Title\n\n## Key\n| id | what |\nno table of rows\n\
## One\n\
| id | level | requirement | on violation |\n| --- | :-- | --- | --- |\n\
| 6455-5.2-c | MUST | A rule. | n/a |\n| P-fd-a | POLICY | A policy. | fail |\n\
\n| code | sent |\n| --- | --- |\n| 1000 | yes |\n\n\
### Two (a part)\n\
| id | what happened | defence | test obligation |\n| --- | --- | --- | --- |\n\
| A-01 | It broke. [report](https://example.com) | as caller obligation | n/a |\n\
| 6455-4.1-3a | B | caller obligation: it has the clock | n/a |\n\
| A-02 | C | none | no test: it cannot be compiled |\n";

#[test]
fn rows_are_read_from_tables_with_ids() {
    let rows = Rows::read("doc", TABLES);
    assert_eq!(problems(&[rows]), [""; 0]);
    let rows = Rows::read("doc", TABLES);
    let titles: Vec<_> = rows.sections.iter().map(|section| &section.title).collect();
    assert_eq!(titles, ["One", "Two (a part)"]);
    let read: Vec<_> = rows.all().map(|row| (&row.id[..], &row.text[..], &row.kind)).collect();
    let expected = [
        ("6455-5.2-c", "A rule.", &Kind::Tested),
        ("P-fd-a", "A policy.", &Kind::Tested),
        ("A-01", "It broke. [report](https://example.com)", &Kind::Tested),
        ("6455-4.1-3a", "B", &Kind::Callers("it has the clock".into())),
        ("A-02", "C", &Kind::Untested("it cannot be compiled".into())),
    ];
    assert_eq!(read, expected);
}

#[test]
fn malformed_rows_are_reported() {
    let check = |row: &str| problems(&[Rows::read("doc", &format!("{TABLES}{row}\n"))]);
    assert_eq!(check("| A-01 | again | none | n/a |"), ["A-01 is a duplicate"]);
    for row in ["| A-1 | no id | n/a | n/a |", "| A-03 | too few |", "\n| A-03 | no header |"] {
        assert_eq!(check(row).len(), 1, "{row}");
    }
    let both = [Rows::read("doc", TABLES), Rows::read("other", TABLES)];
    assert_eq!(problems(&both).len(), 5, "each row of the second document is a duplicate");
}
