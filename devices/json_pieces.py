"""The members of a JSON array or object, cut off one by one as they were sent.

No more of them are made than are asked for: a body of twelve mebibytes that lists ones would be hundreds of mebibytes
of objects, and msgspec asks for a ``max_length`` only when it has made them all.
"""

import re
from collections.abc import Buffer, Iterator

import msgspec

ONE: msgspec.json.Decoder[msgspec.Raw] = msgspec.json.Decoder(msgspec.Raw)
BEHIND = re.compile(r"trailing characters \(byte (\d+)\)")
BLANKS = re.compile(rb"[ \t\r\n]*")


def cut_array(whole: Buffer) -> Iterator[bytes]:
    """Yield the members of an array that is known to be JSON."""
    rest = memoryview(whole)
    place = _skip(rest, 0, b"[")
    while rest[place] != ord("]"):
        end = _end(rest, place)
        yield bytes(rest[place:end])
        place = _skip(rest, end, b",")


def cut_object(whole: Buffer) -> Iterator[tuple[str, bytes]]:
    """Yield the members of an object that is known to be JSON."""
    rest = memoryview(whole)
    place = _skip(rest, 0, b"{")
    while rest[place] != ord("}"):
        end = _end(rest, place)
        name = msgspec.json.decode(rest[place:end], type=str)
        place = _skip(rest, end, b":")
        end = _end(rest, place)
        yield name, bytes(rest[place:end])
        place = _skip(rest, end, b",")


def _end(rest: memoryview, place: int) -> int:
    """Return where the sign stands that follows the value here: msgspec passes over one value, and names that place."""
    try:
        ONE.decode(rest[place:])
    except msgspec.DecodeError as error:
        if behind := BEHIND.search(str(error)):
            return place + int(behind[1]) - 1
        raise
    raise ValueError("the array or object isn't closed")


def _skip(rest: memoryview, place: int, sign: bytes) -> int:
    """Return where the next value or bracket stands: behind blanks, and behind one such sign."""
    place = _behind_blanks(rest, place)
    return _behind_blanks(rest, place + 1) if rest[place] == sign[0] else place


def _behind_blanks(rest: memoryview, place: int) -> int:
    found = BLANKS.match(rest, place)
    return found.end() if found else place
