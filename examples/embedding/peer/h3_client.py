#!/usr/bin/env python3
"""Tests an echo server in HTTP/3. Fails with a message if an answer is wrong.

h3_client.py https://localhost:9001/ --ca certificate.pem
"""

import argparse
import asyncio
import contextlib
import os
import socket
import sys
from urllib.parse import urlsplit

from aioquic.asyncio.client import connect
from aioquic.h3.connection import H3_ALPN, ErrorCode, Setting
from aioquic.quic.configuration import QuicConfiguration
from client import CASE_SECONDS, CASES, echo, expect, explain, same
from h3_tunnel import Http3
from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.extensions.permessage_deflate import enable_client_permessage_deflate
from websockets.frames import Frame, Opcode
from websockets.headers import build_extension
from websockets.protocol import CLIENT
from websockets.uri import parse_uri

# RFC 6455, section 7.4.1
PROTOCOL_ERROR = 1002


class Server:
    """A connection to the server, its URI, and the certificate to trust."""

    def __init__(self, connection, uri, authority):
        self.connection = connection
        self.uri = uri
        self.authority = authority
        self.extensions = enable_client_permessage_deflate(None)

    def fields(self, method, **more):
        """The fields of a request. `version` stands for `sec-websocket-version`."""
        pseudo = {"method": method, "scheme": "https", "authority": self.uri.netloc, "path": "/"}
        pseudo |= {name: more.pop(name) for name in ["protocol", "path"] if name in more}
        fields = [(f":{name}", value) for name, value in pseudo.items()]
        fields += [(name.replace("_", "-"), value) for name, value in more.items()]
        return [(name.encode(), value.encode()) for name, value in fields]

    async def respond(self, fields, end_stream=False):
        """The status of the response to a request, its other fields, and its content."""
        stream = self.connection.request(fields, end_stream)
        headers = await stream.headers
        stream.close()
        await stream.ended
        return int(headers[b":status"]), headers, stream.content

    async def open(self, compresses=True):
        """Opens a WebSocket."""
        fields = self.fields(
            "CONNECT",
            protocol="websocket",
            origin=f"https://{self.uri.netloc}",
            sec_websocket_version="13",
            sec_websocket_protocol="other, echo",
        )
        if compresses:
            offers = [(each.name, each.get_request_params()) for each in self.extensions]
            fields.append((b"sec-websocket-extensions", build_extension(offers).encode()))
        stream = self.connection.request(fields)
        headers = await stream.headers
        expect(headers[b":status"] == b"200", f"the status is {headers[b':status']}")
        chosen = headers.get(b"sec-websocket-protocol")
        expect(chosen == b"echo", f"the subprotocol is {chosen}")
        accepted = headers.get(b"sec-websocket-extensions", b"").decode()
        expect(bool(accepted) == compresses, f"the extensions are {accepted!r}")
        return stream, stream.open(CLIENT, self.check_extensions(accepted))

    def check_extensions(self, accepted):
        """The extensions of the response, checked by `websockets`."""
        protocol = ClientProtocol(parse_uri(f"wss://{self.uri.netloc}/"), extensions=self.extensions)
        headers = Headers()
        if accepted:
            headers["Sec-WebSocket-Extensions"] = accepted
        return protocol.process_extensions(headers)


# ---- Cases ---------------------------------------------------------------------------------


# 8441-3-a, 9220-3-b
async def settings(server):
    value = (await server.connection.settings()).get(Setting.ENABLE_CONNECT_PROTOCOL)
    expect(value == 1, f"SETTINGS_ENABLE_CONNECT_PROTOCOL is {value}")


# 9220-3-a, 9220-3-d, P-h3-b
async def messages(server):
    """The cases of client.py, with compression. After both Close frames, the server ends the stream."""
    stream, websocket = await server.open()
    for case in CASES:
        await with_name(case, case(websocket))
    expect(await stream.ended is None, "the server reset the stream")


