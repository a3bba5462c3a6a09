//! The drawing of the closing handshake in the sources is compared with the table next to it.
//!
//! A diagram consists of boxes with the names of the states, and of lines that end in an arrow head at a
//! box. A label is to the right of a vertical line, or interrupts a horizontal one. Lines that have the
//! same start part before their labels.

#![allow(clippy::unwrap_used, clippy::panic)] // tests panic

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// A transition: from a state, at an input, to a state.
type Edge = (String, String, String);

/// A position: line and column.
type Cell = (usize, usize);

/// The lines that begin with a prefix, such as that of a documentation comment, without it.
fn documentation(path: &str, prefix: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = fs::read_to_string(root.join(path)).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix(prefix));
    lines.collect::<Vec<_>>().join("\n")
}

/// A direction in which a line continues, as the change of line and column.
type Way = (isize, isize);

const UP: Way = (-1, 0);
const DOWN: Way = (1, 0);
const LEFT: Way = (0, -1);
const RIGHT: Way = (0, 1);

/// The directions in which a character of a line continues.
const fn ways(character: char) -> &'static [Way] {
    match character {
        '│' => &[UP, DOWN],
        '─' => &[LEFT, RIGHT],
        '┌' => &[DOWN, RIGHT],
        '┐' => &[DOWN, LEFT],
        '└' => &[UP, RIGHT],
        '┘' => &[UP, LEFT],
        '┬' => &[DOWN, LEFT, RIGHT],
        '┴' => &[UP, LEFT, RIGHT],
        '├' => &[UP, DOWN, RIGHT],
        '┤' => &[UP, DOWN, LEFT],
        _ => &[],
    }
}

/// The direction of an arrow head.
const fn head(character: char) -> Option<Way> {
    match character {
        '▲' => Some(UP),
        '▼' => Some(DOWN),
        '◄' => Some(LEFT),
        '►' => Some(RIGHT),
        _ => None,
    }
}

struct Drawing {
    cells: Vec<Vec<char>>,
    /// The cells of the boxes, with the names of their states.
    boxes: BTreeMap<Cell, String>,
}

impl Drawing {
    /// Reads a drawing of these states.
    fn read(text: &str, states: &BTreeSet<String>) -> Self {
        let cells: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
        let mut boxes = BTreeMap::new();
        for (row, line) in cells.iter().enumerate() {
            for state in states {
                let name: Vec<char> = format!("│ {state} │").chars().collect();
                for column in 0..line.len().saturating_sub(name.len() - 1) {
                    if line[column..].starts_with(&name) {
                        let columns = column..column + name.len();
                        let all = (row - 1..=row + 1)
                            .flat_map(|row| columns.clone().map(move |column| (row, column)));
                        boxes.extend(all.map(|cell| (cell, state.clone())));
                    }
                }
            }
        }
        Self { cells, boxes }
    }

    fn at(&self, (row, column): Cell) -> char {
        self.cells.get(row).and_then(|line| line.get(column)).copied().unwrap_or(' ')
    }

    fn step((row, column): Cell, (down, right): Way) -> Option<Cell> {
        Some((row.checked_add_signed(down)?, column.checked_add_signed(right)?))
    }

    /// All arrows of the drawing.
    fn edges(&self) -> BTreeSet<Edge> {
        let mut edges = BTreeSet::new();
        for (cell, state) in &self.boxes {
            for way in [UP, DOWN, LEFT, RIGHT] {
                let Some(next) = Self::step(*cell, way) else { continue };
                if !self.boxes.contains_key(&next) {
                    self.follow(state, next, way, String::new(), &mut edges);
                }
            }
        }
        edges
    }

