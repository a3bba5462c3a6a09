"""A server that does what a scenario says, whether or not the protocol allows it.

The path of a request is `/SCENARIO/CLIENT`. The steps of each scenario are in scenarios.json, and
README.md describes them. What the server reads is kept, to compare it between clients.
"""

import asyncio
import base64
import contextlib
import hashlib
import socket
import struct
import zlib

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
NAMES = {TEXT: "text", BINARY: "binary", PING: "ping", PONG: "pong"}
FIN, RSV1, MASK = 0x80, 0x40, 0x80
# Data of more bytes is kept as its length and its checksum.
SHOWN = 200
# How long the server waits for a client that should close the transport.
LINGER_SECONDS = 5
HOLD_SECONDS = 120


def frame(opcode, payload, first=FIN):
    """An unmasked frame."""
    length = len(payload)
    if length < 126:
        header = struct.pack("!BB", first | opcode, length)
    elif length < 65536:
        header = struct.pack("!BBH", first | opcode, 126, length)
    else:
        header = struct.pack("!BBQ", first | opcode, 127, length)
    return header + payload


def deflate(payload):
    """The payload of a compressed message (RFC 7692, section 7.2.1)."""
    codec = zlib.compressobj(wbits=-15)
    return (codec.compress(payload) + codec.flush(zlib.Z_SYNC_FLUSH))[:-4]


def close_body(argument):
    """The body of a Close for `CODE REASON`, where both are optional."""
    code, _, reason = argument.partition(" ")
    return struct.pack("!H", int(code)) + reason.encode() if code else b""


def summary(opcode, payload):
    """What a client sent, as it is compared."""
    if opcode == CLOSE:
        # The reason of a Close after a violation is free text. One of the script comes back in the echo.
        return ["close", struct.unpack("!H", payload[:2])[0] if payload else None]
    if len(payload) > SHOWN:
        return [NAMES[opcode], f"{len(payload)} bytes, checksum {zlib.adler32(payload)}"]
    return [NAMES[opcode], payload.hex() if opcode == BINARY else payload.decode(errors="replace")]


