"""Checks the reports of both sides and the recorded bytes against the expected result."""

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
# The most size of a similar message on the wire, relative to the first one.
SHORTER = 0.7
SIMILAR = [0, 1, 2, 3]  # The indices of the similar messages.
# We send these uncompressed, because they do not become shorter. Others compress them anyway.
NOT_SHORTER = ["empty", "random binary"]


def evaluate(case, messages, record, result):
    """Raises `NotAsExpected` for the first error. Returns the sizes on the wire."""
    if case.expected == REFUSED:
        return expect(result.refused, f"the handshake was not refused: {result}")
    expect(not result.error, f"their side failed: {result.error}")
    expect(not result.our_error, f"our side failed: {result.our_error}")
    expect(not result.unequal, f"wrong echoes: {', '.join(result.unequal)}")
    expect(result.code == 1000, f"closed with {result.code}")
    check_agreement(case, result)
    return check_record(case, messages, record)


def check_agreement(case, result):
    ours, theirs = Agreement.from_json(result.report), Agreement.from_json(result.agreed)
    expect(ours == case.expected, f"we negotiated {ours} instead of {case.expected}")
    expect(theirs == case.expected, f"they negotiated {theirs} instead of {case.expected}")


def check_record(case, messages, record):
    head, from_server = split_head(record.from_server)
    answers = header_values(head, "Sec-WebSocket-Extensions")
    expect(bool(answers) == (case.expected is not NO_COMPRESSION), f"the response has {answers}")
    _, from_client = split_head(record.from_client)
    data = {"server": from_server, "client": from_client}
    ours, theirs = read_frames(data[case.role]), read_frames(data[case.their_role])
    for name, frames in [("we", ours), ("they", theirs)]:
        last = frames[-1]
        is_normal = last.opcode == CLOSE and last.payload[:2] == NORMAL_CLOSE
        expect(is_normal, f"{name} ended with {last}")
    # Our first message is the report.
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
        expect(not in_parts or wire.frames > 1, f"{message.name} was not received in fragments")
        split = case.ours.fragment_size and message.name in ("1 MiB", "random binary")
        expect(not split or echo.frames > 1, f"{message.name} was not echoed in fragments")


def check_compression(case, role, messages, wires):
    if not will_compress(case, role):
        return expect(not any(wire.compressed for wire in wires), f"the {role} sets RSV1")
    for message, wire in zip(messages, wires):
        what = f"{message.name} of the {role}"
        can_shrink = message.name not in NOT_SHORTER
        # With the first fragment, we do not know whether the message will become shorter.
        unknown = role != case.role or wire.frames > 1
        expect(wire.compressed == (can_shrink or unknown), f"RSV1 of {what}")
        expect(not can_shrink or len(wire.payload) < len(message.bytes), f"{what} is not shorter")
    check_takeover(case.expected.sent_by(role), sizes(wires))


def will_compress(case, role):
    if case.expected is NO_COMPRESSION:
        return False
    # With a window of 256 bytes, we send uncompressed.
    return role != case.role or case.expected.sent_by(role).window > 8


def check_takeover(direction, lengths):
    first = lengths[SIMILAR[0]]
    for index in SIMILAR[1:]:
        is_shorter = lengths[index] < SHORTER * first
        found = f"{lengths[index]} bytes after {first}"
        expect(is_shorter == direction.takeover, f"a similar message has {found} with {direction}")


def check_our_windows(case, messages, wires):
    """A decoder with no more than the negotiated window must decompress our messages."""
    if not will_compress(case, case.role):
        return
    direction = case.expected.sent_by(case.role)
    inflater = StrictInflater(direction.window, direction.takeover)
    report, *echoes = [inflater.message(wire) for wire in wires]
    expect(report.startswith(b"{"), f"the report is {report!r}")
    for message, echo in zip(messages, echoes):
        expect(echo == message.bytes, f"{message.name} differs on the wire")


def sizes(messages):
    return [len(message.payload) for message in messages]
