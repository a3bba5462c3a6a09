//! The chart: a panel for each kind of traffic and number of connections, which shows the CPU time of every
//! server relative to that of the first one.

use std::fmt::{Display, Write};

use crate::{
    messages::Kind,
    options::Measure,
    results::{Results, Row},
};

const COLUMNS: usize = 3;
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
const DARK: &str = "#1d1f23";
/// For the servers on hybi, and for the others, in their order.
const OURS: [&str; 6] = ["#c8102e", "#e8590c", "#7b1fa2", "#e64980", "#f0a500", "#3b0764"];
const OTHERS: [&str; 9] = [
    "#1971c2", "#2f9e44", "#0c8599", "#5f3dc4", "#66a80f", "#495057", "#1098ad", "#74510c",
    "#868e96",
];

/// All panels of these results, as SVG.
pub(crate) fn draw(results: &Results) -> String {
    let panels = panels(results);
    let (width, height) = (
        2.0 * MARGIN + float(COLUMNS) * PANEL.0,
        HEAD + MARGIN + float(panels.len().div_ceil(COLUMNS)) * PANEL.1,
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"{MARGIN}\" y=\"42\" font-size=\"22\" font-weight=\"600\" fill=\"{DARK}\">\
         Echo servers over loopback</text>\n\
         <text x=\"{MARGIN}\" y=\"66\" font-size=\"14\" fill=\"{GREY}\">CPU time per message relative \
         to the server named below the panel, logarithmic: lower is faster. Bold: servers on hybi. The \
         others in the faster of their forms.</text>\n"
    );
    for (index, panel) in panels.iter().enumerate() {
        let (x, y) =
            (MARGIN + float(index % COLUMNS) * PANEL.0, HEAD + float(index / COLUMNS) * PANEL.1);
        writeln!(svg, "<g transform=\"translate({x} {y})\">").unwrap();
        panel.draw(&mut svg);
        svg += "</g>\n";
    }
    svg + "</svg>\n"
}

/// One kind of traffic, at several sizes.
struct Panel {
    title: String,
    sizes: Vec<usize>,
    first: String,
    /// The time of the first server at each size.
    nanos: Vec<f64>,
    lines: Vec<Line>,
}

/// A server: its times relative to the first one, at the sizes that it took part in.
struct Line {
    name: String,
    color: &'static str,
    points: Vec<(usize, f64)>,
}

impl Line {
    fn is_ours(&self) -> bool {
        OURS.contains(&self.color)
    }
}

fn panels(results: &Results) -> Vec<Panel> {
    let mut panels = Vec::new();
    for kind in Kind::ALL {
        for in_flight in results.distinct(|row| row.in_flight) {
            for connections in results.distinct(|row| row.connections) {
                let row =
                    |size| Row { measure: Measure::Traffic, kind, size, connections, in_flight };
                let plural = if connections == 1 { "" } else { "s" };
                let kind = kind.name();
                let title =
                    format!("{kind}, {connections} connection{plural}, {in_flight} in flight");
                panels.extend(panel(results, title, row));
            }
        }
    }
    panels
}

fn panel(results: &Results, title: String, row: impl Fn(usize) -> Row) -> Option<Panel> {
    let time = |size, server: &str| results.find(&row(size), server)?.cpu_nanos;
    let servers = results.servers();
    // The first one that took part: not all compress.
    let sizes = results.distinct(|row| row.size);
    let first =
        servers.iter().find(|server| sizes.iter().any(|size| time(*size, server).is_some()))?;
    let sizes: Vec<_> = sizes.into_iter().filter(|size| time(*size, first).is_some()).collect();
    let nanos: Vec<_> = sizes.iter().filter_map(|size| time(*size, first)).collect();
    let mut lines: Vec<Line> = Vec::new();
    for server in &servers {
        let name = short(server);
        let line = lines.iter().position(|line| line.name == name).unwrap_or_else(|| {
            lines.push(Line { color: color(&name, &servers), name, points: Vec::new() });
            lines.len() - 1
        });
        let points = &mut lines[line].points;
        for (index, (size, first)) in sizes.iter().zip(&nanos).enumerate() {
            let Some(nanos) = time(*size, server) else { continue };
            match points.iter_mut().find(|(each, _)| *each == index) {
                Some((_, ratio)) => *ratio = ratio.min(nanos / first),
                None => points.push((index, nanos / first)),
            }
        }
    }
    lines.retain(|line| !line.points.is_empty());
    // The last lines are drawn on top.
    lines.sort_by_key(Line::is_ours);
    Some(Panel { title, sizes, first: short(first), nanos, lines })
}

