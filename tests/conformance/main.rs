//! Checks the tests against the rows of `docs/conformance`: every cited row exists, every citation is
//! above a test, and every row has a test or says why it has none. The pages in
//! `docs/conformance/coverage` list all rows with their tests. After a change of rows or citations,
//! write them anew:
//!
//! ```sh
//! HYBI_COVERAGE=write cargo test --test conformance
//! ```

mod citations;
mod pages;
mod rows;

use std::{env, fs, io, path::Path};

use citations::Citations;
use pages::Page;
use rows::Rows;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const SOURCES: [&str; 7] = ["src", "tests", "hybi-tokio", "interop", "fuzz", "examples", "tools"];

const PAGES: [Page; 2] = [
    Page {
        document: "docs/conformance/requirements.md",
        path: "docs/conformance/coverage/requirements.md",
        title: "Requirements and their tests",
        column: "requirement",
    },
    Page {
        document: "docs/conformance/attacks.md",
        path: "docs/conformance/coverage/attacks.md",
        title: "Attacks and their tests",
        column: "what happened",
    },
];

fn read(path: &str) -> io::Result<String> {
    fs::read_to_string(Path::new(ROOT).join(path))
}

fn documents() -> io::Result<Vec<Rows>> {
    PAGES.iter().map(|page| Ok(Rows::read(page.document, &read(page.document)?))).collect()
}

fn citations() -> io::Result<Citations> {
    let mut citations = Citations::default();
    for directory in SOURCES {
        citations.read_directory(Path::new(ROOT), &Path::new(ROOT).join(directory))?;
    }
    Ok(citations)
}

#[test]
#[cfg_attr(miri, ignore)] // reads files
fn every_row_has_a_test_or_says_why_it_has_none() -> io::Result<()> {
    let (documents, citations) = (documents()?, citations()?);
    let mut problems = rows::problems(&documents);
    problems.extend(citations.problems(&documents));
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    Ok(())
}

#[test]
#[cfg_attr(miri, ignore)] // reads files
fn the_pages_list_every_row_with_its_tests() -> io::Result<()> {
    let citations = citations()?;
    for (page, rows) in PAGES.iter().zip(documents()?) {
        let text = page.text(&rows, &citations);
        if env::var("HYBI_COVERAGE").is_ok_and(|value| value == "write") {
            fs::write(Path::new(ROOT).join(page.path), &text)?;
        }
        let found = read(page.path)?;
        let differing = text.lines().zip(found.lines()).find(|(expected, found)| expected != found);
        assert!(
            found == text,
            "{} is not up to date: run HYBI_COVERAGE=write cargo test --test conformance\n{differing:#?}",
            page.path
        );
    }
    Ok(())
}
