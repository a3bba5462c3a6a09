//! The chart: a panel for each kind of traffic and number of connections, which shows the CPU time of every
//! server relative to that of the first one.

use crate::{
    messages::Kind,
    options::Measure,
    plot::{self, Line, Panel},
    results::{Results, Row},
};

/// For the servers on hybi, and for the others, in their order.
const OURS: [&str; 6] = ["#c8102e", "#e8590c", "#7b1fa2", "#e64980", "#f0a500", "#3b0764"];
const OTHERS: [&str; 9] = [
    "#1971c2", "#2f9e44", "#0c8599", "#5f3dc4", "#66a80f", "#495057", "#1098ad", "#74510c",
    "#868e96",
];

/// All panels of these results, as SVG.
pub(crate) fn draw(results: &Results) -> String {
    plot::draw(
        "Echo servers over loopback",
        "CPU time per message relative to the server named below the panel, logarithmic: lower is \
         faster. Bold: servers on hybi. The others in the faster of their forms.",
        3,
        &panels(results),
    )
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
            lines.push(Line {
                color: color(&name, &servers),
                is_ours: server.starts_with("hybi"),
                dash: "",
                name,
                points: Vec::new(),
            });
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
    lines.sort_by_key(|line| line.is_ours);
    let micros = |nanos: &f64| format!("{:.1}\u{a0}µs", nanos / 1000.0);
    let columns =
        sizes.iter().zip(&nanos).map(|(size, nanos)| (unit(*size), micros(nanos))).collect();
    Some(Panel { title, reference: short(first), color: OURS[0], columns, lines })
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

fn unit(size: usize) -> String {
    match size {
        0..1024 => format!("{size}\u{a0}B"),
        1024..1_048_576 => format!("{}\u{a0}KiB", size / 1024),
        _ => format!("{}\u{a0}MiB", size / 1_048_576),
    }
}
