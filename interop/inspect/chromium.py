"""Compares the timeline with the events of Chromium's DevTools protocol."""

import asyncio
import base64
import contextlib
import importlib.util
import json
import re
from collections import defaultdict
from urllib.parse import urlsplit

from har import read_har
from processes import EXAMPLES, OUTPUT, ROOT, CannotRun, await_port, free_port, port_of, started, tool
from timeline import parse_timeline

MESSAGES = ["", "Hello", "Grüße 你好 🎉", "a" * 125, "b" * 126, "c" * 65535, "d" * 65536, "xyz" * 20000]
BYTES = [0, 1, 125, 126, 1000, 65536]
# A name, texts, and the lengths of binary messages.
CONVERSATIONS = [
    ("many", MESSAGES, BYTES),
    ("silent", [], []),
    ("ascii", ["one", "two", "three"], []),
    ("large", [], [200_000]),
]
SCRIPT = """
new Promise((done, failed) => {
  const socket = new WebSocket(%(url)s, %(protocols)s);
  socket.binaryType = "arraybuffer";
  const texts = %(texts)s;
  const sizes = %(sizes)s;
  let expected = texts.length + sizes.length;
  socket.onopen = () => {
    for (const text of texts) socket.send(text);
    for (const size of sizes) {
      socket.send(Uint8Array.from({length: size}, (_, index) => (index * 7 + size) %% 256));
    }
    if (expected === 0) socket.close(4001, "done");
  };
  socket.onmessage = () => { if (--expected === 0) socket.close(4001, "done"); };
  socket.onclose = (event) => done(event.code);
  socket.onerror = () => failed("error");
})
"""


