"""Autobahn|Python: its asyncio server and client."""

import asyncio
import sys

from autobahn.asyncio.websocket import (
    WebSocketClientFactory,
    WebSocketClientProtocol,
    WebSocketServerFactory,
    WebSocketServerProtocol,
)
from autobahn.websocket import compress


class Echo:
    def onConnect(self, handshake):
        protocols = getattr(handshake, "protocols", None)
        if protocols is not None:
            return "echo.v1" if "echo.v1" in protocols else None
        print("open", handshake.protocol, flush=True)

    def onMessage(self, payload, isBinary):
        if payload == b"ping":
            self.sendPing(b"hello")
        elif payload == b"close":
            self.sendClose(4001, "bye")
        else:
            self.sendMessage(payload, isBinary)


class Server(Echo, WebSocketServerProtocol):
    def onClose(self, wasClean, code, reason):
        print("closed", self.remoteCloseCode, self.remoteCloseReason, flush=True)


class Client(Echo, WebSocketClientProtocol):
    def onClose(self, wasClean, code, reason):
        if reason and "403" in reason:
            print("refused", reason, flush=True)
        print("closed", self.remoteCloseCode, self.remoteCloseReason, flush=True)
        asyncio.get_event_loop().stop()


def accept_offer(offers):
    for offer in offers:
        if isinstance(offer, compress.PerMessageDeflateOffer):
            return compress.PerMessageDeflateOfferAccept(offer)


def accept_response(response):
    if isinstance(response, compress.PerMessageDeflateResponse):
        return compress.PerMessageDeflateResponseAccept(response)


role, argument = sys.argv[1:]
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
if role == "serve":
    factory = WebSocketServerFactory(f"ws://127.0.0.1:{argument}", loop=loop)
    factory.protocol = Server
    factory.setProtocolOptions(perMessageCompressionAccept=accept_offer)
    loop.run_until_complete(loop.create_server(factory, "127.0.0.1", int(argument)))
else:
    factory = WebSocketClientFactory(argument, protocols=["other.v1", "echo.v1"], loop=loop)
    factory.protocol = Client
    offers = [compress.PerMessageDeflateOffer()]
    factory.setProtocolOptions(
        perMessageCompressionOffers=offers, perMessageCompressionAccept=accept_response
    )
    loop.run_until_complete(loop.create_connection(factory, factory.host, factory.port))
loop.run_forever()
