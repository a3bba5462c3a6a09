"""All libraries, by language."""

from libraries import CLIENT, HERE, SERVER, Library
from packages import NODE, OUTPUT, apt, cargo, npm, pip, program

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


GO = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode"}


def go(name, file, package, **options):
    program = OUTPUT / "build" / file.removesuffix(".go")
    build = ["go", "build", "-o", program, HERE / "go" / file]
    packages = apt(package, "golang-go")
    return Library(name, "Go", packages, [program], build=build, environment=GO, **options)


def java(name, main, package, prefix="", jars="", **options):
    """A class in `java/`, with jars of Debian that have this prefix."""
    folder = OUTPUT / "build" / "java"
    jars = [f"/usr/share/java/{prefix}{jar}.jar" for jar in jars.split()]
    classes = ":".join([str(folder), *jars])
    build = ["javac", "-nowarn", "-cp", classes, "-d", folder, HERE / "java" / f"{main}.java"]
    packages = apt(package, "openjdk-17-jdk-headless")
    return Library(name, "Java", packages, ["java", "-cp", classes, main], build=build, **options)


def compiled(name, language, file, package, flags, *more, **options):
    """A program in C or C++. `flags` are those of the compiler, or of pkg-config if it is a name."""
    source = HERE / file
    compiler = "cc" if file.endswith(".c") else "c++"
    flags = flags if flags.startswith("-") else f"$(pkg-config --cflags --libs {flags})"
    program = OUTPUT / "build" / source.stem
    build = ["/bin/sh", "-c", f"{compiler} -O1 -w {source} -o {program} {flags}"]
    packages = apt(package, *more, "pkg-config", "g++")
    return Library(name, language, packages, [program], build=build, **options)


def rust(name, **options):
    """A program in `rust/src/bin` with the name of its crate."""
    target, binary = OUTPUT / "cargo", name.replace("-", "_")
    manifest = HERE / "rust" / "Cargo.toml"
    build = ["cargo", "build", "--locked", "--release", "--quiet", "--manifest-path", manifest,
             "--target-dir", target, "--bin", binary]
    path = target / "release" / binary
    return Library(name, "Rust", cargo(name), [path], build=build, quick=True, **options)


def script(name, language, file, *packages, **options):
    """A program that an interpreter runs."""
    interpreter = [language.lower(), HERE / language.lower() / file]
    return Library(name, language, apt(*packages, language.lower()), interpreter, **options)


JETTY = """jetty9-server jetty9-http jetty9-io jetty9-util jetty9-servlet jetty9-client
    jetty9-websocket-api jetty9-websocket-client jetty9-websocket-common jetty9-websocket-server
    jetty9-websocket-servlet servlet-api"""
TOMCAT = """api catalina coyote juli util util-scan jni annotations-api jaspic-api servlet-api
    websocket websocket-api websocket-client-api"""
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
    go("gorilla/websocket", "gorilla.go", "golang-github-gorilla-websocket-dev"),
    go("nhooyr.io/websocket", "nhooyr.go", "golang-nhooyr-websocket-dev"),
    go("x/net/websocket", "xnet.go", "golang-golang-x-net-dev", reports_close=False,
       without=("closed",)),
    java("java.net.http", "HttpClientPeer", "openjdk-17-jdk-headless", roles=(CLIENT,)),
    java("Jetty", "JettyPeer", "libjetty9-extra-java", "", JETTY),
    java("Netty", "NettyPeer", "libnetty-java", "netty-",
         "common buffer transport resolver handler codec codec-http", reports_subprotocol=False,
         reports_close=False),
    java("Tomcat", "TomcatPeer", "libtomcat10-java", "tomcat10-", TOMCAT),
    compiled("libwebsockets", "C", "c/libwebsockets.c", "libwebsockets-dev", "libwebsockets"),
    compiled("libsoup", "C", "c/libsoup.c", "libsoup-3.0-dev", "libsoup-3.0", **NO_PING),
    compiled("Boost.Beast", "C++", "cpp/beast.cpp", "libboost-dev",
             "-std=c++17 -pthread"),
    compiled("websocketpp", "C++", "cpp/websocketpp.cpp", "libwebsocketpp-dev",
             "-std=c++14 -pthread -lboost_system -lz", "libboost-system-dev", "zlib1g-dev"),
    compiled("Qt", "C++", "cpp/qt.cpp", "libqt5websockets5-dev", "-fPIC $(pkg-config --cflags "
             "--libs Qt5WebSockets)"),
    compiled("POCO", "C++", "cpp/poco.cpp", "libpoco-dev", "-std=c++17 -lPocoNet -lPocoFoundation"),
    script("Mojolicious", "Perl", "mojolicious.pl", "libmojolicious-perl"),
    script("AnyEvent::WebSocket::Client", "Perl", "anyevent.pl",
           "libanyevent-websocket-client-perl", roles=(CLIENT,)),
    script("websocket-driver", "Ruby", "driver.rb", "ruby-websocket-driver"),
    rust("fastwebsockets"),
    rust("tokio-websockets"),
    rust("tungstenite"),
]
