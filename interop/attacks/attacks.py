"""The attacks. Each keeps its connections open, so that the server is measured under attack."""

import asyncio
import contextlib
import resource
import socket
import struct
import threading
import time
from dataclasses import dataclass
from typing import Callable

from servers import KIB, MIB
from wire import (
    PING,
    TEXT,
    Failed,
    connect,
    connect_tcp,
    frame,
    open_websocket,
    request,
    serve_newcomer,
)

# The examples allow 10 s for the opening handshake, 10 s for the closing handshake and the end of
# the transport, 30 s for writing, and 20 s + 10 s of silence. The machine may be slow.
OPENING_SECONDS = 40
ENDING_SECONDS = 40
WRITING_SECONDS = 90
SILENCE_SECONDS = 70
# The address space that the server may still map, and the most CPU usage while it accepts nothing.
ADDRESS_SPACE = 192 * MIB
BUSY = 0.5


class Scene:
    """A server under attack, and the connections of the attacker."""

    def __init__(self, server, count, seconds):
        self.server = server
        self.kind = server.kind
        self.count = count
        self.seconds = seconds
        self.usual_descriptors = server.descriptors()
        self.writers = []
        self.tasks = []

    async def open(self, count, connecting):
        """Opens connections; fails if the server does not accept all of them."""
        opened = await self.open_some(count, connecting)
        if len(opened) < count:
            raise Failed(f"{len(opened)} of {count} connections were opened")
        return opened

    async def open_some(self, count, connecting):
        """Opens connections, as many as the server accepts."""

        async def one():
            with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                reader, writer = await connecting(self.server)
                self.writers.append(writer)
                return reader, writer

        opened = []
        for first in range(0, count, 50):  # within the accept backlog
            opening = (one() for _ in range(first, min(first + 50, count)))
            opened += [pair for pair in await asyncio.gather(*opening) if pair]
        return opened

    async def hold(self, newcomers=True):
        """Continues the attack for a while."""
        await asyncio.sleep(self.seconds)
        if newcomers:
            await serve_newcomer(self.server, "during the attack")

    async def until_closed(self, seconds, why):
        """Waits until the server has closed all connections of the attacker."""
        end = time.monotonic() + seconds
        while self.server.descriptors() > self.usual_descriptors:
            if time.monotonic() > end:
                left = self.server.descriptors() - self.usual_descriptors
                raise Failed(f"{left} descriptors are still open after {seconds} s: {why}")
            await asyncio.sleep(0.2)

    def close(self):
        for task in self.tasks:
            task.cancel()
        for writer in self.writers:
            writer.transport.abort()


async def no_threads(scene):
    await scene.server.limit("nproc", 1)
    await scene.open_some(scene.count, connect_tcp)
    await scene.hold(newcomers=not scene.kind.threads)
    usual = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    await scene.server.limit("nproc", "unlimited" if usual == resource.RLIM_INFINITY else usual)


async def no_descriptors(scene):
    await scene.server.limit("nofile", scene.usual_descriptors + 8)
    await scene.open_some(scene.count, connect_tcp)
    before = scene.server.cpu_seconds()
    await scene.hold(newcomers=False)
    busy = (scene.server.cpu_seconds() - before) / scene.seconds
    if busy > BUSY:
        raise Failed(f"it uses {busy:.0%} of a CPU while it accepts nothing")


