"""websockets: its asyncio server and client."""

import asyncio
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed, InvalidStatus


async def echo(websocket):
    try:
        while True:
            message = await websocket.recv()
            if message == "ping":
                await websocket.ping("hello")
            elif message == "close":
                await websocket.close(4001, "bye")
            else:
                await websocket.send(message)
    except ConnectionClosed:
        print("closed", websocket.close_code, websocket.close_reason, flush=True)


def select_subprotocol(_, offered):
    return "echo.v1" if "echo.v1" in offered else None


async def server(port):
    options = {"select_subprotocol": select_subprotocol, "max_size": None}
    async with serve(echo, "127.0.0.1", port, **options) as running:
        await running.serve_forever()


async def client(url):
    options = {"subprotocols": ["other.v1", "echo.v1"], "max_size": None, "proxy": None}
    try:
        async with connect(url, **options) as websocket:
            print("open", websocket.subprotocol, flush=True)
            await echo(websocket)
    except InvalidStatus as error:
        print("refused", error.response.status_code, flush=True)


role, argument = sys.argv[1:]
asyncio.run(server(int(argument)) if role == "serve" else client(argument))
