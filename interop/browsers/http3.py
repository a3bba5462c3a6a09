#!/usr/bin/env python3
"""Opens WebSockets over HTTP/3 in real headless Chromium.

README.md says what is checked. The checks are those of http2.py.
"""

import argparse
import asyncio
import base64
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from http2 import Route, check, make_certificate
from run import (
    EXIT_CANNOT_RUN,
    OUTPUT,
    POLL_SECONDS,
    ROOT,
    START_SECONDS,
    Child,
    Chromium,
    Report,
    find_browsers,
    finish,
    free_port,
)

PACKAGE = ROOT / "examples" / "embedding" / "h3"
# Chromium does not force QUIC on localhost.
HOST = "server.example"


class QuicChromium(Chromium):
    """Uses HTTP/3, and nothing else, for one server, and trusts its key."""

    def __init__(self, binary, port, key_hash):
        super().__init__(binary)
        self.port = port
        self.key_hash = key_hash

    def command(self):
        flags = [
            "--enable-features=EnableWebsocketsOverHttp3",
            f"--origin-to-force-quic-on={HOST}:{self.port}",
            f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
            f"--ignore-certificate-errors-spki-list={self.key_hash}",
        ]
        *command, page = super().command()
        command.remove("--disable-quic")
        return [*command, *flags, page]


def hash_key(certificate):
    """The hash of the public key, by which Chromium recognizes it."""

    def openssl(*arguments, data=None):
        command = ["openssl", *arguments]
        return subprocess.run(command, input=data, check=True, capture_output=True).stdout

    key = openssl("x509", "-in", certificate, "-noout", "-pubkey")
    der = openssl("pkey", "-pubin", "-outform", "der", data=key)
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


async def listens(child):
    while "listening on" not in child.log.read_text():
        child.expect_running()
        await asyncio.sleep(POLL_SECONDS)


async def run(options, binary, report):
    logs = options.logs
    logs.mkdir(parents=True, exist_ok=True)
    async with contextlib.AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hybi-http3-")))
        certificate, key = make_certificate(directory, HOST)
        port = free_port()
        command = [target() / "debug" / "h3", f"127.0.0.1:{port}", certificate, key]
        server = await Child.start(command, logs / "h3.log")
        stack.push_async_callback(server.stop)
        browser = QuicChromium(binary, port, hash_key(certificate))
        stack.push_async_callback(browser.stop)
        if await report.check("h3 starts", listens(server), START_SECONDS) and await report.check(
            "chromium starts", browser.start(logs), START_SECONDS
        ):
            route = Route("direct", "HTTP/3.0", port, None, "HTTP/3", "h3", HOST)
            await check(report, browser, route)


def target():
    return Path(os.environ.get("CARGO_TARGET_DIR", PACKAGE / "target"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--logs", metavar="DIR", type=Path, default=OUTPUT / "http3", help="directory for logs"
    )
    options = parser.parse_args()
    binary = find_browsers("chromium")["chromium"]
    for tool in ["cargo", "openssl"]:
        if not shutil.which(tool):
            print(f"{tool} is not installed")
            sys.exit(EXIT_CANNOT_RUN)
    if subprocess.run(["cargo", "build", "--bin", "h3"], cwd=PACKAGE).returncode:
        sys.exit(EXIT_CANNOT_RUN)
    report = Report()
    finish(run(options, binary, report), report)


if __name__ == "__main__":
    main()