async def little_address_space(scene):
    size = scene.server.status("VmSize")
    if size:
        await scene.server.limit("as", size + ADDRESS_SPACE)
    await scene.open_some(scene.count // 2, connect_tcp)
    if not scene.kind.threads:
        await scene.open_some(scene.count // 2, open_websocket)
    await scene.hold(newcomers=not scene.kind.threads)


async def silent(scene):
    await scene.open(scene.count, connect_tcp)
    await scene.hold()


async def slow_head(scene):
    async def drip(writer):
        with contextlib.suppress(OSError):
            for byte in request(scene.server):
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(1)

    opened = await scene.open(scene.count, connect)
    scene.tasks += [asyncio.create_task(drip(writer)) for _, writer in opened]
    await scene.hold()
    await scene.until_closed(OPENING_SECONDS, "a head at a byte per second")


async def never_read(scene):
    message = memoryview(frame(TEXT, b"x" * scene.kind.message))

    async def write(writer):
        with contextlib.suppress(OSError):
            for _ in range(max(2, 64 * MIB // len(message))):
                for start in range(0, len(message), 64 * KIB):
                    writer.write(message[start : start + 64 * KIB])
                    await writer.drain()
                if scene.kind.broadcasts:
                    await asyncio.sleep(0.02)  # the honest peer must read all of it

    opened = await scene.open(scene.count, open_websocket)
    for _, writer in opened:
        writer.transport.pause_reading()
        scene.tasks.append(asyncio.create_task(write(writer)))
    await scene.hold()
    await scene.until_closed(WRITING_SECONDS, "peers that do not read")
    resident = scene.server.status("VmRSS")
    if resident and resident > 64 * MIB:
        raise Failed(f"{resident // MIB} MiB are still in use after peers that did not read")


async def never_stops_writing(scene):
    # With a broadcast, the honest peer would have to read the messages too.
    texts = b"" if scene.kind.broadcasts else frame(TEXT, b"x" * 100) * 8
    chunk = (texts + frame(PING, b"x" * 100) * 8) * 40
    over = threading.Event()
    opened = []

    async def flood():
        """Writes and reads as fast as it can."""
        with contextlib.suppress(OSError, Failed, asyncio.IncompleteReadError):
            reader, writer = await open_websocket(scene.server)
            opened.append(writer)

            async def write():
                while not over.is_set():
                    writer.write(chunk)
                    await writer.drain()

            writing = asyncio.create_task(write())
            while not over.is_set() and await reader.read(MIB):
                pass
            writer.transport.abort()
            writing.cancel()

    # On threads, so that the attack does not delay the honest peer in this process.
    threads = [threading.Thread(target=lambda: asyncio.run(flood())) for _ in range(scene.count)]
    for thread in threads:
        thread.start()
    try:
        await scene.hold()
    finally:
        over.set()
        for thread in threads:
            await asyncio.to_thread(thread.join, 10)
    if len(opened) < scene.count:
        raise Failed(f"{len(opened)} of {scene.count} connections were opened")


def half_close(writer):
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").shutdown(socket.SHUT_WR)


async def half_closed(scene):
    for _, writer in await scene.open(scene.count, connect_tcp):
        half_close(writer)
    for _, writer in await scene.open(scene.count, connect):
        writer.write(request(scene.server)[:-2])
        half_close(writer)
    for _, writer in await scene.open(scene.count, open_websocket):
        half_close(writer)
    for _, writer in await scene.open(scene.count, open_websocket):
        writer.write(frame(TEXT, b"x" * 1000) + frame(8, b""))
    await scene.hold()
    await scene.until_closed(ENDING_SECONDS, "half-closed connections")


async def reset(scene):
    def abort(writer):
        with contextlib.suppress(OSError):
            linger = struct.pack("ii", 1, 0)  # closing resets the connection
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()

    for _, writer in await scene.open(scene.count, connect_tcp):
        abort(writer)
    for _, writer in await scene.open(scene.count, connect):
        writer.write(request(scene.server)[:-2])
        abort(writer)
    for _, writer in await scene.open(scene.count, open_websocket):
        writer.write(frame(TEXT, b"x" * 1000) * 100)
        abort(writer)
    await scene.hold()
    await scene.until_closed(ENDING_SECONDS, "connections that were reset")


async def vanished(scene):
    """Peers that disappear: their systems acknowledge bytes, but no ping is answered."""
    await scene.open(scene.count, open_websocket)
    await scene.hold()
    if scene.kind.pings:
        await scene.until_closed(SILENCE_SECONDS, "peers that do not answer pings")


@dataclass(frozen=True)
class Attack:
    name: str
    run: Callable
    # The number of connections, with and without --quick.
    quick: int
    full: int
    # The most memory for each connection, in addition to 64 MiB.
    each: int
    # The number of servers that are attacked at the same time.
    at_once: int

    def bound(self, kind, count):
        each = self.each
        if self.run is never_read:
            # The largest message, its echo, and the growth of the buffers.
            each += 4 * kind.message
        return 64 * MIB + count * each


ATTACKS = [
    Attack("no threads", no_threads, 100, 500, 128 * KIB, 4),
    Attack("no descriptors", no_descriptors, 100, 500, 128 * KIB, 4),
    Attack("address space", little_address_space, 300, 1000, 128 * KIB, 4),
    Attack("silent", silent, 300, 1000, 128 * KIB, 3),
    Attack("slow head", slow_head, 10, 100, 128 * KIB, 99),
    Attack("never read", never_read, 3, 8, 2 * MIB, 99),
    Attack("never stops writing", never_stops_writing, 2, 4, 4 * MIB, 2),
    Attack("half-closed", half_closed, 10, 100, 512 * KIB, 99),
    Attack("reset", reset, 20, 200, 3 * 512 * KIB, 4),  # three connections for each
    Attack("vanished", vanished, 10, 100, 256 * KIB, 99),
]
