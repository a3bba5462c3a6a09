"""The known faults of the peers. A check that is listed here and passes is reported as well."""

from intermediaries import CHECKS, PROXY
from libraries import CLIENT, SERVER
from results import Fault


def faults(peer, text, *checks, roles=(SERVER, CLIENT)):
    return [Fault(peer, role, checks, text) for role in roles]


BETWEEN = "a ping between the fragments of a compressed message breaks the message"

FAULTS = [
    *faults("aiohttp", "reports 0 for a Close without a code", "no-code", roles=(SERVER,)),
    *faults("aiohttp", "reports 1006 for a Close without a code", "no-code", roles=(CLIENT,)),
    *faults("AnyEvent::WebSocket::Client", "answers a Close with code 1005", "close", "no-code",
            roles=(CLIENT,)),
    *faults("curl_cffi (libcurl)", "sends a pong only before its next message", "ping",
            roles=(CLIENT,)),
    *faults("Daphne", "loses an empty message", "empty", roles=(SERVER,)),
    *faults("Daphne", "sends no reason in a Close", "closed", roles=(SERVER,)),
    *faults("Envoy, 2 to 1", "makes no Sec-WebSocket-Key for the request in HTTP/1.1", *CHECKS,
            roles=(PROXY,)),
    *faults("faye-websocket", "reports 1000 for a Close without a code", "no-code"),
    *faults("gevent-websocket", "sends the reason of a Close without the code", "close", "closed",
            roles=(SERVER,)),
    *faults("Hypercorn", BETWEEN, "z-fragments", roles=(SERVER,)),
    *faults("Hypercorn", "reports 1006 for each Close", "close", "no-code", roles=(SERVER,)),
    *faults("Jetty", BETWEEN, "z-fragments"),
    *faults("libsoup", "accepts two elements of permessage-deflate", "two-offers", roles=(SERVER,)),
    *faults("libwebsockets", "fails an assertion when it compresses an empty message", "z-empty"),
    *faults("Mojolicious", "ignores the parameters of an offer", "no-takeover", "z-fragments",
            roles=(SERVER,)),
    *faults("Mojolicious", "ignores the parameters of a response", "no-takeover", roles=(CLIENT,)),
    *faults("Mojolicious", "compresses an empty message to 0 bytes", "z-empty"),
    *faults("Netty", "closes the transport without an answer to a Close", "close", "no-code",
            roles=(CLIENT,)),
    *faults("Netty", "refuses client_no_context_takeover in a response", "no-takeover", "z-fragments",
            roles=(CLIENT,)),
    *faults("nodejs-websocket", "answers a ping with other bytes: it reads them as text", "ping"),
    *faults("nodejs-websocket", "does not close the transport after both Close frames", "close",
            "no-code", roles=(SERVER,)),
    *faults("picows", "returns 0 as the code of a Close without one, and sends it", "no-code"),
    *faults("Qt", "reports 1000 for a Close without a code", "no-code"),
    *faults("Tomcat", "reports 1000 for a Close without a code", "no-code"),
    *faults("Tornado", "ignores parameters without a value, so that it uses context takeover that "
            "was excluded", "no-takeover", "z-fragments"),
    *faults("uvicorn, wsproto", BETWEEN, "z-fragments", roles=(SERVER,)),
    *faults("websocket", "reports 1006 for a Close without a code", "no-code"),
    *faults("websocket-driver", "reports 1000 for a Close without a code", "no-code"),
    *faults("wsproto", BETWEEN, "z-fragments"),
    *faults("x/net/websocket", "returns each fragment as a message", "fragments"),
]
