"""A browser: it opens a page, and in it a WebSocket for each check. Prints what the page saw.

usage: browser.py BROWSER PAGE CHECK...

The line `done CHECK` follows the lines of each check.
"""

import asyncio
import json
import signal
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from webkit import WebKit

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "browsers"))
from run import BROWSERS, find_browsers  # noqa: E402  (in the folder of the line above)

CHECK_SECONDS = 15

# The peer of the checks, as in the other clients with this interface.
CONNECT = """(url) => new Promise((ended) => {
    const lines = [];
    const socket = new WebSocket(url, ["other.v1", "echo.v1"]);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => lines.push(`open ${socket.protocol}`);
    socket.onmessage = ({ data }) => {
        if (data === "close") socket.close(4001, "bye");
        else socket.send(data);
    };
    socket.onclose = ({ code, reason }) => {
        lines.push(lines.length ? `closed ${code} ${reason}` : "refused");
        ended(lines);
    };
})"""


def new_browser(name):
    return WebKit() if name == "webkit" else BROWSERS[name](find_browsers(name)[name])


async def check(browser, page, name):
    if name == "foreign-origin":
        await browser.open(page.replace("127.0.0.1", "localhost"))
    target = "refuse" if name == "refused" else f"check/{name}"
    url = f"ws://{urlsplit(page).netloc}/{target}"
    lines = await browser.evaluate(f"({CONNECT})({json.dumps(url)})")
    print(*lines, sep="\n")


async def run(browser, page, checks):
    with tempfile.TemporaryDirectory() as logs:
        try:
            await browser.start(Path(logs))
            await browser.open(page)
            for name in checks:
                try:
                    await asyncio.wait_for(check(browser, page, name), CHECK_SECONDS)
                except asyncio.TimeoutError:
                    print(f"{name} is not done after {CHECK_SECONDS} s", file=sys.stderr)
                print(f"done {name}", flush=True)
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            await browser.stop()


async def main(name, page, *checks):
    task = asyncio.current_task()
    # The browser is in a group of its own, and has to be ended by this program.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await run(new_browser(name), page, checks)


if __name__ == "__main__":
    try:
        asyncio.run(main(*sys.argv[1:]))
    except asyncio.CancelledError:
        sys.exit(1)
