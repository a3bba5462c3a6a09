//! The drawing of a chart as SVG: panels in a grid, each with lines of ratios on a logarithmic scale.
//! `benches/sockets` draws with it too.

use std::fmt::Write;

const PANEL: (f64, f64) = (400.0, 330.0);
const MARGIN: f64 = 24.0;
const HEAD: f64 = 92.0;
/// The plot within its panel.
const LEFT: f64 = 46.0;
const TOP: f64 = 40.0;
const RIGHT: f64 = 274.0;
const BOTTOM: f64 = 270.0;
/// The minimum distance between two labels.
const LINE: f64 = 12.5;

const GREY: &str = "#6b6f76";

/// All panels, in this number of columns.
pub(crate) fn draw(title: &str, subtitle: &str, columns: usize, panels: &[Panel]) -> String {
    let (width, height) = (
        2.0 * MARGIN + float(columns) * PANEL.0,
        HEAD + MARGIN + float(panels.len().div_ceil(columns)) * PANEL.1,
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"{MARGIN}\" y=\"42\" font-size=\"22\" font-weight=\"600\" fill=\"#1d1f23\">\
         {title}</text>\n\
         <text x=\"{MARGIN}\" y=\"66\" font-size=\"14\" fill=\"{GREY}\">{subtitle}</text>\n"
    );
    for (index, panel) in panels.iter().enumerate() {
        let (x, y) =
            (MARGIN + float(index % columns) * PANEL.0, HEAD + float(index / columns) * PANEL.1);
        writeln!(svg, "<g transform=\"translate({x} {y})\">").unwrap();
        panel.draw(&mut svg);
        svg += "</g>\n";
    }
    svg + "</svg>\n"
}

/// One kind of traffic, at one or more sizes.
pub(crate) struct Panel {
    pub(crate) title: String,
    /// What the ratios are relative to; may be empty.
    pub(crate) reference: String,
    /// The color of its times.
    pub(crate) color: &'static str,
    /// A size, which may be empty, and the time of the reference.
    pub(crate) columns: Vec<(String, String)>,
    /// The last ones are drawn on top.
    pub(crate) lines: Vec<Line>,
}

/// The ratios of one candidate, each with the index of its column.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) color: &'static str,
    pub(crate) is_ours: bool,
    /// The attribute of a dashed line, or nothing.
    pub(crate) dash: &'static str,
    pub(crate) points: Vec<(usize, f64)>,
}

impl Panel {
    fn draw(&self, svg: &mut String) {
        let all = || self.lines.iter().flat_map(|line| line.points.iter().map(|(_, ratio)| *ratio));
        let scale = Scale {
            least: all().fold(1.0, f64::min).log2().floor().min(-1.0),
            most: all().fold(1.0, f64::max).log2().ceil().max(1.0),
        };
        let title = &self.title;
        // Long titles would run into the next panel.
        let size = if title.len() > 44 { 11.5 } else { 14.0 };
        writeln!(
            svg,
            "<text x=\"{LEFT}\" y=\"{}\" font-size=\"{size}\" font-weight=\"600\" fill=\"#1d1f23\">{title}</text>",
            TOP - 16.0,
        )
        .unwrap();
        scale.draw(svg);
        for (index, (size, time)) in self.columns.iter().enumerate() {
            let x = self.x(index);
            if !size.is_empty() {
                text(svg, (x, BOTTOM + 16.0), "middle", GREY, size);
            }
            // Alternate between two heights, so that long figures do not touch.
            let y = BOTTOM + if index % 2 == 0 { 31.0 } else { 44.0 };
            text(svg, (x, y), "middle", self.color, time);
        }
        if !self.reference.is_empty() {
            text(svg, (LEFT - 6.0, BOTTOM + 31.0), "end", self.color, &self.reference);
        }
        for line in &self.lines {
            self.draw_line(line, &scale, svg);
        }
        self.draw_labels(&scale, svg);
    }

    fn x(&self, index: usize) -> f64 {
        LEFT + (RIGHT - LEFT) * (float(index) + 0.5) / float(self.columns.len())
    }

    fn draw_line(&self, line: &Line, scale: &Scale, svg: &mut String) {
        let Line { color, dash, .. } = line;
        let (width, radius) = if line.is_ours { (3.5, 4.0) } else { (1.6, 2.6) };
        let points: Vec<_> = line
            .points
            .iter()
            .map(|(index, ratio)| format!("{:.1},{:.1}", self.x(*index), scale.y(*ratio)))
            .collect();
        writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\"{dash}/>",
            points.join(" "),
        )
        .unwrap();
        for point in points {
            let (x, y) = point.split_once(',').unwrap_or_default();
            writeln!(svg, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{color}\"/>")
                .unwrap();
        }
    }

    /// Labels each line at its right end. Labels that would overlap are moved apart.
    fn draw_labels(&self, scale: &Scale, svg: &mut String) {
        let mut ends: Vec<_> = self
            .lines
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
            let color = line.color;
            let (from, to) = (self.x(index) + 5.0, RIGHT + 12.0);
            writeln!(
                svg,
                "<polyline points=\"{from:.1},{y:.1} {:.1},{y:.1} {to:.1},{place:.1}\" fill=\"none\" \
                 stroke=\"{color}\" stroke-width=\"0.7\" stroke-opacity=\"0.6\"/>",
                from.max(RIGHT - 6.0),
            )
            .unwrap();
            let weight = if line.is_ours { " font-weight=\"700\"" } else { "" };
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
}

struct Scale {
    /// Powers of two.
    least: f64,
    most: f64,
}

impl Scale {
    fn y(&self, ratio: f64) -> f64 {
        let part = (ratio.log2() - self.least) / (self.most - self.least);
        BOTTOM - part * (BOTTOM - TOP)
    }

    fn draw(&self, svg: &mut String) {
        let mut power = self.least;
        while power <= self.most {
            let y = self.y(power.exp2());
            let ratio = if power < 0.0 {
                format!("1/{}", (-power).exp2())
            } else {
                format!("{}", power.exp2())
            };
            writeln!(
                svg,
                "<line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#e4e6ea\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"{GREY}\">{ratio}</text>",
                LEFT - 6.0,
                y + 4.0,
            )
            .unwrap();
            power += 1.0;
        }
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
        for place in &mut *places {
            *place = place.clamp(TOP - 6.0, BOTTOM + 6.0);
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

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
