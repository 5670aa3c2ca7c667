"""What changed between two versions in the rules, a sentence for each change (V-05), and whom it burdens (V-07).

Every attribute that a document's tables carry is compared; what the rulebook holds beside them, and no reader of the
policy needs, is compared by ``internal`` for the people who judge a draft.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.policies import wording
from privacy.policies.models import LegalGround
from privacy.policies.policy_document import Document
from privacy.policies.rulebook import Rulebook


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One change of a rule in a sentence; ``adverse`` where it takes more, keeps longer or gives to more."""

    sentence: str
    adverse: bool
    renames: bool = False


def compare_rules(old: Document, new: Document, language: str) -> list[RuleChange]:
    """Return what changes in what is collected, why, how long it is kept and who receives it."""
    with override(language):
        return list(_Tables(old["tables"], new["tables"], "en" if language.startswith("en") else "ko").changes())


def compare_internal_rules(old: Rulebook, new: Rulebook, language: str) -> list[str]:
    """Return what changes for the office alone: approval and waiting time of destructions, what identifies a device."""
    suffix = "en" if language.startswith("en") else "ko"
    with override(language):
        return list(_internal(old, new, f"name_{suffix}"))


def _internal(old: Rulebook, new: Rulebook, name: str) -> Iterator[str]:
    for code, after in new.categories.items():
        before = old.categories.get(code)
        if before is None:
            continue
        category = str(getattr(after, name))
        if before.retention is not None and after.retention is not None:
            words = {"category": category, "old": before.retention.wait_hours, "new": after.retention.wait_hours}
            if before.retention.approval_required and not after.retention.approval_required:
                yield _("%(category)s: destroyed without the officer's approval") % words
            elif after.retention.approval_required and not before.retention.approval_required:
                yield _("%(category)s: destroyed only with the officer's approval") % words
            if before.retention.wait_hours != after.retention.wait_hours:
                yield _("%(category)s: destruction waits %(new)d hours (before: %(old)d)") % words
        for item in before.items.keys() & after.items.keys():
            if before.items[item].identifier != after.items[item].identifier:
                words = {"category": category, "item": str(getattr(after.items[item], name))}
                identifies = after.items[item].identifier
                yield (
                    _("%(category)s: %(item)s now identifies a device")
                    if identifies
                    else _("%(category)s: %(item)s no longer identifies a device")
                ) % words


