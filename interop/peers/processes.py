"""Processes on loopback that end with their block, and the lines that they print."""

import contextlib
import os
import queue
import signal
import socket
import subprocess
import threading
import time

START_SECONDS = 30
STOP_SECONDS = 5
END_SECONDS = 2
EXIT_INTERRUPTED = 130


class CannotStart(Exception):
    """A process that does not start."""


class Process:
    """A process. Its standard output is read as lines, its standard error goes to a log."""

    running = set()

    def __init__(self, words, log, **options):
        self.log = log
        self.lines = queue.Queue()
        with log.open("ab") as errors:
            # In a group of its own, so that its children end with it.
            self.process = subprocess.Popen(
                [str(word) for word in words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,
                **options,
            )
        self.running.add(self)
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def wait(self, seconds):
        """Waits until the process has ended by itself."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)

    def stop(self):
        """Ends the process and its children."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        self.running.discard(self)

    def line(self, *starts, seconds, unless=None):
        """The next line that starts with one of these. None if there is none in time, or if the process
        `unless` ended a while ago."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                line = self.lines.get(timeout=min(left, 0.5))
                if line is None:
                    self.lines.put(None)
                    return None
                if line.startswith(starts):
                    return line
                continue
            if unless and unless.process.poll() is not None:
                end = min(end, time.monotonic() + END_SECONDS)
                unless = None
        return None

    def forget_lines(self):
        with contextlib.suppress(queue.Empty):
            while self.lines.get_nowait() is not None:
                pass
            self.lines.put(None)

    def wait_for_port(self, port):
        """Waits until the process accepts connections on this port."""
        end = time.monotonic() + START_SECONDS
        while not accepts(port):
            if self.process.poll() is not None or time.monotonic() > end:
                raise CannotStart(f"it does not start, see {self.log}")
            time.sleep(0.05)


def stop_all(*_):
    """Ends this program and all processes, as a signal handler."""
    for process in list(Process.running):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.process.pid, signal.SIGKILL)
    os._exit(EXIT_INTERRUPTED)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


class Ours:
    """Our program."""

    def __init__(self, program):
        self.program = program

    def server(self, log, *options):
        """A server that is ready, as a process, and its port."""
        process = Process([self.program, "serve", *options, "127.0.0.1:0"], log)
        address = process.line("127.0.0.1:", seconds=START_SECONDS)
        if address is None:
            raise CannotStart(f"our server does not start, see {log}")
        return process, int(address.rpartition(":")[2])

    def check(self, uri, name, seconds, *options):
        """Runs a check as a client. Returns a line such as `pass`."""
        words = [self.program, "connect", *options, uri, name]
        try:
            done = subprocess.run(words, capture_output=True, encoding="utf-8", timeout=seconds)
        except subprocess.TimeoutExpired:
            return f"fail not done after {seconds} s"
        return done.stdout.strip() or f"fail {done.stderr.strip()}"
