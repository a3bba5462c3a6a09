#!/usr/bin/env python3
"""Opens WebSockets over HTTP/2 in real headless browsers, directly and through HAProxy.

README.md says what is checked. The browsers are driven as in run.py.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from run import (
    BROWSERS,
    EXIT_CANNOT_RUN,
    OUTPUT,
    POLL_SECONDS,
    ROOT,
    START_SECONDS,
    Child,
    Report,
    accepts,
    expect,
    find_browsers,
    finish,
    free_port,
)

PACKAGE = ROOT / "examples" / "embedding" / "async"
HOST = "localhost"
CLOSE_CODE, CLOSE_REASON = 4001, "done, tschüß"
MIB = 1024 * 1024

HAPROXY = """
global
  log stdout format raw local0
defaults
  mode http
  log global
  log-format "%cp %HV %U %B %HU"
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s
frontend browsers
  bind 127.0.0.1:{port} ssl crt {certificate} alpn h2,http/1.1
  default_backend server
backend server
  server hyper 127.0.0.1:{server} {options}
"""

# Opens WebSockets in the page. Received messages wait in a queue.
PAGE = """
globalThis.dial = (path) => new Promise((opened, failed) => {
    const socket = new WebSocket(`wss://${location.host}${path}`, ["other", "echo"]);
    socket.binaryType = "arraybuffer";
    const come = [], waiting = [];
    socket.onmessage = ({ data }) => (waiting.shift() ?? ((late) => come.push(late)))(data);
    socket.next = () => come.length ? Promise.resolve(come.shift())
        : new Promise((taken) => waiting.push(taken));
    socket.ended = new Promise((ended) => socket.onclose = ({ code, reason, wasClean }) => {
        ended({ code, reason, wasClean });
        failed(new Error(`the WebSocket was closed with ${code}`));
    });
    socket.onopen = () => opened(socket);
});
globalThis.echo = async (socket, message) => {
    socket.send(message);
    const answer = await socket.next();
    if (typeof message === "string") return answer === message;
    const [sent, received] = [new Uint8Array(message), new Uint8Array(answer)];
    return sent.length === received.length && sent.every((byte, at) => byte === received[at]);
};
globalThis.noise = (length) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
    return bytes.buffer;
};
"""


class Route:
    """A way from the browsers to the server."""

    def __init__(self, name, seen, port, log, version="HTTP/2", protocol="h2", host=HOST):
        self.name = name
        self.seen = seen  # The version of HTTP that the server sees.
        self.host, self.port = host, port
        self.log = log  # HAProxy's, if it is on the way.
        self.version = version  # The version of HTTP that the browser uses.
        self.protocol = protocol  # Its name in ALPN.

    async def logged(self, path):
        """HAProxy's record of the WebSocket with this path, once it has ended."""
        while True:
            for line in self.log.read_text().splitlines():
                if line.endswith(path):
                    client, version, sent, received, _ = line.split(" ")
                    return client, version, int(sent), int(received)
            await asyncio.sleep(POLL_SECONDS)


# ---- Checks of one browser -----------------------------------------------------------------


async def open_page(browser, route):
    """Only an HTTP/2 or HTTP/3 session that exists can take a WebSocket."""
    await browser.open(f"https://{route.host}:{route.port}/")
    text = await browser.evaluate("document.body.textContent")
    expect("echoes over WebSockets" in text, f"the page reads {text!r}")
    protocol = "performance.getEntriesByType('navigation')[0].nextHopProtocol"
    came = await browser.evaluate(protocol)
    expect(came == route.protocol, f"the page came over {came}")
    await browser.evaluate(f"(() => {{ {PAGE} }})()")


async def is_seen(browser, route):
    """The server sends its version of HTTP first."""
    dial = f"globalThis.a = await dial('/version?{browser.name}')"
    first = await browser.evaluate(f"(async () => ({dial}).next())()")
    expect(first == route.seen, f"the server sees {first}")


async def has_subprotocol(browser):
    chosen = await browser.evaluate("a.protocol")
    expect(chosen == "echo", f"the subprotocol is {chosen!r}")


async def same(browser, expression, name="a"):
    expect(await browser.evaluate(f"echo({name}, {expression})"), "the echo differs")


async def text_comes_back(browser):
    for text in ["Hello", "", "Grüße 你好 🎉", "x" * 65536]:
        await same(browser, json.dumps(text))


async def binary_comes_back(browser):
    for size in [0, 1, 126, 65535, 65536, MIB]:
        await same(browser, f"noise({size})")


