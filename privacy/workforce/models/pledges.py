"""Security pledges (P8.10, law S-32, F-15): the texts with their versions, and who signed which."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from privacy.accounts.models import User
from privacy.lib.identifiers.ids import new_id, new_reference


def new_pledge_reference() -> str:
    return new_reference("PL")


class Occasion(models.TextChoices):
    """When somebody signs a pledge."""

    ENTRY = "entry", _("on joining")
    YEARLY = "yearly", _("yearly renewal")
    OUTSIDE = "outside", _("outside staff")
    LEAVING = "leaving", _("on leaving")


# A pledge of one of these lets its signer handle personal data while it is valid.
WORKING = (Occasion.ENTRY, Occasion.YEARLY, Occasion.OUTSIDE)


class PledgeTextQuerySet(models.QuerySet["PledgeText"]):
    def approved(self) -> PledgeTextQuerySet:
        return self.filter(state=PledgeText.State.APPROVED)

    def in_force(self, occasion: str, *, on: date) -> PledgeText | None:
        """The newest approved text of an occasion that holds on a day."""
        return (
            self.approved()
            .filter(occasion=occasion, effective_on__lte=on)
            .order_by("-effective_on", "-version")
            .first()
        )


class PledgeText(models.Model):
    """One version of a pledge's words in both languages. Approved by another person than its author, then final."""

    record_label = "workforce.PledgeText"

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        APPROVED = "approved", _("approved")
        DISCARDED = "withdrawn", _("discarded")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    occasion = models.CharField(_("occasion"), max_length=10, choices=Occasion)
    version = models.PositiveIntegerField(_("version"))
    title_ko = models.CharField(_("title (Korean)"), max_length=120)
    title_en = models.CharField(_("title (English)"), max_length=120)
    words_ko = models.TextField(_("text (Korean)"))
    words_en = models.TextField(_("text (English)"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    drafted_by = models.CharField(_("drafted by"), max_length=64)
    drafted_at = models.DateTimeField(_("drafted"))
    approved_by = models.CharField(_("approved by"), max_length=64, blank=True)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    effective_on = models.DateField(_("in force from"), null=True, blank=True)

    objects = PledgeTextQuerySet.as_manager()

    class Meta:
        verbose_name = _("text of a pledge")
        verbose_name_plural = _("texts of pledges")
        ordering = ("occasion", "-version")
        default_permissions = ("view",)
        permissions = [
            ("draft_pledge", "May draft the text of a pledge"),
            ("approve_pledge", "May approve the text of a pledge"),
        ]
        constraints = [
            models.UniqueConstraint(name="pledge_version_once", fields=["occasion", "version"]),
            models.CheckConstraint(
                name="pledge_text_is_approved_by_another", condition=Q(approved_by="") | ~Q(approved_by=F("drafted_by"))
            ),
            models.CheckConstraint(
                name="pledge_text_in_force_is_approved",
                condition=(Q(state="approved", effective_on__isnull=False, approved_at__isnull=False))
                | (~Q(state="approved") & Q(effective_on__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.version}"

    @property
    def title(self) -> str:
        """The title in the reader's language."""
        return self.title_in(get_language() or "ko")

    @property
    def words(self) -> str:
        """The text in the reader's language."""
        return self.words_in(get_language() or "ko")

    def title_in(self, language: str) -> str:
        return self.title_en if language.startswith("en") else self.title_ko

    def words_in(self, language: str) -> str:
        return self.words_en if language.startswith("en") else self.words_ko


class PledgeQuerySet(models.QuerySet["Pledge"]):
    def working(self) -> PledgeQuerySet:
        """Pledges that let their signer handle personal data; the leaving pledge does not."""
        return self.filter(text__occasion__in=WORKING)

    def valid(self, *, on: date) -> PledgeQuerySet:
        """Working pledges that hold on a day: from the day of signing to their last day, both included."""
        return self.working().filter(signed_on__lte=on, valid_until__gte=on)


class Pledge(models.Model):
    """One signature under one text. A renewal is another row; no row is ever changed or replaced (a trigger)."""

    record_label = "workforce.Pledge"

    class Way(models.TextChoices):
        BROWSER = "browser", _("signed in the browser")
        PAPER = "paper", _("signed on paper")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=12, unique=True, default=new_pledge_reference)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="pledges", verbose_name=_("account"))
    text = models.ForeignKey(
        PledgeText, on_delete=models.PROTECT, related_name="pledges", verbose_name=_("text of a pledge")
    )
    language = models.CharField(_("language"), max_length=2)
    typed_name = models.CharField(_("name as typed"), max_length=100)
    way = models.CharField(_("way"), max_length=8, choices=Way, default=Way.BROWSER)
    registered_by = models.CharField(_("registered by"), max_length=64, blank=True)
    paper_digest = models.CharField(_("SHA-256 of the scan"), max_length=64, blank=True)
    signed_at = models.DateTimeField(_("signed"))
    signed_on = models.DateField(_("day of signing"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    request = models.CharField(_("request"), max_length=64, blank=True)
    seal = models.CharField(_("seal"), max_length=64)

    objects = PledgeQuerySet.as_manager()

    class Meta:
        verbose_name = _("pledge")
        verbose_name_plural = _("pledges")
        ordering = ("-signed_at",)
        default_permissions = ("view",)
        permissions = [("register_pledge", "May register a pledge signed on paper")]
        indexes = [models.Index(fields=["user", "valid_until"], name="pledges_of_a_person")]
        constraints = [
            models.CheckConstraint(
                name="paper_pledge_names_its_registrar_and_scan",
                condition=Q(way="browser", registered_by="", paper_digest="")
                | (Q(way="paper") & ~Q(registered_by="") & ~Q(paper_digest="")),
            ),
        ]

    def __str__(self) -> str:
        return self.reference
