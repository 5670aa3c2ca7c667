"""Third parties, what they were given and on which basis, and the notices that correct it (P5.1, P1.6)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id, new_reference


def new_third_party_reference() -> str:
    return new_reference("T")


def new_disclosure_reference() -> str:
    return new_reference("P")


def new_notice_reference() -> str:
    return new_reference("N")


class ThirdPartyQuerySet(models.QuerySet["ThirdParty"]):
    def active(self, *, at: datetime) -> "ThirdPartyQuerySet":
        return self.filter(Q(retired_at=None) | Q(retired_at__gt=at))


class ThirdParty(models.Model):
    """An organisation outside the company that may receive personal information (law P-06)."""

    record_label = "disclosures.ThirdParty"

    class Kind(models.TextChoices):
        INVESTIGATOR = "investigator", _("Investigative agency")
        MAKER = "maker", _("Handset maker")
        CARRIER = "carrier", _("Mobile carrier")
        CUSTOMER = "customer", _("Corporate customer")
        PARTNER = "partner", _("Partner")

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        WEBHOOK = "webhook", _("Signed webhook")
        LETTER = "letter", _("Letter")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_third_party_reference)
    code = models.SlugField(
        _("code"), max_length=60, unique=True, help_text=_("The recipient's code in agreements on provision.")
    )
    title = models.CharField(_("organisation"), max_length=200)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    contract = models.CharField(_("contract"), max_length=200, blank=True)
    channel = models.CharField(_("notices are sent by"), max_length=10, choices=Channel, default=Channel.EMAIL)
    mailbox = models.EmailField(_("e-mail address for notices"), blank=True)
    webhook_url = models.URLField(_("webhook"), blank=True)
    webhook_generation = models.PositiveIntegerField(_("generation of the webhook key"), default=1)
    postal_address = models.CharField(_("postal address"), max_length=300, blank=True)
    language = models.CharField(_("language"), max_length=2, default="ko")
    created_at = models.DateTimeField(_("registered"))
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    objects = ThirdPartyQuerySet.as_manager()

    class Meta:
        verbose_name = _("third party")
        verbose_name_plural = _("third parties")
        ordering = ["title"]
        permissions = [("keep_third_parties", _("Can register and retire third parties"))]
        constraints = [
            models.CheckConstraint(
                name="disclosures_third_party_can_be_reached",
                condition=(Q(channel="email") & ~Q(mailbox=""))
                | (Q(channel="webhook") & ~Q(webhook_url=""))
                | (Q(channel="letter") & ~Q(postal_address="")),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_investigator(self) -> bool:
        return self.kind == self.Kind.INVESTIGATOR

    @property
    def may_receive_terminal_numbers(self) -> bool:
        """Makers and carriers may receive terminal unique numbers without the officer's written ground (law P-07)."""
        return self.kind in {self.Kind.MAKER, self.Kind.CARRIER}


class DisclosureQuerySet(models.QuerySet["Disclosure"]):
    def provided(self) -> "DisclosureQuerySet":
        return self.filter(state=Disclosure.State.PROVIDED)

    def awaiting_approval(self) -> "DisclosureQuerySet":
        return self.filter(state=Disclosure.State.REQUESTED)

    def of_subject(self, subject_id: UUID) -> "DisclosureQuerySet":
        return self.filter(disclosed__subject_id=subject_id).distinct()

    def with_overdue_document(self, *, on: date) -> "DisclosureQuerySet":
        """Urgent ones whose document did not come in time (law P-08)."""
        return self.filter(urgent=True, scan_id=None, document_due_on__lt=on).exclude(state=Disclosure.State.REFUSED)

    def provided_between(self, first: date, last: date) -> "DisclosureQuerySet":
        return self.provided().filter(provided_on__range=(first, last))

    def to_agencies(self) -> "DisclosureQuerySet":
        return self.filter(third_party__kind=ThirdParty.Kind.INVESTIGATOR)


ENCRYPTED_FILE = "encrypted file"


