"""What each person decided, and what stands now (P3.6, law C-08, C-12)."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.contrib.postgres.indexes import HashIndex
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consents.models.agreements import Agreement, AgreementVersion
from privacy.lib.identifiers.ids import new_id, new_reference
from privacy.policies.categories import DEVICE_REGISTRATION
from privacy.subjects.models import Subject
from privacy.vault.fields import EncryptedJSONField, EncryptedModel

PREFIX = "C"
# How far the clock of a device may run ahead of ours or behind it.
MAX_CLOCK_SKEW = timedelta(minutes=5)


def new_receipt_reference() -> str:
    return new_reference(PREFIX)


class DecisionQuerySet(models.QuerySet["Decision"]):
    def of(self, subject_id: UUID) -> "DecisionQuerySet":
        return self.filter(subject_id=subject_id)


class Decision(models.Model):
    """One decision of one person about one text: appended, never changed (P3.6, law C-08).

    It stays as evidence after the person's data is destroyed, for it names the person by an id only.
    """

    record_label = "consents.Decision"

    class Choice(models.TextChoices):
        AGREE = "agree", _("agreed")
        DISAGREE = "disagree", _("disagreed")
        WITHDRAW = "withdraw", _("withdrawn")

    class Method(models.TextChoices):
        """The ways of law C-07 (Decree 17(2)); and that nobody decided, but the portal did what the law demands."""

        PAPER = "paper", _("signed paper")
        PHONE = "phone", _("telephone")
        PHONE_WEBSITE = "phone-website", _("telephone, then website")
        WEBSITE = "website", _("website")
        EMAIL = "email", _("e-mail")
        APP = "app", _("on the device (equivalent way)")
        AUTOMATIC = "automatic", _("automatically, by the portal")

    class Confirmation(models.TextChoices):
        """How a legal representative's consent was confirmed: the ways of law C-12 (Decree 17-2(1))."""

        WEBSITE_SMS = "website-sms", _("website, confirmed by text message")
        CARD = "card", _("website, payment card")
        MOBILE_IDENTITY = "mobile-identity", _("website, identity verified by mobile phone")
        DOCUMENT = "document", _("signed document by post or fax")
        EMAIL = "email", _("e-mail reply")
        PHONE = "phone", _("telephone")
        EQUIVALENT = "equivalent", _("equivalent way")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("receipt"), max_length=16, unique=True, default=new_receipt_reference)
    subject_id = models.UUIDField(_("data subject"))
    agreement = models.ForeignKey(
        Agreement, verbose_name=_("agreement"), on_delete=models.PROTECT, related_name="decisions"
    )
    version = models.ForeignKey(
        AgreementVersion, verbose_name=_("text"), on_delete=models.PROTECT, related_name="decisions"
    )
    text_digest = models.CharField(_("SHA-256 of the text"), max_length=64)
    # By it a receipt is found that somebody brings; what it must be stands on the audit trail.
    receipt_digest = models.CharField(_("SHA-256 of the receipt"), max_length=64, blank=True, default="")
    choice = models.CharField(_("decision"), max_length=8, choices=Choice)
    decided_at = models.DateTimeField(_("decided"))
    recorded_at = models.DateTimeField(_("recorded"))
    method = models.CharField(_("method"), max_length=16, choices=Method)
    language = models.CharField(_("language of the text read"), max_length=2)
    actor_kind = models.CharField(_("recorded by (kind)"), max_length=16)
    actor_ref = models.CharField(_("recorded by"), max_length=80)
    by_representative = models.BooleanField(_("by the legal representative"), default=False)
    confirmation = models.CharField(
        _("how the representative's consent was confirmed"), max_length=16, choices=Confirmation, blank=True
    )

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        default_permissions = ("view",)
        permissions = [("record_decision", _("Can record a decision given on paper, by telephone or by e-mail"))]
        ordering = ["-recorded_at"]
        indexes = [
            models.Index(fields=["subject_id", "agreement", "-decided_at"], name="consents_decisions_of_subject"),
            # Read backwards, the newest first: both parts in one direction, or a day's decisions are sorted each time.
            models.Index(fields=["recorded_at", "id"], name="consents_decisions_in_order"),
            HashIndex(fields=["receipt_digest"], name="consents_decisions_by_receipt", condition=~Q(receipt_digest="")),
            # Among millions who agreed, the few who did not are found at once.
            models.Index(
                fields=["choice", "recorded_at", "id"],
                condition=~Q(choice="agree"),
                name="consents_other_decisions",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_id", "agreement", "choice", "version", "decided_at"],
                name="consents_decision_counted_once",
            ),
            # Law C-12: a representative's consent counts only with the way it was confirmed.
            models.CheckConstraint(
                name="consents_representative_if_and_only_if_confirmed",
                condition=(Q(by_representative=False) & Q(confirmation=""))
                | (Q(by_representative=True) & ~Q(confirmation="")),
            ),
            models.CheckConstraint(
                name="consents_decided_in_a_language_of_the_text", condition=Q(language__in=["ko", "en"])
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class Representative(EncryptedModel):
    """The legal representative who decided for a child under 14 (law C-12): name and contact, sealed.

    It lives in the personal database and ends with the registration; the decision itself stays.
    """

    record_label = "consents.Representative"

    id = models.UUIDField(primary_key=True, editable=False)  # the decision's id
    subject_id = models.UUIDField(_("data subject"))
    particulars = EncryptedJSONField(item="representative", sealed_as="particulars")
    recorded_at = models.DateTimeField(_("recorded"))

    class Encryption:
        category = DEVICE_REGISTRATION
        subject = "subject_id"

    class Meta:
        verbose_name = _("legal representative")
        verbose_name_plural = _("legal representatives")
        default_permissions = ("view",)
        indexes = [models.Index(fields=["subject_id"], name="consents_representatives_of")]

    def __str__(self) -> str:
        return str(self.id)


class CurrentConsentQuerySet(models.QuerySet["CurrentConsent"]):
    def agreed(self) -> "CurrentConsentQuerySet":
        return self.filter(choice=Decision.Choice.AGREE)

    def of_registered(self) -> "CurrentConsentQuerySet":
        """Those of people whose registration stands: nobody else is asked anything."""
        ended = Subject.objects.exclude(state=Subject.State.ACTIVE).filter(pk=OuterRef("subject_id"))
        return self.exclude(Exists(ended))

    def of(self, subject_id: UUID) -> "CurrentConsentQuerySet":
        return self.filter(subject_id=subject_id)

    def for_category(self, category: str) -> "CurrentConsentQuerySet":
        return self.filter(agreement__categories__contains=[category])

    def among(self, subject_ids: Iterable[UUID]) -> "CurrentConsentQuerySet":
        return self.filter(subject_id__in=list(subject_ids))

    def needing_reconsent(self) -> "CurrentConsentQuerySet":
        """Agreements given to a text that was replaced by one which asks again (law C-09).

        The few texts that ask are read first, so that the index of agreement, decision and text answers: of a million
        people only those are looked at who are to be asked.
        """
        found = Q(pk__in=[])
        for agreement, number in AgreementVersion.objects.latest_requiring_reconsent().items():
            found |= Q(agreement=agreement, number__lt=number)
        return self.agreed().filter(found).of_registered()


class CurrentConsent(models.Model):
    """Where a person stands with one agreement now: the latest decision, kept beside the history for the gate.

    Written only together with a ``Decision``; it can always be computed again from them.
    """

    record_label = "consents.CurrentConsent"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject_id = models.UUIDField(_("data subject"))
    agreement = models.ForeignKey(Agreement, verbose_name=_("agreement"), on_delete=models.PROTECT, related_name="+")
    decision = models.ForeignKey(Decision, verbose_name=_("decision"), on_delete=models.PROTECT, related_name="+")
    choice = models.CharField(_("still in effect"), max_length=8, choices=Decision.Choice)
    number = models.PositiveSmallIntegerField(_("text"))
    decided_at = models.DateTimeField(pgettext_lazy("consent", "since"))

    objects = CurrentConsentQuerySet.as_manager()

    class Meta:
        verbose_name = _("current decision")
        verbose_name_plural = _("current decisions")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["subject_id", "agreement"], name="consents_one_standing_for_each_agreement")
        ]
        indexes = [
            models.Index(fields=["agreement", "choice", "number"], name="consents_current_by_agreement"),
            models.Index(fields=["choice", "id"], condition=~Q(choice="agree"), name="consents_current_otherwise"),
            # By when is it to be confirmed (law C-19)?
            models.Index(
                fields=["agreement", "decided_at"], condition=Q(choice="agree"), name="consents_agreed_by_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agreement}: {self.get_choice_display()}"