async def without_compression(server):
    _, websocket = await server.open(compresses=False)
    await echo(websocket, "x" * 2**20)
    await websocket.close()


# P-h2-a
async def any_data_frames(server):
    """A frame in DATA frames of one byte, and several frames in one DATA frame."""
    stream, websocket = await server.open(compresses=False)
    frame = Frame(Opcode.TEXT, "läßt".encode()).serialize(mask=True)
    for byte in frame:
        stream.write(bytes([byte]))
    stream.write(frame * 3)
    for _ in range(4):
        same(await websocket.recv(), "läßt")
    await websocket.close()


async def several(server):
    """WebSockets on one connection, and a request for the page."""
    opened = [await server.open() for _ in range(10)]
    echoes = [echo(websocket, f"{number}" * 50_000) for number, (_, websocket) in enumerate(opened)]
    await asyncio.gather(page(server), *echoes)
    await asyncio.gather(*(websocket.close() for _, websocket in opened))


async def page(server):
    status, _, content = await server.respond(server.fields("GET"), end_stream=True)
    expect(status == 200, f"the status of the page is {status}")
    expect(b"echoes over WebSockets" in content, f"the page is {content}")


# 9220-3-c, 8441-5-a, 8441-5-i, P-h2-f
async def refusals(server):
    def connect(protocol, version):
        return server.fields("CONNECT", protocol=protocol, sec_websocket_version=version)

    for fields, wanted in [
        (connect("foo", "13"), 501),
        (connect("websocket", "8"), 400),
        (connect("websocket", "13") + [(b"origin", b"https://other.example")], 403),
        (server.fields("GET", path="/other"), 400),
    ]:
        status, headers, _ = await server.respond(fields)
        expect(status == wanted, f"{fields}: the status is {status}")
        versions = headers.get(b"sec-websocket-version")
        if (b"sec-websocket-version", b"8") in fields:
            expect(versions == b"13", f"the versions of the server are {versions}")


# 9114-4.2-a, 9114-4.3-a, 8441-4-b, 8441-5-c
async def malformed(server):
    """The server resets the stream, and no more than that."""
    connect = server.fields("CONNECT", protocol="websocket", sec_websocket_version="13")
    for fields in [
        connect + [(b"upgrade", b"websocket")],
        connect + [(b"connection", b"upgrade")],
        connect + [(b":path", b"/")],
        [field for field in connect if field[0] != b":scheme"],
    ]:
        stream = server.connection.request(fields)
        ending = await stream.ended
        expect(ending == ErrorCode.H3_MESSAGE_ERROR, f"{fields}: the stream ended with {ending}")
    await page(server)


# 6455-5.1-e, K-06
async def unmasked(server):
    """A violation of the WebSocket protocol is reported in a Close, and the stream ends in order."""
    stream, websocket = await server.open(compresses=False)
    stream.write(Frame(Opcode.TEXT, b"Hello").serialize(mask=False))
    expect(await stream.ended is None, "the server reset the stream")
    close = websocket.protocol.close_rcvd
    expect(close is not None and close.code == PROTOCOL_ERROR, f"the Close is {close}")


# 9220-3-d
async def end_without_close(server):
    """The server ends its direction as well."""
    stream, websocket = await server.open()
    await echo(websocket, "Hello")
    stream.close()
    expect(await stream.ended is None, "the server reset the stream")


# 9220-3-e
async def reset(server):
    """The server resets its direction as well, for any code. Other streams are not affected."""
    other, open_websocket = await server.open()
    for code in [ErrorCode.H3_REQUEST_CANCELLED, ErrorCode.H3_NO_ERROR, 12345]:
        stream, websocket = await server.open()
        await echo(websocket, "Hello")
        stream.reset(code)
        ending = await stream.ended
        expect(ending == ErrorCode.H3_REQUEST_CANCELLED, f"the stream ended with {ending:#x}")
    await echo(open_websocket, "Hello")
    await open_websocket.close()
    expect(await other.ended is None, "the server reset another stream")


