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
from django.utils.functional import Promise, lazy
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.ledger.actors import Actor
from privacy.ledger.authorization import NotPermitted


@dataclass(frozen=True, slots=True)
class MissingRequirement:
    """What a person lacks, in a sentence that says what to do, and the page (a URL name) where they do it."""

    code: str
    message: Promise | str
    page: str


# What a role gives to its holders so that a grant opens anything for them.
OPEN_VAULT = "vault.open_vault"

# The account is a ``User``, which stands above this module: it asks ``shortfalls`` itself.
type Requirement = Callable[[Any, date], Iterable[MissingRequirement]]
_requirements: list[Requirement] = []


def add_requirement(condition: Requirement) -> None:
    """Ask ``condition`` of everybody from now on; adding the same one again changes nothing."""
    if condition not in _requirements:
        _requirements.append(condition)


def missing_requirements(user: Any, on: date) -> list[MissingRequirement]:
    """Return what a person lacks on a day; nothing means fit."""
    return [found for condition in _requirements for found in condition(user, on)]


class RequirementsNotMet(NotPermitted):
    """The person has no valid pledge or training, so they can't view personal data."""

    code = "not-fit"

    def __init__(self, lacking: Iterable[MissingRequirement]) -> None:
        self.lacking = list(lacking)
        super().__init__(lazy(self._with_links, SafeString)())

    def _with_links(self) -> SafeString:
        steps = format_html_join(
            " ", '{} <a href="{}">{}</a>', ((s.message, reverse(s.page), _("Do it now")) for s in self.lacking)
        )
        return format_html("{} {}", _("You can't view personal data yet:"), steps)

    @property
    def plain(self) -> str:
        """The same without markup, for machines."""
        head = _("You can't view personal data yet:")
        steps = " ".join(f"{s.message} ({reverse(s.page)})" for s in self.lacking)
        return f"{head} {steps}"


def access_refusal(actor: Actor, on: date) -> NotPermitted:
    """Return why the vault stays shut for an actor: what they lack themselves, the role, or else a grant."""
    from_staff = getattr(actor, "shortfalls", None)
    lacking = from_staff(on) if from_staff is not None else []
    if lacking:
        return RequirementsNotMet(lacking)
    if from_staff is not None and not actor.may(OPEN_VAULT):
        return NotPermitted(_("None of your roles lets you view personal data. Ask the protection officer."))
    return NotPermitted(_("You don't have access to this information for this purpose. Ask the protection officer."))
