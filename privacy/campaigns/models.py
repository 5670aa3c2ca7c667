"""Campaigns: one text told to many people, and what became of each (P0.3, law B-02)."""

from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.campaigns.events import Event
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.models import Entry
from privacy.lib.crypto import canonical_json
from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.policies.models.localized_fields import in_language

# What a delivery's last trouble says where no error kept it back.
ADDRESS_DISPUTED = "AddressDisputed"
TEXT_ALTERED = "TextAltered"


def new_campaign_reference() -> str:
    return new_reference("M")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign is, by what became of its people."""

    waiting: int
    sent: int
    parked: int
    without_address: int
    told: int
    ended: int
    refused: int

    @property
    def total(self) -> int:
        return self.waiting + self.sent + self.parked + self.without_address + self.told + self.ended + self.refused

    @property
    def settled(self) -> int:
        return self.sent + self.told

    @property
    def over(self) -> int:
        """Whom nothing more is done for: told, or nothing is held of them any more, or they refused the notice."""
        return self.settled + self.ended + self.refused

    @property
    def percent(self) -> int:
        return 100 * self.over // self.total if self.total else 100


class Campaign(models.Model):
    """One notice to many people: the text in both languages, fixed when it starts."""

    record_label = "campaigns.Campaign"

    class Kind(models.TextChoices):
        POLICY = "policy", _("revision of the privacy policy")
        BREACH = "breach", _("breach notice")
        USE = "use-notice", _("yearly notice of use and provision")

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        FINISHED = "completed", _("finished")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_campaign_reference)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RUNNING)
    about = models.CharField(_("about"), max_length=100)
    occasion = models.CharField(pgettext_lazy("notice", "occasion"), max_length=40)
    title_ko = models.CharField(_("title (Korean)"), max_length=200)
    title_en = models.CharField(_("title (English)"), max_length=200)
    text_ko = models.TextField(_("text (Korean)"))
    text_en = models.TextField(_("text (English)"))
    digest = models.CharField(_("SHA-256 of the notice"), max_length=64)
    everybody = models.BooleanField(_("to everyone"), default=False)
    started_at = models.DateTimeField(_("started"))
    started_by = models.CharField(_("started by"), max_length=64)
    listed_at = models.DateTimeField(_("people listed"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("individual notice")
        verbose_name_plural = _("individual notices")
        ordering = ("-started_at",)
        default_permissions = ("view",)
        permissions = [
            ("start_campaign", _("Can notify people individually of a revision")),
            ("record_telling", _("Can print letters and record how people were notified")),
        ]
        constraints = [
            models.UniqueConstraint(name="campaign_once_about_an_occasion", fields=["about", "occasion"]),
            models.CheckConstraint(
                name="campaign_finished_if_and_only_if_dated",
                condition=Q(state="completed", finished_at__isnull=False)
                | Q(state="running", finished_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.occasion}"

    @property
    def title(self) -> str:
        return in_language(self, "title")

    @property
    def text(self) -> str:
        return in_language(self, "text")

    @property
    def is_intact(self) -> bool:
        """Whether the text is still the one whose digest went on the audit trail: who can change it can change both."""
        first = Entry.objects.filter(about=f"campaigns.campaign:{self.pk}", word=Event.STARTED).order_by("id").first()
        if self.digest != digest_of(self):
            return False
        if first is None:
            # Once the entry is past its own term, the text's own digest alone has to do.
            return Entry.objects.is_pruned(self.started_at)
        return bool(facts_in(first.payload).get("digest") == self.digest)

    @property
    def progress(self) -> Progress:
        """How far it is."""
        counted = dict(self.deliveries.order_by().values_list("state").annotate(count=Count("id")))
        return Progress(**{state.replace("-", "_"): counted.get(state, 0) for state in Delivery.State.values})


def digest_of(campaign: Campaign) -> str:
    """Return the SHA-256 of a campaign's text in both languages."""
    return canonical_json.digest(
        {name: getattr(campaign, name) for name in ("title_ko", "title_en", "text_ko", "text_en")}
    )


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def open(self) -> "DeliveryQuerySet":
        """Deliveries that nobody has settled: the worker has them, or a person must."""
        return self.filter(state__in=Delivery.OPEN)

    def sent_between(self, start: datetime, end: datetime) -> "DeliveryQuerySet":
        return self.filter(settled_at__gte=start, settled_at__lt=end)


