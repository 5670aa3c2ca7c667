"""What a package leaves out because it concerns other people: whole values, passages of texts, whole records.

A right keeps where they are and why, never what they say (``Right.redactions``). A text that no longer reads as it did
when it was marked is left out whole, and so are all records that only a number tells apart once there are more or fewer
of them. Not seen is one of those that went while another came.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.utils.crypto import salted_hmac

# What stands in the place of what is left out; it doesn't tell how long that was.
BLACKED_OUT = "█████"
# By which of its fields an exported record is told apart; a contact has none of them, only its kind and its moment.
IDENTIFIERS = ("report", "licence", "device", "case")

type Path = tuple[str, ...]


@dataclass(frozen=True)
class Redaction:
    """One place that is left out: a record, a value of it (``path``), or the passage of a text from ``start`` on.

    Places count characters, and ``end`` stands behind the last. ``text`` is the keyed digest of the text that was
    marked, and ``alike`` how many records of the part that was looked at were told apart by their number alone.
    """

    category: str
    record: str
    path: Path
    ground: str
    start: int = 0
    end: int = 0
    text: str = ""
    alike: int = 1

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """Return it as a right keeps it."""
        return cls(**{**kept, "path": tuple(kept["path"])})

    def as_kept(self) -> dict[str, Any]:
        """Return it as it is kept with its right."""
        return {
            "category": self.category, "record": self.record, "path": list(self.path), "ground": self.ground,
            "start": self.start, "end": self.end, "text": self.text, "alike": self.alike,
        }  # fmt: skip

    def as_told(self) -> dict[str, Any]:
        """Return what the manifest says of it."""
        part = "passage" if self.end else "value" if self.path else "record"
        return {
            "category": self.category,
            "record": self.record,
            "path": ".".join(self.path),
            "part": part,
            "ground": self.ground,
        }


def text_digest(text: str) -> str:
    """Return what tells whether a text still reads as it did, and nothing of it to whoever lacks the secret key."""
    return salted_hmac("privacy.rights.redactions", text, algorithm="sha256").hexdigest()


def alike(records: Iterable[tuple[str, object]]) -> Counter[str]:
    """Return how many identified records are told apart by their number alone, by what they have in common."""
    return Counter(key_of(pointer) for pointer, _record in records)


def key_of(pointer: str) -> str:
    """Return what a record is told by, without its number among those alike."""
    return pointer.rpartition("#")[0]


def of_right(kept: Iterable[Mapping[str, Any]]) -> list[Redaction]:
    """Return the redactions of a right."""
    return [Redaction.of(one) for one in kept]


def identified(records: Iterable[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield records with what tells them apart: the field that identifies each, and its number among those alike."""
    seen: Counter[str] = Counter()
    for record in records:
        name = next((one for one in IDENTIFIERS if one in record), "")
        key = f"{name}:{record[name]}" if name else f"{next(iter(record), '')}:{record.get('recorded_at', '')}"
        yield f"{key}#{seen[key]}", record
        seen[key] += 1


def values(record: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield each value of a record with its path; what identifies the record is no value that can be left out."""
    for name, value in record.items():
        if isinstance(value, Mapping) and value:
            yield from values(value, (*path, str(name)))
        elif value not in (None, "", {}, []) and (path or name not in IDENTIFIERS):
            yield (*path, str(name)), value


def redacted(
    category: str, records: Sequence[dict[str, Any]], marks: Sequence[Redaction]
) -> tuple[list[dict[str, Any]], list[Redaction]]:
    """Return the records without what is marked in them, and the marks that were found there."""
    marks = [mark for mark in marks if mark.category == category]
    if not marks:
        return list(records), []
    here = list(identified(records))
    counted = alike(here)
    found: list[Redaction] = []
    shown = []
    for pointer, record in here:
        key, paths = key_of(pointer), {path for path, _value in values(record)}
        # Where there are more or fewer alike than when they were marked, a number says no longer which was meant.
        mine = [
            mark
            for mark in marks
            if mark.record == pointer or (key_of(mark.record) == key and mark.alike != counted[key])
        ]
        found += [mark for mark in mine if not mark.path or any(path[: len(mark.path)] == mark.path for path in paths)]
        shown.append(given(record, mine))
    return shown, found


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
