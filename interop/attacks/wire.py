"""A minimal client: enough HTTP and framing to use an echo server, and to misbehave."""

import asyncio
import os
import ssl
import struct
import time

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
OPEN_SECONDS = 20
ECHO_SECONDS = 10
PAUSE_SECONDS = 0.1


class Failed(Exception):
    """A check failed. The text contains the actual and the expected value."""


def frame(opcode, payload):
    """A final frame of a client, masked with a key of zeros."""
    length = len(payload)
    if length < 126:
        header = struct.pack("!BB", 0x80 | opcode, 0x80 | length)
    elif length < 0x10000:
        header = struct.pack("!BBH", 0x80 | opcode, 0xFE, length)
    else:
        header = struct.pack("!BBQ", 0x80 | opcode, 0xFF, length)
    return header + bytes(4) + payload


def request(server):
    origin = f"Origin: {server.origin}\r\n" if server.origin else ""
    return (
        f"GET {server.path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{origin}\r\n"
    ).encode()


def tls():
    """Trusts any certificate, because certificates are tested elsewhere."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def connect(server):
    """A connection, with TLS if the server uses it."""
    context = tls() if server.tls else None
    async with asyncio.timeout(OPEN_SECONDS):
        return await asyncio.open_connection("127.0.0.1", server.port, ssl=context)


async def connect_tcp(server):
    """A TCP connection without TLS."""
    async with asyncio.timeout(OPEN_SECONDS):
        return await asyncio.open_connection("127.0.0.1", server.port)


async def open_websocket(server):
    reader, writer = await connect(server)
    writer.write(request(server))
    async with asyncio.timeout(OPEN_SECONDS):
        head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 101 "):
        raise Failed(f"the server responds with {head.splitlines()[0]!r}")
    return reader, writer


async def read_frame(reader):
    """The opcode and the payload of the next frame from the server."""
    first, second = await reader.readexactly(2)
    length = second & 0x7F
    if length >= 126:
        size = 2 if length == 126 else 8
        length = int.from_bytes(await reader.readexactly(size), "big")
    return first & 0x0F, await reader.readexactly(length)


class Honest:
    """A peer that sends a short text periodically, and waits for the echo."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer
        self.worst = 0.0
        self.name = os.urandom(8).hex()
        self.count = 0

    @classmethod
    async def open(cls, server):
        return cls(*await open_websocket(server))

    async def echo(self):
        self.count += 1
        text = f"{self.name} {self.count}".encode()
        start = time.monotonic()
        try:
            self.writer.write(frame(TEXT, text))
            # `wait_for` before Python 3.12 may lose a cancellation.
            async with asyncio.timeout(ECHO_SECONDS):
                await self.expect(text)
        except TimeoutError:
            raise Failed(f"an honest peer has no echo after {ECHO_SECONDS} s") from None
        except (OSError, asyncio.IncompleteReadError) as error:
            raise Failed(f"an honest peer lost its connection: {error}") from None
        self.worst = max(self.worst, time.monotonic() - start)

    async def expect(self, text):
        while True:
            opcode, payload = await read_frame(self.reader)
            if opcode == PING:
                self.writer.write(frame(PONG, payload))
            elif opcode == CLOSE:
                raise Failed(f"an honest peer was disconnected: {payload!r}")
            elif payload == text:  # other peers may send too
                return

    async def keep_echoing(self):
        """Sends and checks echoes until it is cancelled."""
        while True:
            await self.echo()
            await asyncio.sleep(PAUSE_SECONDS)

    def close(self):
        self.writer.transport.abort()


async def serve_newcomer(server, when):
    """Checks that a new peer is served."""
    try:
        newcomer = await Honest.open(server)
    except (OSError, asyncio.IncompleteReadError, TimeoutError, Failed) as error:
        raise Failed(f"a new peer is not served {when}: {error or 'no response'}") from None
    try:
        await newcomer.echo()
    finally:
        newcomer.close()
