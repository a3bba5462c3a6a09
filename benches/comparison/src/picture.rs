//! The chart: a panel for each kind of traffic, which shows the time of every candidate relative to
//! that of hybi.

use std::fmt::Write;

use crate::{
    libraries::{self, OURS},
    record::{Figures, Record},
    row::Standing,
    rows::EQUAL_BUFFERS,
    table::number,
    traffic::Size,
};

const COLUMNS: usize = 4;
const PANEL: (f64, f64) = (400.0, 330.0);
const MARGIN: f64 = 24.0;
const HEAD: f64 = 92.0;
/// The plot within its panel.
const PLOT: Area = Area { left: 46.0, top: 40.0, right: 274.0, bottom: 270.0 };
/// The minimum distance between two labels.
const LINE: f64 = 12.5;

const GREY: &str = "#6b6f76";

struct Area {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

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
    let (width, height) = (
        2.0 * MARGIN + float(COLUMNS) * PANEL.0,
        HEAD + MARGIN + float(panels.len().div_ceil(COLUMNS)) * PANEL.1,
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"{MARGIN}\" y=\"42\" font-size=\"22\" font-weight=\"600\" fill=\"#1d1f23\">\
         hybi compared with its peers</text>\n\
         <text x=\"{MARGIN}\" y=\"66\" font-size=\"14\" fill=\"{GREY}\">Time per message relative to \
         hybi, logarithmic: above the red line is slower, below it is faster. \
         Red: the time of hybi. Dashed: limits.</text>\n"
    );
    for (index, panel) in panels.iter().enumerate() {
        let (x, y) =
            (MARGIN + float(index % COLUMNS) * PANEL.0, HEAD + float(index / COLUMNS) * PANEL.1);
        writeln!(svg, "<g transform=\"translate({x} {y})\">").unwrap();
        draw_panel(panel, &mut svg);
        svg += "</g>\n";
    }
    svg += "</svg>\n";
    svg
}

/// One kind of traffic, at one or more sizes.
fn draw_panel(panel: &[&Record], svg: &mut String) {
    let lines = lines(panel);
    let all = || lines.iter().flat_map(|line| line.points.iter().map(|(_, ratio)| *ratio));
    let scale = Scale {
        least: all().fold(1.0, f64::min).log2().floor().min(-1.0),
        most: all().fold(1.0, f64::max).log2().ceil().max(1.0),
    };
    let Area { left, top, right, bottom } = PLOT;
    let kind = &panel[0].kind;
    // Long titles would run into the next panel.
    let size = if kind.len() > 44 { 11.5 } else { 14.0 };
    writeln!(
        svg,
        "<text x=\"{left}\" y=\"{}\" font-size=\"{size}\" font-weight=\"600\" fill=\"#1d1f23\">{kind}</text>",
        top - 16.0,
    )
    .unwrap();
    let mut power = scale.least;
    while power <= scale.most {
        let y = scale.y(power.exp2());
        let ratio = if power < 0.0 {
            format!("1/{}", (-power).exp2())
        } else {
            format!("{}", power.exp2())
        };
        writeln!(
            svg,
            "<line x1=\"{left}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#e4e6ea\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"{GREY}\">{ratio}</text>",
            left - 6.0,
            y + 4.0,
        )
        .unwrap();
        power += 1.0;
    }
    for (index, record) in panel.iter().enumerate() {
        let x = x(index, panel.len());
        if record.size > 0 {
            let y = bottom + 16.0;
            let size = Size(record.size).to_string();
            text(svg, (x, y), "middle", GREY, &size.replace(' ', "\u{a0}"));
        }
        let ours = format!(
            "{} ns",
            short(record.best(Standing::Ours).map_or(0.0, |ours| ours.nanoseconds))
        );
        // Alternate between two heights, so that long figures do not touch.
        let y = bottom + if index % 2 == 0 { 31.0 } else { 44.0 };
        text(svg, (x, y), "middle", OURS.color, &ours);
    }
    for line in &lines {
        draw_line(line, panel.len(), &scale, svg);
    }
    draw_labels(&lines, panel.len(), &scale, svg);
}

/// A candidate in a panel: its times relative to hybi's, at the sizes that it took part in.
struct Line<'a> {
    name: &'a str,
    standing: Standing,
    points: Vec<(usize, f64)>,
}

impl Line<'_> {
    fn color(&self) -> &'static str {
        libraries::of(self.name).map_or(GREY, |library| library.color)
    }
}

