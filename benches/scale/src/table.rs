//! The figures as tables in Markdown.

use std::fmt::{self, Display, Formatter};

use crate::growth::{Growth, Panel, Series};

/// The growth, with a table for each kind of traffic.
pub(crate) struct Table<'a>(pub(crate) &'a Growth);

impl Display for Table<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(growth) = self;
        for panel in &growth.panels {
            write_panel(f, growth, panel)?;
            writeln!(f)?;
        }
        Ok(())
    }
}

fn write_panel(f: &mut Formatter<'_>, growth: &Growth, panel: &Panel) -> fmt::Result {
    write!(f, "| {:<29} ", panel.title)?;
    for series in &panel.series {
        write!(f, "| {:>18} ", series.label)?;
    }
    writeln!(f, "|\n| --- {}|", "| ---: ".repeat(panel.series.len()))?;
    let longest = panel.series.iter().max_by_key(|series| series.points.len());
    for point in longest.iter().flat_map(|series| &series.points) {
        write!(f, "| {:<29} ", Bytes(point.size).to_string())?;
        for series in &panel.series {
            let at = series.points.iter().find(|other| other.size == point.size);
            let cell = at.map(|at| format!("{:.3} ns, {}", at.cost, Bytes(at.peak)));
            write!(f, "| {:>18} ", cell.unwrap_or_default())?;
        }
        writeln!(f, "|")?;
    }
    write_growth(f, panel, "times the expected cost", |series| growth.of_cost(series))?;
    write_growth(f, panel, "times the medium allocations", Growth::of_allocations)
}

fn write_growth(
    f: &mut Formatter<'_>,
    panel: &Panel,
    name: &str,
    growth: impl Fn(&Series) -> f64,
) -> fmt::Result {
    write!(f, "| {name:<29} ")?;
    for series in &panel.series {
        write!(f, "| {:>18.2} ", growth(series))?;
    }
    writeln!(f, "|")
}

/// A number of bytes, displayed in the largest suitable unit.
pub(crate) struct Bytes(pub(crate) usize);

impl Display for Bytes {
    #[allow(clippy::cast_precision_loss)] // far below 2^52
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 3] = ["B", "KiB", "MiB"];
        let mut amount = self.0 as f64;
        let mut unit = 0;
        while amount >= 1024.0 && unit + 1 < UNITS.len() {
            amount /= 1024.0;
            unit += 1;
        }
        let digits = usize::from(amount.fract() > 0.05 && amount < 100.0);
        write!(f, "{amount:.digits$} {}", UNITS[unit])
    }
}
