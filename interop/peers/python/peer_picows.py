"""picows: its server and its client. They pass frames to the program, and have no compression."""

import asyncio
import sys

from picows import WSError, WSListener, WSMsgType, WSUpgradeResponse, ws_connect, ws_create_server
from picows import WSUpgradeResponseWithListener as Accepted


class Echo(WSListener):
    def on_ws_frame(self, transport, frame):
        data = frame.get_payload_as_bytes()
        if frame.msg_type is WSMsgType.PING:
            transport.send_pong(data)
        elif frame.msg_type is WSMsgType.CLOSE:
            code = int.from_bytes(data[:2], "big") if data else 1005
            print("closed", code, data[2:].decode(), flush=True)
            if not transport.is_close_frame_sent:
                transport.send_close(frame.get_close_code(), frame.get_close_message())
            transport.disconnect()
        elif data == b"ping":
            transport.send_ping(b"hello")
        elif data == b"close":
            transport.send_close(4001, b"bye")
        elif frame.msg_type is not WSMsgType.PONG:
            transport.send(frame.msg_type, data, frame.fin)


def accept(request):
    offered = request.headers.get("sec-websocket-protocol", "")
    fields = {"Sec-WebSocket-Protocol": "echo.v1"} if "echo.v1" in offered else None
    return Accepted(WSUpgradeResponse.create_101_response(fields), Echo())


async def server(port):
    running = await ws_create_server(accept, "127.0.0.1", port)
    await running.serve_forever()


async def client(url):
    fields = {"Sec-WebSocket-Protocol": "other.v1, echo.v1"}
    try:
        transport, _ = await ws_connect(Echo, url, extra_headers=fields)
    except WSError as error:
        return print("refused", error, flush=True)
    print("open", transport.response.headers.get("sec-websocket-protocol"), flush=True)
    await transport.wait_disconnected()


role, argument = sys.argv[1:]
asyncio.run(server(int(argument)) if role == "serve" else client(argument))
