"""The thresholds from which a duty binds the company: dated numbers with their articles, and when they are met.

A number is a parameter of the rulebook (``editions/thresholds.toml``), so an amendment is loaded ahead with its day.
Money is in millions of won (백만원). Which duty binds is decided by a person (``actions/applicability.py``): what is
told here is what the numbers of a year say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy.policies import rulebook

PREFIX = "threshold."


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
    # From which day a question of status is asked; numbers have days of their own.
    since: date | None = None

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
        """Return the days from which its numbers hold, the first one being that of the duty."""
        days = {day for code in self.parameters() for day, _value in rulebook.parameter_history(code)}
        return sorted(days | ({self.since} if self.since else set()))


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
            since=date(2027, 7, 1),
        ),
        # What an office may not have at all: then it says so, and looks again, instead of keeping an empty register.
        Threshold(
            "cameras",
            "N-07",
            _("Cameras: signs, and a policy of their own"),
            _("PIPA arts. 25, 25-2"),
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
            _("Repeated use or provision beyond the purpose without consent: published criteria, checked"),
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
