"""What depends on dated rules, asked of every app as of a day: a rehearsal compares it by the law of two days.

An app says in its ``dated_facts.py`` what of its own may change when a dated row begins to hold::

    dated_facts.add_source("safeguards.duties", duties)

A source computes by the functions that act on that day, and writes nothing. What it tells carries references and no
personal data.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Kind(TextChoices):
    """What a fact is about, in the order in which it is told."""

    LAW = "law", _("The law")
    NUMBER = "number", _("Numbers")
    DUTY = "duty", _("Duties of the company")
    CLOCK = "clock", _("Open matters and their days")
    LIST = "list", _("Destruction lists")
    TEXT = "text", _("Published texts")


@dataclass(frozen=True)
class Fact:
    """One thing that holds on a day: ``key`` tells it from every other of its kind, whatever it says.

    ``about`` and ``value`` are words in the language of the reader, ``path`` its page in the console, which holders of
    ``permission`` may see.
    """

    kind: Kind
    key: str
    about: str
    value: str
    path: str
    permission: str


type Find = Callable[[date], Iterable[Fact]]
_sources: dict[str, Find] = {}


def add_source(name: str, find: Find) -> None:
    """Ask ``find`` for what holds on a day from now on; the same name again replaces it."""
    _sources[name] = find


def facts(on: date) -> list[Fact]:
    """Return what every app tells of a day, in the order of the sources' names."""
    return [fact for name in sorted(_sources) for fact in _sources[name](on)]
