"""trio-websocket: its server and its client."""

import sys

import trio
from trio_websocket import ConnectionClosed, ConnectionRejected, open_websocket_url, serve_websocket


async def echo(websocket):
    try:
        while True:
            message = await websocket.get_message()
            if message == "ping":
                await websocket.ping(b"hello")
            elif message == "close":
                await websocket.aclose(4001, "bye")
            else:
                await websocket.send_message(message)
    except ConnectionClosed as closed:
        print("closed", closed.reason.code, closed.reason.reason, flush=True)


async def handle(request):
    subprotocol = "echo.v1" if "echo.v1" in request.proposed_subprotocols else None
    await echo(await request.accept(subprotocol=subprotocol))


async def client(url):
    try:
        async with open_websocket_url(url, subprotocols=["other.v1", "echo.v1"]) as websocket:
            print("open", websocket.subprotocol, flush=True)
            await echo(websocket)
    except ConnectionRejected as error:
        print("refused", error.status_code, flush=True)


role, argument = sys.argv[1:]
if role == "serve":
    trio.run(serve_websocket, handle, "127.0.0.1", int(argument), None)
else:
    trio.run(client, argument)