# K-05
async def reset_in_every_state(server):
    """More resets than the server allows streams at the same time."""
    _, open_websocket = await server.open()
    text = Frame(Opcode.TEXT, b"Hello").serialize(mask=True)
    fragment = Frame(Opcode.TEXT, b"Hello", fin=False).serialize(mask=True)
    close = Frame(Opcode.CLOSE, b"").serialize(mask=True)
    connect = server.fields("CONNECT", protocol="websocket", sec_websocket_version="13")
    for number in range(250):
        stream = server.connection.request(connect)
        # Not even the response, no frame, a part of one, a fragment, and a Close.
        received = [None, b"", text[:-1], fragment, close][number % 5]
        if received is not None:
            await stream.headers
            stream.write(received)
        stream.reset(ErrorCode.H3_REQUEST_CANCELLED)
        await stream.ended
    await echo(open_websocket, "Hello")


async def hostile_datagrams(server):
    """Datagrams that belong to no connection are ignored, or answered with less than was received."""
    version_1, other = (1).to_bytes(4, "big"), b"\x0a\x0a\x0a\x0a"
    long_ids = bytes([255]) + bytes(255) + bytes([255]) + bytes(255)
    ids, other_ids = (bytes([8]) + os.urandom(8) + bytes([8]) + os.urandom(8) for _ in range(2))
    address = (socket.gethostbyname(server.uri.hostname), server.uri.port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        for datagram in [
            b"",
            b"\xc0",
            bytes(1200),
            b"\x40" + os.urandom(1199),
            b"\xc0" + version_1 + ids,
            (b"\xc0" + version_1 + ids).ljust(1200, b"\0"),
            b"\xc0" + other + other_ids,
            (b"\xc0" + other + other_ids).ljust(1200, b"\0"),
            (b"\xc0" + other + long_ids).ljust(1200, b"\0"),
            (b"\xc0" + version_1 + long_ids).ljust(1200, b"\0"),
            (b"\xc0" + bytes(4) + ids).ljust(1200, b"\0"),
            b"\x7f" * 9000,
        ]:
            plain.sendto(datagram, address)
        await page(server)
        answers = []
        plain.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                answers.append(plain.recv(65536))
    # Version Negotiation packets, whose version is 0.
    expect(len(answers) == 2, f"{len(answers)} answers")
    for answer in answers:
        expect(answer[1:5] == bytes(4) and len(answer) < 1200, f"the answer is {answer.hex()}")


async def retry(server):
    """With many connections, a client has to show that it receives at its address."""
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(80):
            last = await stack.enter_async_context(opened(server.uri, server.authority))
        expect(last.connection._quic._retry_source_connection_id, "the server sent no Retry")
        _, websocket = await last.open()
        await echo(websocket, "Hello")


TUNNEL_CASES = [
    settings,
    messages,
    without_compression,
    any_data_frames,
    several,
    refusals,
    malformed,
    unmasked,
    end_without_close,
    reset,
    reset_in_every_state,
    hostile_datagrams,
    retry,
]


async def with_name(case, steps):
    try:
        await asyncio.wait_for(steps, CASE_SECONDS)
    except Exception as error:
        raise AssertionError(f"{case.__name__}: {explain(error)}") from error


@contextlib.asynccontextmanager
async def opened(uri, authority):
    configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN)
    configuration.load_verify_locations(cafile=authority)
    async with connect(
        uri.hostname, uri.port, configuration=configuration, create_protocol=Http3
    ) as connection:
        yield Server(connection, uri, authority)


async def run(uri, authority):
    for case in TUNNEL_CASES:
        async with opened(uri, authority) as server:
            await with_name(case, case(server))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--ca", metavar="FILE", required=True, help="the certificate to trust")
    options = parser.parse_args()
    try:
        asyncio.run(run(urlsplit(options.url), options.ca))
    except Exception as error:  # report any error in one line
        sys.exit(str(error) or repr(error))
    print(f"{len(TUNNEL_CASES)} cases passed")


if __name__ == "__main__":
    main()
