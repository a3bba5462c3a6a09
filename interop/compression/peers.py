"""The endpoints: ours, `websockets`, and `ws` in a Node process."""

import asyncio
import contextlib
import itertools
import json
import os
import subprocess
from dataclasses import dataclass, field

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)
from websockets.protocol import Side

from wire import expect

MAX_LINE = 1 << 20
FULL = 15


@dataclass
class Result:
    """The result of a connection, as the other side reports it, except `our_error`."""

    report: object = None
    agreed: object = None
    unequal: list = field(default_factory=list)
    code: object = None
    error: str = ""
    our_error: str = ""

    @property
    def refused(self):
        return "status 400" in self.our_error


def limit(window):
    """The window as a parameter. The largest window needs none."""
    return window if window < FULL else None


# Ours


class Ours:
    """Our server, and one client process for each connection."""

    def __init__(self, binary, log):
        self.binary = binary
        self.log = log

    async def __aenter__(self):
        with self.log.open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                self.binary, "serve", "127.0.0.1:0",
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
            )
        address = (await self.process.stdout.readline()).decode().strip()
        expect(address, f"our server does not start, see {self.log}")
        self.port = int(address.rpartition(":")[2])
        return self

    async def __aexit__(self, *_):
        await end(self.process)

    async def connect(self, port, query):
        """Runs a client until it exits. Returns its error."""
        process = await asyncio.create_subprocess_exec(
            self.binary, "connect", f"ws://127.0.0.1:{port}/?{query}",
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        try:
            _, error = await process.communicate()
        finally:
            await end(process)
        return error.decode().strip()


async def end(process):
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


# websockets

# Only the compression in the extensions. A compressed message of 1 MiB may exceed a limit of 1 MiB.
SETTINGS = {"compression": None, "max_size": None}


class Websockets:
    """The Python package."""

    def __init__(self, messages):
        self.messages = messages

    async def connect(self, port, path, policy):
        extensions = [self.client_factory(policy)] if policy.compression else None
        uri = f"ws://127.0.0.1:{port}{path}"
        try:
            async with connect(uri, extensions=extensions, proxy=None, **SETTINGS) as websocket:
                return await self.converse(websocket)
        except Exception as error:  # Any error is a result.
            return Result(error=repr(error))

    @contextlib.asynccontextmanager
    async def listen(self, policy):
        """A server for one connection. Yields its port and the future of the result."""
        result = asyncio.get_running_loop().create_future()

        async def handle(websocket):
            try:
                result.set_result(await self.converse(websocket))
            except Exception as error:  # Any error is a result.
                result.set_result(Result(error=repr(error)))

        extensions = [self.server_factory(policy)] if policy.compression else None
        async with serve(handle, "127.0.0.1", 0, extensions=extensions, **SETTINGS) as server:
            yield server.sockets[0].getsockname()[1], result

    async def converse(self, websocket):
        result = Result(report=json.loads(await websocket.recv()), agreed=self.agreed(websocket))
        for message in self.messages:
            await websocket.send(message.parts if len(message.parts) > 1 else message.whole)
            if await websocket.recv() != message.whole:
                result.unequal.append(message.name)
        await websocket.close(1000)
        result.code = websocket.close_code
        return result

    @staticmethod
    def client_factory(policy):
        return ClientPerMessageDeflateFactory(
            server_no_context_takeover=not policy.receive_takeover,
            client_no_context_takeover=not policy.send_takeover,
            server_max_window_bits=limit(policy.receive_window),
            client_max_window_bits=(limit(policy.send_window) or True) if policy.hints else None,
        )

    @staticmethod
    def server_factory(policy):
        return ServerPerMessageDeflateFactory(
            server_no_context_takeover=not policy.send_takeover,
            client_no_context_takeover=not policy.receive_takeover,
            server_max_window_bits=limit(policy.send_window),
            client_max_window_bits=limit(policy.receive_window),
        )

    @staticmethod
    def agreed(websocket):
        extensions = websocket.protocol.extensions
        if not extensions:
            return None
        (extension,) = extensions
        local, remote = (
            {
                "window": getattr(extension, f"{side}_max_window_bits"),
                "takeover": not getattr(extension, f"{side}_no_context_takeover"),
            }
            for side in ("local", "remote")
        )
        if websocket.protocol.side is Side.CLIENT:
            return {"client": local, "server": remote}
        return {"server": local, "client": remote}


# ws


class NodeWs:
    """The Node package, with all connections in one process."""

    def __init__(self, driver, modules, messages, log):
        self.command = ["node", driver, messages]
        self.environment = {"NODE_PATH": modules}
        self.log = log
        self.ids = itertools.count()
        self.jobs = {}

    async def __aenter__(self):
        with self.log.open("wb") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command, env={**os.environ, **self.environment}, limit=MAX_LINE,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )
        self.reading = asyncio.ensure_future(self.read())
        return self

    async def __aexit__(self, *_):
        self.reading.cancel()
        await end(self.process)

    async def read(self):
        async for line in self.process.stdout:
            answer = json.loads(line)
            self.jobs[answer["id"]].put_nowait(answer)

    def start(self, **job):
        """Starts a job in Node. Returns the queue of its replies."""
        number = next(self.ids)
        self.jobs[number] = asyncio.Queue()
        self.process.stdin.write(json.dumps({"id": number, **job}).encode() + b"\n")
        return self.jobs[number]

    async def connect(self, port, path, policy):
        url = f"ws://127.0.0.1:{port}{path}"
        return await self.result(self.start(url=url, options=self.options(policy, "client")))

    @contextlib.asynccontextmanager
    async def listen(self, policy):
        answers = self.start(options=self.options(policy, "server"))
        port = (await answers.get())["port"]
        yield port, asyncio.ensure_future(self.result(answers))

    @staticmethod
    async def result(answers):
        return Result(**(await answers.get())["result"])

    @staticmethod
    def options(policy, role):
        if not policy.compression:
            return False
        sending, receiving = ("server", "client") if role == "server" else ("client", "server")
        options = {
            "threshold": 0,
            f"{sending}MaxWindowBits": limit(policy.send_window),
            f"{receiving}MaxWindowBits": limit(policy.receive_window),
            # Omitted where takeover is allowed: `false` would require it.
            f"{sending}NoContextTakeover": None if policy.send_takeover else True,
            f"{receiving}NoContextTakeover": None if policy.receive_takeover else True,
        }
        if role == "client" and not policy.hints:
            options["clientMaxWindowBits"] = False
        return {name: value for name, value in options.items() if value is not None}
