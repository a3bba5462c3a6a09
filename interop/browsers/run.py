#!/usr/bin/env python3
"""Opens the page of the example server in real headless browsers and checks that it works.

Chromium is driven over the DevTools protocol and Firefox over WebDriver BiDi; both are JSON
messages over a WebSocket, so one small client serves both. README.md says how to run this.
"""

import argparse
import asyncio
import base64
import contextlib
import hashlib
import importlib.metadata
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OUTPUT = ROOT / "target" / "browsers"
VENV = OUTPUT / "venv"
EXIT_FAILED, EXIT_CANNOT_RUN, EXIT_INTERRUPTED = 1, 2, 130

BUILD_SECONDS = 900  # Includes the build of the server.
START_SECONDS = 60
STEP_SECONDS = 20
LARGE_SECONDS = 90
POLL_SECONDS = 0.1
STOP_SECONDS = 5

DESKTOP = (1280, 800)
PHONE = (390, 844)
# The server pings after 20 seconds of silence.
PING_SECONDS = 40

GREETING = "Grüße 你好 🎉"
MARKUP = "<img src=x onerror=alert(1)><b>bold</b>"
# The lengths on both sides of each boundary of the frame header.
BOUNDARY_SIZES = [0, 1, 125, 126, 127, 65535, 65536, 65537]
KIB = 1024
MIB = 1024 * KIB
# The most overhead of frames and stored blocks for 64 KiB of incompressible bytes.
WIRE_OVERHEAD = 64
# The bits and opcodes of RFC 6455, section 5.2.
FIN, RSV1, MASK, OPCODE = 0x80, 0x40, 0x80, 0x0F
OPCODES = {0: "continuation", 1: "text", 2: "binary", 8: "close", 9: "ping", 10: "pong"}
CLOSE_CODE, CLOSE_REASON = 4001, "done, tschüß"


def websockets_is_usable():
    try:
        # Version 15 is the first with a setting for no proxy.
        return int(importlib.metadata.version("websockets").split(".")[0]) >= 15
    except importlib.metadata.PackageNotFoundError:
        return False


def continue_in_virtualenv():
    """Restarts this script in a virtual environment that has the required package."""
    python = VENV / "bin" / "python"
    if Path(sys.prefix).resolve() == VENV:
        print(f"{VENV} lacks the websockets package; remove it and try again")
        sys.exit(EXIT_CANNOT_RUN)
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "-r", HERE / "requirements.txt"], check=True)
    except subprocess.CalledProcessError as error:
        print(f"cannot prepare {VENV}: {error}; remove it and try again")
        sys.exit(EXIT_CANNOT_RUN)
    os.execv(python, [str(python), *sys.argv])


if not websockets_is_usable():
    continue_in_virtualenv()

from websockets.asyncio.client import connect  # noqa: E402  (these need the package)
from websockets.exceptions import ConnectionClosed  # noqa: E402


class CheckFailed(Exception):
    """A check failed. The text contains the actual and the expected value."""


def expect(condition, message):
    if not condition:
        raise CheckFailed(message)


