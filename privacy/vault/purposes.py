"""Why the vault may be opened: the purposes of the policy (P4.1) and the office's own."""

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _


class Purpose(models.TextChoices):
    """A purpose that an opening states; its value is the code of the rulebook's purpose."""

    REGISTRATION = "registration", _("registration and licence management")
    ANALYTICS = "analytics", _("improvement, analysis and statistics")
    ERROR_ANALYSIS = "error-analysis", _("error analysis")
    RIGHTS = "rights", _("answering a data subject's request")
    LEGAL_DUTY = "legal-duty", _("a duty under law")
    DESTRUCTION = "destruction", _("destruction")
    DISCLOSURE = "disclosure", _("provision to a third party")


# What a freeze lets through: the person's own rights, duties under law, and destroying (P1.5, P1.7; ).
# These three belong to every category without being declared for it.
EXEMPT_FROM_FREEZE = frozenset({Purpose.RIGHTS, Purpose.LEGAL_DUTY, Purpose.DESTRUCTION})


def purpose_name(code: str, on: date) -> object:
    """Return what a purpose is called, or nothing; the same on every day ``on``."""
    return Purpose(code).label if code in Purpose.values else None
