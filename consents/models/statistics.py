"""How many people decided what, day by day: numbers only, so that a chart needs no pass over all decisions."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from consents.models.decisions import Decision
from privacy.lib.identifiers.ids import new_id


class DailyDecisionCount(models.Model):
    """How many decisions of one kind were recorded on a day that is over, over all agreements.

    ``until`` is the first moment that this day does not hold, so that what came later is counted from there.
    """

    record_label = "consents.DailyDecisionCount"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    day = models.DateField(_("day"))
    until = models.DateTimeField(_("until"))
    choice = models.CharField(_("decision"), max_length=8, choices=Decision.Choice)
    number = models.PositiveIntegerField(_("number"))

    class Meta:
        verbose_name = _("decisions of a day")
        verbose_name_plural = _("decisions by day")
        default_permissions: ClassVar = ("view",)
        ordering: ClassVar = ["day", "choice"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day", "choice"], name="consents_decisions_counted_once_for_a_day")
        ]
        indexes: ClassVar = [models.Index(fields=["-until"], name="consents_decisions_counted_to")]

    def __str__(self) -> str:
        return f"{self.day} {self.choice}"