/// The name without the version and the form.
fn short(server: &str) -> String {
    match server.split_once(", ") {
        Some(("hybi", name)) => name.into(),
        _ => server.split([' ', ',']).next().unwrap_or_default().into(),
    }
}

/// Each server has the same color in all panels.
fn color(name: &str, servers: &[&str]) -> &'static str {
    let (ours, others): (Vec<&str>, Vec<&str>) =
        servers.iter().partition(|server| server.starts_with("hybi"));
    let find = |servers: Vec<&str>| {
        let mut names: Vec<_> = servers.into_iter().map(short).collect();
        names.dedup(); // the forms of a server follow one another
        names.iter().position(|each| each == name)
    };
    match (find(ours), find(others)) {
        (Some(index), _) => OURS[index % OURS.len()],
        (_, index) => OTHERS[index.unwrap_or(0) % OTHERS.len()],
    }
}

impl Panel {
    fn draw(&self, svg: &mut String) {
        let ratios =
            || self.lines.iter().flat_map(|line| line.points.iter().map(|(_, ratio)| *ratio));
        let scale = Scale {
            least: ratios().fold(1.0, f64::min).log2().floor().min(-1.0),
            most: ratios().fold(1.0, f64::max).log2().ceil().max(1.0),
        };
        text(
            svg,
            (LEFT, TOP - 16.0),
            "start",
            DARK,
            &self.title,
            "font-size=\"14\" font-weight=\"600\"",
        );
        let mut power = scale.least;
        while power <= scale.most {
            let y = scale.y(power.exp2());
            writeln!(
                svg,
                "<line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#e4e6ea\"/>"
            )
            .unwrap();
            let ratio = if power < 0.0 {
                format!("1/{}", (-power).exp2())
            } else {
                power.exp2().to_string()
            };
            text(svg, (LEFT - 6.0, y + 4.0), "end", GREY, &ratio, "");
            power += 1.0;
        }
        for (index, (size, nanos)) in self.sizes.iter().zip(&self.nanos).enumerate() {
            let x = self.x(index);
            text(svg, (x, BOTTOM + 16.0), "middle", GREY, unit(*size), "font-size=\"11\"");
            // Alternate between two heights, so that long figures do not touch.
            let y = BOTTOM + if index % 2 == 0 { 31.0 } else { 44.0 };
            let micros = format!("{:.1}\u{a0}µs", nanos / 1000.0);
            text(svg, (x, y), "middle", OURS[0], &micros, "font-size=\"11\"");
        }
        text(svg, (LEFT - 6.0, BOTTOM + 31.0), "end", OURS[0], &self.first, "font-size=\"11\"");
        for line in &self.lines {
            self.draw_line(line, &scale, svg);
        }
        self.draw_labels(&scale, svg);
    }

    fn x(&self, index: usize) -> f64 {
        LEFT + (RIGHT - LEFT) * (float(index) + 0.5) / float(self.sizes.len())
    }

    fn draw_line(&self, line: &Line, scale: &Scale, svg: &mut String) {
        let color = line.color;
        let (width, radius) = if line.is_ours() { (3.0, 3.6) } else { (1.4, 2.4) };
        let points: Vec<_> =
            line.points.iter().map(|(index, ratio)| (self.x(*index), scale.y(*ratio))).collect();
        let list: Vec<_> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\"/>",
            list.join(" "),
        )
        .unwrap();
        for (x, y) in points {
            writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" fill=\"{color}\"/>")
                .unwrap();
        }
    }

    /// Labels each line at its right end. Labels that would overlap are moved apart.
    fn draw_labels(&self, scale: &Scale, svg: &mut String) {
        let mut ends: Vec<_> = self
            .lines
            .iter()
            .filter_map(|line| {
                line.points.last().map(|(index, ratio)| (line, *index, scale.y(*ratio)))
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
            let weight = if line.is_ours() { "font-weight=\"700\"" } else { "" };
            text(svg, (to + 3.0, place + 4.0), "start", color, &line.name, weight);
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

fn text(
    svg: &mut String,
    at: (f64, f64),
    anchor: &str,
    color: &str,
    text: impl Display,
    more: &str,
) {
    let (x, y) = at;
    writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{color}\" {more}>{text}</text>"
    )
    .unwrap();
}

fn unit(size: usize) -> String {
    match size {
        0..1024 => format!("{size}\u{a0}B"),
        1024..1_048_576 => format!("{}\u{a0}KiB", size / 1024),
        _ => format!("{}\u{a0}MiB", size / 1_048_576),
    }
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
