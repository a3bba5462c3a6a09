"""wsproto: a sans-I/O core, over blocking sockets."""

import socket
import sys
import threading
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection, events
from wsproto.connection import ConnectionState
from wsproto.extensions import PerMessageDeflate


def respond(connection, event, message):
    """The answer to an event, as bytes. `message` holds the parts of the message so far."""
    if isinstance(event, events.Request):
        choice = "echo.v1" if "echo.v1" in event.subprotocols else None
        return connection.send(events.AcceptConnection(choice, [PerMessageDeflate()]))
    if isinstance(event, events.AcceptConnection):
        print("open", event.subprotocol, flush=True)
    elif isinstance(event, events.RejectConnection):
        print("refused", event.status_code, flush=True)
    elif isinstance(event, events.Ping):
        return connection.send(event.response())
    elif isinstance(event, events.CloseConnection):
        print("closed", event.code, event.reason, flush=True)
        if connection.state is ConnectionState.REMOTE_CLOSING:
            return connection.send(event.response())
    elif isinstance(event, events.Message):
        message.append(event.data)
        if event.message_finished:
            data = type(event.data)().join(message)
            message.clear()
            return reply(connection, data)
    return b""


def reply(connection, data):
    if data == "ping":
        return connection.send(events.Ping(b"hello"))
    if data == "close":
        return connection.send(events.CloseConnection(4001, "bye"))
    if isinstance(data, str):
        return connection.send(events.TextMessage(data))
    return connection.send(events.BytesMessage(bytes(data)))


def converse(connection, stream):
    message = []
    while connection.state is not ConnectionState.CLOSED:
        data = stream.recv(65536)
        connection.receive_data(data or None)
        for event in connection.events():
            stream.sendall(respond(connection, event, message))
        if not data:
            break
    stream.close()


role, argument = sys.argv[1:]
if role == "serve":
    with socket.create_server(("127.0.0.1", int(argument))) as listener:
        while True:
            stream, _ = listener.accept()
            connection = WSConnection(ConnectionType.SERVER)
            threading.Thread(target=converse, args=(connection, stream), daemon=True).start()
else:
    url = urlsplit(argument)
    connection = WSConnection(ConnectionType.CLIENT)
    options = {"subprotocols": ["other.v1", "echo.v1"], "extensions": [PerMessageDeflate()]}
    request = events.Request(url.netloc, url.path, **options)
    with socket.create_connection((url.hostname, url.port)) as stream:
        stream.sendall(connection.send(request))
        converse(connection, stream)
