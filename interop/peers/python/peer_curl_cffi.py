"""curl_cffi: the WebSocket client of libcurl."""

import sys

from curl_cffi import CurlError, CurlWsFlag, WebSocket, WebSocketClosed


def main(url):
    websocket = WebSocket()
    try:
        headers = {"Sec-WebSocket-Protocol": "other.v1, echo.v1"}
        websocket.connect(url, headers=headers)
    except CurlError as error:
        return print("refused", error, flush=True)
    print("open", flush=True)
    try:
        while True:
            data, flags = websocket.recv()
            if data == b"ping":
                websocket.send(b"hello", CurlWsFlag.PING)
            elif data == b"close":
                websocket.close(4001, b"bye")
            else:
                websocket.send(data, CurlWsFlag.TEXT if flags & CurlWsFlag.TEXT else CurlWsFlag.BINARY)
    except WebSocketClosed:
        print("closed", websocket.close_code, websocket.close_reason, flush=True)


main(sys.argv[2])
