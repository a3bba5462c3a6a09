#!/usr/bin/env python3
"""Tests an echo server. Fails with a message if an echo is wrong.

client.py ws://127.0.0.1:9001/
client.py wss://localhost:9001/ --ca certificate.pem
"""

import argparse
import asyncio
import ssl
import sys

from websockets.asyncio.client import connect

PIPELINED = 2000
# For a server that does not answer. No case takes this long.
CASE_SECONDS = 60


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


async def echo(websocket, message):
    """Sends a message in one frame, and checks the echo."""
    await websocket.send(message)
    same(await websocket.recv(), message)


def same(answer, message):
    expect(type(answer) is type(message), f"sent {type(message)}, received {type(answer)}")
    expect(answer == message, f"sent {excerpt(message)}, received {excerpt(answer)}")


def excerpt(message):
    return f"{message[:40]!r} ({len(message)} long)"


async def text(websocket):
    await echo(websocket, "The kettle boils.")
    await echo(websocket, "Der Kessel läßt Dampf ab: 水が沸く 🫖")


async def empty(websocket):
    await echo(websocket, "")
    await echo(websocket, b"")


async def lengths(websocket):
    """The lengths around which the header changes."""
    for length in (125, 126, 127, 65535, 65536):
        await echo(websocket, b"x" * length)


async def large(websocket):
    await echo(websocket, bytes(range(256)) * 4096)


async def fragments(websocket):
    parts = ["Wasser k", "ocht ü", "", "ber: 水", "が沸く"]
    await websocket.send(parts)
    same(await websocket.recv(), "".join(parts))
    pieces = [bytes([number]) * 3000 for number in range(50)]
    await websocket.send(pieces)
    same(await websocket.recv(), b"".join(pieces))


async def pings(websocket):
    for payload in (b"", b"\x00\xff", b"p" * 125):
        await (await websocket.ping(payload))


async def ping_between_fragments(websocket):
    async def parts():
        yield "before, "
        # The pong must come before the message is complete.
        await (await websocket.ping(b"in the middle"))
        yield "after"

    await websocket.send(parts())
    same(await websocket.recv(), "before, after")


async def pipelined(websocket):
    """Many messages in flight. The echoes come in order."""
    messages = [f"message {number} {'~' * (number % 300)}" for number in range(PIPELINED)]

    async def send():
        for message in messages:
            await websocket.send(message)

    async def receive():
        for message in messages:
            same(await websocket.recv(), message)

    await asyncio.gather(send(), receive())


async def close(websocket):
    """The server replies to the Close, then closes the connection."""
    await websocket.close(1000, "done")
    answer = websocket.protocol.close_rcvd
    expect(answer is not None, "the server closed the connection without a Close")
    expect(answer.code == 1000, f"sent Close with 1000, received it with {answer.code}")


CASES = [
    text,
    empty,
    lengths,
    large,
    fragments,
    pings,
    ping_between_fragments,
    pipelined,
    close,
]


async def converse(url, tls, origin):
    # The server must close the connection, so the client has no timeout for it.
    settings = {"proxy": None, "close_timeout": None, "max_size": 2**22}
    async with connect(url, ssl=tls, origin=origin, **settings) as websocket:
        for case in CASES:
            try:
                await asyncio.wait_for(case(websocket), CASE_SECONDS)
            except Exception as error:
                websocket.transport.abort()
                raise AssertionError(f"{case.__name__}: {explain(error)}") from error


def explain(error):
    if isinstance(error, asyncio.TimeoutError):
        return f"not done after {CASE_SECONDS} seconds"
    return str(error) or repr(error)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--ca", metavar="FILE", help="the certificate to trust, for wss")
    parser.add_argument("--origin", help="the Origin to send, such as https://example.com")
    options = parser.parse_args()
    tls = ssl.create_default_context(cafile=options.ca) if options.ca else None
    try:
        asyncio.run(converse(options.url, tls, options.origin))
    except Exception as error:  # report any error in one line
        sys.exit(str(error) or repr(error))
    print(f"{len(CASES)} cases passed")


if __name__ == "__main__":
    main()
