"""Tornado: its server and its client."""

import asyncio
import sys

from tornado.httpclient import HTTPClientError
from tornado.web import Application
from tornado.websocket import WebSocketHandler, websocket_connect


class Echo(WebSocketHandler):
    def select_subprotocol(self, subprotocols):
        return "echo.v1" if "echo.v1" in subprotocols else None

    def get_compression_options(self):
        return {}

    def check_origin(self, origin):
        return True

    async def on_message(self, message):
        if message == "ping":
            self.ping(b"hello")
        elif message == "close":
            self.close(4001, "bye")
        else:
            await self.write_message(message, isinstance(message, bytes))

    def on_close(self):
        print("closed", self.close_code, self.close_reason, flush=True)


async def server(port):
    Application([("/.*", Echo)]).listen(port, "127.0.0.1")
    await asyncio.Event().wait()


async def client(url):
    options = {"subprotocols": ["other.v1", "echo.v1"], "compression_options": {}}
    try:
        websocket = await websocket_connect(url, **options)
    except HTTPClientError as error:
        return print("refused", error.code, flush=True)
    print("open", websocket.selected_subprotocol, flush=True)
    while (message := await websocket.read_message()) is not None:
        if message == "ping":
            websocket.ping(b"hello")
        elif message == "close":
            websocket.close(4001, "bye")
        else:
            await websocket.write_message(message, isinstance(message, bytes))
    print("closed", websocket.close_code, websocket.close_reason, flush=True)


role, argument = sys.argv[1:]
asyncio.run(server(int(argument)) if role == "serve" else client(argument))
