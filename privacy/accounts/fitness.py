"""Whether a person is fit to handle personal data: what the apps above ask of everybody before the vault opens.

Pledges and training are kept above this app (P8.9, P8.10); they register their condition here at start-up, and the one
place that decides, ``User.may_open``, asks all of them. What is asked is asked of everybody: nobody is grandfathered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from privacy.ledger.actors import Actor, NotPermitted


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What a person lacks, in a sentence that says what to do, and the page (a URL name) where they do it."""

    code: str
    message: Promise | str
    page: str


# The account is a ``User``, which stands above this module: it asks ``shortfalls`` itself.
type Condition = Callable[[Any, date], Iterable[Shortfall]]
_conditions: list[Condition] = []


def add_condition(condition: Condition) -> None:
    """Ask ``condition`` of everybody from now on; adding the same one again changes nothing."""
    if condition not in _conditions:
        _conditions.append(condition)


def shortfalls(user: Any, on: date) -> list[Shortfall]:
    """Return what a person lacks on a day; nothing means fit."""
    return [found for condition in _conditions for found in condition(user, on)]


class NotFit(NotPermitted):
    """The person has no valid pledge or training, so the vault does not open for them."""

    code = "not-fit"

    def __init__(self, lacking: Iterable[Shortfall]) -> None:
        self.lacking = list(lacking)
        head = _("The vault does not open for you:")
        steps = format_html_join(
            " ", '{} <a href="{}">{}</a>', ((s.message, reverse(s.page), _("Do it now")) for s in self.lacking)
        )
        super().__init__(format_html("{} {}", head, steps))

    @property
    def plain(self) -> str:
        """The same without markup, for machines."""
        steps = " ".join(f"{s.message} ({reverse(s.page)})" for s in self.lacking)
        return f"{_('The vault does not open for you:')} {steps}"


def refusal(actor: Actor, on: date) -> NotPermitted:
    """Return why the vault stays shut for an actor: what they lack themselves, or else a grant."""
    from_staff = getattr(actor, "shortfalls", None)
    lacking = from_staff(on) if from_staff is not None else []
    if lacking:
        return NotFit(lacking)
    return NotPermitted(_("You have no access grant for this information and purpose. Ask the protection officer."))
