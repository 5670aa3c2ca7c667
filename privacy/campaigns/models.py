"""Campaigns: one text told to many people, and what became of each (P0.3, law B-02)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from privacy.campaigns.events import Event
from privacy.campaigns.progress import Progress
from privacy.ledger.entries.payloads import facts_in
from privacy.ledger.models import Entry
from privacy.lib.crypto import canonical_json
from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.policies.models.localized_fields import in_language

# What a delivery's last trouble says where no error kept it back.
ADDRESS_DISPUTED = "AddressDisputed"
TEXT_ALTERED = "TextAltered"
# What a text message's trouble begins with; what follows is the provider's code.
NOT_DELIVERED = "NotDelivered"
NO_REPORT = "no report"
# That a letter came back, that the device showed nothing in time, and that a person prefers letters.
LETTER_RETURNED = "LetterReturned"
NOT_SHOWN = "NotShown"
PREFERS_LETTER = "PrefersLetter"


def new_campaign_reference() -> str:
    return new_reference("M")


def new_batch_reference() -> str:
    return new_reference("LB")


class Campaign(models.Model):
    """One notice to many people: the text in both languages, fixed when it starts."""

    record_label = "campaigns.Campaign"

    class Kind(models.TextChoices):
        POLICY = "policy", _("revision of the privacy policy")
        BREACH = "breach", _("breach notice")
        USE = "use-notice", _("yearly notice of use and provision")
        BUSINESS = "business", _("transfer of the business")

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        FINISHED = "completed", pgettext_lazy("notice", "finished")

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
    # Whose words it has: the template and its version (privacy/policies/message_templates.py).
    template = models.CharField(_("template"), max_length=100, blank=True, default="", db_default="")
    everybody = models.BooleanField(_("to everyone"), default=False)
    started_at = models.DateTimeField(_("started"))
    started_by = models.CharField(_("started by"), max_length=64)
    listed_at = models.DateTimeField(_("people listed"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    paused_at = models.DateTimeField(_("paused"), null=True, blank=True)
    stopped_at = models.DateTimeField(_("stopped for good"), null=True, blank=True)
    told_before = models.DateTimeField(_("people are told before"), null=True, blank=True)  # From then on: nobody.
    # At most so many messages a minute; without a number, as many as go. The minute, and how many went out in it.
    per_minute = models.PositiveIntegerField(_("messages a minute"), null=True, blank=True)
    minute_began_at = models.DateTimeField(null=True, blank=True)
    sent_in_minute = models.PositiveIntegerField(default=0, db_default=0)

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
        return progress_of([self.pk])[self.pk]


def digest_of(campaign: Campaign) -> str:
    """Return the SHA-256 of a campaign's text in both languages."""
    return canonical_json.digest(
        {name: getattr(campaign, name) for name in ("title_ko", "title_en", "text_ko", "text_en")}
    )


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """What a mailing house reported of the letters of a batch; ``open`` are those that wait for it."""

    posted: int
    returned: int
    open: int


