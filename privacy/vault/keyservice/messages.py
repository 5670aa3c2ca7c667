"""What a process asks of the key service, and how it travels: length-prefixed MessagePack over a Unix socket.

Ids of people and rows are the 16 bytes of their UUIDs. A wrapped key travels with what it is bound to, so that none can
stand in for another's. Every request is one of the structures below; the answer is an ``Answer`` or a ``Failure``.
"""

import struct
from datetime import date
from typing import Annotated, Any

import msgspec

from privacy.vault.keyservice.framing import Receives, Sends, exactly

LENGTH = struct.Struct("!I")
# A sealed file of 10 MB, with room for its neighbours.
MAX_MESSAGE = 32 * 2**20
# A request is worked on well within the time that its asker waits, whatever its lists hold (``parts.py``). Whoever
# sends more is refused before it is read.
MOST_ITEMS = 20_000
MOST_PEOPLE = 500_000
MOST_VALUES = 200_000
type Items[T] = Annotated[list[T], msgspec.Meta(max_length=MOST_ITEMS)]
# Whom a record names by their digest.
type People = Annotated[list[bytes], msgspec.Meta(max_length=MOST_PEOPLE)]
# What becomes one ciphertext: the records of a person's day.
type Values = Annotated[list[bytes], msgspec.Meta(max_length=MOST_VALUES)]


class SubjectKey(msgspec.Struct, frozen=True, array_like=True):
    """The wrapped key of one person's category."""

    subject: bytes
    category: str
    generation: int
    wrapped: bytes


class MonthKey(msgspec.Struct, frozen=True, array_like=True):
    """The wrapped key of one category's month."""

    category: str
    month: date
    generation: int
    wrapped: bytes


# A content key is of two wrapped keys: their places in the lists of a request.
type Pair = tuple[int, int]


class WrappedKeys(msgspec.Struct, frozen=True):
    """The wrapped keys that a request is about."""

    subjects: Items[SubjectKey]
    months: Items[MonthKey]


class ReadKeys(msgspec.Struct, frozen=True, tag="read-keys"):
    """Content keys for reading what an access record names: ``record`` is its entry's number.

    ``people`` are those whom the record names by their digest; empty where it names each, or named them before.
    """

    record: int
    people: People
    keys: WrappedKeys
    wanted: Items[Pair]


class SealingKeys(msgspec.Struct, frozen=True, tag="sealing-keys"):
    """Content keys for sealing many rows: for intake alone, whose role in the database reads no sealed column."""

    keys: WrappedKeys
    wanted: Items[Pair]


class Plaintext(msgspec.Struct, frozen=True, array_like=True):
    """One value to seal: under which pair of keys, in which column (its associated data) and row."""

    pair: Pair
    where: bytes
    row: bytes
    plain: bytes


class Seal(msgspec.Struct, frozen=True, tag="seal"):
    """Ciphertexts of values: no key leaves."""

    keys: WrappedKeys
    values: Items[Plaintext]


class NewKeys(msgspec.Struct, frozen=True, tag="new-keys"):
    """New keys, wrapped under the generation that the database says is current, with that generation's check value."""

    generation: int
    check_value: bytes
    subjects: Items[tuple[bytes, str]]
    months: Items[tuple[str, date]]


class Bundle(msgspec.Struct, frozen=True, array_like=True):
    """Values that become one ciphertext for the archive: each with its place's pair, head and ciphertext."""

    row: bytes
    subject: bytes
    target: Pair
    source: Items[Pair]
    headers: Values
    ciphertexts: Values


class Reseal(msgspec.Struct, frozen=True, tag="reseal"):
    """Ciphertexts opened, joined and sealed for the archive: neither key nor plaintext leaves. Needs a record."""

    record: int
    people: People
    source: WrappedKeys
    target: WrappedKeys
    where: bytes
    there: Items[bytes]
    bundles: Items[Bundle]


class Rewrap(msgspec.Struct, frozen=True, tag="rewrap"):
    """The same keys wrapped under another generation: turning the master key."""

    generation: int
    keys: WrappedKeys


class BeginGeneration(msgspec.Struct, frozen=True, tag="begin-generation"):
    """The generation after one, made now unless an interrupted turn made it before."""

    after: int


