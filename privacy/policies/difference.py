"""What changed between two versions, fit to read (V-05): first the rules, then the text word by word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.policies import presentation, wording
from privacy.policies.document import Document

WORD = re.compile(r"\s+|[^\s]+")
# Below this likeness two lines are shown as one gone and one new, not as one changed.
ALIKE = 0.4


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of words that is ``same``, ``added`` or ``removed``."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is ``same``, ``added``, ``removed`` or ``changed``."""

    kind: str
    segments: tuple[Segment, ...]

    @property
    def before(self) -> tuple[Segment, ...]:
        """What the old version says here; nothing for a line that came."""
        return tuple(segment for segment in self.segments if segment.kind != "added")

    @property
    def after(self) -> tuple[Segment, ...]:
        """What the new version says here; nothing for a line that went."""
        return tuple(segment for segment in self.segments if segment.kind != "removed")


@dataclass(frozen=True, slots=True)
class ChapterChange:
    """A heading that is ``added``, ``removed``, ``changed`` or ``same``, with its lines."""

    kind: str
    code: str
    heading: str
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One change of a rule in a sentence; ``adverse`` where it takes more, keeps longer or gives to more."""

    sentence: str
    adverse: bool


def chapters(old: Document, new: Document, language: str) -> list[ChapterChange]:
    """Return every heading of both documents with what happened to it, in the order of the new one."""
    before = {chapter.code: chapter for chapter in presentation.chapters(old, language)}
    after = {chapter.code: chapter for chapter in presentation.chapters(new, language)}
    changes = [
        ChapterChange("removed", code, chapter.heading, tuple(_whole("removed", chapter.lines())))
        for code, chapter in before.items()
        if code not in after
    ]
    for code, chapter in after.items():
        if code not in before:
            changes.append(ChapterChange("added", code, chapter.heading, tuple(_whole("added", chapter.lines()))))
            continue
        renamed = before[code].heading != chapter.heading
        old_lines = ([before[code].heading] if renamed else []) + before[code].lines()
        new_lines = ([chapter.heading] if renamed else []) + chapter.lines()
        lines = tuple(_lines(old_lines, new_lines))
        kind = "same" if all(line.kind == "same" for line in lines) else "changed"
        changes.append(ChapterChange(kind, code, chapter.heading, lines))
    return changes


def _whole(kind: str, lines: list[str]) -> Iterator[Line]:
    for line in lines:
        yield Line(kind, (Segment(kind, line),))


def _lines(old: list[str], new: list[str]) -> Iterator[Line]:
    for tag, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from _whole("same", new[new_from:new_to])
            continue
        gone, come = old[old_from:old_to], new[new_from:new_to]
        for index in range(max(len(gone), len(come))):
            yield from _pair(gone[index] if index < len(gone) else None, come[index] if index < len(come) else None)


def _pair(old: str | None, new: str | None) -> Iterator[Line]:
    if old is not None and new is not None:
        old_words, new_words = WORD.findall(old), WORD.findall(new)
        matcher = SequenceMatcher(None, old_words, new_words, autojunk=False)
        if matcher.ratio() >= ALIKE:
            yield Line("changed", tuple(_segments(matcher, old_words, new_words)))
            return
    if old is not None:
        yield from _whole("removed", [old])
    if new is not None:
        yield from _whole("added", [new])


def _segments(matcher: SequenceMatcher[str], old: list[str], new: list[str]) -> Iterator[Segment]:
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            yield Segment("same", "".join(new[new_from:new_to]))
            continue
        if old_to > old_from:
            yield Segment("removed", "".join(old[old_from:old_to]))
        if new_to > new_from:
            yield Segment("added", "".join(new[new_from:new_to]))


def rules(old: Document, new: Document, language: str) -> list[RuleChange]:
    """Return what changes in what is collected, why, how long it is kept and who receives it."""
    with override(language):
        return list(_Rules(old["tables"], new["tables"], "en" if language.startswith("en") else "ko").changes())


class _Rules:
    def __init__(self, old: dict[str, Any], new: dict[str, Any], language: str) -> None:
        self.old, self.new, self.language = old, new, language

    def _by_code(self, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
        return {row["code"]: row for row in self.old[name]}, {row["code"]: row for row in self.new[name]}

    def _name(self, row: dict[str, Any]) -> str:
        return str(row["name"][self.language])

    def changes(self) -> Iterator[RuleChange]:
        yield from self._collection()
        yield from self._retention()
        yield from self._preservation()
        for name, more, less in (
            ("recipients", _("Now provided to: %(name)s"), _("No longer provided to: %(name)s")),
            ("processors", _("Now consigned to: %(name)s"), _("No longer consigned to: %(name)s")),
        ):
            before, after = self._by_code(name)
            yield from (RuleChange(more % {"name": self._name(row)}, True) for row in _only(after, before))
            yield from (RuleChange(less % {"name": self._name(row)}, False) for row in _only(before, after))

    def _collection(self) -> Iterator[RuleChange]:
        before, after = self._by_code("items")
        for row in _only(after, before):
            yield RuleChange(_("Now collected: %(name)s") % {"name": self._name(row)}, True)
        for row in _only(before, after):
            yield RuleChange(_("No longer collected: %(name)s") % {"name": self._name(row)}, False)
        for code in before.keys() & after.keys():
            yield from self._category(before[code], after[code])

    def _category(self, old: dict[str, Any], new: dict[str, Any]) -> Iterator[RuleChange]:
        category = self._name(new)
        items_before = {item["code"]: item for item in old["items"]}
        items_after = {item["code"]: item for item in new["items"]}
        for item in _only(items_after, items_before):
            words = {"category": category, "item": self._name(item)}
            yield RuleChange(_("%(category)s: now also collects %(item)s") % words, True)
        for item in _only(items_before, items_after):
            words = {"category": category, "item": self._name(item)}
            yield RuleChange(_("%(category)s: no longer collects %(item)s") % words, False)
        if old["optional"] != new["optional"]:
            sentence = _("%(category)s: now optional") if new["optional"] else _("%(category)s: now required")
            yield RuleChange(sentence % {"category": category}, not new["optional"])
        names = {row["code"]: self._name(row) for row in self.old["purposes"] + self.new["purposes"]}
        # The office's own duties are no purposes of the policy and have no name in it.
        before, after = set(old["purposes"]) & names.keys(), set(new["purposes"]) & names.keys()
        for code in sorted(after - before):
            words = {"category": category, "purpose": names[code]}
            yield RuleChange(_("%(category)s: now also used for %(purpose)s") % words, True)
        for code in sorted(before - after):
            words = {"category": category, "purpose": names[code]}
            yield RuleChange(_("%(category)s: no longer used for %(purpose)s") % words, False)

    def _retention(self) -> Iterator[RuleChange]:
        before, after = self._by_code("retention")
        for code in before.keys() & after.keys():
            old, new = before[code], after[code]
            if (old["clock"], old["years"], old["months"]) == (new["clock"], new["years"], new["months"]):
                continue
            words = {
                "category": self._name(new),
                "old": wording.retention(old["clock"], old["years"], old["months"]),
                "new": wording.retention(new["clock"], new["years"], new["months"]),
            }
            longer = old["clock"] != new["clock"] or _length(new) > _length(old)
            yield RuleChange(_("%(category)s: kept %(new)s (before: %(old)s)") % words, longer)

    def _preservation(self) -> Iterator[RuleChange]:
        before, after = self._by_code("preservation")
        for row in _only(after, before):
            yield RuleChange(_("Now preserved by law: %(name)s") % {"name": self._name(row)}, True)
        for row in _only(before, after):
            yield RuleChange(_("No longer preserved: %(name)s") % {"name": self._name(row)}, False)
        for code in before.keys() & after.keys():
            old, new = before[code]["months"], after[code]["months"]
            if old != new:
                words = {
                    "name": self._name(after[code]),
                    "old": wording.period(0, old),
                    "new": wording.period(0, new),
                }
                yield RuleChange(_("%(name)s: preserved %(new)s (before: %(old)s)") % words, new > old)


def _only(these: dict[str, Any], those: dict[str, Any]) -> list[Any]:
    return [row for code, row in these.items() if code not in those]


def _length(row: dict[str, Any]) -> int:
    return int(row["years"]) * 12 + int(row["months"])