class LetterBatch(models.Model):
    """Letters of one notice that a mailing house prints and posts, in the order of its pages."""

    record_label = "campaigns.LetterBatch"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_batch_reference)
    campaign = models.ForeignKey(Campaign, verbose_name=_("notice"), on_delete=models.PROTECT, related_name="batches")
    count = models.PositiveIntegerField(_("letters"))
    made_at = models.DateTimeField(_("made"))
    made_by = models.CharField(_("made by"), max_length=64)
    handed_at = models.DateTimeField(_("handed over"), null=True, blank=True)
    reported_at = models.DateTimeField(_("last report"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("taken back"), null=True, blank=True)

    class Meta:
        verbose_name = _("batch of letters")
        verbose_name_plural = _("batches of letters")
        ordering = ("-made_at",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.reference

    def letter_number(self, place: int) -> str:
        """Return what a letter of it is called, on its page and by the mailing house."""
        return f"{self.reference}-{place:04d}"

    @property
    def progress(self) -> BatchProgress:
        """What became of its letters. One whose notice has ended waits for its report as well, for it counts if it was
        posted; one of whoever was told another way, is destroyed or refused the notice does not, nor one that no
        mailing house has.
        """
        posted, returned = Q(posted_on__isnull=False), Q(returned_on__isnull=False)
        told = self.letters.aggregate(
            posted=Count("id", filter=posted & ~returned), returned=Count("id", filter=returned),
            open=Count("id", filter=~(posted | returned | Q(state__in=Delivery.SETTLED))),
        )  # fmt: skip
        return BatchProgress(**(told if self.handed_at is not None else told | {"open": 0}))


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def open(self) -> "DeliveryQuerySet":
        """Deliveries that nobody has settled: the worker has them, or a person must."""
        return self.filter(state__in=Delivery.OPEN)

    def to_be_written(self) -> "DeliveryQuerySet":
        """Those whom a letter can still tell: no message does, and no letter came back."""
        return self.filter(state__in=Delivery.TOLD_ANOTHER_WAY, returned_on=None)

    def not_under_way(self) -> "DeliveryQuerySet":
        """Those of which the provider has no text message whose fate is still unknown."""
        return self.exclude(state=Delivery.State.WAITING, handed_at__isnull=False, text_failed_at=None)

    def sent_between(self, start: datetime, end: datetime) -> "DeliveryQuerySet":
        return self.filter(settled_at__gte=start, settled_at__lt=end)


class Delivery(models.Model):
    """One person of a campaign, and the proof that she was told."""

    record_label = "campaigns.Delivery"

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        PARKED = "parked", _("stuck: needs attention")
        WITHOUT_ADDRESS = "without-address", _("no e-mail address or mobile number on record")
        TOLD = "told", _("notified another way")
        ENDED = "ended", _("not notified: their data had been destroyed")
        REFUSED = "refused", _("not notified: they refused this notice")
        STOPPED = "stopped", _("not notified: the notice had ended")

    OPEN = (State.WAITING, State.PARKED, State.WITHOUT_ADDRESS)  # The worker has to settle these, or a person.
    SETTLED = (State.SENT, State.TOLD, State.ENDED, State.REFUSED)  # No letter is waited for.
    UNSENT = (State.WAITING, State.PARKED)  # A message may still go out.
    TOLD_ANOTHER_WAY = (State.WITHOUT_ADDRESS, State.PARKED)  # A letter or the website tells these.
    UNREACHABLE = (*TOLD_ANOTHER_WAY, State.ENDED)  # No message reaches these.

    class Way(models.TextChoices):
        LETTER = "letter", _("letter")
        DEVICE = "device", _("message on the device")
        PHONE = "phone", _("telephone")
        TEXT = "text", _("text message")
        KAKAO = "kakao", _("KakaoTalk message")
        VISIT = "visit", _("in person")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    campaign = models.ForeignKey(
        Campaign, verbose_name=_("notice"), on_delete=models.PROTECT, related_name="deliveries"
    )
    subject_id = models.UUIDField(_("data subject"))
    language = models.CharField(_("language"), max_length=2)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.WAITING)
    way = models.CharField(_("notification method"), max_length=8, choices=Way, blank=True)
    # Of a text message the numbers that the provider gave its parts.
    message_id = models.CharField(_("Message-ID"), max_length=250, blank=True)
    settled_at = models.DateTimeField(_("notified"), null=True, blank=True)
    settled_by = models.CharField(_("notified by"), max_length=64, blank=True)
    trouble = models.CharField(_("last error"), max_length=200, blank=True)
    # Of a text message: since when the provider may have it, and when it was known that it does not arrive.
    handed_at = models.DateTimeField(_("handed to the provider"), null=True, blank=True)
    text_failed_at = models.DateTimeField(_("text message failed"), null=True, blank=True)
    # When it was known that a message by KakaoTalk does not arrive: a text message follows.
    kakao_failed_at = models.DateTimeField(_("KakaoTalk message failed"), null=True, blank=True)
    on_device_at = models.DateTimeField(_("laid out for the device"), null=True, blank=True)
    # In which batch of letters for a mailing house it is, and as which letter of it.
    batch = models.ForeignKey(
        LetterBatch, verbose_name=_("batch of letters"), on_delete=models.PROTECT, related_name="letters",
        null=True, blank=True,
    )  # fmt: skip
    batch_place = models.PositiveIntegerField(_("letter"), null=True, blank=True)
    # What the mailing house reported of that letter, whatever told the person since.
    posted_on = models.DateField(_("posted"), null=True, blank=True)
    returned_on = models.DateField(_("returned"), null=True, blank=True)
    # When the person was counted as not told before the day of the notice, whatever told them since.
    untold_at = models.DateTimeField(_("counted as not notified in time"), null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery of a notice")
        verbose_name_plural = _("deliveries of notices")
        ordering = ("id",)
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["campaign", "state"], name="campaigns_deliveries_by_state"),
            # What a device's gateway asks for.
            models.Index(
                fields=["subject_id"], name="campaigns_messages_of_a_device", condition=Q(state="waiting", way="device")
            ),
        ]
        constraints = [
            models.UniqueConstraint(name="campaigns_one_delivery_a_person", fields=["campaign", "subject_id"]),
            models.UniqueConstraint(name="campaigns_one_letter_in_a_place", fields=["batch", "batch_place"]),
            models.CheckConstraint(
                name="campaigns_told_if_and_only_if_proven",
                condition=(Q(state__in=("sent", "told")) & Q(settled_at__isnull=False) & ~Q(settled_by=""))
                | (~Q(state__in=("sent", "told")) & Q(settled_at__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.subject_id}"

    @property
    def is_under_way(self) -> bool:
        """Whether the provider may have its text message, and nobody knows yet what became of it."""
        return self.state == self.State.WAITING and self.handed_at is not None and self.text_failed_at is None

    @property
    def means(self) -> str:
        """By what the person was told: what was sent went by e-mail, unless it says otherwise."""
        if self.state == self.State.SENT and not self.way:
            return gettext("e-mail")
        return str(self.get_way_display())


def progress_of(campaigns: Collection[UUID]) -> dict[UUID, Progress]:
    """Return how far these campaigns are, in one count."""
    numbers: dict[UUID, dict[str, int]] = {one: {} for one in campaigns}
    if campaigns:
        rows = Delivery.objects.filter(campaign__in=campaigns).order_by().values_list("campaign", "state")
        for campaign, state, count in rows.annotate(count=Count("id")):
            numbers[campaign][state] = count
    return {one: Progress.of(found) for one, found in numbers.items()}


class KakaoTemplate(models.Model):
    """A text of KakaoTalk notices as Kakao approved it, for a kind of notice in a language."""

    record_label = "campaigns.KakaoTemplate"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.CharField(_("code of the template"), max_length=60, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Campaign.Kind)
    language = models.CharField(_("language"), max_length=2, choices=(("ko", _("Korean")), ("en", _("English"))))
    text = models.TextField(_("approved text"), max_length=1_000)
    approved_on = models.DateField(_("approved by Kakao on"))
    recorded_by = models.CharField(_("recorded by"), max_length=64)
    recorded_at = models.DateTimeField(_("recorded at"))
    ended_by = models.CharField(_("ended by"), max_length=64, blank=True, default="")
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("template of KakaoTalk notices")
        verbose_name_plural = _("templates of KakaoTalk notices")
        ordering = ("-recorded_at",)
        default_permissions = ("view",)
        permissions = [("record_kakao_template", _("Can record and end templates that Kakao approved"))]
        constraints = [
            models.UniqueConstraint(
                name="campaigns_one_kakao_template_of_a_kind", fields=["kind", "language"], condition=Q(ended_at=None)
            ),
            models.CheckConstraint(
                name="campaigns_kakao_template_ended_says_by_whom",
                condition=Q(ended_at=None, ended_by="") | (Q(ended_at__isnull=False) & ~Q(ended_by="")),
            ),
        ]

    def __str__(self) -> str:
        return self.code


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