class Report:
    """Prints one line for each check, and counts the results."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    async def check(self, name, steps, seconds=STEP_SECONDS):
        """Runs a coroutine as a check. Returns whether it passed."""
        try:
            await asyncio.wait_for(steps, seconds)
        except asyncio.TimeoutError:
            return self.fail(name, f"not done after {seconds} s")
        except Exception as error:  # An error in one check must not stop the others.
            return self.fail(name, str(error) or type(error).__name__)
        self.passed += 1
        print(f"PASS {name}", flush=True)
        return True

    def fail(self, name, reason):
        self.failed += 1
        print(f"FAIL {name}: {reason}", flush=True)
        return False


class Child:
    """A process in its own group, so that its children can be ended too."""

    def __init__(self, process, log):
        self.process = process
        self.log = log

    @classmethod
    async def start(cls, command, log, cwd=None):
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *map(str, command),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return cls(process, log)

    def expect_running(self):
        if self.process.returncode is None:
            return
        tail = self.log.read_text(errors="replace").splitlines()[-12:]
        lines = "".join(f"\n    {line}" for line in tail)
        raise CheckFailed(f"exited with status {self.process.returncode}, see {self.log}:{lines}")

    async def stop(self):
        self.signal(signal.SIGTERM)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
        # Other processes of the group may outlive the leader, also after a normal exit.
        self.signal(signal.SIGKILL)
        await self.process.wait()

    def signal(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


class Remote:
    """A client of a remote control protocol: calls with numbered replies, and events."""

    def __init__(self, connection, on_event=lambda method, params: None):
        self.connection = connection
        self.on_event = on_event
        self.waiting = {}
        self.calls = 0
        self.reader = asyncio.create_task(self.read())

    @classmethod
    async def connect(cls, url, **options):
        connection = await connect(url, max_size=None, proxy=None, ping_interval=None)
        return cls(connection, **options)

    async def call(self, method, **params):
        self.calls += 1
        number = self.calls
        reply = asyncio.get_running_loop().create_future()
        self.waiting[number] = reply
        try:
            await self.connection.send(json.dumps({"id": number, "method": method, "params": params}))
            message = await reply
        finally:
            del self.waiting[number]
        if "error" in message:
            raise CheckFailed(f"{method}: {message.get('message') or message['error']}")
        return message["result"]

    async def read(self):
        try:
            async for text in self.connection:
                self.take(json.loads(text))
        except ConnectionClosed:
            pass
        for reply in self.waiting.values():
            if not reply.done():
                reply.set_exception(CheckFailed("the browser closed the connection"))

    def take(self, message):
        number = message.get("id")
        if number is None:
            self.on_event(message["method"], message["params"])
        elif number in self.waiting and not self.waiting[number].done():
            self.waiting[number].set_result(message)

    async def close(self):
        await self.connection.close()
        await self.reader


class Browser:
    """A browser with one open page."""

    def __init__(self, binary, trusts_any_certificate=False):
        self.binary = binary
        self.trusts_any_certificate = trusts_any_certificate
        self.profile = Path(tempfile.mkdtemp(prefix=f"hybi-{self.name}-"))
        self.child = None
        self.remotes = []
        self.errors = []  # The errors in the console of the page.
        self.requests = []  # The address of each request of the page.

    async def start(self, logs):
        self.prepare_profile()
        self.child = await Child.start(self.command(), logs / f"{self.name}.log")
        port_file = self.profile / self.port_file
        while not (port_file.exists() and port_file.read_text().strip()):
            self.child.expect_running()
            await asyncio.sleep(POLL_SECONDS)
        await self.attach(port_file.read_text())

    async def connect(self, url, **options):
        remote = await Remote.connect(url, **options)
        self.remotes.append(remote)
        return remote

    async def evaluate(self, expression):
        """The value of a JavaScript expression, which may be a promise, converted through JSON."""
        text = await self.evaluate_to_string(
            f"(async () => JSON.stringify((await ({expression})) ?? null))()"
        )
        return json.loads(text)

    async def until(self, expression):
        while not await self.evaluate(expression):
            await asyncio.sleep(POLL_SECONDS)

    async def screenshot(self, path, width, height):
        await self.resize(width, height)
        # After a resize, scrollable elements are drawn later than the rest of the page.
        frame = "new Promise((drawn) => requestAnimationFrame(() => drawn()))"
        await self.evaluate(f"{frame}.then(() => {frame})")
        path.write_bytes(base64.b64decode(await self.capture()))

    async def stop(self):
        if self.remotes:
            # A browser that exits normally also ends its helpers outside the process group.
            with contextlib.suppress(CheckFailed, ConnectionClosed, asyncio.TimeoutError):
                await asyncio.wait_for(self.quit(), STOP_SECONDS)
        if self.child:
            await self.child.stop()
        for remote in self.remotes:
            await remote.close()
        await self.remove_profile()

    async def remove_profile(self):
        # Processes that are ending may still write, so that a removal fails halfway.
        for _ in range(20):
            shutil.rmtree(self.profile, ignore_errors=True)
            if not self.profile.exists():
                return
            await asyncio.sleep(POLL_SECONDS)


class Chromium(Browser):
    name = "chromium"
    binaries = ["chromium", "chromium-browser", "google-chrome"]
    port_file = "DevToolsActivePort"

    def prepare_profile(self):
        pass  # An empty directory suffices.

    def command(self):
        return [
            self.binary,
            "--headless",
            "--no-sandbox",  # Not available to root, nor in most containers.
            "--disable-dev-shm-usage",  # Often too small in containers.
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-quic",
            "--remote-debugging-port=0",
            f"--user-data-dir={self.profile}",
            *(["--ignore-certificate-errors"] if self.trusts_any_certificate else []),
            "about:blank",
        ]

    async def attach(self, port_text):
        port, path = port_text.split()
        base = f"ws://127.0.0.1:{port}"
        self.control = await self.connect(base + path)
        target = await self.control.call("Target.createTarget", url="about:blank")
        page = f"{base}/devtools/page/{target['targetId']}"
        self.page = await self.connect(page, on_event=self.on_event)
        for domain in ["Page", "Runtime", "Log", "Network"]:
            await self.page.call(f"{domain}.enable")

    def on_event(self, method, params):
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            self.errors.append(" ".join(str(arg.get("value", arg)) for arg in params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Network.webSocketCreated":
            self.requests.append(params["url"])

    async def open(self, url):
        answer = await self.page.call("Page.navigate", url=url)
        expect("errorText" not in answer, answer.get("errorText"))
        await self.until(f"location.href === {json.dumps(url)} && document.readyState === 'complete'")

    async def evaluate_to_string(self, expression):
        answer = await self.page.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise CheckFailed(details.get("exception", {}).get("description", details["text"]))
        return answer["result"]["value"]

    async def resize(self, width, height):
        await self.page.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width <= PHONE[0],
        )

    async def prefer_scheme(self, scheme):
        # Without motion, so that no screenshot is taken during a transition between color schemes.
        features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        await self.page.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": name, "value": value} for name, value in features.items()],
        )

    async def capture(self):
        return (await self.page.call("Page.captureScreenshot", format="png"))["data"]

    async def quit(self):
        await self.control.call("Browser.close")
        await self.child.process.wait()


class Firefox(Browser):
    name = "firefox"
    binaries = ["firefox-esr", "firefox"]
    port_file = "WebDriverBiDiServer.json"
    preferences = {
        # Keeps a new profile from fetching settings and from opening other pages.
        "services.settings.server": "data:,#none",
        "app.normandy.enabled": False,
        "browser.startup.homepage_override.mstone": "ignore",
        "datareporting.policy.dataSubmissionEnabled": False,
        "toolkit.telemetry.server": "",
    }

    def prepare_profile(self):
        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
            for name, value in self.preferences.items()
        ]
        (self.profile / "user.js").write_text("".join(lines))

    def command(self):
        return [
            self.binary,
            "--headless",
            "--no-remote",
            "--profile",
            self.profile,
            "--remote-debugging-port",
            "0",
            "about:blank",
        ]

    async def attach(self, port_text):
        port = json.loads(port_text)["ws_port"]
        self.page = await self.connect(f"ws://127.0.0.1:{port}/session", on_event=self.on_event)
        wanted = {"acceptInsecureCerts": self.trusts_any_certificate}
        await self.page.call("session.new", capabilities={"alwaysMatch": wanted})
        created = await self.page.call("browsingContext.create", type="tab")
        self.context = created["context"]
        await self.page.call(
            "session.subscribe",
            events=["log.entryAdded", "network.beforeRequestSent"],
            contexts=[self.context],
        )

    def on_event(self, method, params):
        if method == "log.entryAdded" and params["level"] == "error":
            self.errors.append(str(params["text"]))
        elif method == "network.beforeRequestSent":
            self.requests.append(params["request"]["url"])

    async def open(self, url):
        await self.page.call(
            "browsingContext.navigate", context=self.context, url=url, wait="complete"
        )

    async def evaluate_to_string(self, expression):
        answer = await self.page.call(
            "script.evaluate",
            expression=expression,
            target={"context": self.context},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise CheckFailed(answer["exceptionDetails"]["text"])
        return answer["result"]["value"]

    async def resize(self, width, height):
        await self.page.call(
            "browsingContext.setViewport",
            context=self.context,
            viewport={"width": width, "height": height},
        )

    async def capture(self):
        answer = await self.page.call("browsingContext.captureScreenshot", context=self.context)
        return answer["data"]

    async def quit(self):
        await self.page.call("browser.close")
        await self.child.process.wait()


BROWSERS = {kind.name: kind for kind in [Chromium, Firefox]}


# ---- Checks of one browser -----------------------------------------------------------------


async def start_and_open(browser, url, logs):
    await browser.start(logs)
    await browser.open(url)


async def heading_is_there(browser):
    title = await browser.evaluate("document.title")
    expect("hybi" in title, f"the title is {title!r}")
    heading = await browser.evaluate("document.querySelector('h1')?.textContent")
    expect(heading == "hybi", f"the heading is {heading!r}")


async def both_connections_open(browser):
    await browser.until("hybiPage.chatState() === 'open'")
    await browser.until("hybiPage.echoState() === 'open'")


async def echo_matches(browser, call, size):
    result = await browser.evaluate(f"hybiPage.{call}")
    expect(result["match"] is True, f"the echo of {size} bytes differs")
    expect(result["bytes"] == size, f"{result['bytes']} bytes were sent instead of {size}")


async def echo_text(browser, text):
    await echo_matches(browser, f"echoText({json.dumps(text)})", len(text.encode()))


async def echo_binary(browser, size):
    await echo_matches(browser, f"echoBinary({size})", size)


async def echo_boundaries(browser):
    for size in BOUNDARY_SIZES:
        await echo_binary(browser, size)
        await echo_text(browser, "x" * size)


async def echo_by_the_form(browser):
    """Chooses a size and presses the buttons, instead of using the object for tests."""
    await choose(browser, "connection", "echo")
    await browser.evaluate("document.getElementById('echo-messages').replaceChildren()")
    for button in ["echo-send-text", "echo-send-long", "echo-send-binary"]:
        await browser.evaluate(f"document.getElementById('{button}').click()")
    same = "[...document.querySelectorAll('#echo-messages b')].filter((b) => b.textContent.startsWith('✓'))"
    await browser.until(f"{same}.length === 3")


async def choose(browser, name, value):
    await browser.evaluate(f"document.querySelector('[name={name}][value={value}]').click()")


async def close_with_code(browser):
    arguments = f"{CLOSE_CODE}, {json.dumps(CLOSE_REASON)}"
    ending = await browser.evaluate(f"hybiPage.closeEcho({arguments})")
    # The reply repeats the code, without the reason.
    wanted = {"code": CLOSE_CODE, "reason": "", "wasClean": True}
    expect(ending == wanted, f"the close event has {ending}")
    state = await browser.evaluate("hybiPage.echoState()")
    expect(state == "closed", f"the state is {state!r}")


async def connect_again(browser):
    await press_connect(browser)
    await echo_text(browser, "again")


async def press_connect(browser):
    await browser.evaluate("document.getElementById('echo-connect').click()")
    await browser.until("hybiPage.echoState() === 'open'")


async def values_stay_after_a_close(browser):
    wanted = {
        "url": await browser.evaluate("location.origin.replace('http', 'ws') + '/echo'"),
        "protocol": "echo",
        "extensions": "permessage-deflate",
        "ending": f"sent {CLOSE_CODE}, reason “{CLOSE_REASON}”; received {CLOSE_CODE}, no reason, clean",
        "request": "GET /echo?frames=",
        "response": "HTTP/1.1 101 Switching Protocols",
    }
    for part, start in wanted.items():
        shown = await text_of(browser, f"echo-{part}")
        expect(shown.startswith(start), f"{part} reads {shown!r}, not {start!r}")


async def text_of(browser, id):
    return await browser.evaluate(f"document.getElementById('{id}').textContent")


async def handshake_is_shown(browser):
    """Compares the fields on the page with the properties of the WebSocket in the browser."""
    request = await fields_of(browser, "echo-request")
    own = await browser.evaluate("[location.host, location.origin, navigator.userAgent]")
    for name, value in zip(["host", "origin", "user-agent"], own):
        expect(request.get(name) == value, f"{name} is {request.get(name)!r}, not {value!r}")
    for name, value in {"upgrade": "websocket", "sec-websocket-protocol": "echo"}.items():
        expect(request.get(name) == value, f"{name} is {request.get(name)!r}, not {value!r}")
    response = await fields_of(browser, "echo-response")
    # RFC 6455, section 1.3.
    key = request["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
    expect(response.get("sec-websocket-accept") == accept, f"the response has {response}")
    expect(response.get("sec-websocket-protocol") == "echo", f"the response has {response}")
    # Firefox exposes only the name to a page.
    extensions = await text_of(browser, "echo-extensions")
    agreed = response.get("sec-websocket-extensions", "")
    expect(agreed.startswith(extensions) and extensions != "none", f"the response has {response}")


async def fields_of(browser, id):
    lines = await browser.evaluate(
        f"[...document.querySelectorAll('#{id} li:not(.start)')].map((item) => item.textContent)"
    )
    return {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}


async def frames_are_shown(browser):
    """A new connection, with messages for all forms of the length, their frames, and a Close."""
    await browser.evaluate("hybiPage.closeEcho()")
    await press_connect(browser)
    calls = ["echoText('Hello')", "echoBinary(126)", "echoText('hybi'.repeat(16384))", "echoBinary(65536)"]
    for call in calls:
        await browser.evaluate(f"hybiPage.{call}")
    await browser.evaluate(f"hybiPage.closeEcho({CLOSE_CODE}, {json.dumps(CLOSE_REASON)})")
    # Reports and messages arrive on different connections.
    texts = "frames.filter(({ from, opcode }) => from === 'client' && opcode === 'text').length"
    last = "frames.at(-1).from === 'server' && frames.at(-1).opcode === 'close'"
    await browser.until(f"((frames) => {texts} === 2 && {last})(hybiPage.frames('echo'))")
    frames = await browser.evaluate("hybiPage.frames('echo')")
    for frame in frames:
        expect_consistent(frame)
    sent, received = (of(frames, sender) for sender in ["client", "server"])
    for side in [sent, received]:
        kinds = [frame["opcode"] for frame in side if frame["opcode"] != "continuation"]
        expect(kinds == ["text", "binary", "text", "binary", "close"], f"the opcodes are {kinds}")
        numbers = [frame["number"] for frame in side]
        expect(numbers == list(range(1, len(side) + 1)), f"the numbers are {numbers}")
        # Repetitive text compresses to less than a twentieth; random bytes do not compress.
        expect(payloads(side)[2] < 65536 // 20, f"long text took {payloads(side)[2]} bytes")
        excess = payloads(side)[3] - 65536
        expect(0 <= excess <= WIRE_OVERHEAD, f"random bytes took {excess} bytes more")
        expect([f for f in side if f["opcode"] == "text"][1]["rsv1"], "long text has no RSV1")
    reason = 2 + len(CLOSE_REASON.encode())
    expect(payloads(sent)[-1] == reason, f"the Close has {payloads(sent)[-1]} bytes, not {reason}")
    # The reply repeats the code.
    expect(payloads(received)[-1] == 2, f"the reply has {payloads(received)[-1]} bytes, not 2")
    await expect_rows(browser, "echo", frames)
    total = "".join(
        f"{arrow} {len(side):,} frames, {sum(size_of(frame) for frame in side):,} bytes"
        for arrow, side in [("→", sent), ("←", received)]
    )
    shown = await text_of(browser, "echo-total")
    expect(shown == total, f"the total reads {shown!r}, not {total!r}")
    await press_connect(browser)


def of(frames, sender):
    return [frame for frame in frames if frame["from"] == sender]


def payloads(side):
    """The payload length of each message, over all its frames."""
    lengths = []
    for frame in side:
        if frame["opcode"] == "continuation":
            lengths[-1] += frame["length"]
        else:
            lengths.append(frame["length"])
    return lengths


def size_of(frame):
    return len(frame["header"]) // 2 + frame["length"]


def expect_consistent(frame):
    """Parses the bytes of the header, and compares them with the report."""
    header = bytes.fromhex(frame["header"])
    masked = bool(header[1] & MASK)
    short = header[1] & ~MASK
    extended = {126: 2, 127: 8}.get(short, 0)
    expect(len(header) == 2 + extended + 4 * masked, f"the header has a wrong length: {frame}")
    read = {
        "opcode": OPCODES[header[0] & OPCODE],
        "fin": bool(header[0] & FIN),
        "rsv1": bool(header[0] & RSV1),
        "masked": masked,
        "length": int.from_bytes(header[2 : 2 + extended]) if extended else short,
    }
    told = {name: frame[name] for name in read}
    expect(told == read, f"the header reads {read}, the report {told}")
    # RFC 6455, section 5.1: a client masks, a server does not.
    expect(masked == (frame["from"] == "client"), f"wrong masking in {frame}")


async def expect_rows(browser, connection, frames):
    """Compares the end of the table with the frames."""
    shown = await browser.evaluate(
        f"[...document.querySelectorAll('#{connection}-frames tr:not(.between)')]"
        f".slice(-{len(frames)}).map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    wanted = [
        [
            f"{'→' if frame['from'] == 'client' else '←'} {frame['from']}",
            frame["opcode"],
            "1" if frame["fin"] else "0",
            "1 compressed" if frame["rsv1"] else "0",
            frame["header"][-8:] if frame["masked"] else "none",
            f"{frame['length']:,}",
            bytes.fromhex(frame["header"]).hex(" "),
        ]
        for frame in frames
    ]
    expect(shown == wanted, f"the table has {shown}, not {wanted}")


async def ping_is_shown(browser):
    """Waits in silence until the server sends a ping."""
    await frame_arrives(browser, "chat", "server", "ping")
    await frame_arrives(browser, "chat", "client", "pong")


async def frame_arrives(browser, connection, sender, opcode):
    wanted = f"frame.from === '{sender}' && frame.opcode === '{opcode}'"
    await browser.until(f"hybiPage.frames('{connection}').some((frame) => {wanted})")


async def fits(browser, size, views):
    """The whole page is visible, and each view has enough room."""
    await browser.resize(*size)
    width, height = await browser.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    expect(width <= size[0], f"the page is {width} wide and must be scrolled sideways")
    expect(height <= size[1], f"the page is {height} high and must be scrolled")
    boxes = {
        "messages": ["echo-messages"],
        "frames": ["frames-scroll"],
        "handshake": ["echo-request", "echo-response"],
    }
    await choose(browser, "connection", "echo")
    for view in views:
        if size == PHONE:
            await choose(browser, "view", view)
        for id in boxes[view]:
            left, top, right, bottom, inner, scrolled = await browser.evaluate(
                f"((box) => {{ const {{ left, top, right, bottom }} = box.getBoundingClientRect();"
                " return [left, top, right, bottom, box.clientWidth, box.scrollWidth]; })"
                f"(document.getElementById('{id}'))"
            )
            is_inside = 0 <= left and right <= size[0] and 0 <= top and bottom <= size[1]
            expect(is_inside, f"{id} is out of view: {[left, top, right, bottom]}")
            expect(bottom - top >= 120 and right - left >= 300, f"{id} has no room")
            expect(scrolled <= inner, f"{id} must be scrolled sideways, {scrolled} to {inner}")


async def no_errors(browser):
    expect(not browser.errors, "; ".join(browser.errors))


async def no_other_hosts(browser, url):
    expect(browser.requests, "no request was recorded")
    own = urlsplit(url).netloc
    others = [
        request
        for request in browser.requests
        if urlsplit(request).scheme in ("http", "https", "ws", "wss")
        and urlsplit(request).netloc != own
    ]
    expect(not others, f"the page requested {', '.join(others)}")


async def take_screenshots(browser, directory):
    await browser.screenshot(directory / f"{browser.name}.png", *DESKTOP)
    if not isinstance(browser, Chromium):
        return
    await browser.prefer_scheme("dark")
    await browser.screenshot(directory / "chromium-dark.png", *DESKTOP)
    await browser.prefer_scheme("light")
    for view in ["messages", "frames", "handshake"]:
        await choose(browser, "view", view)
        await browser.screenshot(directory / f"chromium-phone-{view}.png", *PHONE)


# ---- Checks across browsers ----------------------------------------------------------------


async def line_arrives(browser, text):
    """Waits until a line ends with the text, and the list on the page shows it."""
    wanted = json.dumps(text)
    await browser.until(f"hybiPage.chatLines().some((line) => line.endsWith({wanted}))")
    await browser.until(f"document.getElementById('chat-messages').textContent.includes({wanted})")


async def chat_between(sender, receiver):
    text = f"{GREETING} from {sender.name} to {receiver.name}"
    await sender.evaluate(f"hybiPage.sendChat({json.dumps(text)})")
    await line_arrives(receiver, text)


async def chat_by_the_form(browser):
    text = f"typed in {browser.name}"
    await browser.evaluate(
        f"document.getElementById('chat-input').value = {json.dumps(text)},"
        "document.getElementById('chat-send').click()"
    )
    await line_arrives(browser, text)


async def chat_shows_markup_as_text(browser):
    await browser.evaluate(f"hybiPage.sendChat({json.dumps(MARKUP)})")
    await line_arrives(browser, MARKUP)
    found = await browser.evaluate("document.querySelectorAll('#chat-messages :is(img, .said b)').length")
    expect(found == 0, "the markup of a message became part of the page")


async def terminal_client_takes_part(url, browsers):
    parts = urlsplit(url)
    scheme = "wss" if parts.scheme == "https" else "ws"
    line = "a line without a name, 终端"
    async with connect(f"{scheme}://{parts.netloc}/chat", proxy=None) as terminal:
        await terminal.send(line)
        expect(await terminal.recv() == line, "the sender received another line")
        for browser in browsers:
            await line_arrives(browser, line)
        reply = f"reply from {browsers[0].name}"
        await browsers[0].evaluate(f"hybiPage.sendChat({json.dumps(reply)})")
        heard = await terminal.recv()
        expect(heard.endswith(f": {reply}"), f"the terminal received {heard!r}")


async def frames_of_others_are_not_seen(browsers):
    """A channel reports only frames of its own page: none has a masking key of another page."""
    ids = []
    for browser in browsers:
        await browser.evaluate(f"hybiPage.echoText({json.dumps(browser.name)})")
        start = await browser.evaluate("document.querySelector('#echo-request .start').textContent")
        ids.append(start.split("frames=")[1].split()[0])
    expect(len(set(ids)) == len(ids), f"two pages share a channel: {ids}")
    keys = [
        {frame["header"] for frame in await browser.evaluate("hybiPage.frames('echo')") if frame["masked"]}
        for browser in browsers
    ]
    expect(all(keys), "no masked frame was reported")
    if len(keys) == 2:
        expect(not keys[0] & keys[1], f"both pages show {keys[0] & keys[1]}")


async def channel_reports_nothing_unasked(url, browser):
    """A channel without a page gets no reports while a page sends."""
    parts = urlsplit(url)
    scheme = "wss" if parts.scheme == "https" else "ws"
    base = f"{scheme}://{parts.netloc}"
    async with connect(f"{base}/frames", proxy=None) as channel:
        own = json.loads(await channel.recv())["id"]
        await browser.evaluate("hybiPage.echoText('not for the channel')")
        async with connect(f"{base}/echo?frames={own}", proxy=None):
            first = json.loads(await channel.recv())
        expect(own in first.get("request", ""), f"the channel was sent {first}")


# ---- The whole run -------------------------------------------------------------------------


async def check_connecting(report, browser):
    name = browser.name
    await report.check(f"{name}: title and heading", heading_is_there(browser))
    await report.check(f"{name}: chat and echo connections open", both_connections_open(browser))


async def check_chat(report, browsers, url):
    for sender in browsers:
        for receiver in browsers:
            name = f"chat: {sender.name} to {receiver.name}, text beyond ASCII"
            await report.check(name, chat_between(sender, receiver))
    for browser in browsers:
        await report.check(f"chat: by the form in {browser.name}", chat_by_the_form(browser))
        name = f"chat: markup is shown as text in {browser.name}"
        await report.check(name, chat_shows_markup_as_text(browser))
    await report.check("chat: a terminal client takes part", terminal_client_takes_part(url, browsers))


async def check_echo(report, browser):
    name = browser.name
    await report.check(f"{name}: echo of a text", echo_text(browser, GREETING))
    await report.check(f"{name}: echo of a text of 0 bytes", echo_text(browser, ""))
    await report.check(f"{name}: echo at the frame length boundaries", echo_boundaries(browser))
    await report.check(f"{name}: echo of 1 MiB binary", echo_binary(browser, MIB), LARGE_SECONDS)
    await report.check(f"{name}: echo of 16 MiB binary", echo_binary(browser, 16 * MIB), LARGE_SECONDS)
    await report.check(f"{name}: echo by the buttons", echo_by_the_form(browser))
    await report.check(f"{name}: close with code {CLOSE_CODE} and a reason", close_with_code(browser))
    await report.check(f"{name}: negotiated values stay after a close", values_stay_after_a_close(browser))
    await report.check(f"{name}: echo connects again", connect_again(browser))
    await report.check(f"{name}: fields of the opening handshake", handshake_is_shown(browser))
    await report.check(f"{name}: frames and their total", frames_are_shown(browser))


async def check_frames(report, browsers, url):
    await report.check("frames: none of other pages", frames_of_others_are_not_seen(browsers))
    for browser in browsers:
        name = f"frames: those of {browser.name} are not reported elsewhere"
        await report.check(name, channel_reports_nothing_unasked(url, browser))
    for browser in browsers:
        name = f"frames: a ping and its pong in {browser.name}"
        await report.check(name, ping_is_shown(browser), PING_SECONDS)


async def check_page(report, browser, url, directory):
    name = browser.name
    views = ["messages", "frames", "handshake"]
    await report.check(f"{name}: all is in view at 1280 x 800", fits(browser, DESKTOP, views))
    await report.check(f"{name}: all is in view on a phone", fits(browser, PHONE, views))
    await report.check(f"{name}: screenshots", take_screenshots(browser, directory))
    await report.check(f"{name}: no errors in the console", no_errors(browser))
    await report.check(f"{name}: no request to other hosts", no_other_hosts(browser, url))


async def accepts(child, host, port):
    while True:
        child.expect_running()
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(POLL_SECONDS)
        else:
            writer.close()
            return


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def start_server(report, stack, command, directory):
    """The address of the page. None if the server does not start."""
    host, port = "127.0.0.1", free_port()
    address = f"{host}:{port}"
    if command:
        words, cwd = [word.replace("{addr}", address) for word in shlex.split(command)], None
    else:
        words, cwd = ["cargo", "run", "--release", "--example", "serve", "--", address], ROOT
    child = await Child.start(words, directory / "server.log", cwd)
    stack.push_async_callback(child.stop)
    if await report.check("server accepts connections", accepts(child, host, port), BUILD_SECONDS):
        return f"http://{address}/"
    return None


async def start_browsers(report, stack, binaries, url, directory):
    """The browsers that started and show the page."""

    async def start(name, binary):
        browser = BROWSERS[name](binary)
        stack.push_async_callback(browser.stop)
        steps = start_and_open(browser, url, directory)
        return browser if await report.check(f"{name}: opens the page", steps, START_SECONDS) else None

    started = await asyncio.gather(*(start(*item) for item in binaries.items()))
    return [browser for browser in started if browser]


async def run(options, binaries, report):
    directory = options.screenshots
    directory.mkdir(parents=True, exist_ok=True)
    async with contextlib.AsyncExitStack() as stack:
        url = options.url or await start_server(report, stack, options.server, directory)
        if not url:
            return
        browsers = await start_browsers(report, stack, binaries, url, directory)
        if not browsers:
            return
        for browser in browsers:
            await check_connecting(report, browser)
        await check_chat(report, browsers, url)
        for browser in browsers:
            await check_echo(report, browser)
        await check_frames(report, browsers, url)
        for browser in browsers:
            await check_page(report, browser, url, directory)


async def until_signal(steps):
    """Awaits a coroutine. Cancels it on a signal, so that all processes end and the profiles are removed."""
    task = asyncio.ensure_future(steps)
    for number in [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]:
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await task


def find_browsers(only):
    found = {}
    for name in [only] if only else BROWSERS:
        paths = [shutil.which(binary) for binary in BROWSERS[name].binaries]
        found[name] = next((path for path in paths if path), None)
    missing = [name for name, path in found.items() if not path]
    if missing:
        print(f"not installed: {', '.join(missing)}")
        print("On Debian: apt-get install chromium firefox-esr")
        sys.exit(EXIT_CANNOT_RUN)
    return found


def finish(steps, report):
    """Runs a coroutine to its end, prints the result of its checks, and exits."""
    try:
        asyncio.run(until_signal(steps))
    except asyncio.CancelledError:
        print("interrupted")
        sys.exit(EXIT_INTERRUPTED)
    print(f"{report.passed} passed, {report.failed} failed")
    sys.exit(EXIT_FAILED if report.failed else 0)


def whole_url(text):
    """The address as a browser shows it, with a path."""
    return text if urlsplit(text).path else f"{text}/"


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    server = parser.add_mutually_exclusive_group()
    server.add_argument(
        "--server", metavar="CMD", help="command to serve on {addr} instead of the example"
    )
    server.add_argument("--url", type=whole_url, help="address of the page of a running server")
    parser.add_argument(
        "--screenshots", metavar="DIR", type=Path, default=OUTPUT, help="directory for screenshots, logs"
    )
    parser.add_argument("--only", choices=BROWSERS, help="use only this browser")
    return parser.parse_args()


def main():
    options = parse_options()
    binaries = find_browsers(options.only)
    report = Report()
    finish(run(options, binaries, report), report)


if __name__ == "__main__":
    main()
