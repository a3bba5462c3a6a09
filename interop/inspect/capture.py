"""Compares what the tool reads from captured packets with what it observed of the same connections."""

import asyncio
import base64
import contextlib
import re
import shutil

from har import read_har
from processes import (
    EXAMPLES, OUTPUT, TOOL, CannotRun, await_port, free_port, port_of, run_tool, started, tool,
)
from timeline import parse_timeline

TEXTS = ["", "Hello", "Grüße 你好 🎉", "abc" * 40_000]
DATA = [b"", bytes(range(256)), bytes(300_000)]
LATER = ["Hello again", "abc" * 1000, "abc" * 1000]
ROUTES = {"compressed": "deflate", "plain": None}


async def run_capture(report):
    if not shutil.which("tcpdump"):
        raise CannotRun("tcpdump is not installed")
    directory = OUTPUT / "capture"
    directory.mkdir(parents=True, exist_ok=True)
    inner, outer = (f"127.0.0.1:{free_port()}" for _ in range(2))
    whole, middle = directory / "whole.pcap", directory / "middle.pcap"
    log, har = directory / "observed.lines", directory / "observed.har"
    async with contextlib.AsyncExitStack() as stack:
        server = stack.enter_context(started([EXAMPLES / "serve", inner, "--quiet"]))
        await_port(server, port_of(inner))
        stack.enter_context(tool(outer, inner, log, "--har", har))
        async with captured(outer, whole):
            connections = [await connect(outer, route) for route in ROUTES]
            for connection in connections:
                await echo(report, connection, [*TEXTS, *DATA])
            async with captured(outer, middle):
                for connection in connections:
                    await echo(report, connection, LATER)
                    await connection.close(4001, "done")
    read(report, directory, whole, log, har)
    read_middle(report, directory, middle)


@contextlib.asynccontextmanager
async def captured(address, path):
    """Captures the packets of a port into a file."""
    command = ["tcpdump", "--immediate-mode", "-U", "-i", "lo", "-w", path, "-s", "0"]
    filters = ["tcp", "port", str(port_of(address))]
    process = await asyncio.create_subprocess_exec(
        *command, *filters, stderr=asyncio.subprocess.PIPE)
    try:
        # It prints "listening on" once it captures.
        line = await asyncio.wait_for(process.stderr.readline(), 10)
        while line and b"listening on" not in line:
            line = await asyncio.wait_for(process.stderr.readline(), 10)
        if not line:
            raise CannotRun("tcpdump cannot capture packets; it needs root")
        yield
        # The last packets are on their way to it.
        await asyncio.sleep(1)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def connect(address, route):
    from websockets.asyncio.client import connect as open_connection

    url = f"ws://{address}/echo?{route}"
    return open_connection(url, compression=ROUTES[route], max_size=None, ping_interval=None)


async def echo(report, connection, messages):
    for message in messages:
        await connection.send(message)
        if isinstance(message, str) and len(message) > 1000:
            # A ping, to be matched with its pong.
            await (await connection.ping())
        report.check("capture: echo", await connection.recv() == message, True)


def read(report, directory, capture, log, har):
    """The capture of whole connections gives the same timeline and HAR."""
    lines, copy = directory / "whole.lines", directory / "whole.har"
    run_tool(lines, "--pcap", capture, "--har", copy)
    observed, read = by_target(log), by_target(lines)
    report.check("capture: targets", sorted(read), sorted(f"/echo?{route}" for route in ROUTES))
    observed_entries, read_entries = read_har(report, har), read_har(report, copy)
    for target, connection in read.items():
        other = observed[target]
        name = f"capture: {target}"
        report.check(f"{name}: violations", connection.violations, [])
        is_compressed = "permessage-deflate" in connection.open
        report.check(f"{name}: compression", is_compressed, target.endswith("?compressed"))
        for sender in ["client", "server"]:
            for kind, of in [("frames", lambda c: c.frames), ("messages", lambda c: c.messages),
                             ("control frames", lambda c: c.controls)]:
                found, expected = ([without_time(entry) for entry in of(c) if entry[0] == sender]
                                   for c in [connection, other])
                report.check(f"{name}: {kind} of the {sender}", found, expected)
        found, expected = (contents(entries[target]) for entries in [read_entries, observed_entries])
        report.check(f"{name}: messages in the HAR", found, expected)
        # What the client of another implementation sent and received.
        sent = [*TEXTS, *DATA, *LATER]
        for kind in ["send", "receive"]:
            report.check(f"{name}: {kind}", [data for by, data in found if by == kind] == sent, True)
        answered = [text for _, kind, text in connection.controls
                    if kind == "pong" and "answers the ping" in text]
        pings = [text for _, kind, text in connection.controls if kind == "ping"]
        # One for each long text.
        report.check(f"{name}: pings", (len(pings), len(answered)), (3, 3))


def read_middle(report, directory, capture):
    """Of connections that were captured from the middle, the messages since then are found."""
    lines = directory / "middle.lines"
    run_tool(lines, "--pcap", capture, "--excerpt", "5000")
    connections = list(parse_timeline(lines.read_text()).values())
    report.check("capture from the middle: connections", len(connections), len(ROUTES))
    for connection in connections:
        report.check("capture from the middle: violations", connection.violations, [])
        closes = {"client": ['close: 4001: "done"'], "server": ["close: 4001"]}
        for sender, close in closes.items():
            texts = [re.search(r'"(.*)"$', text)[1] for by, _, text in connection.messages
                     if by == sender]
            report.check(f"capture from the middle: messages of the {sender}", texts, LATER)
            report.check(f"capture from the middle: close of the {sender}",
                         connection.closes(sender), close)


def by_target(log):
    connections = parse_timeline(log.read_text()).values()
    return {connection.target: connection for connection in connections if connection.open}


def without_time(entry):
    """Without how long a pong took."""
    return tuple(re.sub(r" after .*", "", part) if isinstance(part, str) else part for part in entry)


def contents(entry):
    """The messages of an entry."""
    return [(message["type"],
             message["data"] if message["opcode"] == 1 else base64.b64decode(message["data"]))
            for message in entry["_webSocketMessages"]]
