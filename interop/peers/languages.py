"""All libraries, by language."""

from libraries import CLIENT, HERE, SERVER, Library
from packages import NODE, npm, pip, program

PYTHON = program("python")
# The interface of ASGI has no pings.
NO_PING = {"without": ("pinged",)}


def python(name, file, *packages, **options):
    program = [PYTHON, HERE / "python" / file]
    return Library(name, "Python", pip(*packages), program, **options)


def asgi(name, words, *packages):
    """An ASGI server. The words contain `PORT`."""
    script = " ".join(str(word) for word in words).replace("PORT", "$2")
    program = ["/bin/sh", "-c", f"cd python && exec {script}", "-"]
    return Library(name, "Python", pip(*packages), program, (SERVER,), **NO_PING)


def node(name, file, *packages, **options):
    program = ["node", HERE / "javascript" / file]
    return Library(name, "JavaScript", npm(*packages), program, **options)


def bin_of_node(name):
    return NODE / "node_modules" / ".bin" / name


DENO = [bin_of_node("deno"), "run", "--quiet", "--allow-net", HERE / "javascript" / "deno.mjs"]
BUN = [bin_of_node("bun"), "run", HERE / "javascript" / "bun.mjs"]
UVICORN = [program("uvicorn"), "--host 127.0.0.1 --port PORT --log-level warning", "asgi:app"]

LIBRARIES = [
    python("websockets", "peer_websockets.py", "websockets", quick=True),
    python("aiohttp", "peer_aiohttp.py", "aiohttp", quick=True),
    python("Tornado", "peer_tornado.py", "tornado"),
    python("wsproto", "peer_wsproto.py", "wsproto"),
    python("Autobahn|Python", "peer_autobahn.py", "autobahn"),
    python("websocket-client", "peer_websocket_client.py", "websocket-client", roles=(CLIENT,)),
    python("gevent-websocket", "peer_gevent_websocket.py", "gevent-websocket", roles=(SERVER,),
           reports_close=False),
    python("picows", "peer_picows.py", "picows"),
    python("trio-websocket", "peer_trio_websocket.py", "trio-websocket"),
    python("curl_cffi (libcurl)", "peer_curl_cffi.py", "curl_cffi", roles=(CLIENT,),
           reports_subprotocol=False),
    asgi("uvicorn, websockets", [*UVICORN, "--ws websockets-sansio"], "uvicorn", "websockets"),
    asgi("uvicorn, wsproto", [*UVICORN, "--ws wsproto"], "uvicorn", "wsproto"),
    asgi("Hypercorn", [program("hypercorn"), "--bind 127.0.0.1:PORT", "asgi:app"], "hypercorn"),
    asgi("Daphne", [program("daphne"), "-b 127.0.0.1 -p PORT", "asgi:app"], "daphne"),
    asgi("Granian", [program("granian"), "--interface asgi --host 127.0.0.1 --port PORT asgi:app"],
         "granian"),
    node("ws", "ws.cjs", "ws", quick=True),
    node("faye-websocket", "faye.cjs", "faye-websocket", "permessage-deflate"),
    node("websocket", "websocket.cjs", "websocket"),
    node("nodejs-websocket", "nodejs_websocket.cjs", "nodejs-websocket"),
    node("undici", "undici.cjs", "undici", roles=(CLIENT,), **NO_PING),
    Library("Deno", "JavaScript", npm("deno"), DENO, **NO_PING),
    Library("Bun, server", "JavaScript", npm("bun"), BUN, (SERVER,)),
    Library("Bun, client", "JavaScript", npm("bun"), BUN, (CLIENT,), **NO_PING),
]
