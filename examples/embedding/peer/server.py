#!/usr/bin/env python3
"""An echo server. Prints its address, then serves until it is killed.

server.py 127.0.0.1:0
server.py 127.0.0.1:0 --certificate chain.pem --key key.pem
"""

import argparse
import asyncio
import ssl

from websockets.asyncio.server import serve


async def echo(websocket):
    async for message in websocket:
        await websocket.send(message)


async def run(host, port, tls):
    async with serve(echo, host, port, ssl=tls, max_size=2**22) as server:
        host, port = server.sockets[0].getsockname()[:2]
        print(f"listening on {host}:{port}", flush=True)
        await server.wait_closed()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", nargs="?", default="127.0.0.1:9001")
    parser.add_argument("--certificate", metavar="FILE", help="for wss, with --key")
    parser.add_argument("--key", metavar="FILE")
    options = parser.parse_args()
    host, _, port = options.address.rpartition(":")
    tls = None
    if options.certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(options.certificate, options.key)
    asyncio.run(run(host, int(port), tls))


if __name__ == "__main__":
    main()
