//! A chart of the growth: a panel for each kind of traffic, with two logarithmic axes.

use std::fmt::{self, Display, Formatter};

use crate::growth::{Growth, Panel, Series, USUAL};

const COLUMNS: usize = 3;
const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 330.0;
const TOP: f64 = 78.0;

/// The margins of a panel around its plot.
const LEFT: f64 = 52.0;
const RIGHT: f64 = 78.0;
const ABOVE: f64 = 30.0;
const BELOW: f64 = 42.0;

/// The ranges of the axes, as powers of ten.
const SIZES: (f64, f64) = (0.0, 8.0);
const COSTS: (f64, f64) = (-2.5, 2.5);

/// From the smallest pieces to the largest.
const COLOURS: [&str; 4] = ["#0b3c5d", "#1f77b4", "#d35400", "#1e8449"];

/// The minimum distance between labels.
const LINE: f64 = 13.0;

/// An SVG.
pub(crate) struct Picture<'a>(pub(crate) &'a Growth);

impl Display for Picture<'_> {
    #[allow(clippy::cast_precision_loss)] // a handful of panels
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(growth) = self;
        let rows = growth.panels.len().div_ceil(COLUMNS);
        let (width, height) = (WIDTH * COLUMNS as f64, TOP + HEIGHT * rows as f64);
        writeln!(
            f,
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="sans-serif" font-size="12" fill="#333">
<rect width="100%" height="100%" fill="white"/>
<text x="{LEFT}" y="26" font-size="18" fill="#111">Cost of a byte by the size of its message</text>
<text x="{LEFT}" y="46">Nanoseconds per byte. One line for each size of the reads, or of the frames that are sent.</text>
<text x="{LEFT}" y="62">Dashed: a bare copy, which costs more when the data does not fit in the caches. Grey: the medium sizes, which are the reference for the largest.</text>"##
        )?;
        for (index, panel) in growth.panels.iter().enumerate() {
            let (column, row) = (index % COLUMNS, index / COLUMNS);
            let (x, y) = (column as f64 * WIDTH, TOP + row as f64 * HEIGHT);
            writeln!(f, r#"<g transform="translate({x} {y})">"#)?;
            draw(f, panel, &growth.copy)?;
            writeln!(f, "</g>")?;
        }
        writeln!(f, "</svg>")
    }
}

fn draw(f: &mut Formatter<'_>, panel: &Panel, copy: &Series) -> fmt::Result {
    draw_frame(f, panel.title)?;
    draw_line(f, copy, "#888", r#"stroke-dasharray="4 3""#)?;
    let mut labels = vec![label(copy, "#666")];
    // Two lines are easiest to distinguish in the first and the third colour.
    let step = COLOURS.len() / panel.series.len();
    for (series, colour) in panel.series.iter().zip(COLOURS.iter().step_by(step)) {
        draw_line(f, series, colour, "")?;
        labels.push(label(series, colour));
    }
    labels.sort_by(|one, other| one.y.total_cmp(&other.y));
    let mut lowest = f64::MIN;
    for Label { x, y, text, colour } in labels {
        let y = y.max(lowest + LINE);
        lowest = y;
        writeln!(f, r#"<text x="{x:.1}" y="{y:.1}" fill="{colour}">{text}</text>"#)?;
    }
    Ok(())
}

fn draw_frame(f: &mut Formatter<'_>, title: &str) -> fmt::Result {
    let (left, right) = (LEFT, WIDTH - RIGHT);
    let (top, bottom) = (ABOVE, HEIGHT - BELOW);
    let (from, to) = (across(*USUAL.start()), across(*USUAL.end()));
    writeln!(
        f,
        r##"<rect x="{from:.1}" y="{top}" width="{:.1}" height="{:.1}" fill="#f3f3f3"/>
<text x="{left}" y="{:.1}" font-size="14" fill="#111">{title}</text>"##,
        to - from,
        bottom - top,
        top - 10.0,
    )?;
    for (cost, name) in [(0.01, "0.01"), (0.1, "0.1"), (1.0, "1"), (10.0, "10"), (100.0, "100 ns")]
    {
        let y = down(cost);
        writeln!(
            f,
            r##"<path d="M{left} {y:.1}H{right}" stroke="#ddd"/>
<text x="{:.1}" y="{:.1}" text-anchor="end">{name}</text>"##,
            left - 6.0,
            y + 4.0,
        )?;
    }
    for (exponent, name) in
        [(0, "1 B"), (6, "64 B"), (12, "4 KiB"), (18, "256 KiB"), (26, "64 MiB")]
    {
        let x = across(1 << exponent);
        writeln!(
            f,
            r##"<path d="M{x:.1} {top}V{bottom}" stroke="#ddd"/>
<text x="{x:.1}" y="{:.1}" text-anchor="middle">{name}</text>"##,
            bottom + 18.0,
        )?;
    }
    Ok(())
}

fn draw_line(f: &mut Formatter<'_>, series: &Series, colour: &str, style: &str) -> fmt::Result {
    write!(f, r#"<polyline fill="none" stroke="{colour}" stroke-width="2" {style} points=""#)?;
    for point in &series.points {
        write!(f, "{:.1},{:.1} ", across(point.size), down(point.cost))?;
    }
    writeln!(f, r#""/>"#)
}

/// The label of a line, at its right end.
struct Label<'a> {
    x: f64,
    y: f64,
    text: &'a str,
    colour: &'static str,
}

fn label<'a>(series: &'a Series, colour: &'static str) -> Label<'a> {
    let (x, y) = series.points.last().map_or((0.0, 0.0), |end| (across(end.size), down(end.cost)));
    Label { x: x + 6.0, y: y + 4.0, text: &series.label, colour }
}

/// The horizontal position of a size in a panel.
#[allow(clippy::cast_precision_loss)] // less than 2^27
fn across(size: usize) -> f64 {
    let (least, most) = SIZES;
    LEFT + ((size as f64).log10() - least) / (most - least) * (WIDTH - LEFT - RIGHT)
}

/// The vertical position of a cost in a panel.
fn down(cost: f64) -> f64 {
    let (least, most) = COSTS;
    ABOVE + (most - cost.log10()) / (most - least) * (HEIGHT - ABOVE - BELOW)
}