async def is_compressed(browser, route):
    agreed = await browser.evaluate("a.extensions")
    expect(agreed.startswith("permessage-deflate"), f"the extensions are {agreed!r}")
    path = f"/compressed-{browser.name}"
    await browser.evaluate(f"(async () => {{ globalThis.b = await dial('{path}'); }})()")
    await same(browser, f"'hybi'.repeat({MIB} / 4)", "b")
    await browser.evaluate("(b.close(), b.ended)")
    if route.log:
        _, _, sent, received = await route.logged(path)
        for direction, length in [("sent", sent), ("received", received)]:
            expect(0 < length < MIB // 20, f"{length} bytes were {direction} for {MIB}")


async def share_a_connection(browser, route):
    """Two WebSockets and a request for the page, at the same time."""
    paths = [f"/shared-{browser.name}-{number}" for number in range(2)]
    await browser.evaluate(
        f"(async () => {{ [globalThis.b, globalThis.c] = [await dial('{paths[0]}'), await dial('{paths[1]}')]; }})()"
    )
    everything = f"Promise.all([echo(a, noise({MIB})), echo(b, noise({MIB})), echo(c, 'Hello'), fetch('/').then(({{ ok }}) => ok)])"
    expect(await browser.evaluate(everything) == [True] * 4, "an echo differs, or the page fails")
    await browser.evaluate("(b.close(), c.close(), Promise.all([b.ended, c.ended]))")
    if route.log:
        clients = {(await route.logged(path))[0] for path in paths}
        expect(len(clients) == 1, f"the ports of the browser are {clients}")


async def close_with_code(browser, route):
    ending = await browser.evaluate(f"(a.close({CLOSE_CODE}, {json.dumps(CLOSE_REASON)}), a.ended)")
    # The reply repeats the code, without the reason.
    wanted = {"code": CLOSE_CODE, "reason": "", "wasClean": True}
    expect(ending == wanted, f"the close event has {ending}")
    if route.log:
        _, version, _, _ = await route.logged(f"/version?{browser.name}")
        expect(version == "HTTP/2.0", f"HAProxy sees {version}")


async def check(report, browser, route):
    name = f"{browser.name}, {route.name}"
    for title, steps in [
        (f"opens the page over {route.version}", lambda: open_page(browser, route)),
        (f"opens a WebSocket over {route.version}", lambda: is_seen(browser, route)),
    ]:
        if not await report.check(f"{name}: {title}", steps()):
            return
    await report.check(f"{name}: subprotocol", has_subprotocol(browser))
    await report.check(f"{name}: text", text_comes_back(browser))
    await report.check(f"{name}: binary up to 1 MiB", binary_comes_back(browser))
    await report.check(f"{name}: compression", is_compressed(browser, route))
    await report.check(f"{name}: several on one connection", share_a_connection(browser, route))
    await report.check(f"{name}: close with code", close_with_code(browser, route))


# ---- Servers -------------------------------------------------------------------------------


def make_certificate(directory, host=HOST):
    """A certificate for the host that lasts a day, and its key."""
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    names = f"subjectAltName=DNS:{host}"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "1", "-subj", f"/CN={host}", "-addext", names]
    command += ["-keyout", key, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


async def start(report, stack, name, command, port, logs):
    child = await Child.start(command, logs / f"{name}.log")
    stack.push_async_callback(child.stop)
    return await report.check(f"{name} starts", accepts(child, "127.0.0.1", port), START_SECONDS)


async def routes(report, stack, server, directory, logs):
    """Starts the servers, and yields the routes to them."""
    certificate, key = make_certificate(directory)
    both = directory / "both.pem"
    both.write_text(certificate.read_text() + key.read_text())
    plain, secure = free_port(), free_port()
    for name, port, files in [("hyper", plain, []), ("hyper-tls", secure, [certificate, key])]:
        command = [server, f"127.0.0.1:{port}", *files]
        if not await start(report, stack, name, command, port, logs):
            return
    yield Route("direct", "HTTP/2.0", secure, None)
    for name, seen, options in [
        ("haproxy-h1", "HTTP/1.1", ""),
        ("haproxy-h2", "HTTP/2.0", "proto h2"),
    ]:
        port, config = free_port(), directory / f"{name}.cfg"
        config.write_text(HAPROXY.format(port=port, certificate=both, server=plain, options=options))
        if await start(report, stack, name, ["haproxy", "-f", config], port, logs):
            yield Route(name, seen, port, logs / f"{name}.log")


async def run(options, binaries, report):
    logs = options.logs
    logs.mkdir(parents=True, exist_ok=True)
    async with contextlib.AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hybi-http2-")))
        browsers = []
        for name, binary in binaries.items():
            browser = BROWSERS[name](binary, trusts_any_certificate=True)
            stack.push_async_callback(browser.stop)
            if await report.check(f"{name} starts", browser.start(logs), START_SECONDS):
                browsers.append(browser)
        server = target() / "debug" / "hyper"
        async for route in routes(report, stack, server, directory, logs):
            for browser in browsers:
                await check(report, browser, route)


def target():
    return Path(os.environ.get("CARGO_TARGET_DIR", PACKAGE / "target"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--logs", metavar="DIR", type=Path, default=OUTPUT / "http2", help="directory for logs"
    )
    parser.add_argument("--only", choices=BROWSERS, help="use only this browser")
    options = parser.parse_args()
    binaries = find_browsers(options.only)
    for tool in ["cargo", "haproxy", "openssl"]:
        if not shutil.which(tool):
            print(f"{tool} is not installed")
            sys.exit(EXIT_CANNOT_RUN)
    if subprocess.run(["cargo", "build", "--bin", "hyper"], cwd=PACKAGE).returncode:
        sys.exit(EXIT_CANNOT_RUN)
    report = Report()
    finish(run(options, binaries, report), report)


if __name__ == "__main__":
    main()
