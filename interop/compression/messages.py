"""The messages of each case, which every implementation sends."""

import base64
import json
import random
from dataclasses import dataclass

SIMILAR = 4
FAR_BYTES = 48 * 1024
MIB = 1024 * 1024
BINARY_BYTES = 70 * 1024
GREETING = "Grüße, 你好, 🎉 "


@dataclass(frozen=True)
class Message:
    name: str
    parts: tuple  # More than one for a message in fragments; all str or all bytes.

    @property
    def is_binary(self):
        return isinstance(self.parts[0], bytes)

    @property
    def whole(self):
        return type(self.parts[0])().join(self.parts)

    @property
    def bytes(self):
        return self.whole if self.is_binary else self.whole.encode()

    def to_json(self):
        parts = [base64.b64encode(as_bytes(part)).decode() for part in self.parts]
        return {"name": self.name, "binary": self.is_binary, "parts": parts}


def as_bytes(part):
    return part.encode() if isinstance(part, str) else part


def similar(number):
    """Short, so that the previous message fits into the smallest window."""
    person = {"id": 4000 + number, "name": "Quentin Zwarg", "tags": ["fjord", "amber", "wyvern"]}
    return json.dumps({**person, "mail": "q.zwarg@example.org", "seen": f"2024-03-1{number}T08:41"})


def far_repeats(source):
    """Repetitions at distances below and above the size of each window."""
    words = [source.randbytes(source.randrange(2, 6)).hex() for _ in range(9000)]
    blocks = [" ".join(source.choices(words, k=40)) for _ in range(80)]
    text = "".join(source.choices(blocks, k=2 * FAR_BYTES // len(blocks[0])))
    return text[:FAR_BYTES]


def mebibyte():
    lines = (f'{{"n": {n}, "square": {n * n}, "even": {n % 2 == 0}}}\n' for n in range(30000))
    return "".join(lines)[:MIB]


def messages():
    source = random.Random(7692)
    return [
        *(Message(f"similar {n}", (similar(n),)) for n in range(1, SIMILAR + 1)),
        Message("fragments", (GREETING * 30, "", similar(5), GREETING, similar(6))),
        Message("far repeats", (far_repeats(source),)),
        Message("empty", ("",)),
        Message("multi-byte", (GREETING * 100,)),
        Message("random binary", (source.randbytes(BINARY_BYTES),)),
        Message("1 MiB", (mebibyte(),)),
        Message("similar again", (similar(7),)),
        Message("binary fragments", (b"\x00" * 5000, source.randbytes(300), b"\x00" * 5000)),
    ]
