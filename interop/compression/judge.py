"""Compares what both sides say, and what went over the wire, with what must be."""

from cases import NO_COMPRESSION, REFUSED, Agreement
from wire import (
    CLOSE,
    StrictInflater,
    expect,
    header_values,
    read_frames,
    read_messages,
    split_head,
)

NORMAL_CLOSE = (1000).to_bytes(2, "big")
# A message next to one that is similar, against the first of them, in bytes on the wire.
SHORTER = 0.7
SIMILAR = [0, 1, 2, 3]  # Where these are among the messages.
# What does not become shorter we send as it is; others compress it all the same.
NOT_SHORTER = ["empty", "random binary"]


def judge(case, messages, record, result):
    """Raises `NotAsExpected` for the first thing that is wrong; tells the bytes on the wire."""
    if case.expected == REFUSED:
        return expect(result.refused, f"the handshake was not refused: {result}")
    expect(not result.error, f"their side failed: {result.error}")
    expect(not result.our_error, f"our side failed: {result.our_error}")
    expect(not result.unequal, f"came back as something else: {', '.join(result.unequal)}")
    expect(result.code == 1000, f"closed with {result.code}")
    check_agreement(case, result)
    return check_record(case, messages, record)


def check_agreement(case, result):
    ours, theirs = Agreement.from_json(result.report), Agreement.from_json(result.agreed)
    expect(ours == case.expected, f"we agreed on {ours} instead of {case.expected}")
    expect(theirs == case.expected, f"they agreed on {theirs} instead of {case.expected}")


def check_record(case, messages, record):
    head, from_server = split_head(record.from_server)
    answers = header_values(head, "Sec-WebSocket-Extensions")
    expect(bool(answers) == (case.expected is not NO_COMPRESSION), f"the answer has {answers}")
    _, from_client = split_head(record.from_client)
    data = {"server": from_server, "client": from_client}
    ours, theirs = read_frames(data[case.role]), read_frames(data[case.their_role])
    for name, frames in [("we", ours), ("they", theirs)]:
        last = frames[-1]
        is_normal = last.opcode == CLOSE and last.payload[:2] == NORMAL_CLOSE
        expect(is_normal, f"{name} ended with {last}")
    # The first of ours is the report.
    our_messages, their_messages = read_messages(ours)[1:], read_messages(theirs)
    expect(len(our_messages) == len(their_messages) == len(messages), "messages are missing")
    check_fragments(case, messages, our_messages, their_messages)
    check_compression(case, case.role, messages, our_messages)
    check_compression(case, case.their_role, messages, their_messages)
    check_our_windows(case, messages, read_messages(ours))
    return sizes(our_messages), sizes(their_messages)


def check_fragments(case, messages, ours, theirs):
    for message, echo, wire in zip(messages, ours, theirs):
        in_parts = len(message.parts) > 1
        expect(not in_parts or wire.frames > 1, f"{message.name} did not come in fragments")
        split = case.ours.fragment_size and message.name in ("1 MiB", "random binary")
        expect(not split or echo.frames > 1, f"{message.name} was not sent back in fragments")


def check_compression(case, role, messages, wires):
    if not will_compress(case, role):
        return expect(not any(wire.compressed for wire in wires), f"the {role} sets RSV1")
    for message, wire in zip(messages, wires):
        what = f"{message.name} of the {role}"
        can_shrink = message.name not in NOT_SHORTER
        # When we send the first fragment, we do not know whether the message will become shorter.
        unknown = role != case.role or wire.frames > 1
        expect(wire.compressed == (can_shrink or unknown), f"RSV1 of {what}")
        expect(not can_shrink or len(wire.payload) < len(message.bytes), f"{what} is not shorter")
    check_takeover(case.expected.sent_by(role), sizes(wires))


def will_compress(case, role):
    if case.expected is NO_COMPRESSION:
        return False
    # Where we may use a window of 256 bytes at most, we send uncompressed.
    return role != case.role or case.expected.sent_by(role).window > 8


def check_takeover(direction, lengths):
    first = lengths[SIMILAR[0]]
    for index in SIMILAR[1:]:
        is_shorter = lengths[index] < SHORTER * first
        found = f"{lengths[index]} bytes after {first}"
        expect(is_shorter == direction.takeover, f"a similar message has {found} with {direction}")


def check_our_windows(case, messages, wires):
    """A decoder with the window that was agreed on, and not more, must be able to read us."""
    if not will_compress(case, case.role):
        return
    direction = case.expected.sent_by(case.role)
    inflater = StrictInflater(direction.window, direction.takeover)
    report, *echoes = [inflater.message(wire) for wire in wires]
    expect(report.startswith(b"{"), f"the report is {report!r}")
    for message, echo in zip(messages, echoes):
        expect(echo == message.bytes, f"{message.name} is something else on the wire")


def sizes(messages):
    return [len(message.payload) for message in messages]
