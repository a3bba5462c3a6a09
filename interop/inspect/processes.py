"""Starting the tool and servers, and counting results."""

import contextlib
import socket
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OUTPUT = ROOT / "target" / "inspect"
TOOL = ROOT / "tools" / "inspect" / "target" / "release" / "inspect"
EXAMPLES = ROOT / "target" / "release" / "examples"
START_SECONDS = 30


class CannotRun(Exception):
    """A suite cannot run, so there is no result."""


@contextlib.contextmanager
def started(command, **options):
    process = subprocess.Popen(list(map(str, command)), cwd=ROOT, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def port_of(address):
    return int(address.rpartition(":")[2])


def await_port(process, port):
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    raise CannotRun(f"nothing listens on port {port}")


def build():
    cargo = ["cargo", "build", "--release", "--quiet"]
    subprocess.run([*cargo, "--examples"], cwd=ROOT, check=True)
    manifest = ROOT / "tools" / "inspect" / "Cargo.toml"
    subprocess.run([*cargo, "--manifest-path", manifest], cwd=ROOT, check=True)


@contextlib.contextmanager
def tool(listen, target, log, *options):
    """The tool between two addresses. It counts the connections from 1."""
    with open(log, "wb") as lines:
        with started([TOOL, listen, target, *options], stdout=lines) as process:
            await_listening(process, port_of(listen))
            yield process


def run_tool(log, *options):
    """Runs the tool to its end."""
    with open(log, "wb") as lines:
        subprocess.run([TOOL, *options], stdout=lines, check=True)


def await_listening(process, port):
    """Waits without a connection, so that the tool's numbers begin with the first one."""
    end = time.monotonic() + START_SECONDS
    suffix = f":{port:04X}"
    while time.monotonic() < end and process.poll() is None:
        rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        if any(row[1].endswith(suffix) and row[3] == "0A" for row in rows):
            return
        time.sleep(0.05)
    raise CannotRun("the tool does not listen")


class Report:
    """Prints one line for each check that fails, and counts the results."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, name, actual, expected):
        if actual == expected:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAIL {name}:\n    the tool  {actual!r}\n    the other {expected!r}", flush=True)