class Session:
    """One connection."""

    def __init__(self, reader, writer, key, saw):
        self.reader = reader
        self.writer = writer
        self.key = key
        self.saw = saw
        self.fields = []
        self.inflate = zlib.decompressobj(wbits=-15)

    async def run(self, steps):
        for step in steps:
            verb, _, argument = step.partition(" ")
            await getattr(self, "do_" + verb.replace("-", "_"))(argument)
        await self.end()

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    # ---- The opening handshake

    async def do_field(self, line):
        """A field of the response that follows."""
        self.fields.append(line)

    async def do_accept(self, _):
        digest = hashlib.sha1((self.key + GUID).encode()).digest()
        self.fields += ["Upgrade: websocket", "Connection: Upgrade"]
        self.fields.append(f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}")
        await self.do_respond("101 Switching Protocols")

    async def do_respond(self, status):
        if not status.startswith("1"):
            self.fields.append("Content-Length: 0")
        lines = [f"HTTP/1.1 {status}", *self.fields, "", ""]
        self.fields = []
        self.writer.write("\r\n".join(lines).encode())  # together with what follows

    # ---- Sending

    async def do_text(self, text):
        await self.send(frame(TEXT, text.encode()))

    async def do_text_size(self, size):
        await self.send(frame(TEXT, b"x" * int(size)))

    async def do_deflate(self, text):
        await self.send(frame(TEXT, deflate(text.encode()), FIN | RSV1))

    async def do_close(self, argument):
        await self.send(frame(CLOSE, close_body(argument)))

    async def do_bytes(self, digits):
        await self.send(bytes.fromhex(digits))

    # ---- Receiving

    async def read_frame(self):
        first, second = await self.reader.readexactly(2)
        length = second & 0x7F
        if length > 125:
            size, form = (2, "!H") if length == 126 else (8, "!Q")
            length = struct.unpack(form, await self.reader.readexactly(size))[0]
        key = await self.reader.readexactly(4) if second & MASK else bytes(4)
        payload = await self.reader.readexactly(length)
        mask = (key * (length // 4 + 1))[:length]
        unmasked = int.from_bytes(payload) ^ int.from_bytes(mask)
        return first, unmasked.to_bytes(length)

    async def read(self):
        """The next message or control frame: its opcode and its payload. None at the end."""
        kind, parts = None, []
        while True:
            try:
                first, payload = await self.read_frame()
            except (asyncio.IncompleteReadError, ConnectionError):
                self.saw.append(["end"])
                return None, b""
            opcode = first & 0x0F
            if opcode >= CLOSE:
                # Pongs are not compared: none is visible to a script.
                if opcode != PONG:
                    self.saw.append(summary(opcode, payload))
                    return opcode, payload
                continue
            kind = kind or (opcode, first & RSV1)
            parts.append(payload)
            if first & FIN:
                data = b"".join(parts)
                if kind[1]:
                    data = self.inflate.decompress(data + b"\0\0\xff\xff")
                self.saw.append(summary(kind[0], data))
                return kind[0], data

    async def do_read(self, _):
        await self.read()

    async def do_until_close(self, _):
        """Reads up to the Close."""
        while (await self.read())[0] not in (CLOSE, None):
            pass

    async def do_echo(self, _):
        """Sends back each message, and the Close."""
        while True:
            opcode, payload = await self.read()
            if opcode is None:
                return
            await self.send(frame(opcode, payload))
            if opcode == CLOSE:
                return

    # ---- The transport

    async def do_hold(self, _):
        """Reads and discards until the client closes the transport. Sends nothing."""
        with contextlib.suppress(asyncio.TimeoutError, ConnectionError):
            async with asyncio.timeout(HOLD_SECONDS):
                while await self.reader.read(65536):
                    pass

    async def do_reset(self, _):
        """Resets the TCP connection."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()

    async def end(self):
        """Closes the transport without a reset, which could destroy what was sent."""
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            if self.writer.can_write_eof() and not self.writer.is_closing():
                self.writer.write_eof()
            async with asyncio.timeout(LINGER_SECONDS):
                while await self.reader.read(65536):
                    pass
        self.writer.close()


class Server:
    """Serves the page for browsers, and all scenarios."""

    def __init__(self, scenarios, page):
        self.scenarios = scenarios
        self.page = page.encode()
        self.saw = {}
        self.sessions = {}

    async def start(self):
        self.listener = await asyncio.start_server(self.serve, "127.0.0.1", 0, limit=2**20)
        return self.listener.sockets[0].getsockname()[1]

    async def finished(self, number, client):
        """What the server read of this client, after the end of its connections."""
        await asyncio.gather(*self.sessions.get((number, client), []), return_exceptions=True)
        return self.saw.get((number, client), [])

    async def serve(self, reader, writer):
        try:
            await self.answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client closed before the end of the script
        finally:
            writer.close()

    async def answer(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        target, *fields = head.split("\r\n")
        path = target.split(" ")[1].partition("?")[0]
        fields = dict(line.split(": ", 1) for line in fields if line)
        keys = [value for name, value in fields.items() if name.lower() == "sec-websocket-key"]
        if not keys:
            length = f"Content-Length: {len(self.page)}"
            kind = "Content-Type: text/html; charset=utf-8"
            writer.write(f"HTTP/1.1 200 OK\r\n{length}\r\n{kind}\r\n\r\n".encode() + self.page)
            await writer.drain()
            return
        _, number, client = path.split("/")
        place = int(number), client
        self.sessions.setdefault(place, []).append(asyncio.current_task())
        saw = self.saw.setdefault(place, [])
        await Session(reader, writer, keys[0], saw).run(self.scenarios[int(number)])
