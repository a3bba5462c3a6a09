"""A client whose requests are written by hand, because no implementation sends them."""

import asyncio
import contextlib
import os
import zlib

from wire import (
    TAIL,
    TEXT,
    StrictInflater,
    expect,
    header_values,
    read_frame,
    read_messages,
    split_head,
    unmask,
)

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
PING, PONG = 9, 10
SMALL = "send_window=9&receive_window=9"
BOTH = "send_takeover=1&receive_takeover=1"
NO_TAKEOVER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

# The name, our policy, the fields of the request, and the response; `None` for no compression.
OFFERS = [
    (
        "the third of three offers in one field",
        BOTH,
        [
            "permessage-deflate; server_max_window_bits=8,"
            " permessage-deflate; client_max_window_bits=16,"
            " permessage-deflate; server_max_window_bits=10; client_max_window_bits"
        ],
        "permessage-deflate; server_max_window_bits=10",
    ),
    (
        "the first of three offers in one field",
        SMALL,
        [
            "permessage-deflate; client_max_window_bits,"
            " permessage-deflate; server_max_window_bits=10, permessage-deflate"
        ],
        NO_TAKEOVER + "; server_max_window_bits=9; client_max_window_bits=9",
    ),
    (
        "the third of three offers in three fields",
        "",
        ["x-other; a=1", "permessage-deflate; unknown", "permessage-deflate"],
        NO_TAKEOVER,
    ),
    (
        "a quoted value",
        "",
        ['permessage-deflate; server_max_window_bits="11"'],
        NO_TAKEOVER + "; server_max_window_bits=11",
    ),
    (
        "three invalid offers",
        "",
        [
            "permessage-deflate; server_no_context_takeover=1,"
            " permessage-deflate; client_max_window_bits; client_max_window_bits,"
            " permessage-deflate; server_max_window_bits"
        ],
        None,
    ),
    (
        "three offers without a window that we require",
        "insist=1&receive_window=12",
        [
            "permessage-deflate, permessage-deflate; server_no_context_takeover,"
            " permessage-deflate; client_no_context_takeover"
        ],
        None,
    ),
]


class RawClient:
    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer
        self.data = b""

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield cls(reader, writer)
        finally:
            writer.close()

    async def shake_hands(self, query, offers):
        """Returns the extensions in the response."""
        fields = [
            "Host: 127.0.0.1",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {KEY}",
            "Sec-WebSocket-Version: 13",
            *(f"Sec-WebSocket-Extensions: {offer}" for offer in offers),
        ]
        self.writer.write("\r\n".join([f"GET /?{query} HTTP/1.1", *fields, "", ""]).encode())
        head, self.data = split_head(await self.reader.readuntil(b"\r\n\r\n"))
        expect(head.startswith("HTTP/1.1 101 "), f"the response is {head.splitlines()[0]}")
        return header_values(head, "Sec-WebSocket-Extensions")

    def send(self, first_byte, payload):
        key = os.urandom(4)
        expect(len(payload) < 126, "only short frames are supported")
        self.writer.write(bytes([first_byte, 0x80 | len(payload)]) + key + unmask(payload, key))

    async def receive(self):
        while True:
            with contextlib.suppress(IndexError):
                frame, end = read_frame(self.data, 0)
                if end <= len(self.data):
                    self.data = self.data[end:]
                    return frame
            more = await self.reader.read(4096)
            expect(more, "the server closed the connection")
            self.data += more


async def check_offers(port, query, offers, answer):
    async with RawClient.open(port) as client:
        answers = await client.shake_hands(query, offers)
        expect(answers == ([answer] if answer else []), f"the response has {answers}")


async def check_fragments(port):
    """Splits a compressed message at several offsets, with pings in between."""
    text = b"in fragments, in fragments, in fragments"
    encoder, inflater = zlib.compressobj(wbits=-15), StrictInflater(15, True)
    async with RawClient.open(port) as client:
        await client.shake_hands(BOTH, ["permessage-deflate"])
        inflater.message(as_message(await client.receive()))  # The report.
        for cut in (0, 1, 2, 3):
            compressed = encoder.compress(text) + encoder.flush(zlib.Z_SYNC_FLUSH)
            compressed = compressed.removesuffix(TAIL)
            client.send(0x40 | TEXT, compressed[:cut])
            client.send(0x80 | PING, b"one")
            client.send(0x00, compressed[cut:])
            client.send(0x80 | PING, b"two")
            client.send(0x80, b"")
            pings = [await client.receive(), await client.receive()]
            expect([frame.opcode for frame in pings] == [PONG, PONG], f"{pings} instead of pongs")
            frame = await client.receive()
            expect(frame.final and frame.rsv1, f"the echo is {frame}")
            expect(inflater.message(as_message(frame)) == text, f"the echo is {frame}")


def as_message(frame):
    (message,) = read_messages([frame])
    return message


def checks(port):
    """Yields the name and the coroutine of each check."""
    yield from ((name, check_offers(port, *rest)) for name, *rest in OFFERS)
    yield "pings between fragments of a compressed message", check_fragments(port)
