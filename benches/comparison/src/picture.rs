//! The chart: a panel for each kind of traffic, which shows the time of every candidate relative to
//! that of hybi.

use crate::{
    libraries::{self, OURS},
    plot::{self, Line, Panel},
    record::{Figures, Record},
    row::Standing,
    rows::EQUAL_BUFFERS,
    table::number,
    traffic::Size,
};

/// All panels, as SVG.
pub(crate) fn draw(records: &[Record]) -> String {
    let mut panels: Vec<Vec<&Record>> = Vec::new();
    let is_drawn = |record: &&Record| {
        record.best(Standing::Ours).is_some() && !record.kind.ends_with(EQUAL_BUFFERS)
    };
    for record in records.iter().filter(is_drawn) {
        match panels.last_mut() {
            Some(panel) if panel[0].kind == record.kind => panel.push(record),
            _ => panels.push(vec![record]),
        }
    }
    let panels: Vec<_> = panels.iter().map(|records| panel(records)).collect();
    plot::draw(
        "hybi compared with its peers",
        "Time per message relative to hybi, logarithmic: above the red line is slower, below it is \
         faster. Red: the time of hybi. Dashed: limits.",
        4,
        &panels,
    )
}

/// One kind of traffic, at one or more sizes.
fn panel(records: &[&Record]) -> Panel {
    let column = |record: &&Record| {
        let size = match record.size {
            0 => String::new(),
            size => Size(size).to_string().replace(' ', "\u{a0}"),
        };
        let ours = record.best(Standing::Ours).map_or(0.0, |ours| ours.nanoseconds);
        (size, format!("{} ns", short(ours)))
    };
    Panel {
        title: records[0].kind.clone(),
        reference: String::new(),
        color: OURS.color,
        columns: records.iter().map(column).collect(),
        lines: lines(records),
    }
}

/// The times of each candidate relative to hybi's, at the sizes that it took part in.
fn lines(records: &[&Record]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for (index, record) in records.iter().enumerate() {
        let Some(ours) = record.best(Standing::Ours) else { continue };
        for Figures { name, standing, nanoseconds, .. } in &record.figures {
            let point = (index, nanoseconds / ours.nanoseconds);
            match lines.iter_mut().find(|line| line.name == *name) {
                Some(line) => line.points.push(point),
                None => lines.push(Line {
                    name: name.clone(),
                    color: libraries::of(name).map_or("#6b6f76", |library| library.color),
                    is_ours: *standing == Standing::Ours,
                    dash: match standing {
                        Standing::Limit => " stroke-dasharray=\"5 4\"",
                        Standing::Baseline => " stroke-dasharray=\"2 3\"",
                        Standing::Ours | Standing::Peer => "",
                    },
                    points: vec![point],
                }),
            }
        }
    }
    lines.sort_by_key(|line| line.is_ours);
    lines
}

/// Nanoseconds with few digits.
fn short(nanoseconds: f64) -> String {
    if nanoseconds < 10_000.0 {
        number(nanoseconds)
    } else {
        format!("{:.0}k", nanoseconds / 1000.0)
    }
}
