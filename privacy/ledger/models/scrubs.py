"""The nightly scrub: everything hashed again, in slices of less than a minute."""

from __future__ import annotations

from django.db import models
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.ledger.verify import ALTERED, MALFORMED, POLICY, SOUND
from privacy.lib.display.badges import badge
from privacy.lib.identifiers.ids import new_id


class ScrubResult(models.IntegerChoices):
    """What a scrub found, by the exit codes of ``verify.py``; more is said by its findings."""

    SOUND = SOUND, _("sound")
    ALTERED = ALTERED, _("altered")
    POLICY = POLICY, _("checked, but not everything was covered")
    MALFORMED = MALFORMED, _("something can't be read")


# The shapes of badges (privacy/lib/display/badges.py).
_SHAPES = {ScrubResult.SOUND: "good", ScrubResult.POLICY: "wait"}


class ScrubQuerySet(models.QuerySet["Scrub"]):
    def unfinished(self) -> ScrubQuerySet:
        """Scrubs that have entries left to hash."""
        return self.filter(finished_at=None)

    def finished(self) -> ScrubQuerySet:
        """Scrubs with a result, newest first."""
        return self.exclude(finished_at=None).order_by("-finished_at")


class Scrub(models.Model):
    """One pass over the whole trail. ``position`` and ``progress`` let the next slice go on where this one stopped."""

    record_label = "ledger.Scrub"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    begun_at = models.DateTimeField(_("begun at"))
    finished_at = models.DateTimeField(_("finished at"), null=True)
    size = models.BigIntegerField(_("entries"))
    position = models.BigIntegerField(_("hashed so far"), default=0)
    progress = models.JSONField(default=dict)
    code = models.PositiveSmallIntegerField(_("result"), null=True, choices=ScrubResult.choices)
    findings = models.JSONField(_("problems found"), default=list)
    # What no finding is and whoever relies on the result must know: registers that were taken as they stood, and why.
    notes = models.JSONField(_("notes"), default=list)

    objects = ScrubQuerySet.as_manager()

    class Meta:
        verbose_name = _("scrub")
        verbose_name_plural = _("scrubs")
        default_permissions = ("view",)
        ordering = ["-begun_at"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(finished_at=None), name="ledger_one_scrub_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(finished_at=None, code=None)
                | models.Q(finished_at__isnull=False, code__isnull=False),
                name="ledger_scrub_finished_if_and_only_if_judged",
            ),
        ]

    @property
    def result_badge(self) -> SafeString:
        """The result in words, shaped by how grave it is."""
        if self.code is None:
            return badge(_("running"), "running")
        return badge(ScrubResult(self.code).label, _SHAPES.get(ScrubResult(self.code), "alarm"))

    def __str__(self) -> str:
        return f"{self.begun_at:%Y-%m-%d}"
