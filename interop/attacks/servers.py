"""Builds, starts, limits and measures the example servers."""

import asyncio
import contextlib
import json
import os
import resource
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SYNC, ASYNC = ROOT / "examples/embedding/sync", ROOT / "examples/embedding/async"
KIB, MIB = 1024, 1024 * 1024
START_SECONDS = 20
DESCRIPTORS = 4096  # unless an attack lowers the limit
# The limit on processes is per user, and does not apply to root.
UNPRIVILEGED_ID = 54321


@dataclass(frozen=True)
class Kind:
    """An example server."""

    name: str
    package: Path
    binary: str
    path: str = "/"
    origin: str = ""
    tls: bool = False
    # A thread for each connection. Without threads or address space, no connection is accepted.
    threads: bool = False
    # Whether each message goes to all peers.
    broadcasts: bool = False
    # Whether silent peers get pings.
    pings: bool = True
    # The size of a message within its limits.
    message: int = MIB


KINDS = [
    Kind("serve", ROOT, "serve", "/echo", threads=True, message=16 * MIB),
    Kind("serve, chat", ROOT, "serve", "/chat", threads=True, broadcasts=True, message=32 * KIB),
    Kind(
        "echo", ROOT, "echo", origin="https://example.com", threads=True, pings=False,
        message=16 * MIB,
    ),
    Kind("threads", SYNC, "threads", threads=True),
    Kind("libdeflate", SYNC, "libdeflate", threads=True),
    Kind("relay", SYNC, "relay", threads=True, pings=False),
    Kind("rustls", SYNC, "rustls", tls=True, threads=True),
    Kind("hub", SYNC, "hub", broadcasts=True, message=32 * KIB),
    Kind("mio", SYNC, "mio"),
    Kind("shared_buffers", SYNC, "shared_buffers"),
    Kind("tokio", ASYNC, "tokio"),
    Kind("tokio_split", ASYNC, "tokio_split"),
    Kind("smol", ASYNC, "smol"),
    Kind("io_uring", ASYNC, "io_uring"),
    Kind("hyper", ASYNC, "hyper"),
]  # fmt: skip


def build(directory):
    """Builds all examples and copies them to a directory that all users can read."""
    for package, what in [
        # The profile of the tests of the examples, so that nothing is built twice.
        (ROOT, ["--examples", "--profile", "test"]),
        (SYNC, ["--bins"]),
        (ASYNC, ["--bins"]),
    ]:
        command = ["cargo", "build", "--quiet", "--message-format", "json", *what]
        built = subprocess.run(command, cwd=package, check=True, stdout=subprocess.PIPE, text=True)
        wanted = {kind.binary for kind in KINDS if kind.package == package}
        for line in built.stdout.splitlines():
            message = json.loads(line)
            file = message.get("executable")
            if file and message["target"]["name"] in wanted:
                shutil.copy(file, directory / message["target"]["name"])
    if os.geteuid() == 0:
        os.chown(directory, UNPRIVILEGED_ID, UNPRIVILEGED_ID)


def unprivileged():
    """Options to start a process that the limits apply to, also as root."""
    if os.geteuid() != 0:
        return {}
    return {"user": UNPRIVILEGED_ID, "group": UNPRIVILEGED_ID, "extra_groups": []}


@contextlib.contextmanager
def closed_pipe():
    """The writing end of a pipe whose reading end is closed."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        yield writing
    finally:
        os.close(writing)


class Server:
    """A running example."""

    def __init__(self, kind, process, port):
        self.kind = kind
        self.process = process
        self.port = port
        self.path, self.origin, self.tls = kind.path, kind.origin, kind.tls

    @classmethod
    @contextlib.asynccontextmanager
    async def start(cls, kind, directory):
        async with contextlib.AsyncExitStack() as stack:
            arguments = []
            if kind.binary == "relay":
                upstream = next(kind for kind in KINDS if kind.name == "mio")
                upstream = await stack.enter_async_context(cls.start(upstream, directory))
                arguments = [f"127.0.0.1:{upstream.port}"]
            if kind.binary == "rustls":
                arguments = [directory / f"{os.urandom(8).hex()}.pem"]
            most = min(DESCRIPTORS, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
            closed = stack.enter_context(closed_pipe())
            process = await asyncio.create_subprocess_exec(
                "prlimit",
                f"--nofile={most}",
                "--core=0",
                directory / kind.binary,
                "127.0.0.1:0",
                *arguments,
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=closed,  # a failed report must not end the server
                start_new_session=True,
                # As examples/shared/accept.rs advises with limited address space.
                env={**os.environ, "MALLOC_ARENA_MAX": "1"} if kind.threads else None,
                **unprivileged(),
            )
            try:
                yield cls(kind, process, await cls.port_of(process))
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    @staticmethod
    async def port_of(process):
        """The port in the first line of its output."""
        async with asyncio.timeout(START_SECONDS):
            line = await process.stdout.readline()
        address = line.decode().partition("127.0.0.1:")[2]
        port = address.split("/")[0].strip()
        if not port.isdigit():
            raise RuntimeError(f"the server does not listen; it printed {line!r}")
        return int(port)

    @property
    def is_alive(self):
        return self.process.returncode is None

    async def limit(self, what, value):
        """Sets a soft limit of prlimit(1), such as nofile, which can be raised again."""
        command = ["prlimit", f"--pid={self.process.pid}", f"--{what}={value}:"]
        process = await asyncio.create_subprocess_exec(*command, **unprivileged())
        if await process.wait() != 0:
            raise RuntimeError(f"cannot set a limit: {' '.join(command)}")

    def status(self, field):
        """A size in /proc/…/status, in bytes. None after the process has ended."""
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
                if line.startswith(f"{field}:"):
                    return int(line.split()[1]) * KIB
        return None

    def descriptors(self):
        with contextlib.suppress(OSError):
            return len(os.listdir(f"/proc/{self.process.pid}/fd"))
        return 0

    def cpu_seconds(self):
        with contextlib.suppress(OSError):
            stat = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
        return 0.0
