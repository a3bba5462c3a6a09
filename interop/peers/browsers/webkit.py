"""WebKitGTK's MiniBrowser, on a virtual display, by the WebDriver of W3C."""

import asyncio
import contextlib
import glob
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

START_SECONDS, CALL_SECONDS, STOP_SECONDS = 20, 30, 5
BROWSER = "/usr/lib/*/webkit2gtk-4.*/MiniBrowser"


class WebKit:
    """A browser with one open page. The methods are those of the browsers in `interop/browsers`."""

    def __init__(self):
        self.children = []
        self.session = None

    async def start(self, logs):
        await asyncio.to_thread(self._start, logs)

    async def open(self, url):
        await self._call("POST", "/url", url=url)

    async def evaluate(self, expression):
        script = f"({expression}).then(arguments[arguments.length - 1])"
        return await self._call("POST", "/execute/async", script=script, args=[])

    async def stop(self):
        if self.session:
            with contextlib.suppress(OSError):
                await self._call("DELETE", "")
        for child in reversed(self.children):
            for number in (signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(STOP_SECONDS)

    def _start(self, logs):
        display, port = self._start_display(logs), free_port()
        environment = {**os.environ, "DISPLAY": f":{display}", "HOME": str(logs)}
        self._spawn(["WebKitWebDriver", f"--port={port}"], logs, env=environment)
        self.driver = f"http://127.0.0.1:{port}"
        wait_for_port(port)
        options = {"binary": sorted(glob.glob(BROWSER))[-1], "args": ["--automation"]}
        capabilities = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        created = request(f"{self.driver}/session", "POST", {"capabilities": capabilities})
        self.session = f"{self.driver}/session/{created['sessionId']}"
        timeouts = {"script": CALL_SECONDS * 1000}
        request(f"{self.session}/timeouts", "POST", timeouts)

    def _start_display(self, logs):
        """The number of a display that the server chooses."""
        reader, writer = os.pipe()
        words = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1024x768x24", "-nolisten", "tcp"]
        self._spawn(words, logs, pass_fds=[writer])
        os.close(writer)
        with os.fdopen(reader) as line:
            return int(line.readline())

    def _spawn(self, words, logs, **options):
        with (logs / f"{words[0]}.log").open("ab") as log:
            child = subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True, **options)
        self.children.append(child)

    async def _call(self, method, path, **body):
        return await asyncio.to_thread(request, f"{self.session}{path}", method, body)


def request(url, method, body):
    """The value that the driver returns."""
    data = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    call = urllib.request.Request(url, data, headers, method=method)
    # Not through a proxy of the environment.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(call, timeout=CALL_SECONDS) as response:
            return json.load(response)["value"]
    except urllib.error.HTTPError as error:
        raise OSError(f"{method} {url}: {error.read().decode()}") from error


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for_port(port):
    for _ in range(START_SECONDS * 10):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.1)
    raise OSError("the driver does not start")
