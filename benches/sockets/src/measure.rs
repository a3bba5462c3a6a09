//! Measures servers: rounds over all of them, one after the other, and the median of the rounds.

use std::{net::TcpStream, time::Instant};

use hybi::{Event, Message, Uri, blocking::WebSocket, deflate::Deflate};

use crate::{
    Failure,
    dial::request,
    load::Load,
    messages::{Batch, Kind, messages},
    options::{Measure, Options},
    results::{Results, Row, Values},
    server::{Program, Server},
};

/// The most bytes in flight on all connections. The servers need memory for each of them.
const MAX_IN_FLIGHT: usize = 1 << 30;

/// The sizes for which compression is measured.
const COMPRESSED_SIZES: [usize; 2] = [1024, 64 * 1024];

/// Handshakes that are measured in one round.
const ACCEPTED: usize = 2000;

/// Connections that are opened before memory or handshakes are measured.
const WARM: usize = 64;

/// Measures all rows of these options.
pub(crate) fn measure(options: &Options, results: &mut Results) -> Result<(), Failure> {
    let programs = options.programs.iter().filter(|program| match start(program, options) {
        Ok(_) => true,
        Err(error) => {
            eprintln!("left out: {}: {error}", program.name);
            false
        }
    });
    let programs: Vec<_> = programs.collect();
    if programs.is_empty() {
        return Err("no server can be measured".into());
    }
    let rows = rows(options);
    for (index, row) in rows.iter().enumerate() {
        eprintln!("{} of {}: {row}", index + 1, rows.len());
        // Those that cannot do it, such as compress, are left out after the first attempt.
        let mut measured: Vec<_> = programs.iter().map(|program| (*program, Vec::new())).collect();
        for round in 0..options.rounds {
            measured.retain_mut(|(program, values)| {
                match row.measure_once(program, options, round) {
                    Ok(value) => {
                        values.push(value);
                        true
                    }
                    Err(error) => {
                        eprintln!("  {}: {error}", program.name);
                        false
                    }
                }
            });
        }
        for (program, values) in measured {
            results.add(row, &program.name, &Values::median(&values))?;
        }
    }
    Ok(())
}

fn rows(options: &Options) -> Vec<Row> {
    let mut rows = Vec::new();
    for measure in &options.measures {
        match measure {
            Measure::Traffic => rows.extend(traffic_rows(options)),
            Measure::Accept => rows.push(Row::accept(ACCEPTED)),
            Measure::Idle => rows.push(Row::idle(options.idle)),
        }
    }
    rows
}

fn traffic_rows(options: &Options) -> Vec<Row> {
    let mut rows = Vec::new();
    for &kind in &options.kinds {
        for &connections in &options.connections {
            for &in_flight in &options.in_flight {
                for &size in &options.sizes {
                    let is_small = size * connections * in_flight <= MAX_IN_FLIGHT;
                    if is_small && (kind != Kind::Compressed || COMPRESSED_SIZES.contains(&size)) {
                        rows.push(Row {
                            measure: Measure::Traffic,
                            kind,
                            size,
                            connections,
                            in_flight,
                        });
                    }
                }
            }
        }
    }
    rows
}

impl Row {
    fn measure_once(
        &self,
        program: &Program,
        options: &Options,
        round: usize,
    ) -> Result<Values, Failure> {
        let server = start(program, options)?;
        match self.measure {
            Measure::Traffic => self.measure_traffic(&server, options, round == 0),
            Measure::Accept => self.measure_accept(&server),
            Measure::Idle => self.measure_idle(&server),
        }
    }

    fn messages(&self) -> Vec<Message> {
        messages(self.kind, self.size, self.in_flight)
    }

    /// The CPU time and the system calls per message.
    fn measure_traffic(
        &self,
        server: &Server,
        options: &Options,
        first: bool,
    ) -> Result<Values, Failure> {
        let deflate = (self.kind == Kind::Compressed).then(Deflate::new);
        let messages = self.messages();
        if first {
            check(server, &messages, deflate.as_ref())?;
        }
        let mut load = Load::open(server.address(), self.connections, deflate.as_ref())?;
        let batch = Batch::encode(&messages, load.websocket())?;
        // The first messages fill the buffers.
        load.run(&batch, options.time / 4)?;
        let (before, began) = (server.cpu_time()?, Instant::now());
        let echoed = load.run(&batch, options.time)?;
        let elapsed = began.elapsed();
        let spent = server.cpu_time()?.saturating_sub(before);
        let mut values = Values {
            cpu_nanos: Some(spent.as_nanos() as f64 / echoed.messages as f64),
            per_second: Some(echoed.messages as f64 / elapsed.as_secs_f64()),
            bytes: Some(echoed.bytes as f64 / echoed.messages as f64),
            ..Values::default()
        };
        // Counting takes time, so it is done apart, and needs root.
        if let Ok(mut syscalls) = server.count_syscalls() {
            let messages = load.run(&batch, options.time / 4)?.messages;
            values.syscalls = Some(syscalls.count()? as f64 / messages as f64);
        }
        Ok(values)
    }

    /// The CPU time of an opening handshake, from a TCP connection that waits until the response is sent.
    fn measure_accept(&self, server: &Server) -> Result<Values, Failure> {
        let _warm = Load::open(server.address(), WARM, None)?;
        let (before, began) = (server.cpu_time()?, Instant::now());
        let _load = Load::open(server.address(), self.connections, None)?;
        let elapsed = began.elapsed();
        let spent = server.cpu_time()?.saturating_sub(before);
        Ok(Values {
            cpu_nanos: Some(spent.as_nanos() as f64 / self.connections as f64),
            per_second: Some(self.connections as f64 / elapsed.as_secs_f64()),
            ..Values::default()
        })
    }

    /// The memory of a connection that has echoed one message and waits.
    fn measure_idle(&self, server: &Server) -> Result<Values, Failure> {
        let messages = self.messages();
        let mut warm = Load::open(server.address(), WARM, None)?;
        let batch = Batch::encode(&messages, warm.websocket())?;
        warm.run(&batch, std::time::Duration::ZERO)?;
        let before = server.memory()?;
        let mut load = Load::open(server.address(), self.connections, None)?;
        load.run(&batch, std::time::Duration::ZERO)?;
        let grown = server.memory()?.saturating_sub(before);
        Ok(Values { bytes: Some(grown as f64 / self.connections as f64), ..Values::default() })
    }
}

fn start(program: &Program, options: &Options) -> Result<Server, Failure> {
    program.start(options.processors)
}

/// Checks that the server echoes these messages.
fn check(server: &Server, messages: &[Message], deflate: Option<&Deflate>) -> Result<(), Failure> {
    let uri = format!("ws://{}/", server.address());
    let stream = TcpStream::connect(server.address())?;
    stream.set_nodelay(true)?;
    let mut websocket = WebSocket::connect(request(&Uri::parse(&uri)?, deflate), stream)?;
    if deflate.is_some() && websocket.connection().compression().is_none() {
        return Err("it does not compress".into());
    }
    for message in messages {
        websocket.send(message)?;
        let is_echo = match (websocket.next()?, message) {
            (Some(Event::Text(text)), Message::Text(sent)) => text == sent,
            (Some(Event::Binary(data)), Message::Binary(sent)) => data == sent,
            _ => false,
        };
        if !is_echo {
            return Err("it does not echo a message".into());
        }
    }
    Ok(())
}
