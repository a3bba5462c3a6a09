"""The checks of other implementations, as servers and as clients."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from packages import NODE, OUTPUT, CannotInstall, log_file
from processes import Process, free_port
from results import FAIL, LACK, PASS, Row

HERE = Path(__file__).resolve().parent
SERVER, CLIENT = "server", "client"
CHECK_SECONDS, REPORT_SECONDS = 15, 3

COMMON = {
    "text": "text",
    "empty": "empty",
    "large": "1 MiB",
    "fragments": "fragments",
    "ping": "ping",
    "pinged": "pinged",
    "takeover": "takeover",
    "no-takeover": "no takeover",
    "z-empty": "z empty",
    "z-large": "z 1 MiB",
    "z-fragments": "z fragments",
    "subprotocol": "subprotocol",
    "close": "our close",
    "no-code": "no code",
    "closed": "their close",
}
# What a peer reports about our Close.
REPORTS = {"close": ("closed 4000",), "no-code": ("closed 1005", "closed None")}
CHECKS = {
    SERVER: {**COMMON, "two-offers": "two offers"},
    CLIENT: {**COMMON, "refused": "403"},
}


@dataclass
class Library:
    """An implementation. `program` is a command with the arguments `serve PORT` or `connect URL`."""

    name: str
    language: str
    packages: list
    program: list
    roles: tuple = (SERVER, CLIENT)
    # A command that compiles the program.
    build: list = field(default_factory=list)
    environment: dict = field(default_factory=dict)
    # Checks for which its interface has no method.
    without: tuple = ()
    # Whether it reports the selected subprotocol, and the code of a Close that it received.
    reports_subprotocol: bool = True
    reports_close: bool = True
    quick: bool = False

    def start(self, log, *arguments):
        environment = {**os.environ, "NODE_PATH": str(NODE / "node_modules"), **self.environment}
        return Process([*self.program, *arguments], log, env=environment, cwd=HERE)

    def compile(self):
        if not self.build:
            return
        (OUTPUT / "build").mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, **self.environment}
        words = [str(word) for word in self.build]
        done = subprocess.run(words, cwd=HERE, env=environment)
        if done.returncode:
            raise CannotInstall(f"{self.name} does not compile")


def check_server(library, ours):
    port = free_port()
    log = log_file(f"{library.name}, server")
    results = {}
    process = library.start(log, "serve", port)
    try:
        process.wait_for_port(port)
        for name in CHECKS[SERVER]:
            if process.process.poll() is not None:  # It crashed.
                process = library.start(log, "serve", port)
                process.wait_for_port(port)
            results[name] = with_interface(library, name, check_one_server, ours, process, port)
    finally:
        process.stop()
    return row(library, results)


def check_one_server(library, name, ours, process, port):
    process.forget_lines()
    line = ours.check(f"ws://127.0.0.1:{port}/", name, CHECK_SECONDS)
    status, _, details = line.partition(" ")
    return with_report(library, name, process, status, details)


def check_client(library, ours):
    log = log_file(f"{library.name}, client")
    server, port = ours.server(log)
    with server:
        results = {
            name: with_interface(library, name, check_one_client, log, server, port)
            for name in CHECKS[CLIENT]
        }
    return row(library, results)


def check_one_client(library, name, log, server, port):
    server.forget_lines()
    target = "refuse" if name == "refused" else f"check/{name}"
    with library.start(log, "connect", f"ws://127.0.0.1:{port}/{target}") as process:
        if name == "refused":
            line = process.line("refused", seconds=CHECK_SECONDS)
            return (PASS, line) if line else (FAIL, "it does not report a refusal")
        line = server.line(f"checked {name}", seconds=CHECK_SECONDS, unless=process)
        if line is None:
            return FAIL, "no WebSocket was opened, or it did not end"
        status, _, details = line.removeprefix(f"checked {name} ").partition(" ")
        if name == "subprotocol" and status == PASS and library.reports_subprotocol:
            if not process.line("open echo.v1", seconds=REPORT_SECONDS):
                return FAIL, "it does not report the subprotocol"
        return with_report(library, name, process, status, details)


def with_interface(library, name, run, *arguments):
    if name in library.without:
        return LACK, "its interface has no method"
    return run(library, name, *arguments)


def with_report(library, name, process, status, details):
    """The result, also of what the peer reports about our Close."""
    expected = REPORTS.get(name)
    if status != PASS or not expected or not library.reports_close:
        return status, details
    if process.line(*expected, seconds=REPORT_SECONDS):
        return status, details
    return FAIL, f"it reports another code than {expected[0].removeprefix('closed ')}"


def row(library, results):
    return Row(library.name, library.language, library.packages[0].version(), results)