class _Tables:
    def __init__(self, old: dict[str, Any], new: dict[str, Any], language: str) -> None:
        self.old, self.new, self.language = old, new, language
        self.item_names = {
            item["code"]: self._name(item) for tables in (old, new) for row in tables["items"] for item in row["items"]
        }

    def _by_code(self, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
        old, new = self.old.get(name, ()), self.new.get(name, ())
        return {row["code"]: row for row in old}, {row["code"]: row for row in new}

    def _name(self, row: dict[str, Any]) -> str:
        return str(row["name"][self.language])

    def _items(self, codes: Any) -> str:
        """Return items, or kinds of records, by name: a kind is an item's code with hyphens."""
        return ", ".join(self.item_names.get(code.replace("-", "_"), code) for code in sorted(codes))

    def changes(self) -> Iterator[RuleChange]:
        yield from self._purposes()
        yield from self._collection()
        yield from self._bases()
        yield from self._retention()
        yield from self._preservation()
        for name, more, less in (
            ("recipients", _("Now provided to: %(name)s"), _("No longer provided to: %(name)s")),
            ("processors", _("Now consigned to: %(name)s"), _("No longer consigned to: %(name)s")),
            ("transfers", _("Now transferred abroad to: %(name)s"), _("No longer transferred abroad to: %(name)s")),
            ("app-permissions", _("The app now asks for: %(name)s"), _("The app no longer asks for: %(name)s")),
        ):
            before, after = self._by_code(name)
            yield from (RuleChange(more % {"name": self._name(row)}, True) for row in _only(after, before))
            yield from (RuleChange(less % {"name": self._name(row)}, False) for row in _only(before, after))
            for code in _both(before, after):
                yield from self._party(before[code], after[code])

    def _renamed(self, old: dict[str, Any], new: dict[str, Any], sentence: str, **words: str) -> Iterator[RuleChange]:
        if self._name(old) != self._name(new):
            words |= {"old": self._name(old), "new": self._name(new)}
            yield RuleChange(sentence % words, False, renames=True)

    def _purposes(self) -> Iterator[RuleChange]:
        before, after = self._by_code("purposes")
        for code in _both(before, after):
            yield from self._renamed(before[code], after[code], _("The purpose “%(old)s” is now called “%(new)s”"))

    def _collection(self) -> Iterator[RuleChange]:
        before, after = self._by_code("items")
        for row in _only(after, before):
            yield RuleChange(_("Now collected: %(name)s") % {"name": self._name(row)}, True)
        for row in _only(before, after):
            yield RuleChange(_("No longer collected: %(name)s") % {"name": self._name(row)}, False)
        for code in _both(before, after):
            yield from self._category(before[code], after[code])

    def _category(self, old: dict[str, Any], new: dict[str, Any]) -> Iterator[RuleChange]:
        yield from self._renamed(old, new, _("“%(old)s” is now called “%(new)s”"))
        category = self._name(new)
        before = {item["code"]: item for item in old["items"]}
        after = {item["code"]: item for item in new["items"]}
        for item in _only(after, before):
            words = {"category": category, "item": self._name(item)}
            yield RuleChange(_("%(category)s: now also collects %(item)s") % words, True)
        for item in _only(before, after):
            words = {"category": category, "item": self._name(item)}
            yield RuleChange(_("%(category)s: no longer collects %(item)s") % words, False)
        for code in _both(before, after):
            sentence = _("%(category)s: “%(old)s” is now called “%(new)s”")
            yield from self._renamed(before[code], after[code], sentence, category=category)
        if old["optional"] != new["optional"]:
            sentence = _("%(category)s: now optional") if new["optional"] else _("%(category)s: now required")
            yield RuleChange(sentence % {"category": category}, not new["optional"])
        names = {row["code"]: self._name(row) for row in self.old["purposes"] + self.new["purposes"]}
        # The office's own duties are no purposes of the policy and have no name in it.
        used, use = set(old["purposes"]) & names.keys(), set(new["purposes"]) & names.keys()
        for code in sorted(use - used):
            words = {"category": category, "purpose": names[code]}
            yield RuleChange(_("%(category)s: now also used for %(purpose)s") % words, True)
        for code in sorted(used - use):
            words = {"category": category, "purpose": names[code]}
            yield RuleChange(_("%(category)s: no longer used for %(purpose)s") % words, False)

    def _bases(self) -> Iterator[RuleChange]:
        """Compare legal bases (C-06): whatever comes to rest on anything but consent can no longer be withdrawn from.

        A version that states none took what it collected with consent.
        """
        before, after = self._by_code("bases")
        kept = {row["code"] for row in self.new["items"]}
        for row in _only(before, after):
            if row["category"] in kept:
                sentence = _("%(category)s, %(purpose)s: legal basis no longer stated")
                yield RuleChange(sentence % self._processing(row), True)
        for code, row in after.items():
            words = {**self._processing(row), "new": LegalGround(row["basis"]).label}
            takes_more = row["basis"] != LegalGround.CONSENT
            old = before.get(code)
            if old is None:
                yield RuleChange(_("%(category)s, %(purpose)s: legal basis “%(new)s”") % words, takes_more)
            elif old["basis"] != row["basis"]:
                words |= {"old": LegalGround(old["basis"]).label}
                sentence = _("%(category)s, %(purpose)s: legal basis “%(new)s” (before: “%(old)s”)")
                yield RuleChange(sentence % words, takes_more)
            elif old["ground"] != row["ground"]:
                words |= {"ground": row["ground"][self.language]}
                sentence = _("%(category)s, %(purpose)s: the ground of the legal basis is now “%(ground)s”")
                yield RuleChange(sentence % words, False, renames=True)

    def _processing(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return the names of the category and the purpose of a legal basis."""
        names = {
            one["code"]: self._name(one)
            for tables in (self.old, self.new)
            for name in ("items", "purposes")
            for one in tables[name]
        }
        return {part: names.get(row[part], row[part]) for part in ("category", "purpose")}

    def _retention(self) -> Iterator[RuleChange]:
        before, after = self._by_code("retention")
        for code in _both(before, after):
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
        for code in _both(before, after):
            yield from self._preserved(before[code], after[code])

    def _preserved(self, old: dict[str, Any], new: dict[str, Any]) -> Iterator[RuleChange]:
        yield from self._renamed(old, new, _("The records “%(old)s” are now called “%(new)s”"))
        name = self._name(new)
        gone = set(old["record_kinds"]) - set(new["record_kinds"])
        come = set(new["record_kinds"]) - set(old["record_kinds"])
        if come:
            words = {"name": name, "kinds": self._items(come)}
            yield RuleChange(_("%(name)s: now also preserves %(kinds)s") % words, True)
        if gone:
            words = {"name": name, "kinds": self._items(gone)}
            yield RuleChange(_("%(name)s: no longer preserves %(kinds)s") % words, False)
        if old["months"] != new["months"]:
            words = {
                "name": name,
                "old": wording.period(0, old["months"]),
                "new": wording.period(0, new["months"]),
            }
            longer = new["months"] > old["months"]
            yield RuleChange(_("%(name)s: preserved %(new)s (before: %(old)s)") % words, longer)
        laws = [" ".join(filter(None, (row[part][self.language] for part in ("law", "article")))) for row in (old, new)]
        if laws[0] != laws[1]:
            words = {"name": name, "old": laws[0], "new": laws[1]}
            yield RuleChange(_("%(name)s: preserved under %(new)s (before: %(old)s)") % words, False)

    def _party(self, old: dict[str, Any], new: dict[str, Any]) -> Iterator[RuleChange]:
        yield from self._renamed(old, new, _("“%(old)s” is now called “%(new)s”"))
        name = self._name(new)
        come, gone = set(new["items"]) - set(old["items"]), set(old["items"]) - set(new["items"])
        if come:
            words = {"name": name, "items": self._items(come)}
            yield RuleChange(_("%(name)s: now also receives %(items)s") % words, True)
        if gone:
            words = {"name": name, "items": self._items(gone)}
            yield RuleChange(_("%(name)s: no longer receives %(items)s") % words, False)
        if new.get("required") and not old.get("required", True):
            yield RuleChange(_("%(name)s: now required") % {"name": name}, True)
        elif old.get("required") and not new.get("required", True):
            yield RuleChange(_("%(name)s: now optional") % {"name": name}, False)
        # Another purpose or term may mean more; the words alone can't say that it doesn't.
        for part, sentence in (
            ("purpose", _("%(name)s: purpose “%(new)s” (before: “%(old)s”)")),
            ("until", _("%(name)s: retention “%(new)s” (before: “%(old)s”)")),
            ("basis", _("%(name)s: basis “%(new)s” (before: “%(old)s”)")),
            ("country", _("%(name)s: country “%(new)s” (before: “%(old)s”)")),
            ("way", _("%(name)s: transferred “%(new)s” (before: “%(old)s”)")),
            ("refusal", _("%(name)s: refusal “%(new)s” (before: “%(old)s”)")),
        ):
            if part not in old or part not in new:
                continue
            # The reader's language first; another where only its words have changed.
            for language in sorted(old[part], key=lambda one: one != self.language):
                if old[part][language] != new[part][language]:
                    words = {"name": name, "old": old[part][language], "new": new[part][language]}
                    yield RuleChange(sentence % words, True)
                    break


def _only(these: dict[str, Any], those: dict[str, Any]) -> list[Any]:
    return [row for code, row in these.items() if code not in those]


def _both(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [code for code in after if code in before]


def _length(row: dict[str, Any]) -> int:
    return int(row["years"]) * 12 + int(row["months"])
