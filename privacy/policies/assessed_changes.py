"""What a draft brings that is assessed before anybody approves it: new data, purposes, recipients, interests (N-05).

A change is known by what it brings in every word: once the draft says otherwise, it is another one (decision 0395).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from privacy.lib.crypto import canonical_json
from privacy.policies import policy_document
from privacy.policies.models import LegalGround, PolicyVersion, Purpose
from privacy.policies.policy_document import Document

INTEREST = "interest"


@dataclass(frozen=True)
class AssessedChange:
    """One change by its key, and in words of the reader's language.

    ``key``: which change it is, ``#``, and the digest of what is assessed of it.

    ``is_interest``: data is to be processed for a legitimate interest, which is weighed (PIPA art. 15(1)6).
    """

    key: str
    sentence: str

    @property
    def is_interest(self) -> bool:
        return self.key.startswith(f"{INTEREST}:")


def subject_of(key: str) -> str:
    """Return which change a key names, whatever the draft said of it."""
    return key.partition("#")[0]


def changes_to_assess(version: PolicyVersion, on: date) -> list[AssessedChange]:
    """Return what a version brings that the newest published one lacks; nothing for the first one."""
    newest = PolicyVersion.objects.exclude(pk=version.pk).newest()
    if newest is None:
        return []
    try:
        composed = policy_document.compose(version, on)
    except policy_document.UnknownPlaceholder:
        return []
    return list(_Changes(policy_document.published_document(newest), composed).found())


def sentences_of(version: PolicyVersion, keys: Iterable[str], on: date) -> list[str]:
    """Return changes that were assessed in words, by their keys; "" for one that the version brings no more.

    A published version tells them by its text as it was published, beside the one before it.
    """
    if not version.is_public:
        said = {one.key: one.sentence for one in changes_to_assess(version, on)}
        return [said.get(key, "") for key in keys]
    before = PolicyVersion.objects.filter(effective_on__lt=version.effective_on).newest()
    documents = [policy_document.published_document(one) for one in (before, version) if one is not None]
    brought = _Changes(*documents).found() if before is not None else ()
    said = {subject_of(one.key): one.sentence for one in brought}
    return [said.get(subject_of(key), "") for key in keys]


class _Changes:
    def __init__(self, old: Document, new: Document) -> None:
        self.old, self.new = old["tables"], new["tables"]
        self.language = "en" if (get_language() or "").startswith("en") else "ko"

    def found(self) -> Iterator[AssessedChange]:
        yield from self._data()
        for table, sentence in (
            ("recipients", _("Now provided to: %(name)s")),
            ("processors", _("Now consigned to: %(name)s")),
            ("transfers", _("Now transferred abroad to: %(name)s")),
            ("app-permissions", _("The app now asks for: %(name)s")),
        ):
            before = {row["code"]: row for row in self.old.get(table, ())}
            for row in self.new.get(table, ()):
                words = {"name": self._name(row)}
                key = _key(f"{table}:{row['code']}", row)
                if row["code"] not in before:
                    yield AssessedChange(key, sentence % words)
                elif more := sorted(set(row["items"]) - set(before[row["code"]]["items"])):
                    words["items"] = ", ".join(self._item(code) for code in more)
                    yield AssessedChange(key, _("Now receives more: %(name)s (%(items)s)") % words)
        yield from self._interests()

    def _data(self) -> Iterator[AssessedChange]:
        before = {row["code"]: row for row in self.old["items"]}
        for row in self.new["items"]:
            known = before.get(row["code"])
            if known is None:
                key = _key(f"category:{row['code']}", self._assessed(row))
                yield AssessedChange(key, _("Now collected: %(name)s") % {"name": self._name(row)})
                continue
            held = {item["code"] for item in known["items"]}
            for item in row["items"]:
                if item["code"] not in held:
                    words = {"category": self._name(row), "item": self._name(item)}
                    said = _("%(category)s: now collected: %(item)s") % words
                    key = _key(f"item:{row['code']}:{item['code']}", {**self._assessed(row), "items": [item]})
                    yield AssessedChange(key, said)
            for purpose in sorted(set(row["purposes"]) - set(known["purposes"])):
                words = {"category": self._name(row), "purpose": self._purpose(purpose)}
                said = _("%(category)s: now also used for %(purpose)s") % words
                key = _key(f"purpose:{row['code']}:{purpose}", self._assessed(row, purpose))
                yield AssessedChange(key, said)

    def _interests(self) -> Iterator[AssessedChange]:
        """Yield each legitimate interest that is new, or stated in other words than it was weighed in."""
        known = {(row["code"], row["basis"], row["ground"]["ko"], row["ground"]["en"]) for row in self._bases(self.old)}
        for row in self._bases(self.new):
            stated = (row["code"], row["basis"], row["ground"]["ko"], row["ground"]["en"])
            if row["basis"] == LegalGround.LEGITIMATE_INTEREST and stated not in known:
                category = next(one for one in self.new["items"] if one["code"] == row["category"])
                words = {
                    "category": self._name(category),
                    "purpose": self._purpose(row["purpose"]),
                    "ground": row["ground"][self.language],
                }
                said = _("%(category)s, %(purpose)s: legitimate interest “%(ground)s”") % words
                weighed = {**self._assessed(category, row["purpose"]), "ground": row["ground"]}
                yield AssessedChange(_key(f"{INTEREST}:{row['code']}", weighed), said)

    def _assessed(self, category: dict[str, Any], *purposes: str) -> dict[str, Any]:
        """Return what is assessed of a category: what it is, its items, and its purposes or some of them."""
        used = purposes or category["purposes"]
        names = [row for row in self.new["purposes"] if row["code"] in used]
        return {**category, "purposes": [sorted(used), names]}

    def _bases(self, tables: dict[str, Any]) -> list[dict[str, Any]]:
        return list(tables.get("bases", ()))

    def _name(self, row: dict[str, Any]) -> str:
        return str(row["name"][self.language])

    def _item(self, code: str) -> str:
        rows = [item for row in self.new["items"] for item in row["items"] if item["code"] == code]
        return self._name(rows[0]) if rows else code

    def _purpose(self, code: str) -> str:
        found = Purpose.objects.filter(code=code).first()
        return str(found) if found else code


def _key(subject: str, assessed: dict[str, Any]) -> str:
    return f"{subject}#{canonical_json.digest(assessed)}"


@dataclass(frozen=True)
class Gate:
    """What an app above knows of the changes of a version on a day.

    ``unassessed``: those which nobody has assessed. ``settled``: what settled the others, in values that a digest is
    made of. ``stated_by``: whose word alone stands for one of them, so that another person approves the version.
    """

    unassessed: Callable[[PolicyVersion, date], list[AssessedChange]]
    settled: Callable[[PolicyVersion, date], list[Any]]
    stated_by: Callable[[PolicyVersion, date], list[str]]


_gates: list[Gate] = []


def add_gate(gate: Gate) -> None:
    """Ask ``gate`` before each approval; adding it again changes nothing."""
    if gate not in _gates:
        _gates.append(gate)


def unassessed(version: PolicyVersion, on: date) -> list[AssessedChange]:
    """Return the changes of a version that stand in the way of its approval."""
    return [change for gate in _gates for change in gate.unassessed(version, on)]


def settled(version: PolicyVersion, on: date) -> list[Any]:
    """Return what the changes of a version rest upon beside its text: whoever approves it has read this too."""
    return [one for gate in _gates for one in gate.settled(version, on)]


def stated_by(version: PolicyVersion, on: date) -> list[str]:
    """Return on whose word alone a change of a version goes on."""
    return sorted({one for gate in _gates for one in gate.stated_by(version, on)})