def load_browsers():
    """The module that drives the browsers."""
    path = ROOT / "interop" / "browsers" / "run.py"
    spec = importlib.util.spec_from_file_location("browsers", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def run_chromium(report):
    browsers = load_browsers()
    binary = browsers.find_browsers("chromium").get("chromium")
    if not binary:
        raise CannotRun("Chromium is not installed")
    directory = OUTPUT / "chromium"
    directory.mkdir(parents=True, exist_ok=True)
    events = defaultdict(list)

    class Observed(browsers.Chromium):
        def on_event(self, method, params):
            super().on_event(method, params)
            if method.startswith("Network.webSocket"):
                events[params["requestId"]].append((method.removeprefix("Network.webSocket"), params))

    sides = {name: Side(directory, name) for name in ["compressed", "plain"]}
    async with contextlib.AsyncExitStack() as stack:
        inner = sides["compressed"].inner
        server = stack.enter_context(started([EXAMPLES / "serve", inner, "--quiet"]))
        await_port(server, port_of(inner))
        await stack.enter_async_context(plain_server(port_of(sides["plain"].inner)))
        for side in sides.values():
            # All of a message in the line and in the HAR.
            options = ["--har", side.har, "--excerpt", 200_000]
            stack.enter_context(tool(side.outer, side.inner, side.log, *options))
        browser = Observed(binary)
        try:
            await browser.start(directory)
            for name, side in sides.items():
                # A page of the same origin. That of the plain server is an error.
                await browser.open(f"http://{side.outer}/")
                await converse(report, browser, name, side.outer)
        finally:
            await browser.stop()
        await asyncio.sleep(0.5)
    timelines = {side.outer: side.read(report) for side in sides.values()}
    compared = 0
    for ours in events.values():
        url = urlsplit(next(params["url"] for method, params in ours if method == "Created"))
        target = url.path + (f"?{url.query}" if url.query else "")
        # The page of the example has connections of its own, some without an end.
        if "inspect=" in target:
            by_target, entries = timelines[url.netloc]
            compare_events(report, target, ours, by_target[target], entries[target])
            is_plain = url.netloc == sides["plain"].outer
            is_compressed = "permessage-deflate" in by_target[target].open
            report.check(f"chromium: {target}: compression", is_compressed, not is_plain)
            compared += 1
    report.check("chromium: number of connections", compared, 2 * len(CONVERSATIONS))


class Side:
    """The tool in front of one server."""

    def __init__(self, directory, name):
        self.inner, self.outer = (f"127.0.0.1:{free_port()}" for _ in range(2))
        self.log, self.har = directory / f"{name}.lines", directory / f"{name}.har"

    def read(self, report):
        """The connections and the HAR entries, by their targets."""
        connections = parse_timeline(self.log.read_text()).values()
        by_target = {connection.target: connection for connection in connections if connection.open}
        return by_target, read_har(report, self.har)


def plain_server(port):
    """Another implementation, without compression. It sends fragments, and a ping before each message."""
    from websockets.asyncio.server import serve
    from websockets.exceptions import ConnectionClosed

    async def echo(connection):
        # It ends with the code of the page.
        with contextlib.suppress(ConnectionClosed):
            async for message in connection:
                await connection.ping()
                middle = len(message) // 2
                await connection.send([message[:middle], message[middle:]])

    return serve(echo, "127.0.0.1", port, compression=None, max_size=None, ping_interval=None)


async def converse(report, browser, server, address):
    for name, texts, sizes in CONVERSATIONS:
        values = {
            "url": json.dumps(f"ws://{address}/echo?inspect={name}-{server}"),
            "protocols": json.dumps(["chat"] if (name, server) == ("ascii", "compressed") else []),
            "texts": json.dumps(texts),
            "sizes": json.dumps(sizes),
        }
        code = await asyncio.wait_for(browser.evaluate(SCRIPT % values), 60)
        report.check(f"chromium: {name}: the close code of the page", code, 4001)


def compare_events(report, target, events, connection, entry):
    """Compares the events of DevTools with the lines of the tool, and with its HAR."""
    request = next(params["request"] for kind, params in events if kind == "WillSendHandshakeRequest")
    response = next(params["response"] for kind, params in events if kind == "HandshakeResponseReceived")
    name = f"chromium: {target}"
    fields = {f["name"].lower(): f["value"] for f in entry["request"]["headers"]}
    expected = {key.lower(): value for key, value in request["headers"].items()}
    report.check(f"{name}: fields of the request", fields, expected)
    fields = {f["name"].lower(): f["value"] for f in entry["response"]["headers"]}
    expected = {key.lower(): value for key, value in response["headers"].items()}
    report.check(f"{name}: fields of the response", fields, expected)
    report.check(f"{name}: status", entry["response"]["status"], response["status"])
    report.check(f"{name}: violations", connection.violations, [])

    # DevTools reports messages, and control frames, with the header bits of the first frame.
    data = (1, 2)
    for method, sender, kind in [("FrameSent", "client", "send"), ("FrameReceived", "server", "receive")]:
        frames = [params["response"] for event, params in events if event == method]
        expected = [(f["opcode"], bool(f["mask"])) for f in frames if f["opcode"] in data]
        firsts = [f for f in connection.frames if f[0] == sender and f[1] in data]
        found = [(opcode, masked) for _, opcode, _, _, masked, _ in firsts]
        report.check(f"{name}: {method}: frames that begin a message", found, expected)
        expected = [(f["opcode"], decoded(f)) for f in frames if f["opcode"] in data]
        messages = [m for m in entry["_webSocketMessages"] if m["type"] == kind]
        found = [(m["opcode"], decoded({"opcode": m["opcode"], "payloadData": m["data"]}))
                 for m in messages]
        report.check(f"{name}: {method}: messages in the HAR",
                     summary(found), summary(expected))
        lines = [message for message in connection.messages if message[0] == sender]
        lengths = [int(re.search(r", (\d+) bytes in", text)[1]) for _, _, text in lines]
        report.check(f"{name}: {method}: lengths in the lines", lengths, [len(d) for _, d in expected])


def decoded(frame):
    text = frame["payloadData"]
    return text.encode() if frame["opcode"] == 1 else base64.b64decode(text)


def summary(messages):
    """Lengths and ends, for a readable difference, and the contents as a hash."""
    return [(opcode, len(data), data[:20], hash(data)) for opcode, data in messages]
