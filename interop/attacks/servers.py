"""The example servers as processes: how they are built, started, limited and measured."""

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
DESCRIPTORS = 4096  # unless an attack takes them away
# The limit on processes is one of the user, and does not hold for root.
SOMEBODY = 54321


@dataclass(frozen=True)
class Kind:
    """An example that serves."""

    name: str
    package: Path
    binary: str
    path: str = "/"
    origin: str = ""
    tls: bool = False
    # A thread for each connection: without threads, or address space for them, nobody is let in.
    threads: bool = False
    # What one says goes to all.
    broadcasts: bool = False
    # Whether silent peers are sent pings.
    pings: bool = True
    # A message that is within its limits.
    message: int = MIB


KINDS = [
    Kind("serve", ROOT, "serve", "/echo", threads=True, message=16 * MIB),
    Kind("serve, chat", ROOT, "serve", "/chat", threads=True, broadcasts=True, message=32 * KIB),
    Kind(
        "echo", ROOT, "echo", origin="https://example.com", threads=True, pings=False,
        message=16 * MIB,
    ),
    Kind("threads", SYNC, "threads", threads=True),
    Kind("relay", SYNC, "relay", threads=True, pings=False),
    Kind("rustls", SYNC, "rustls", tls=True, threads=True),
    Kind("hub", SYNC, "hub", broadcasts=True, message=32 * KIB),
    Kind("mio", SYNC, "mio"),
    Kind("tokio", ASYNC, "tokio"),
    Kind("tokio_split", ASYNC, "tokio_split"),
    Kind("smol", ASYNC, "smol"),
    Kind("io_uring", ASYNC, "io_uring"),
    Kind("hyper", ASYNC, "hyper"),
]  # fmt: skip


def build(directory):
    """Builds all examples and copies them to a directory that everybody can read."""
    for package, what in [
        # As the tests of the examples do, so that nothing is built twice.
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
        os.chown(directory, SOMEBODY, SOMEBODY)


def as_somebody():
    """How to start a process that is within all limits, also if this one is root's."""
    if os.geteuid() != 0:
        return {}
    return {"user": SOMEBODY, "group": SOMEBODY, "extra_groups": []}


@contextlib.contextmanager
def closed_pipe():
    """The end for writing of a pipe that nothing reads from."""
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
                stderr=closed,  # what cannot be reported must not end the server
                start_new_session=True,
                # As examples/shared/accept.rs advises where address space is limited.
                env={**os.environ, "MALLOC_ARENA_MAX": "1"} if kind.threads else None,
                **as_somebody(),
            )
            try:
                yield cls(kind, process, await cls.port_of(process))
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    @staticmethod
    async def port_of(process):
        """The port in the first line that it prints; others may follow."""
        async with asyncio.timeout(START_SECONDS):
            line = await process.stdout.readline()
        address = line.decode().partition("127.0.0.1:")[2]
        port = address.split("/")[0].strip()
        if not port.isdigit():
            raise RuntimeError(f"it does not listen, but prints {line!r}")
        return int(port)

    @property
    def is_alive(self):
        return self.process.returncode is None

    async def limit(self, what, value):
        """Sets a soft limit of prlimit(1), such as nofile, which can be raised again."""
        command = ["prlimit", f"--pid={self.process.pid}", f"--{what}={value}:"]
        process = await asyncio.create_subprocess_exec(*command, **as_somebody())
        if await process.wait() != 0:
            raise RuntimeError(f"cannot set a limit: {' '.join(command)}")

    def status(self, field):
        """A size of /proc/…/status, in bytes; none when the process has ended."""
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
