"""The checks of browsers, directly and through proxies."""

import contextlib
from dataclasses import dataclass

import intermediaries
import libraries
from libraries import CHECK_SECONDS, CLIENT, HERE, REPORT_SECONDS, REPORTS
from packages import apt, log_file, pip, program
from processes import Process
from results import FAIL, PASS, Row

BROWSER = "browser"
START_SECONDS, STOP_SECONDS = 60, 20
# Pages cannot send pings.
CHECKS = {
    **{name: title for name, title in libraries.CHECKS[CLIENT].items() if name != "pinged"},
    "foreign-origin": "other origin",
}
REFUSED = ("refused", "foreign-origin")


@dataclass
class Browser:
    """A browser. `engine` is its name in `browsers/browser.py`."""

    name: str
    engine: str
    packages: list
    proxy: intermediaries.Proxy = None
    quick: bool = False

    def through(self):
        """The proxy and its version."""
        if not self.proxy:
            return ""
        return f"{self.proxy.name.partition(',')[0]} {self.proxy.packages[0].version()}"

    def start(self, log, page):
        words = [program("python"), HERE / "browsers" / "browser.py", self.engine, page, *CHECKS]
        return Process(words, log)


def browsers():
    """Each browser, directly and through the proxies that most pages are served through."""
    kinds = [
        ("Chromium", "chromium", apt("chromium"), True),
        ("Firefox", "firefox", apt("firefox-esr"), True),
        ("WebKitGTK", "webkit", apt("webkit2gtk-driver", "xvfb"), False),
    ]
    for name, engine, packages, quick in kinds:
        yield Browser(name, engine, [*packages, *pip("websockets")], quick=quick)
        for proxy in intermediaries.PROXIES:
            if proxy.name in ("nginx", "Apache, upgrade=websocket", "HAProxy"):
                through = f"{name} through {proxy.name.partition(',')[0]}"
                all_packages = [*packages, *pip("websockets"), *proxy.packages]
                yield Browser(through, engine, all_packages, proxy, quick and proxy.name == "nginx")


def check(browser, ours):
    log = log_file(browser.name)
    with contextlib.ExitStack() as stack:
        server, port = ours.server(log, "--same-host")
        stack.enter_context(server)
        if browser.proxy:
            proxy, port = browser.proxy.start(port, browser.name)
            stack.enter_context(proxy)
        process = stack.enter_context(browser.start(log, f"http://127.0.0.1:{port}/"))
        seen = {name: lines_of(process, name) for name in CHECKS}
        checked = checked_lines(server)
        process.wait(STOP_SECONDS)
    results = {name: result(name, lines, checked.get(name)) for name, lines in seen.items()}
    return Row(browser.name, browser.through(), browser.packages[0].version(), results)


def result(name, lines, line):
    """The result of a check: from what the page saw, and what the server reports."""
    if name in REFUSED:
        return (PASS, "") if lines == ["refused"] else (FAIL, f"the page saw {lines}")
    if line is None:
        return FAIL, f"the page saw {lines}, and the server did not finish the check"
    status, _, details = line.partition(" ")
    if status == PASS and name == "subprotocol" and "open echo.v1" not in lines:
        return FAIL, "it does not report the subprotocol"
    if status == PASS and name in REPORTS and not any(line.startswith(REPORTS[name]) for line in lines):
        return FAIL, f"it reports another code: {lines}"
    return status, details


def checked_lines(server):
    """What the server reports of each check. A page may start a check before the server reports the one
    before it."""
    lines = {}
    expected = len(CHECKS) - len(REFUSED)
    while len(lines) < expected and (line := server.line("checked ", seconds=REPORT_SECONDS)):
        _, name, rest = line.split(" ", 2)
        lines[name] = rest
    return lines


def lines_of(process, name):
    """What the page saw in this check."""
    lines = []
    while line := process.line("", seconds=START_SECONDS + CHECK_SECONDS):
        if line == f"done {name}":
            break
        lines.append(line)
    return lines