class DestroyGeneration(msgspec.Struct, frozen=True, tag="destroy-generation"):
    """The end of a generation that wraps nothing any more."""

    generation: int


class Index(msgspec.Struct, frozen=True, tag="index"):
    """Blind indexes of normalised values, each under the fixed name of its index."""

    values: Items[tuple[str, str]]


class Derive(msgspec.Struct, frozen=True, tag="derive"):
    """A secret for one purpose and one thing."""

    purpose: str
    about: bytes


class Sign(msgspec.Struct, frozen=True, tag="sign"):
    """The portal's signature under a document."""

    body: str


class PublicKey(msgspec.Struct, frozen=True, tag="public-key"):
    """The public half of the key that signs documents, base64."""


class Describe(msgspec.Struct, frozen=True, tag="describe"):
    """The check values of the master key's generations and of the index key."""


class Status(msgspec.Struct, frozen=True, tag="status"):
    """What the service has given and refused, for those who watch it."""


type Request = (
    ReadKeys
    | SealingKeys
    | Seal
    | NewKeys
    | Reseal
    | Rewrap
    | BeginGeneration
    | DestroyGeneration
    | Index
    | Derive
    | Sign
    | PublicKey
    | Describe
    | Status
)


class Described(msgspec.Struct, frozen=True):
    """Check values: they tell a key from another without telling the key. ``host`` is what the service calls itself."""

    host: str
    generations: dict[int, bytes]
    index: bytes


class Reached(msgspec.Struct, frozen=True):
    """A ceiling that was reached: when (seconds since 1970), by which process, what it bounds, and how high it is.

    ``number`` counts from the service's start, whose moment ``since`` is.
    """

    number: int
    since: float
    moment: float
    process: str
    purpose: str
    ceiling: int


class ServiceStatus(msgspec.Struct, frozen=True):
    """Counts since the start of the service, and the ceilings that were reached."""

    since: float
    given: dict[str, int]
    refused: dict[str, int]
    reached: list[Reached]


class Call(msgspec.Struct, frozen=True, array_like=True):
    """A request, with the language in which a refusal is to be told."""

    language: str
    request: Request


class Failure(msgspec.Struct, frozen=True, array_like=True, tag="failure"):
    """Why nothing is given: a code, and a message fit to show."""

    code: str
    message: str


class Answer(msgspec.Struct, frozen=True, array_like=True, tag="answer"):
    """What was asked for, as MessagePack of the type that belongs to the request."""

    content: msgspec.Raw


ANSWERS: dict[type, Any] = {
    ReadKeys: list[bytes],
    SealingKeys: list[bytes],
    Seal: list[bytes],
    NewKeys: list[bytes],
    Reseal: list[bytes],
    Rewrap: list[bytes],
    BeginGeneration: int,
    DestroyGeneration: None,
    Index: list[bytes],
    Derive: bytes,
    Sign: str,
    PublicKey: str,
    Describe: Described,
    Status: ServiceStatus,
}
ENCODER = msgspec.msgpack.Encoder()
CALLS = msgspec.msgpack.Decoder(Call)
REPLIES: msgspec.msgpack.Decoder[Answer | Failure] = msgspec.msgpack.Decoder(Answer | Failure)
CONTENTS = {kind: msgspec.msgpack.Decoder(wanted) for kind, wanted in ANSWERS.items()}


def send(connection: Sends, message: object) -> None:
    """Send one message."""
    send_encoded(connection, ENCODER.encode(message))


def send_encoded(connection: Sends, body: bytes) -> None:
    """Send one message that was encoded before."""
    if len(body) > MAX_MESSAGE:
        raise ValueError("A message to the key service is too long.")
    connection.sendall(LENGTH.pack(len(body)) + body)


def receive(connection: Receives) -> bytes:
    """Return one message; nothing where the other side has ended. Raises ConnectionError for half of one."""
    head = exactly(connection, LENGTH.size)
    if not head:
        return b""
    (length,) = LENGTH.unpack(head)
    if not 0 < length <= MAX_MESSAGE:
        raise ConnectionError("A message to the key service is too long.")
    body = exactly(connection, length)
    if not body:
        raise ConnectionError("The connection to the key service ended.")
    return body