class Delivery(models.Model):
    """One person of a campaign, and the proof that she was told."""

    record_label = "campaigns.Delivery"

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent by e-mail")
        PARKED = "parked", _("stuck: needs attention")
        WITHOUT_ADDRESS = "without-address", _("no e-mail address on record")
        TOLD = "told", _("notified another way")
        ENDED = "ended", _("not notified: their data had been destroyed")
        REFUSED = "refused", _("not notified: they refused this notice")

    # Nobody has settled these: the worker has them, or a person must.
    OPEN = (State.WAITING, State.PARKED, State.WITHOUT_ADDRESS)
    # No mail reaches these.
    UNREACHABLE = (State.WITHOUT_ADDRESS, State.PARKED, State.ENDED)

    class Way(models.TextChoices):
        LETTER = "letter", _("letter")
        PHONE = "phone", _("telephone")
        TEXT = "text", _("text message")
        VISIT = "visit", _("in person")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    campaign = models.ForeignKey(
        Campaign, verbose_name=_("notice"), on_delete=models.PROTECT, related_name="deliveries"
    )
    subject_id = models.UUIDField(_("data subject"))
    language = models.CharField(_("language"), max_length=2)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.WAITING)
    way = models.CharField(_("notification method"), max_length=8, choices=Way, blank=True)
    message_id = models.CharField(_("Message-ID"), max_length=200, blank=True)
    settled_at = models.DateTimeField(_("notified"), null=True, blank=True)
    settled_by = models.CharField(_("notified by"), max_length=64, blank=True)
    trouble = models.CharField(_("last error"), max_length=200, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery of a notice")
        verbose_name_plural = _("deliveries of notices")
        ordering = ("id",)
        default_permissions = ("view",)
        indexes = [models.Index(fields=["campaign", "state"], name="campaigns_deliveries_by_state")]
        constraints = [
            models.UniqueConstraint(name="campaigns_one_delivery_a_person", fields=["campaign", "subject_id"]),
            models.CheckConstraint(
                name="campaigns_told_if_and_only_if_proven",
                condition=(Q(state__in=("sent", "told")) & Q(settled_at__isnull=False) & ~Q(settled_by=""))
                | (~Q(state__in=("sent", "told")) & Q(settled_at__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.subject_id}"


class UseNoticeRefusalQuerySet(models.QuerySet["UseNoticeRefusal"]):
    def standing(self) -> "UseNoticeRefusalQuerySet":
        """Those that nobody has withdrawn."""
        return self.filter(withdrawn_on=None)

    def against(self, campaign: Campaign) -> "UseNoticeRefusalQuerySet":
        """Those by which a campaign tells nobody once more: withdrawn or not, for a withdrawal counts from the next."""
        return self.filter(Q(withdrawn_on=None) | Q(recorded_at__gte=campaign.started_at))


class UseNoticeRefusal(models.Model):
    """That a person wants no yearly notice of use and provision (Decree art. 15-3(2)), until they want it again."""

    record_label = "campaigns.UseNoticeRefusal"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject_id = models.UUIDField(_("data subject"))
    refused_on = models.DateField(_("refused on"))
    how = models.CharField(_("how it was refused"), max_length=200)
    recorded_by = models.CharField(_("recorded by"), max_length=64)
    recorded_at = models.DateTimeField(_("recorded at"))
    withdrawn_on = models.DateField(_("refusal withdrawn on"), null=True, blank=True)
    withdrawn_by = models.CharField(_("withdrawal recorded by"), max_length=64, blank=True)

    objects = UseNoticeRefusalQuerySet.as_manager()

    class Meta:
        verbose_name = _("refusal of the yearly notice")
        verbose_name_plural = _("refusals of the yearly notice")
        ordering = ("-recorded_at",)
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="campaigns_one_refusal_stands", fields=["subject_id"], condition=Q(withdrawn_on=None)
            ),
            models.CheckConstraint(
                name="campaigns_refusal_withdrawn_says_by_whom",
                condition=Q(withdrawn_on=None, withdrawn_by="") | (Q(withdrawn_on__isnull=False) & ~Q(withdrawn_by="")),
            ),
        ]

    def __str__(self) -> str:
        return str(self.subject_id)
