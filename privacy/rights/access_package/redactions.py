"""What a package leaves out because it concerns other people: whole values, passages of texts, whole records.

A right keeps where they are and why, never what they say (``Right.redactions``). A mark is about the record that was
seen, by the keyed digest of what that said. Where no record reads so any more, it is about all that may be meant; and a
text that no longer reads as it did is left out whole.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from django.utils.crypto import salted_hmac

from privacy.lib.crypto import canonical_json

# What stands in the place of what is left out; it doesn't tell how long that was.
BLACKED_OUT = "█████"
# By which of its fields an exported record is told apart; a contact has none of them, only its kind.
IDENTIFIERS = ("report", "licence", "device", "case")
CONTACT = "contact"

type Path = tuple[str, ...]


@dataclass(frozen=True)
class Redaction:
    """One place that is left out: a record, a value of it (``path``), or the passage of a text from ``start`` on.

    Places count characters, and ``end`` stands behind the last. ``record`` is the pointer of the record as it was when
    it was marked (``pointer_of``), and ``text`` the keyed digest of the text of which a passage was marked.
    """

    category: str
    record: str
    path: Path
    ground: str
    start: int = 0
    end: int = 0
    text: str = ""

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """Return it as a right keeps it. Of an older one that tells alike records by number, the number fits none.

        An older one of a contact tells the moment of its recording, which another value of that kind does not have.
        """
        known = {one.name: kept[one.name] for one in fields(cls)}
        key, sign, digest = known["record"].rpartition("#")
        name = key.partition(":")[0]
        if name not in {*IDENTIFIERS, CONTACT}:
            known["record"] = f"{CONTACT}:{name}{sign}{digest}"
        return cls(**{**known, "path": tuple(kept["path"])})

    def as_kept(self) -> dict[str, Any]:
        """Return it as it is kept with its right."""
        return {**asdict(self), "path": list(self.path)}

    def as_told(self) -> dict[str, Any]:
        """Return what the manifest says of it; the digest of the record is nobody else's."""
        part = "passage" if self.end else "value" if self.path else "record"
        return {
            "category": self.category,
            "record": key_of(self.record),
            "path": ".".join(self.path),
            "part": part,
            "ground": self.ground,
        }


def text_digest(text: str) -> str:
    """Return what tells whether a text still reads as it did, and nothing of it to whoever lacks the secret key."""
    return salted_hmac("privacy.rights.redactions", text, algorithm="sha256").hexdigest()


def pointer_of(record: Mapping[str, Any]) -> str:
    """Return what tells a record: the field that identifies it, and the digest of what it says.

    Another value of a contact is another record: by its kind it is still told for the one before.
    """
    name = next((one for one in IDENTIFIERS if one in record), "")
    key = f"{name}:{record[name]}" if name else f"{CONTACT}:{next(iter(record), '')}"
    return f"{key}#{text_digest(canonical_json.dumps(record))}"


def key_of(pointer: str) -> str:
    """Return what a record is told by, whatever it says: records of one case share it, and contacts of one kind."""
    return pointer.rpartition("#")[0]


def of_right(kept: Iterable[Mapping[str, Any]]) -> list[Redaction]:
    """Return the redactions of a right."""
    return [Redaction.of(one) for one in kept]


def marked(
    category: str, records: Iterable[dict[str, Any]], marks: Iterable[Redaction]
) -> list[tuple[str, dict[str, Any], list[Redaction]]]:
    """Return records, each with its pointer before it and behind it the marks that leave something out of it.

    All records with one key belong into one call. A mark whose record is not there, or says something else now, is
    about each of them.
    """
    here = [(pointer_of(record), record) for record in records]
    there, mine = {pointer for pointer, _record in here}, [mark for mark in marks if mark.category == category]

    def is_about(mark: Redaction, pointer: str) -> bool:
        return mark.record == pointer or (mark.record not in there and key_of(mark.record) == key_of(pointer))

    return [(pointer, record, [mark for mark in mine if is_about(mark, pointer)]) for pointer, record in here]


def values(record: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield each value of a record with its path; what identifies the record is no value that can be left out."""
    for name, value in record.items():
        if isinstance(value, Mapping) and value:
            yield from values(value, (*path, str(name)))
        elif value not in (None, "", {}, []) and (path or name not in IDENTIFIERS):
            yield (*path, str(name)), value


def redacted(category: str, records: list[dict[str, Any]], marks: Sequence[Redaction]) -> list[dict[str, Any]]:
    """Return the records without what is marked in them."""
    if all(mark.category != category for mark in marks):
        return records
    return [given(record, mine) for _pointer, record, mine in marked(category, records, marks)]


def given(record: dict[str, Any], marks: Sequence[Redaction]) -> dict[str, Any]:
    """Return a record without what its marks leave out."""
    return _without(record, marks, ()) if marks else record


def _without(record: Mapping[str, Any], marks: Sequence[Redaction], path: Path) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, value in record.items():
        place = (*path, str(name))
        if (not path and name in IDENTIFIERS) or value in (None, "", {}, []):
            shown[name] = value
            continue
        whole = [mark for mark in marks if place[: len(mark.path)] == mark.path]
        if isinstance(value, Mapping) and not whole:
            shown[name] = _without(value, marks, place)
        else:
            shown[name] = _blacked_out(value, whole) if whole else value
    return shown


def _blacked_out(value: Any, marks: Sequence[Redaction]) -> str:
    if not isinstance(value, str) or any(not mark.end or mark.text != text_digest(value) for mark in marks):
        return BLACKED_OUT
    hidden = sorted({place for mark in marks for place in range(mark.start, mark.end)})
    text, last = "", -1
    for place in hidden:
        if place > last + 1 or last < 0:
            text += value[last + 1 : place] + BLACKED_OUT
        last = place
    return text + value[last + 1 :]
