"""What was predicted of a version when it was published: kept as it was said, to be compared with what happened."""

from datetime import date
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.models import Entry
from privacy.lib.crypto import canonical_json
from privacy.lib.identifiers.ids import new_id
from privacy.policies.models import PolicyVersion
from privacy.retention.events import Event


class Prediction(models.Model):
    """The simulated figures of a published version, by month, category and unit. Only ever added, one of each version.

    ``figures``: rows of the first day of the month, the category, the unit, and how many people, whole months and
    records are destroyed and records archived. ``digest`` is their SHA-256, which the audit trail has too.
    """

    record_label = "retention.Prediction"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    version: Any = models.OneToOneField(
        PolicyVersion, verbose_name=_("policy version"), on_delete=models.PROTECT, related_name="prediction"
    )
    predicted_on = models.DateField(_("predicted on"))
    until = models.DateField(_("until"))
    figures: Any = models.JSONField(_("figures"), default=list)
    digest = models.CharField(_("SHA-256 of the prediction"), max_length=64)
    made_at = models.DateTimeField(_("made"))

    class Meta:
        verbose_name = _("prediction")
        verbose_name_plural = _("predictions")
        ordering: ClassVar = ["-predicted_on"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.version} {self.predicted_on:%Y-%m-%d}"

    def months(self) -> dict[tuple[str, str, date], tuple[int, int, int, int]]:
        """Return people, whole months, records and archived records, by category, unit and month."""
        return {
            (category, unit, date.fromisoformat(month)): (people, months, records, archived)
            for month, category, unit, people, months, records, archived in self.figures
        }

    @property
    def is_intact(self) -> bool:
        """Whether these are still the figures whose digest went on the audit trail."""
        if self.digest != digest_of(self):
            return False
        entry = Entry.objects.filter(about=f"retention.prediction:{self.pk}", word=Event.PREDICTED).first()
        if entry is None:
            # When it was made stands in the row itself; the version's day is guarded by others.
            return Entry.objects.is_pruned(self.version.published_at or self.made_at)
        return bool(facts_in(entry.payload).get("digest") == self.digest)


def digest_of(prediction: Prediction) -> str:
    """Return the SHA-256 of what a prediction says, and of which version and days."""
    return canonical_json.digest(
        {
            "version": str(prediction.version_id),
            "predicted_on": prediction.predicted_on.isoformat(),
            "until": prediction.until.isoformat(),
            "figures": prediction.figures,
        }
    )
