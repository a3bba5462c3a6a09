"""The contents of `docs/interop.md`."""

import datetime
import platform
import tomllib

from packages import HERE

TEXT = """\
# Interoperability

`interop/peers/run --markdown docs/interop.md` wrote this page:

| | |
| --- | --- |
| date | {date} |
| system | {system} |
| hybi | {version} |
| libraries | {servers} as servers and {clients} as clients, in {languages} languages |
| browsers | {browsers} |
| proxies | {proxies} |
| checks | {passed} passed, {failed} failed, in {seconds:.0f} s |

[interop/peers](../interop/peers/README.md) describes the checks.

`✓` is a check that passed. `–` is one that the peer has no interface for, or did not negotiate.
`fault` is a known fault of the peer, listed below the tables.

Other suites have no row here: [Autobahn|Testsuite](../interop/autobahn/README.md),
[compression](../interop/compression/README.md) in depth, a page in
[browsers](../interop/browsers/README.md), and tunnels through
[Squid and tinyproxy](../interop/proxies/README.md).

{sections}
## Known faults of peers

{faults}
"""

TITLES = {
    "proxy": "Proxies between our client and our server",
    "browser": "Browsers as clients, directly and through a proxy",
    "server": "Our client with other servers",
    "client": "Our server with other clients",
}


def document(report, seconds):
    """The page, from a report of all peers."""
    count = {role: len({row.program for row in rows}) for role, rows in report.rows.items()}
    libraries = [row for role in ("server", "client") for row in report.rows[role]]
    tables = [f"## {TITLES[role]}\n\n{table}\n" for role, table in report.tables()]
    return TEXT.format(
        date=datetime.date.today(),
        system=system(),
        version=version(),
        servers=count["server"],
        clients=count["client"],
        proxies=count["proxy"],
        browsers=count["browser"],
        languages=len({row.kind for row in libraries}),
        passed=report.passed,
        failed=report.failed,
        seconds=seconds,
        sections="\n".join(tables),
        faults="\n".join(report.fault_list()),
    )


def system():
    release = platform.freedesktop_os_release()["PRETTY_NAME"]
    return f"{release}, {platform.machine()}"


def version():
    with (HERE.parents[1] / "Cargo.toml").open("rb") as manifest:
        return tomllib.load(manifest)["package"]["version"]
