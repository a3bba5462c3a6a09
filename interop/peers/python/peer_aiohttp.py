"""aiohttp: its server and its client."""

import asyncio
import sys

from aiohttp import ClientSession, WSMsgType, WSServerHandshakeError, web


async def echo(websocket):
    async for message in websocket:
        if message.type == WSMsgType.TEXT and message.data == "ping":
            await websocket.ping(b"hello")
        elif message.type == WSMsgType.TEXT and message.data == "close":
            await websocket.close(code=4001, message=b"bye")
        elif message.type == WSMsgType.TEXT:
            await websocket.send_str(message.data)
        elif message.type == WSMsgType.BINARY:
            await websocket.send_bytes(message.data)
    print("closed", websocket.close_code, flush=True)


async def handle(request):
    websocket = web.WebSocketResponse(protocols=["echo.v1"])
    await websocket.prepare(request)
    await echo(websocket)
    return websocket


async def client(url):
    async with ClientSession() as session:
        try:
            options = {"protocols": ["other.v1", "echo.v1"], "compress": 15}
            async with session.ws_connect(url, **options) as websocket:
                print("open", websocket.protocol, flush=True)
                await echo(websocket)
        except WSServerHandshakeError as error:
            print("refused", error.status, flush=True)


role, argument = sys.argv[1:]
if role == "serve":
    app = web.Application()
    app.add_routes([web.get("/{path:.*}", handle)])
    web.run_app(app, host="127.0.0.1", port=int(argument), print=None)
else:
    asyncio.run(client(argument))
