"""What dated rules that begin on a day would change: the day by the law of the day before and by its own; no writes.

Two days would differ in what merely passes; one day, asked twice, differs in what the rules do (decision 0393).
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db import connections, transaction
from django.utils.translation import gettext as _

from privacy.lib.display import badges
from privacy.lib.registries import dated_facts, deadlines
from privacy.lib.registries.dated_facts import Fact, Kind
from privacy.policies import amendments, dated_rules, penalties
from privacy.policies.dated_facts import depends_on_rules
from privacy.policies.models import Parameter, PolicyVersion


@dataclass(frozen=True)
class Effect:
    """One difference: the fact that is new, replaces another or is gone, and the sentence that says so."""

    fact: Fact
    sentence: str
    replaces: bool


def _effect(before: Fact | None, after: Fact | None) -> Effect:
    fact = after or before
    assert fact is not None
    words = {"about": fact.about, "value": fact.value, "before": before.value if before else ""}
    if before is None:
        said = _("%(about)s: %(value)s")
    elif after is None:
        said = _("%(about)s: no longer (until then: %(before)s)")
    else:
        said = _("%(about)s: %(value)s (until then: %(before)s)")
    return Effect(fact, said % words, before is not None and after is not None)


@dataclass
class Rehearsal:
    """What changes on a day, by kind.

    ``kept``: where a number changes, how many open matters of each kind keep the day that they stored when they began.
    """

    on: date
    effects: list[Effect] = field(default_factory=list)
    kept: list[tuple[str, int]] = field(default_factory=list)

    def by_kind(self) -> list[tuple[Kind, list[Effect]]]:
        """Return the effects by what they are about, in its order."""
        groups = ((kind, [one for one in self.effects if one.fact.kind == kind]) for kind in Kind)
        return [(kind, found) for kind, found in groups if found]


def rehearse(on: date, *, may: Callable[[str], bool] = lambda _permission: True) -> Rehearsal:
    """Return what somebody may see of the differences that the dated rules of a day make on it.

    All of it is read of one moment: what somebody writes meanwhile is no difference of the day. So it runs in
    transactions of its own; a RuntimeError says that the caller has begun one.
    """
    with _of_one_moment():
        return _rehearse(on, may)


@contextmanager
def _of_one_moment() -> Iterator[None]:
    with ExitStack() as stack:
        for alias in connections:
            is_outermost = not connections[alias].in_atomic_block
            stack.enter_context(transaction.atomic(using=alias, durable=True))
            if is_outermost:  # within another one there are tests alone, which are of one moment by themselves
                with connections[alias].cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _rehearse(on: date, may: Callable[[str], bool]) -> Rehearsal:
    before, after = (_facts_by_law_of(day, on) for day in (on - timedelta(days=1), on))
    effects = [
        _effect(before.get(key), after.get(key))
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    ]
    found = Rehearsal(on, [one for one in effects if may(one.fact.permission)])
    if any(one.fact.kind == Kind.NUMBER and one.replaces for one in effects):
        stored = [(one, one.rows) for one in deadlines.sources(may) if one.rows and not depends_on_rules(one)]
        counted = [(str(source.title).rstrip(":"), rows.open().count()) for source, rows in stored]
        found.kept = [(title, count) for title, count in counted if count]
    return found


def _facts_by_law_of(day: date, on: date) -> dict[tuple[Kind, str], Fact]:
    with dated_rules.known_until(day):
        return {(fact.kind, fact.key): fact for fact in dated_facts.facts(on)}


def coming_days(today: date) -> list[tuple[date, str]]:
    """Return the days after today on which dated rules begin, each with what it brings, the earliest first."""
    found: dict[date, list[str]] = {}
    for amendment in amendments.announced(today):
        found.setdefault(amendment.in_force_on, []).append(amendment.article)
    for number in Parameter.objects.filter(effective_on__gt=today).order_by("effective_on", "code"):
        found.setdefault(number.effective_on, []).append(number.code)
    for penalty in penalties.announced_penalties(today):
        assert penalty.since is not None
        found.setdefault(penalty.since, []).append(penalty.article)
    for version in PolicyVersion.objects.announced(today):
        assert version.effective_on is not None
        found.setdefault(version.effective_on, []).append(_("policy version %(number)s") % {"number": version.number})
    return [(day, ", ".join(brings)) for day, brings in sorted(found.items())]


def lines(found: Rehearsal) -> list[str]:
    """Return a rehearsal as lines of text, each difference with the address of its page."""
    said = [_("What changes on %(day)s") % {"day": badges.date_text(found.on)}]
    for kind, effects in found.by_kind():
        said += ["", str(kind.label), *(f"- {one.sentence} [{one.fact.path}]" for one in effects)]
    if not found.effects:
        said += ["", _("Nothing changes: no dated rule begins on this day.")]
    if found.kept:
        said += [
            "",
            _("Open matters that keep the day they have"),
            *(f"- {what}: {count}" for what, count in found.kept),
        ]
    return said