class Disclosure(models.Model):
    """One provision of personal information to one third party: asked for, approved by another person, provided."""

    record_label = "disclosures.Disclosure"

    class Basis(models.TextChoices):
        LAW = "law", _("by law")
        CONSENT = "consent", _("Prior consent")
        SEPARATE_CONSENT = "separate-consent", _("Separate consent")

    class Record(models.TextChoices):
        USER_INFORMATION = "user-information", _("information on a user of telecommunications (kept 1 year)")
        CONFIRMATION = "confirmation", _("communication confirmation data (kept 7 years)")
        OTHER = "other", _("other personal information")

    class State(models.TextChoices):
        REQUESTED = "requested", _("awaiting approval")
        APPROVED = "approved", _("approved")
        PROVIDED = "provided", _("provided")
        REFUSED = "refused", _("refused")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_disclosure_reference)
    third_party = models.ForeignKey(
        ThirdParty, verbose_name=_("recipient"), on_delete=models.PROTECT, related_name="disclosures"
    )
    basis = models.CharField(_("legal basis"), max_length=20, choices=Basis)
    statute = models.CharField(_("statute and article"), max_length=200, blank=True)
    document_no = models.CharField(_("document number"), max_length=100, blank=True)
    agreement = models.CharField(_("agreement"), max_length=100, blank=True)
    purpose_code = models.SlugField(_("purpose in the agreement"), max_length=60, blank=True)
    purpose = models.CharField(_("purpose of the disclosure"), max_length=300)
    form = models.CharField(_("form"), max_length=100, default=ENCRYPTED_FILE)
    period = models.CharField(_("date, cycle or period"), max_length=100, blank=True)
    restrictions = models.CharField(_("restrictions asked of the recipient"), max_length=300, blank=True)
    terminal_number_ground = models.CharField(
        _("officer's ground for providing a terminal unique number"), max_length=300, blank=True
    )
    # What an authority's request must say (law F-8, P-08 … P-10; TBA 83, CSA 13).
    official = models.CharField(_("unit and name of the requesting official"), max_length=200, blank=True)
    reason = models.CharField(_("reason for the authority's request"), max_length=300, blank=True)
    relation = models.CharField(_("relation to the user concerned"), max_length=300, blank=True)
    extent = models.CharField(_("extent of the material needed"), max_length=300, blank=True)
    permit_no = models.CharField(_("warrant or permission number"), max_length=100, blank=True)
    record_class = models.CharField(_("kind of material"), max_length=20, choices=Record, blank=True)
    urgent = models.BooleanField(_("urgent: the document will follow"), default=False, db_default=False)
    document_due_on = models.DateField(_("document due"), null=True, blank=True)
    scan_id = models.UUIDField(_("scan of the document"), null=True, blank=True)
    scan_digest = models.CharField(_("SHA-256 of the scan"), max_length=64, blank=True)
    content_digest = models.CharField(_("digest of what was requested"), max_length=64)
    approval_digest = models.CharField(
        _("digest of what was approved"), max_length=64, blank=True, default="", db_default=""
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.REQUESTED)
    requested_by = models.CharField(_("requested by"), max_length=64)
    requested_at = models.DateTimeField(_("requested"))
    approved_by = models.CharField(_("approved by"), max_length=64, blank=True)
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True)
    refused_by = models.CharField(_("refused by"), max_length=64, blank=True)
    refused_at = models.DateTimeField(_("refused"), null=True, blank=True)
    refusal_reason = models.CharField(_("reason for the refusal"), max_length=300, blank=True)
    provided_by = models.CharField(_("provided by"), max_length=64, blank=True)
    provided_at = models.DateTimeField(_("provided"), null=True, blank=True)
    provided_on = models.DateField(_("disclosure date"), null=True, blank=True)
    file_digest = models.CharField(_("SHA-256 of the file handed over"), max_length=64, blank=True)
    file_bytes = models.PositiveBigIntegerField(_("bytes handed over"), null=True, blank=True)

    objects = DisclosureQuerySet.as_manager()

    @property
    def form_shown(self) -> str:
        """The form in the reader's language where it is the usual one, else as it was written."""
        return gettext("encrypted file") if self.form == ENCRYPTED_FILE else self.form

    class Meta:
        verbose_name = _("disclosure")
        verbose_name_plural = _("disclosures")
        ordering = ["-requested_at"]
        permissions = [
            ("request_disclosure", _("Can request a disclosure")),
            ("approve_disclosure", _("Can approve or refuse a disclosure")),
            ("provide_disclosure", _("Can provide what was approved")),
            ("see_investigations", _("Can see disclosures to investigative agencies")),
            ("export_register", _("Can export the register of disclosures")),
        ]
        indexes = [models.Index(fields=["state", "-requested_at"], name="disclosures_by_state")]
        constraints = [
            models.CheckConstraint(
                name="disclosures_by_law_names_statute_and_document",
                condition=~Q(basis="law") | (~Q(statute="") & ~Q(document_no="")),
            ),
            models.CheckConstraint(
                name="disclosures_by_law_approved_with_its_document",
                condition=~Q(basis="law", state__in=["approved", "provided"])
                | Q(urgent=True, document_due_on__isnull=False)
                | Q(scan_id__isnull=False),
            ),
            models.CheckConstraint(
                name="disclosures_by_consent_names_its_agreement",
                condition=Q(basis="law") | ~Q(agreement=""),
            ),
            models.CheckConstraint(
                name="disclosures_approved_by_another_person",
                condition=Q(approved_by="") | ~Q(approved_by=models.F("requested_by")),
            ),
            models.CheckConstraint(
                name="disclosures_provided_only_when_approved",
                condition=~Q(state__in=["approved", "provided"]) | (~Q(approved_by="") & Q(approved_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="disclosures_provided_leaves_its_proof",
                condition=~Q(state="provided")
                | (~Q(provided_by="") & ~Q(file_digest="") & Q(provided_at__isnull=False, provided_on__isnull=False)),
            ),
            models.CheckConstraint(
                name="disclosures_refused_if_and_only_if_reasoned",
                condition=(Q(state="refused") & ~Q(refusal_reason="") & ~Q(refused_by=""))
                | (~Q(state="refused") & Q(refusal_reason="")),
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class ScanReading(models.Model):
    """Somebody opened the document of a request: only who has read this very document can approve (P-09)."""

    record_label = "disclosures.ScanReading"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    disclosure = models.ForeignKey(Disclosure, on_delete=models.PROTECT, related_name="readings")
    reader = models.CharField(max_length=64)
    scan_digest = models.CharField(max_length=64)
    read_at = models.DateTimeField()

    class Meta:
        verbose_name = _("reading of a document")
        verbose_name_plural = _("readings of documents")
        constraints = [
            models.UniqueConstraint(
                fields=["disclosure", "reader", "scan_digest"], name="disclosures_reading_once_for_each_document"
            )
        ]

    def __str__(self) -> str:
        return f"{self.disclosure_id} {self.reader}"


class DisclosedItemQuerySet(models.QuerySet["DisclosedItem"]):
    def provided(self) -> "DisclosedItemQuerySet":
        return self.filter(disclosure__state="provided", value_digest__isnull=False)  # what nobody held did not go out

    def disclosable_to_subject(self) -> "DisclosedItemQuerySet":
        """Without communication confirmation data: who handled it keeps that secret, by law (CSA 11, 13-5; P-12)."""
        return self.exclude(disclosure__record_class=Disclosure.Record.CONFIRMATION)

    def of(
        self, *, subject_id: UUID, category: str = "", item: str = "", record_id: UUID | None = None
    ) -> "DisclosedItemQuerySet":
        """Narrow to a subject's items; an empty category or item means all of them."""
        found = self.filter(subject_id=subject_id)
        if category:
            found = found.filter(category=category)
        if item:
            found = found.filter(item=item)
        if record_id is not None:
            found = found.filter(Q(record_id=record_id) | Q(record_id=None))
        return found


class DisclosedItem(models.Model):
    """One item of one subject in one disclosure; the digest tells later who holds which value (P1.6)."""

    record_label = "disclosures.DisclosedItem"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    disclosure = models.ForeignKey(
        Disclosure, verbose_name=_("disclosure"), on_delete=models.PROTECT, related_name="disclosed"
    )
    subject_id = models.UUIDField(_("data subject"))
    record_id = models.UUIDField(_("record"), null=True, blank=True)
    category = models.CharField(_("category"), max_length=40)
    item = models.CharField(_("item"), max_length=40)
    value_digest = models.BinaryField(_("keyed digest of the value"), null=True, blank=True)
    consent = models.CharField(_("receipt of the consent it is based on"), max_length=16, blank=True)

    objects = DisclosedItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("disclosed item")
        verbose_name_plural = _("disclosed items")
        indexes = [models.Index(fields=["subject_id", "category", "item"], name="disclosures_items_of_subject")]
        constraints = [
            models.UniqueConstraint(
                fields=["disclosure", "subject_id", "record_id", "category", "item"],
                name="disclosures_item_once_in_a_disclosure",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category}/{self.item}"


class NoticeQuerySet(models.QuerySet["Notice"]):
    def of_case(self, case_id: UUID) -> "NoticeQuerySet":
        return self.filter(case_id=case_id)

    def unanswered(self) -> "NoticeQuerySet":
        """Notices whose recipient has not yet been told, or has not said that it was."""
        return self.exclude(state=Notice.State.ACKNOWLEDGED)

    def parked(self) -> "NoticeQuerySet":
        return self.filter(state=Notice.State.PARKED)


class Notice(models.Model):
    """Tells one earlier recipient that what it holds was corrected or erased (P1.6, law R-20)."""

    record_label = "disclosures.Notice"

    class Kind(models.TextChoices):
        CORRECTED = "corrected", _("corrected")
        ERASED = "erased", _("erased")
        WITHDRAWN = "withdrawn", _("consent withdrawn")

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENT = "sent", _("sent")
        ACKNOWLEDGED = "acknowledged", _("acknowledged")
        PARKED = "parked", _("needs the officer's attention")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_notice_reference)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    case_id = models.UUIDField(_("case"))
    case_reference = models.CharField(_("reference of the case"), max_length=16)
    third_party = models.ForeignKey(
        ThirdParty, verbose_name=_("recipient"), on_delete=models.PROTECT, related_name="notices"
    )
    subject_id = models.UUIDField(_("data subject"))
    record_id = models.UUIDField(_("record"), null=True, blank=True)
    category = models.CharField(_("category"), max_length=40)
    items: Any = models.JSONField(_("items"), default=list)
    item_set = models.CharField(_("set of items"), max_length=500)
    disclosures: Any = models.JSONField(_("disclosures concerned"), default=list)
    partly_kept = models.BooleanField(_("another law keeps some of it"), default=False, db_default=False)
    channel = models.CharField(_("channel"), max_length=10, choices=ThirdParty.Channel)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.QUEUED)
    message_id = models.CharField(_("Message-ID"), max_length=200, unique=True)
    token_digest = models.CharField(_("digest of the acknowledgement token"), max_length=64, unique=True)
    queued_at = models.DateTimeField(_("queued"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    sent_by = models.CharField(_("sent by"), max_length=64, blank=True)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True, blank=True)
    parked_at = models.DateTimeField(_("stopped"), null=True, blank=True)
    trouble = models.CharField(_("last error"), max_length=200, blank=True)
    # Since then its link has been in the hands of who printed it, however the notice goes later.
    printed_at = models.DateTimeField(_("letter printed"), null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("correction notice")
        verbose_name_plural = _("correction notices")
        ordering = ["-queued_at"]
        permissions = [("send_notice", _("Can resend a notice or mark a letter as sent"))]
        indexes = [models.Index(fields=["case_id"], name="disclosures_notices_of_case")]
        constraints = [
            models.UniqueConstraint(
                fields=["case_id", "third_party", "kind", "subject_id", "item_set"],
                name="disclosures_one_notice_for_each_recipient",
            ),
            models.CheckConstraint(
                name="disclosures_notice_acknowledged_has_its_time",
                condition=~Q(state="acknowledged") | Q(acknowledged_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.reference
