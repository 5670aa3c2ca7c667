"""The thresholds from which a duty binds the company: dated numbers with their articles, and when they are met.

A number is a parameter of the rulebook (``editions/thresholds.toml``), and what an amendment brings or amends
otherwise is a row of ``privacy/policies/editions/amendments.toml``: both are loaded ahead with their day.
Money is in millions of won (백만원). Which duty binds is decided by a person (``actions/applicability.py``): what is
told here is what the numbers of a year say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.policies import amendments, rulebook

PREFIX = "threshold."
# What the numbers are called.
NUMBERS = {
    "sales": _("sales (million won)"),
    "people": pgettext_lazy("duty", "people"),
    "people-small": _("people (SME)"),
    "sensitive": _("people with sensitive or unique data"),
    "users": _("users (daily average)"),
}


class Figures(Protocol):
    """The numbers of one year, as ``models.YearFigures`` has them."""

    sales: int
    average_sales: int
    people: int
    sensitive_people: int
    users: int
    is_small: bool


type Numbers = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Threshold:
    """One duty, its article, its numbers by name, and when they are met; without numbers it is a question of status."""

    code: str
    rule: str
    title: Promise
    basis: Promise
    numbers: tuple[str, ...] = ()
    is_met: Callable[[Figures, Numbers], bool] | None = None
    # Whether the portal has to be shown that the duty is carried out, by a measure of the register.
    needs_measure: bool = True

    @property
    def since(self) -> date | None:
        """From which day an amendment has a question of status asked; numbers have days of their own."""
        return amendments.first_day(self.code)

    def parameters(self) -> list[str]:
        """The parameters of its numbers."""
        return [f"{PREFIX}{self.code}.{name}" for name in self.numbers]

    def limits(self, on: date) -> dict[str, int]:
        """Return its numbers on a day by name; before the first day those of that day, for what is announced."""
        held = rulebook.parameters(self.parameters(), on) if self.numbers else {}
        return {name: held[code] for name, code in zip(self.numbers, self.parameters(), strict=True)}

    def met_by(self, figures: Figures, on: date) -> bool | None:
        """Whether the numbers of a year meet it by the law of a day; None where no number can say so."""
        return None if self.is_met is None else self.is_met(figures, self.limits(on))

    def changes(self) -> list[date]:
        """Return the days on which its numbers or its article change, of a duty that is announced its first one."""
        days = {day for code in self.parameters() for day, _value in rulebook.parameter_history(code)}
        return sorted(days.union(amendments.days_of(self.code)))

    def has_begun(self, on: date) -> bool:
        """Whether the duty is asked about on a day."""
        return bool(days := self.changes()) and days[0] <= on if self.numbers else amendments.has_begun(self.code, on)

    def begins_on(self) -> date | None:
        """Return from which day the duty is asked about at all; None for one that always was."""
        return self.changes()[0] if self.numbers else self.since


def _many(figures: Figures, numbers: Numbers) -> bool:
    return figures.sensitive_people >= numbers["sensitive"] or figures.people >= numbers["people"]


THRESHOLDS: dict[str, Threshold] = {
    one.code: one
    for one in (
        Threshold(
            "officer",
            "O-05",
            _("Qualified protection officer, resolution of the board, filing with the PIPC"),
            _("PIPA art. 31(3), Decree art. 32(3)1"),
            ("sales", "sensitive", "people"),
            lambda figures, numbers: figures.sales > numbers["sales"] and _many(figures, numbers),
        ),
        Threshold(
            "insurance",
            "O-06",
            _("Insurance, mutual aid or reserve for damages"),
            _("PIPA art. 39-7, Decree art. 48-7(1)"),
            ("sales", "people"),
            lambda figures, numbers: figures.sales >= numbers["sales"] and figures.people >= numbers["people"],
        ),
        Threshold(
            "use-notice",
            "C-22",
            _("Yearly notice of use and provision"),
            _("PIPA art. 20-2, Decree art. 15-3(1)"),
            ("sensitive", "people"),
            _many,
        ),
        # Of data that was not obtained from the person: within three months (Decree art. 15-2(2)).
        Threshold(
            "source-notice",
            "N-10",
            _("Notice of where data was obtained, within three months"),
            _("PIPA art. 20(2), Decree art. 15-2(1)"),
            ("sensitive", "people"),
            _many,
        ),
        Threshold(
            "network",
            "S-17",
            _("Computers of handlers cut off from the internet"),
            _("Decree art. 30(1)3(b), Standards art. 6-2"),
            ("users",),
            lambda figures, numbers: figures.users >= numbers["users"],
        ),
        Threshold(
            "continuity",
            "S-26",
            _("Crisis manual, plan of backup and recovery"),
            _("Standards art. 11"),
            ("people", "people-small"),
            lambda figures, numbers: figures.people >= numbers["people-small" if figures.is_small else "people"],
        ),
        Threshold(
            "portability",
            "R-32",
            _("Transmission of one's own data on request"),
            _("PIPA art. 35-2(1), Decree art. 42-2(1)1"),
            ("sales", "sensitive", "people"),
            lambda figures, numbers: figures.average_sales > numbers["sales"] and _many(figures, numbers),
        ),
        # No size decides who must transmit to others, but the trade (Decree art. 42-2(2)); it goes by a relay agency.
        Threshold(
            "portability-others",
            "R-32",
            _("Transmission to others on request: health, telecom and energy transmitters"),
            _("PIPA art. 35-2(2), Decree arts. 42-2(2), 42-6(7)"),
        ),
        Threshold(
            "telecom",
            "P-11",
            _("Telecommunications business operator, value-added services included"),
            _("Telecommunications Business Act arts. 2, 22"),
            needs_measure=False,
        ),
        Threshold(
            "certification",
            "O-07",
            _("Compulsory certification (ISMS-P)"),
            _("PIPA art. 32-2(1) proviso"),
        ),
        Threshold(
            "ai-use",
            "A-01",
            _("Use beyond the purpose to develop artificial intelligence: resolution of the PIPC, policy"),
            _("PIPA arts. 28-12 – 28-15"),
        ),
        Threshold(
            "intrusion-notice",
            "N-09",
            _("Intrusions: notice to users, redress, manual"),
            _("Network Act arts. 48-3(4), 48-9(3), 48-10"),
        ),
        # What an office may not have at all: then it says so, and looks again, instead of keeping an empty register.
        Threshold(
            "cameras",
            "N-07",
            _("Cameras in places open to the public: signs, and a policy"),
            _("PIPA arts. 25 (fixed ones where the public comes), 25-2 (mobile ones)"),
        ),
        Threshold(
            "pseudonymised",
            "N-08",
            _("Pseudonymised data: records and measures of its own"),
            _("PIPA arts. 28-2 – 28-5"),
        ),
        Threshold(
            "additional-use",
            "V-03",
            _("Repeated additional use or provision without consent: published criteria, checked"),
            _("PIPA arts. 15(3), 17(4), Decree art. 14-2(2)"),
        ),
        Threshold(
            "automated",
            "R-34",
            _("Wholly automated decisions, such as actions of the MDM: published criteria, answers by people"),
            _("PIPA art. 37-2, Decree arts. 44-2 – 44-4"),
        ),
        Threshold(
            "dormant",
            "D-01",
            _("Data of users who no longer use the service, kept apart or destroyed"),
            _("PIPA art. 21(1)"),
        ),
        Threshold(
            "backups-abroad",
            "P-15",
            _("Backups and servers abroad, as transfers abroad"),
            _("PIPA art. 28-8(1)"),
        ),
    )
}
