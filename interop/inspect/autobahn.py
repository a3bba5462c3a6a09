"""Compares the timeline with the verdicts of the Autobahn|Testsuite."""

import json
import re
import subprocess
import sys
from collections import Counter

from processes import (
    EXAMPLES, HERE, OUTPUT, ROOT, CannotRun, await_port, free_port, port_of, started, tool,
)
from timeline import parse_timeline

# The rules of text. All others are rules of the protocol.
UTF8 = {"6455-8.1-a", "6455-8.1-b", "6455-5.5.1-b"}


# Violations that the suite expects a receiver to ignore, or whose result it does not assess.
IGNORED = {
    "7.1.2": "6455-5.5.1-h",  # a second Close
    "7.1.4": "6455-5.5.1-a",  # text after the Close
    "7.1.5": "6455-5.5.1-a",  # a fragment after the Close
    "7.13.1": "6455-11.7-a",  # code 5000
    "7.13.2": "6455-11.7-a",  # code 65535
}
# As a server, the suite sends code 1010 itself.
IGNORED_OF_SERVER = {"7.7.8": "6455-7.4.1-e"}

# The suite sends the frame of these cases in pieces, and does not count it. It answers the Close that the
# first invalid piece causes in the middle of this frame. The payload then ends somewhere in the suite's Close,
# and the rest of that, with its random masking key, is read as the next header.
IN_PIECES = ["6.4.3", "6.4.4"]


def between_server(address, log):
    """A server for the suite: the example, with the tool in front of it."""
    inner = f"127.0.0.1:{free_port()}"
    with started([EXAMPLES / "serve", inner, "--quiet"]) as server:
        await_port(server, port_of(inner))
        with tool(address, inner, log) as process:
            return process.wait()


def between_client(url, agent, log):
    """A client for the suite: the example, with a trace."""
    with open(log, "wb") as lines:
        command = [EXAMPLES / "autobahn_client", url, agent, "--trace"]
        return subprocess.run(command, stderr=lines).returncode


def run_autobahn(report, cases, time_limit):
    """Runs the suite in both roles, and compares each case."""
    directory = OUTPUT / "autobahn"
    directory.mkdir(parents=True, exist_ok=True)
    logs = {role: directory / f"{role}.lines" for role in ["server", "client"]}
    me = f"{sys.executable} {HERE / 'run'}"
    command = [ROOT / "interop" / "autobahn" / "run", "--report", directory, "--cases", *cases]
    command += ["--time-limit", str(time_limit)]
    command += ["--server-command", f"{me} between-server {{addr}} {logs['server']}"]
    command += ["--client-command", f"{me} between-client {{url}} {{agent}} {logs['client']}"]
    status = subprocess.run(command, cwd=ROOT).returncode
    if status == 2:
        raise CannotRun("the Autobahn|Testsuite cannot run")
    report.check("autobahn: exit status", status, 0)
    for role, log in logs.items():
        results = read_results(directory / role)
        connections = parse_timeline(log.read_text())
        compare_role(report, role, results, connections)


def read_results(directory):
    """The reports of the suite, by the number of the case."""
    index = json.loads((directory / "index.json").read_text())["hybi"]
    results = [json.loads((directory / entry["reportfile"]).read_text()) for entry in index.values()]
    return sorted(results, key=lambda result: [int(part) for part in result["id"].split(".")])


def compare_role(report, role, results, connections):
    # One connection for each case, in order. Another one, without a request, only tests the port.
    ordered = [connections[number] for number in sorted(connections) if connections[number].target]
    report.check(f"{role}: number of connections", len(ordered), len(results))
    suite = "client" if role == "server" else "server"
    own = role
    verdicts = Counter()
    for result, connection in zip(results, ordered):
        name = f"{role}: case {result['id']}"
        verdicts[compare_case(report, name, result, connection, suite, own)] += 1
    print(f"{role}: {len(results)} cases compared: {dict(verdicts)}", flush=True)


def compare_case(report, name, result, connection, suite, own):
    """Compares the timeline of one case with the suite's report. Returns the class of the case."""
    # The suite's verdict on this crate.
    passes = result["behavior"] in ["OK", "INFORMATIONAL"]
    own_violations = [rule for culprit, rule in connection.violations if culprit == own]
    report.check(f"{name}: violations by hybi", bool(own_violations), not passes)
    # What the suite sent, by what it expects of a receiver.
    of_suite = [rule for culprit, rule in connection.violations if culprit == suite]
    in_pieces = result["id"] in IN_PIECES
    found = set(of_suite[:1] if in_pieces else of_suite)
    kinds = {"text" if rule in UTF8 else "protocol" for rule in found}
    codes = set(result["expectedClose"]["closeCode"]) if result["expectedClose"] else set()
    expected = {(1002,): {"protocol"}, (1007,): {"text"}}.get(tuple(sorted(codes)))
    if expected is None and {1002, 1007} & codes and 1000 not in codes:
        # Either code is right.
        expected = kinds or {"protocol", "text"}
    ignored = IGNORED.get(result["id"])
    if suite == "server":
        ignored = ignored or IGNORED_OF_SERVER.get(result["id"])
    if ignored:
        report.check(f"{name}: violations by the suite", found, {ignored})
    else:
        report.check(f"{name}: violations by the suite", kinds, expected or set())
    # What both counted.
    compare_counts(report, f"{name}: frames of hybi", connection, own, result["rxFrameStats"])
    # After a violation, a receiver fails the connection. The suite counts what it has not sent by then.
    in_part = suite in connection.opaque or bool(found)
    if not in_pieces:
        compare_counts(report, f"{name}: frames of the suite", connection, suite,
                       result["txFrameStats"], in_part)
    closes = connection.closes(own)
    code = re.match(r"close: (\d+)", closes[0]) if closes else None
    report.check(f"{name}: close code of hybi", int(code[1]) if code else None,
                 result["remoteCloseCode"])
    return ", ".join(sorted(kinds)) or "valid"


def compare_counts(report, name, connection, sender, stats, in_part=False):
    found = Counter(frame[1] for frame in connection.frames if frame[0] == sender)
    expected = Counter({int(opcode): count for opcode, count in stats.items()})
    if in_part:
        # The frame that makes a direction opaque, and those after it, are not listed.
        report.check(f"{name}, in part", found - expected, Counter())
        return
    if expected[8] == found[8] + 1:
        # The suite counts its reply to a Close, but does not send it if the transport has ended.
        del expected[8], found[8]
    report.check(name, dict(sorted(found.items())), dict(sorted(expected.items())))
