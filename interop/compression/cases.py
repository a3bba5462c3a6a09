"""The combinations of policies, and the expected result of each (RFC 7692, section 7.1)."""

import random
from dataclasses import dataclass, replace
from itertools import product
from urllib.parse import urlencode

WINDOWS = range(8, 16)
OWN_WINDOWS = range(9, 16)
SWITCH = (False, True)
MIXED = 40
QUICK_SHARE = 24


@dataclass(frozen=True)
class Policy:
    """The policy of one side, from its point of view."""

    send_window: int = 15
    receive_window: int = 15
    send_takeover: bool = True
    receive_takeover: bool = True
    compression: bool = True

    def __str__(self):
        if not self.compression:
            return "no compression"
        switch = ("off", "on")
        return (
            f"sends {self.send_window} {switch[self.send_takeover]},"
            f" receives {self.receive_window} {switch[self.receive_takeover]}"
        )


@dataclass(frozen=True)
class Ours(Policy):
    """With the settings that only our side has."""

    insist: bool = False
    level: int = 2
    fragment_size: int = 0

    def query(self):
        settings = {name: int(value) for name, value in vars(self).items()}
        if not self.fragment_size:
            del settings["fragment_size"]
        return urlencode(settings)

    def __str__(self):
        extras = f", level {self.level}" if self.level != Ours.level else ""
        extras += f", in fragments of {self.fragment_size}" if self.fragment_size else ""
        return super().__str__() + extras


@dataclass(frozen=True)
class Theirs(Policy):
    """With the settings that only the other side has."""

    # Whether the client sends client_max_window_bits, so that the server may limit its window.
    hints: bool = True


@dataclass(frozen=True)
class Direction:
    window: int
    takeover: bool


FULL = Direction(15, True)


@dataclass(frozen=True)
class Agreement:
    server: Direction
    client: Direction

    def sent_by(self, role):
        return self.server if role == "server" else self.client

    @classmethod
    def from_json(cls, value):
        if value is None:
            return None
        return cls(Direction(**value["server"]), Direction(**value["client"]))


NO_COMPRESSION = None
REFUSED = "refused"


@dataclass(frozen=True)
class Case:
    group: str
    peer: str  # "websockets" or "ws"
    role: str  # Ours.
    ours: Ours
    theirs: Theirs
    expected: object = NO_COMPRESSION  # Or `REFUSED`, or an `Agreement`.

    @property
    def their_role(self):
        return "client" if self.role == "server" else "server"

    def __str__(self):
        return f"{self.peer}, we as {self.role}, {self.group}: we: {self.ours}; they: {self.theirs}"


def meet(sender, receiver):
    """The expected parameters of one direction."""
    window = min(sender.send_window, receiver.receive_window)
    return Direction(window, sender.send_takeover and receiver.receive_takeover)


def agreement(role, ours, theirs):
    server, client = (ours, theirs) if role == "server" else (theirs, ours)
    agreed = Agreement(server=meet(server, client), client=meet(client, server))
    # No side compresses with a window of 256 bytes. As a server, we decline the offer.
    return NO_COMPRESSION if role == "server" and agreed.server.window == 8 else agreed


def is_possible(case):
    """`websockets` cannot send with a window of 256 bytes; its client closes the connection."""
    if case.peer != "websockets" or case.expected is NO_COMPRESSION:
        return True
    return case.expected.sent_by(case.their_role).window > 8


def case(group, peer, role, ours, theirs):
    return Case(group, peer, role, ours, theirs, agreement(role, ours, theirs))


def policies(kind, send_windows):
    return [kind(*values) for values in product(send_windows, WINDOWS, SWITCH, SWITCH)]


def asked_by_us(peer, role):
    wanted = policies(Ours, OWN_WINDOWS)
    return [case("asked by us", peer, role, ours, Theirs()) for ours in wanted]


def asked_by_them(peer, role):
    # Node compresses with 512 bytes if 256 were negotiated, which we must accept.
    wanted = policies(Theirs, WINDOWS if peer == "ws" else OWN_WINDOWS)
    return [case("asked by them", peer, role, Ours(), theirs) for theirs in wanted]


def asked_by_both(peer, role):
    if (peer, role) == ("ws", "client"):
        return []  # It rejects offers below its own settings; see `of_ws_server`.
    source = random.Random(f"{peer} {role}")
    ours = source.choices(policies(Ours, OWN_WINDOWS), k=MIXED)
    theirs = source.choices(policies(Theirs, OWN_WINDOWS), k=MIXED)
    return [case("asked by both", peer, role, *pair) for pair in zip(ours, theirs)]


def how_we_send(peer, role):
    """Levels and fragmented messages, with and without context takeover."""
    variants = [Ours(level=level) for level in (1, 6, 9)]
    variants += [
        Ours(send_window=window, send_takeover=takeover, fragment_size=size)
        for window, takeover, size in product((9, 15), SWITCH, (2000, 20000))
    ]
    return [case("how we send", peer, role, ours, Theirs()) for ours in variants]


def without(peer, role):
    group = "one side without compression"
    return [
        Case(group, peer, role, Ours(compression=False), Theirs()),
        Case(group, peer, role, Ours(), Theirs(compression=False)),
    ]


def with_and_without_insisting(case, insisting):
    """The case, and the same case with a required window and this result."""
    ours = replace(case.ours, insist=True)
    return [case, replace(case, group=f"{case.group}, required", ours=ours, expected=insisting)]


def of_our_server(peer):
    group = "their client sends no client_max_window_bits"
    ours, theirs = Ours(receive_window=10), Theirs(hints=False)
    without_wish = Case(group, peer, "server", ours, theirs, Agreement(FULL, FULL))
    return with_and_without_insisting(without_wish, NO_COMPRESSION)


def of_websockets_server():
    group = "their server declines a window of 8"
    ours = Ours(receive_window=8)
    return [Case(group, "websockets", "client", ours, Theirs(), NO_COMPRESSION)]


def of_ws_server():
    group = "their server wants a larger window"
    ours, theirs = Ours(receive_window=10), Theirs(send_window=12)
    # It responds with an error instead of declining.
    return [Case(group, "ws", "client", ours, theirs, REFUSED)]


def matrix(quick):
    cases = [
        case
        for peer, role in product(("websockets", "ws"), ("server", "client"))
        for kind in (asked_by_us, asked_by_them, asked_by_both)
        for case in kind(peer, role)
        if is_possible(case)
    ]
    if not quick:
        return cases
    return random.Random(len(cases)).sample(cases, len(cases) // QUICK_SHARE)


def special():
    cases = [
        case
        for peer, role in product(("websockets", "ws"), ("server", "client"))
        for case in how_we_send(peer, role) + without(peer, role)
    ]
    cases += of_our_server("websockets") + of_our_server("ws")
    return cases + of_websockets_server() + of_ws_server()


def all_cases(quick):
    return matrix(quick) + special()