fn lines<'a>(panel: &[&'a Record]) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'a>> = Vec::new();
    for (index, record) in panel.iter().enumerate() {
        let Some(ours) = record.best(Standing::Ours) else { continue };
        for Figures { name, standing, nanoseconds, .. } in &record.figures {
            let point = (index, nanoseconds / ours.nanoseconds);
            match lines.iter_mut().find(|line| line.name == name) {
                Some(line) => line.points.push(point),
                None => lines.push(Line { name, standing: *standing, points: vec![point] }),
            }
        }
    }
    // The last lines are drawn on top.
    lines.sort_by_key(|line| line.standing == Standing::Ours);
    lines
}

struct Scale {
    /// Powers of two.
    least: f64,
    most: f64,
}

impl Scale {
    fn y(&self, ratio: f64) -> f64 {
        let part = (ratio.log2() - self.least) / (self.most - self.least);
        PLOT.bottom - part * (PLOT.bottom - PLOT.top)
    }
}

fn x(index: usize, count: usize) -> f64 {
    let width = PLOT.right - PLOT.left;
    PLOT.left + width * (float(index) + 0.5) / float(count)
}

fn draw_line(line: &Line<'_>, count: usize, scale: &Scale, svg: &mut String) {
    let color = line.color();
    let (width, radius) = if line.standing == Standing::Ours { (3.5, 4.0) } else { (1.6, 2.6) };
    let dash = match line.standing {
        Standing::Limit => " stroke-dasharray=\"5 4\"",
        Standing::Baseline => " stroke-dasharray=\"2 3\"",
        Standing::Ours | Standing::Peer => "",
    };
    let points: Vec<_> = line
        .points
        .iter()
        .map(|(index, ratio)| format!("{:.1},{:.1}", x(*index, count), scale.y(*ratio)))
        .collect();
    writeln!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\"{dash}/>",
        points.join(" "),
    )
    .unwrap();
    for point in points {
        let (x, y) = point.split_once(',').unwrap_or_default();
        writeln!(svg, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{color}\"/>").unwrap();
    }
}

/// Labels each line at its right end. Labels that would overlap are moved apart.
fn draw_labels(lines: &[Line<'_>], count: usize, scale: &Scale, svg: &mut String) {
    let mut ends: Vec<_> = lines
        .iter()
        .filter_map(|line| {
            let (index, ratio) = line.points.last()?;
            Some((line, *index, scale.y(*ratio)))
        })
        .collect();
    ends.sort_by(|one, other| one.2.total_cmp(&other.2));
    let mut places: Vec<f64> = ends.iter().map(|(.., y)| *y).collect();
    spread(&mut places);
    for ((line, index, y), place) in ends.into_iter().zip(places) {
        let color = line.color();
        let (from, to) = (x(index, count) + 5.0, PLOT.right + 12.0);
        writeln!(
            svg,
            "<polyline points=\"{from:.1},{y:.1} {:.1},{y:.1} {to:.1},{place:.1}\" fill=\"none\" \
             stroke=\"{color}\" stroke-width=\"0.7\" stroke-opacity=\"0.6\"/>",
            from.max(PLOT.right - 6.0),
        )
        .unwrap();
        let weight = if line.standing == Standing::Ours { " font-weight=\"700\"" } else { "" };
        writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{color}\"{weight}>{}</text>",
            to + 3.0,
            place + 4.0,
            line.name,
        )
        .unwrap();
    }
}

/// Moves sorted positions apart by as little as necessary, and keeps them in the panel.
fn spread(places: &mut [f64]) {
    for _ in 0..200 {
        for index in 1..places.len() {
            let lack = LINE - (places[index] - places[index - 1]);
            if lack > 0.0 {
                places[index - 1] -= lack / 2.0;
                places[index] += lack / 2.0;
            }
        }
        let (top, bottom) = (PLOT.top - 6.0, PLOT.bottom + 6.0);
        for place in &mut *places {
            *place = place.clamp(top, bottom);
        }
    }
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, color: &str, text: &str) {
    writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{color}\" \
         font-size=\"11\">{text}</text>"
    )
    .unwrap();
}

/// Nanoseconds with few digits.
fn short(nanoseconds: f64) -> String {
    if nanoseconds < 10_000.0 {
        number(nanoseconds)
    } else {
        format!("{:.0}k", nanoseconds / 1000.0)
    }
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
