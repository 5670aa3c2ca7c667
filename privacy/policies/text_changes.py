"""What changed between two versions, fit to read (V-05): the text word by word; the rules are in ``rule_changes``."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from privacy.policies import presentation, rule_changes
from privacy.policies.policy_document import Document
from privacy.policies.rule_changes import RuleChange

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
class SectionChange:
    """A heading that is ``added``, ``removed``, ``changed`` or ``same``, with its lines."""

    kind: str
    code: str
    heading: str
    lines: tuple[Line, ...] = ()


def compare_sections(old: Document, new: Document, language: str) -> list[SectionChange]:
    """Return every heading of both documents with what happened to it, in the order of the new one."""
    before = {chapter.code: chapter for chapter in presentation.render_sections(old, language)}
    after = {chapter.code: chapter for chapter in presentation.render_sections(new, language)}
    changes = [
        SectionChange("removed", code, chapter.heading, tuple(_whole("removed", chapter.lines())))
        for code, chapter in before.items()
        if code not in after
    ]
    for code, chapter in after.items():
        if code not in before:
            changes.append(SectionChange("added", code, chapter.heading, tuple(_whole("added", chapter.lines()))))
            continue
        renamed = before[code].heading != chapter.heading
        old_lines = ([before[code].heading] if renamed else []) + before[code].lines()
        new_lines = ([chapter.heading] if renamed else []) + chapter.lines()
        lines = tuple(_lines(old_lines, new_lines))
        kind = "same" if all(line.kind == "same" for line in lines) else "changed"
        changes.append(SectionChange(kind, code, chapter.heading, lines))
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


def compare_rules(old: Document, new: Document, language: str) -> list[RuleChange]:
    """Return what changes in what is collected, why, how long it is kept and who receives it."""
    return rule_changes.compare_rules(old, new, language)
