"""gevent-websocket: a server."""

import sys

from gevent import pywsgi
from geventwebsocket import WebSocketError
from geventwebsocket.handler import WebSocketHandler


def application(environ, _):
    websocket = environ["wsgi.websocket"]
    try:
        while (message := websocket.receive()) is not None:
            if message == "ping":
                websocket.send_frame(b"hello", websocket.OPCODE_PING)
            elif message == "close":
                websocket.close(4001, "bye")
            else:
                websocket.send(message)
    except WebSocketError:
        pass
    return []


server = pywsgi.WSGIServer(
    ("127.0.0.1", int(sys.argv[2])), application, handler_class=WebSocketHandler
)
server.serve_forever()
