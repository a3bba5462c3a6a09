"""websocket-client: a client."""

import sys

import websocket


def main(url):
    client = websocket.WebSocket()
    try:
        client.connect(url, subprotocols=["other.v1", "echo.v1"])
    except websocket.WebSocketBadStatusException as error:
        return print("refused", error.status_code, flush=True)
    print("open", client.getsubprotocol(), flush=True)
    while True:
        try:
            opcode, data = client.recv_data()
        except websocket.WebSocketConnectionClosedException:
            return
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            code = int.from_bytes(data[:2], "big") if data else 1005
            print("closed", code, data[2:].decode(), flush=True)
            client.shutdown()
            return
        if data == b"ping":
            client.ping(b"hello")
        elif data == b"close":
            client.close(4001, b"bye")
        else:
            client.send(data, opcode)


main(sys.argv[2])
