#!/usr/bin/env python3
"""An echo server in HTTP/3. Prints its address, then what clients do, until it is killed.

h3_server.py 127.0.0.1:0 --certificate chain.pem --key key.pem

The path of a request selects what the server does: `/` echoes, `/late` responds after a round trip and
then echoes, `/reset` resets the stream after the first message, and any other path is not found.
"""

import argparse
import asyncio
from functools import partial

from aioquic.asyncio.server import serve
from aioquic.h3.connection import H3_ALPN
from aioquic.quic.configuration import QuicConfiguration
from h3_tunnel import Http3
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import enable_server_permessage_deflate
from websockets.protocol import SERVER
from websockets.server import ServerProtocol

# A code that is not in RFC 9114.
RESET = 0x1234


def respond(stream, fields):
    """Responds to a request in a task."""
    stream.task = asyncio.create_task(serve_stream(stream, fields))


async def serve_stream(stream, fields):
    request = (fields[b":method"], fields.get(b":protocol"), fields.get(b"sec-websocket-version"))
    path = fields[b":path"].decode()
    report(f"requested {path}")
    if request != (b"CONNECT", b"websocket", b"13") or path not in ("/", "/late", "/reset"):
        stream.send_headers([(b":status", b"404")], end_stream=True)
        return
    if path == "/late":
        await stream.connection.ping()
        report(f"received {len(stream.content)} bytes before the response")
    headers = Headers()
    if b"sec-websocket-extensions" in fields:
        headers["Sec-WebSocket-Extensions"] = fields[b"sec-websocket-extensions"].decode()
    protocol = ServerProtocol(extensions=enable_server_permessage_deflate(None))
    accepted, extensions = protocol.process_extensions(headers)
    answer = [(b":status", b"200")]
    if accepted:
        answer.append((b"sec-websocket-extensions", accepted.encode()))
    stream.send_headers(answer)
    await converse(stream, stream.open(SERVER, extensions), path == "/reset")


async def converse(stream, websocket, resets):
    try:
        async for message in websocket:
            if resets:
                stream.reset(RESET)
                break
            await websocket.send(message)
    except ConnectionClosed:
        pass
    ending = await stream.ended
    report("ended" if ending is None else f"reset with {ending:#x}")


def closed(code):
    report(f"closed with {code:#x}")


def report(line):
    print(line, flush=True)


async def run(host, port, options):
    configuration = QuicConfiguration(is_client=False, alpn_protocols=H3_ALPN)
    configuration.load_cert_chain(options.certificate, options.key)
    value = None if options.setting == "none" else int(options.setting)
    create = partial(Http3, on_request=respond, on_closed=closed, connect_protocol=value)
    server = await serve(host, port, configuration=configuration, create_protocol=create)
    host, port = server._transport.get_extra_info("sockname")[:2]
    print(f"listening on {host}:{port}", flush=True)
    await asyncio.Event().wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", nargs="?", default="127.0.0.1:9001")
    parser.add_argument("--certificate", metavar="FILE", required=True)
    parser.add_argument("--key", metavar="FILE", required=True)
    parser.add_argument(
        "--setting", default="1", help="the value of SETTINGS_ENABLE_CONNECT_PROTOCOL, or none"
    )
    options = parser.parse_args()
    host, _, port = options.address.rpartition(":")
    asyncio.run(run(host, int(port), options))


if __name__ == "__main__":
    main()