    /// Follows a line in this direction, which began at the box of `state`.
    fn follow(&self, state: &str, cell: Cell, way: Way, label: String, edges: &mut BTreeSet<Edge>) {
        let label = label + &self.label(cell);
        let character = self.at(cell);
        if head(character) == Some(way) {
            let target = Self::step(cell, way).and_then(|next| self.boxes.get(&next));
            let target = target.unwrap_or_else(|| panic!("an arrow at {cell:?} leads to no state"));
            edges.insert((state.into(), label, target.clone()));
            return;
        }
        let back = (-way.0, -way.1);
        if !ways(character).contains(&back) {
            return;
        }
        for onward in ways(character).iter().filter(|onward| **onward != back) {
            let Some(next) = Self::step(cell, *onward) else { continue };
            if self.boxes.contains_key(&next) {
                continue;
            }
            let (next, inline) = self.skip_label(next, *onward);
            self.follow(state, next, *onward, label.clone() + &inline, edges);
        }
    }

    /// Skips a label that interrupts a horizontal line, and returns it.
    fn skip_label(&self, mut cell: Cell, (down, right): Way) -> (Cell, String) {
        let mut text = String::new();
        while down == 0 && self.at(cell).is_ascii() && text.len() < 40 {
            text.push(self.at(cell));
            let Some(next) = Self::step(cell, (down, right)) else { break };
            cell = next;
        }
        let text: String = if right < 0 { text.chars().rev().collect() } else { text };
        (cell, text.trim().into())
    }

    /// The label to the right of a vertical line or an arrow head.
    fn label(&self, (row, column): Cell) -> String {
        if !matches!(self.at((row, column)), '│' | '▼' | '▲') || self.at((row, column + 1)) != ' '
        {
            return String::new();
        }
        let rest = self.cells[row].get(column + 2..).unwrap_or_default();
        let rest: String = rest.iter().collect();
        let text = rest.split("  ").next().unwrap_or_default();
        text.split(|character: char| !character.is_ascii()).next().unwrap_or_default().trim().into()
    }
}

/// All transitions of a table in the documentation that change the state. The first column has the
/// states, the others have an input each.
fn table(text: &str) -> BTreeSet<Edge> {
    let mut rows = text.lines().filter_map(|line| line.trim().strip_prefix('|')).map(|line| {
        let line = line.strip_suffix('|').unwrap();
        line.split('|').map(|cell| cell.trim().trim_matches('`').into()).collect::<Vec<String>>()
    });
    let inputs = rows.next().unwrap();
    let mut edges = BTreeSet::new();
    for row in rows.skip(1) {
        assert_eq!(row.len(), inputs.len(), "{row:?}");
        for (input, next) in inputs.iter().zip(&row).skip(1).filter(|(_, next)| !next.is_empty()) {
            edges.insert((row[0].clone(), input.clone(), next.clone()));
        }
    }
    edges
}

/// The inputs of the closing handshake: in the drawing, and in the table.
const INPUTS: [(&str, &str); 4] = [
    ("send Close", "we send a Close"),
    ("receive Close", "the peer's Close arrives"),
    ("failure", "failure"),
    ("end of input", "end of the input"),
];

#[test]
fn the_closing_handshake_is_drawn_as_in_its_table() {
    const PATH: &str = "src/connection/closing.rs";
    // The unit test of the module compares this table with the code.
    let mut expected = BTreeSet::new();
    for (from, input, to) in table(&documentation(PATH, "/// ")) {
        let (label, _) = INPUTS.iter().find(|(_, column)| *column == input).unwrap();
        expected.insert((from, (*label).into(), to));
    }
    let states = expected.iter().flat_map(|(from, _, to)| [from.clone(), to.clone()]).collect();
    let text = documentation(PATH, "//! ");
    let drawing = text.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let drawn = Drawing::read(drawing, &states).edges();
    assert_eq!(expected.len(), 11);
    let missing: Vec<_> = expected.difference(&drawn).collect();
    let wrong: Vec<_> = drawn.difference(&expected).collect();
    assert!(missing.is_empty() && wrong.is_empty(), "missing: {missing:?}, wrong: {wrong:?}");
}
