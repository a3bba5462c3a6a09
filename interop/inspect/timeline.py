"""The lines that the tool prints, as connections."""

import re
from collections import defaultdict

# The numbers of the opcodes in RFC 6455, section 11.8.
OPCODES = {"continuation": 0, "text": 1, "binary": 2, "close": 8, "ping": 9, "pong": 10}


class Connection:
    """What the tool printed about one connection."""

    def __init__(self):
        self.target = ""
        self.open = ""
        self.frames = []  # (sender, opcode, fin, rsv1, masked, length)
        self.messages = []  # (sender, kind, text of the line)
        self.controls = []  # (sender, kind, text of the line)
        self.violations = []  # (culprit, id)
        self.opaque = set()  # the senders that are not inspected to their end

    def closes(self, sender):
        return [text for by, kind, text in self.controls if (by, kind) == (sender, "close")]


LINE = re.compile(r"#(\d+) \d+\.\d{6} (client|server) @\d+ (.*)")
FRAME = re.compile(r"frame: (\w+)((?:, (?:FIN|RSV\d))*)(?:, mask (\w{8}))?, (\d+) bytes")
VIOLATION = re.compile(r"violation by the (client|server): .* \((\S+)\)")


def parse_timeline(text):
    """The connections by their numbers."""
    connections = defaultdict(Connection)
    for line in text.splitlines():
        matched = LINE.fullmatch(line)
        if not matched:
            continue
        number, sender, rest = matched.groups()
        connection = connections[int(number)]
        kind = rest.partition(":")[0]
        if kind == "request":
            connection.target = rest.split(" ")[2]
        elif kind == "open":
            connection.open = rest
        elif kind == "frame":
            opcode, bits, mask, length = FRAME.fullmatch(rest).groups()
            bits = bits.split(", ")
            frame = (sender, OPCODES[opcode], "FIN" in bits, "RSV1" in bits, bool(mask), int(length))
            connection.frames.append(frame)
        elif kind == "message":
            connection.messages.append((sender, rest.split(" ")[1].rstrip(","), rest))
        elif kind in ["ping", "pong", "close"]:
            connection.controls.append((sender, kind, rest))
        elif kind == "not inspected from here":
            connection.opaque.add(sender)
        elif rest.startswith("violation"):
            connection.violations.append(VIOLATION.fullmatch(rest).groups())
    return connections
