"""A relay that records the bytes on the wire, and a parser of the record.

This module uses no implementation under test. It has its own frame parser, and uses zlib.
"""

import asyncio
import contextlib
import zlib
from dataclasses import dataclass, field

TEXT, BINARY, CLOSE = 1, 2, 8
TAIL = b"\x00\x00\xff\xff"
# The decoder checks only distances that reach back beyond its current output, so output is limited.
STEP = 64
# Unconsumed input is copied at each step, so input is limited.
SLICE = 1024


class NotAsExpected(Exception):
    """A check failed. The text contains the actual and the expected value."""


def expect(condition, message):
    if not condition:
        raise NotAsExpected(message)


@dataclass
class Frame:
    final: bool
    rsv1: bool
    opcode: int
    payload: bytes


@dataclass
class WireMessage:
    compressed: bool
    frames: int
    payload: bytes


@dataclass
class Record:
    """The bytes of both directions of a connection."""

    from_client: bytearray = field(default_factory=bytearray)
    from_server: bytearray = field(default_factory=bytearray)

    def sent_by(self, role):
        return self.from_server if role == "server" else self.from_client


class Tap:
    """Forwards one connection to the port `target`, and records it."""

    def __init__(self, target):
        self.target = target
        self.record = Record()
        self.done = asyncio.Event()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.connection, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()

    async def connection(self, reader, writer):
        onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", self.target)
        try:
            await asyncio.gather(
                pump(reader, onward_writer, self.record.from_client),
                pump(onward_reader, writer, self.record.from_server),
            )
        finally:
            writer.close()
            onward_writer.close()
            self.done.set()


async def pump(reader, writer, record):
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(1 << 18):
            record += data
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()


def split_head(data):
    head, separator, rest = bytes(data).partition(b"\r\n\r\n")
    expect(separator, "the handshake is incomplete")
    return head.decode("latin-1"), rest


def header_values(head, name):
    fields = (line.partition(":") for line in head.split("\r\n")[1:])
    return [value.strip() for field, _, value in fields if field.lower() == name.lower()]


def unmask(payload, key):
    repeated = (key * (len(payload) // 4 + 1))[: len(payload)]
    mixed = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
    return mixed.to_bytes(len(payload), "big")


def read_frame(data, at):
    """Returns the frame at an offset, and the offset of the next frame."""
    first, second = data[at], data[at + 1]
    at += 2
    length = second & 0x7F
    if length >= 126:
        size = 2 if length == 126 else 8
        length = int.from_bytes(data[at : at + size], "big")
        at += size
    key = data[at : at + 4] if second & 0x80 else b""
    at += len(key)
    payload = data[at : at + length]
    payload = unmask(payload, key) if key else payload
    return Frame(bool(first & 0x80), bool(first & 0x40), first & 0x0F, payload), at + length


def read_frames(data):
    at, frames = 0, []
    while at < len(data):
        frame, at = read_frame(data, at)
        frames.append(frame)
    return frames


def read_messages(frames):
    """The messages of these frames, without control frames."""
    messages = []
    for frame in frames:
        if frame.opcode in (TEXT, BINARY):
            messages.append(WireMessage(frame.rsv1, 1, frame.payload))
        elif frame.opcode == 0:
            expect(not frame.rsv1, "a continuation frame has RSV1")
            messages[-1].frames += 1
            messages[-1].payload += frame.payload
    return messages


class StrictInflater:
    """Decompresses messages. Fails on a distance beyond the window."""

    def __init__(self, window, takeover):
        self.window = window
        self.takeover = takeover
        self.decoder = None

    def message(self, wire):
        if not wire.compressed:
            return wire.payload
        if self.decoder is None or not self.takeover:
            self.decoder = zlib.decompressobj(wbits=-self.window)
        data = wire.payload + TAIL
        slices = (data[at : at + SLICE] for at in range(0, len(data), SLICE))
        return b"".join(piece for part in slices for piece in self.pieces(part))

    def pieces(self, rest):
        while True:
            piece = self.decoder.decompress(rest, STEP)
            yield piece
            rest = self.decoder.unconsumed_tail
            if not rest and len(piece) < STEP:
                return
