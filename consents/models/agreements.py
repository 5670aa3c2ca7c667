"""Agreements and their texts (P3.6, law C-01 … C-09)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from privacy.lib.crypto import canonical_json
from privacy.lib.identifiers.ids import new_id


class AgreementQuerySet(models.QuerySet["Agreement"]):
    def offered(self, at: datetime) -> "AgreementQuerySet":
        """Agreements that people may decide about at a moment."""
        return self.filter(versions__in=AgreementVersion.objects.offered(at))

    def of_marketing(self) -> "AgreementQuerySet":
        """The one about using data for marketing, which is asked apart from receiving advertising (law C-14)."""
        return self.filter(kind=Agreement.Kind.MARKETING)

    def of_advertising(self) -> "AgreementQuerySet":
        return self.filter(kind__in=[Agreement.Kind.ADVERTISING, Agreement.Kind.NIGHT])


class Agreement(models.Model):
    """One thing a person may agree to, apart from every other (P3.6, law C-02)."""

    record_label = "consents.Agreement"

    class Kind(models.TextChoices):
        COLLECTION = "collection", _("Collection and use")
        PROVISION = "provision", _("Provision to a third party")
        ADVERTISING = "advertising", _("Advertising information")
        NIGHT = "night", _("Advertising at night")
        MARKETING = "marketing", _("Use of data for marketing")

    class Channel(models.TextChoices):
        SMS = "sms", _("Text message")
        EMAIL = "email", _("E-mail")
        PUSH = "push", _("Push message")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.SlugField(_("code"), max_length=60, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    required = models.BooleanField(_("required"), default=False)
    categories: Any = models.JSONField(_("categories based on it"), default=list, blank=True)
    channel = models.CharField(_("channel"), max_length=6, choices=Channel, blank=True)
    recipient = models.SlugField(_("recipient"), max_length=60, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=100)

    objects = AgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        default_permissions = ("view",)
        ordering = ["position", "code"]
        permissions = [
            ("draft_agreement", _("Can draft texts of agreements")),
            ("publish_agreement", _("Can publish texts of agreements")),
        ]
        constraints = [
            # Law C-04: only the collection of the necessary minimum may be required.
            models.CheckConstraint(
                name="consents_only_collection_is_required", condition=Q(required=False) | Q(kind="collection")
            ),
            models.CheckConstraint(
                name="consents_channel_if_and_only_if_advertising",
                condition=(Q(kind="advertising") & ~Q(channel="")) | (~Q(kind="advertising") & Q(channel="")),
            ),
            models.CheckConstraint(
                name="consents_recipient_if_and_only_if_provision",
                condition=(Q(kind="provision") & ~Q(recipient="")) | (~Q(kind="provision") & Q(recipient="")),
            ),
            models.UniqueConstraint(
                fields=["channel"], condition=Q(kind="advertising"), name="consents_one_agreement_for_each_channel"
            ),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(kind="marketing"), name="consents_one_agreement_to_marketing"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class AgreementVersionQuerySet(models.QuerySet["AgreementVersion"]):
    def published(self) -> "AgreementVersionQuerySet":
        """Those that no later text has replaced, also where their day is yet to come."""
        return self.filter(state=AgreementVersion.State.PUBLISHED)

    def offered(self, at: datetime) -> "AgreementVersionQuerySet":
        """Those that people may decide about at a moment, from their publication on."""
        return self.published().filter(published_at__lte=at)

    def latest_requiring_reconsent(self) -> dict[UUID, int]:
        """Return, for each agreement, the newest text that asked everybody again (law C-09).

        Whoever agreed to an earlier one is to be asked, also when a text that asks nobody has followed since.
        """
        asking = self.exclude(state=AgreementVersion.State.DRAFT).filter(asks_again=True).order_by()
        return dict(asking.values_list("agreement").annotate(models.Max("number")))


# What a person reads before deciding; law C-01 (collection) and P-02 (provision) name the notices.
NOTICES = ("purpose", "items", "retention", "refusal")


class AgreementVersion(models.Model):
    """One text of an agreement in both languages, with its four notices; once published it never changes."""

    record_label = "consents.AgreementVersion"

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        SUPERSEDED = "superseded", _("superseded")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    agreement = models.ForeignKey(
        Agreement, verbose_name=_("agreement"), on_delete=models.PROTECT, related_name="versions"
    )
    number = models.PositiveSmallIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    title_ko = models.CharField(_("title (Korean)"), max_length=200)
    title_en = models.CharField(_("title (English)"), max_length=200)
    body_ko = models.TextField(_("text (Korean)"))
    body_en = models.TextField(_("text (English)"))
    purpose_ko = models.TextField(_("purpose (Korean)"))
    purpose_en = models.TextField(_("purpose (English)"))
    items_ko = models.TextField(_("items (Korean)"))
    items_en = models.TextField(_("items (English)"))
    retention_ko = models.TextField(_("retention and use period (Korean)"))
    retention_en = models.TextField(_("retention and use period (English)"))
    refusal_ko = models.TextField(_("right to refuse and what refusing means (Korean)"))
    refusal_en = models.TextField(_("right to refuse and what refusing means (English)"))
    recipient_ko = models.TextField(_("recipient and purpose of use (Korean)"), blank=True)
    recipient_en = models.TextField(_("recipient and purpose of use (English)"), blank=True)
    # The same, for machines: what a provision or a reading may rest on.
    item_codes: Any = models.JSONField(_("item codes"), default=list, blank=True)
    purpose_codes: Any = models.JSONField(_("purpose codes"), default=list, blank=True)
    asks_again = models.BooleanField(
        _("earlier decisions need a new consent"),
        default=True,
        help_text=_("If anything in the four notices changes, a new consent is needed."),
    )
    digest = models.CharField(_("SHA-256 of the text"), max_length=64, blank=True)
    drafted_by = models.CharField(_("drafted by"), max_length=80, blank=True)
    drafted_at = models.DateTimeField(_("drafted"))
    published_by = models.CharField(_("published by"), max_length=80, blank=True)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    superseded_at = models.DateTimeField(_("superseded"), null=True, blank=True)

    objects = AgreementVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("text of an agreement")
        verbose_name_plural = _("texts of agreements")
        default_permissions = ("view",)
        ordering = ["agreement", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "number"], name="consents_text_numbered_once"),
            models.UniqueConstraint(
                fields=["agreement"], condition=Q(state="published"), name="consents_one_text_in_force"
            ),
            models.UniqueConstraint(
                fields=["agreement"], condition=Q(state="draft"), name="consents_one_draft_at_once"
            ),
            models.CheckConstraint(
                name="consents_published_text_is_complete",
                condition=Q(state="draft")
                | (
                    ~Q(digest="")
                    & Q(published_at__isnull=False)
                    & ~Q(title_ko="") & ~Q(title_en="")
                    & ~Q(purpose_ko="") & ~Q(purpose_en="")
                    & ~Q(items_ko="") & ~Q(items_en="")
                    & ~Q(retention_ko="") & ~Q(retention_en="")
                    & ~Q(refusal_ko="") & ~Q(refusal_en="")
                ),
            ),
            models.CheckConstraint(
                name="consents_text_published_by_another_than_who_wrote_it",
                condition=Q(published_by="") | ~Q(published_by=F("drafted_by")) | Q(drafted_by__contains=":"),
            ),
            models.CheckConstraint(
                name="consents_superseded_text_has_its_time",
                condition=Q(state="superseded", superseded_at__isnull=False)
                | (~Q(state="superseded") & Q(superseded_at__isnull=True)),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.agreement.code} {self.number}"

    @property
    def title(self) -> str:
        return self.spoken("title")

    @property
    def body(self) -> str:
        return self.spoken("body")

    def spoken(self, part: str, language: str | None = None) -> str:
        """Return a part of the text (``title``, ``body``, a notice) in a language, by default the reader's."""
        text: str = getattr(self, f"{part}_{'en' if (language or get_language() or 'ko').startswith('en') else 'ko'}")
        return text

    def content(self) -> dict[str, Any]:
        """Return all that a decision is about, as it is hashed: both languages, the notices and their codes."""
        words = {
            f"{part}_{language}": getattr(self, f"{part}_{language}")
            for part in ("title", "body", *NOTICES, "recipient")
            for language in ("ko", "en")
        }
        return {
            "agreement": self.agreement.code,
            "number": self.number,
            "item_codes": sorted(self.item_codes),
            "purpose_codes": sorted(self.purpose_codes),
            **words,
        }

    def computed_digest(self) -> str:
        return canonical_json.digest(self.content())


def agreements_covering(categories: Collection[str]) -> AgreementQuerySet:
    """Return the agreements on which these categories rest."""
    wanted = Q()
    for category in categories:
        wanted |= Q(categories__contains=[category])
    return Agreement.objects.filter(wanted, kind=Agreement.Kind.COLLECTION)
