"""A WebSocket of `websockets` on a stream of HTTP/3, which `aioquic` carries (RFC 9220)."""

import asyncio

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import ErrorCode, H3Connection, Setting
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.events import ConnectionTerminated, StopSendingReceived, StreamReset
from websockets.asyncio.connection import Connection
from websockets.protocol import Protocol

# The largest message that is received.
MAX_SIZE = 2**22


class H3(H3Connection):
    """As `H3Connection`, whose settings are fixed otherwise."""

    def __init__(self, quic, connect_protocol):
        self.connect_protocol = connect_protocol
        super().__init__(quic)

    def _get_local_settings(self):
        settings = super()._get_local_settings()
        del settings[Setting.ENABLE_CONNECT_PROTOCOL]
        if self.connect_protocol is not None:
            settings[Setting.ENABLE_CONNECT_PROTOCOL] = self.connect_protocol
        return settings


class Http3(QuicConnectionProtocol):
    """A connection of either role. Each stream with a request has a `Stream`.

    `connect_protocol` is the value of SETTINGS_ENABLE_CONNECT_PROTOCOL, or None.
    """

    def __init__(
        self, *arguments, on_request=None, on_closed=None, connect_protocol=None, **options
    ):
        super().__init__(*arguments, **options)
        self.http = H3(self._quic, connect_protocol)
        self.streams = {}
        self.on_request = on_request
        self.on_closed = on_closed
        self.received = asyncio.Event()

    def quic_event_received(self, event):
        if isinstance(event, StreamReset):
            self.stream(event.stream_id).on_reset(event.error_code)
        elif isinstance(event, StopSendingReceived):
            self.stream(event.stream_id).is_shut = True
        elif isinstance(event, ConnectionTerminated):
            for stream in self.streams.values():
                stream.on_reset(event.error_code)
            if self.on_closed:
                self.on_closed(event.error_code)
        for event in self.http.handle_event(event):
            stream = self.stream(event.stream_id)
            if isinstance(event, HeadersReceived):
                stream.on_headers(dict(event.headers))
            elif isinstance(event, DataReceived):
                stream.on_data(event.data)
            if event.stream_ended:
                stream.on_end()
        # The settings of the peer may be among it.
        self.received.set()

    def stream(self, number):
        if number not in self.streams:
            self.streams[number] = Stream(self, number)
        return self.streams[number]

    async def settings(self):
        """The settings of the peer, by number."""
        while self.http.received_settings is None:
            self.received.clear()
            await self.received.wait()
        return self.http.received_settings

    def request(self, fields, end_stream=False):
        """Sends a request, and returns its stream."""
        stream = self.stream(self._quic.get_next_available_stream_id())
        stream.send_headers(fields, end_stream)
        return stream


class Stream(asyncio.Transport):
    """One stream, as a transport of asyncio. Without a WebSocket, it keeps what it receives."""

    def __init__(self, connection, number):
        super().__init__()
        self.connection = connection
        self.number = number
        loop = asyncio.get_running_loop()
        self.headers = loop.create_future()
        self.ended = loop.create_future()  # None at the end of the stream, or the code of a reset.
        self.content = b""
        self.websocket = None
        self.is_shut = False

    def open(self, side, extensions):
        """A WebSocket, after the opening handshake."""
        protocol = Protocol(side, max_size=MAX_SIZE)
        protocol.extensions = extensions
        # The other side must end the stream, so there is no timeout.
        self.websocket = Connection(protocol, ping_interval=None, close_timeout=None)
        self.websocket.connection_made(self)
        return self.websocket

    # ---- Received

    def on_headers(self, fields):
        if not self.headers.done():
            self.headers.set_result(fields)
            if self.connection.on_request:
                self.connection.on_request(self, fields)

    def on_data(self, data):
        if self.websocket:
            self.websocket.data_received(data)
        else:
            self.content += data

    def on_end(self):
        self.finish(None)
        if self.websocket:
            self.websocket.eof_received()
            self.close()
            self.websocket.connection_lost(None)

    def on_reset(self, code):
        if self.finish(code) and self.websocket:
            self.websocket.connection_lost(ConnectionResetError(f"reset with {code:#x}"))

    def finish(self, ending):
        if self.ended.done():
            return False
        if not self.headers.done():
            self.headers.set_exception(ConnectionResetError("the stream ended without a response"))
            self.headers.exception()  # So that asyncio does not report it if nobody awaits it.
        self.ended.set_result(ending)
        return True

    # ---- Sent

    def send_headers(self, fields, end_stream=False):
        self.connection.http.send_headers(self.number, fields, end_stream)
        self.is_shut = end_stream
        self.connection.transmit()

    def write(self, data):
        self.connection.http.send_data(self.number, bytes(data), False)
        self.connection.transmit()

    def can_write_eof(self):
        return True

    def write_eof(self):
        if not self.is_shut:
            self.is_shut = True
            self.connection.http.send_data(self.number, b"", True)
            self.connection.transmit()

    def close(self):
        self.write_eof()

    def is_closing(self):
        return self.is_shut

    def abort(self):
        self.reset(ErrorCode.H3_REQUEST_CANCELLED)

    def reset(self, code):
        self.is_shut = True
        self.connection._quic.reset_stream(self.number, code)
        self.connection.transmit()

    # There is no flow control: the cases need little memory.

    def pause_reading(self):
        pass

    def resume_reading(self):
        pass

    def set_write_buffer_limits(self, high=None, low=None):
        pass
