"""Mails and text messages that came to the office: what became of each. What they say is sealed, and not here."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id
from privacy.rights.models.cases import Request


class IncomingMail(models.Model):
    """One mail or text message, taken once. A draft's words are ``Particulars`` under its id, and so are its files."""

    record_label = "rights.IncomingMail"

    class Channel(models.TextChoices):
        """By which way it came; the message that it becomes says the same."""

        EMAIL = "email", _("by e-mail")
        TEXT = "text", _("by text message")

    class State(models.TextChoices):
        DRAFT = "draft", _("to be sorted")
        FILED = "filed", _("on its case")
        DISCARDED = "discarded", _("discarded")
        RETURNED = "returned", _("our own mail, returned")
        AUTOMATIC = "automatic", _("automatic reply, not kept")
        REFUSED = "refused", _("refused")

    class Why(models.TextChoices):
        """Why it is not on a case by itself, or why nothing of it was kept."""

        BY_HAND = "by-hand", _("text messages are always sorted by hand")
        NO_CASE = "no-case", _("it names no request")
        BAD_SIGNATURE = "bad-signature", _("its reply address is not one of ours")
        CASE_OVER = "case-over", _("the request that it names is over")
        TOO_MANY = "too-many", _("more messages came for its request within an hour than are accepted")
        TOO_LARGE = "too-large", _("it is too large")
        HEADERS = "headers", _("its headers have no end")
        NESTED = "nested", _("it has too many parts")
        MALFORMED = "malformed", _("it is not readable")
        EMPTY = "empty", _("it says nothing")

    KEPT = (State.DRAFT, State.FILED)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, default=Channel.EMAIL, db_default="email")
    place = models.CharField(_("place it was taken from"), max_length=80, unique=True)
    fingerprint = models.CharField(_("fingerprint"), max_length=64, unique=True)
    received_at = models.DateTimeField(_("received"))
    # When the portal took it: of a text message, ``received_at`` is what the provider says.
    taken_at = models.DateTimeField(_("taken"), db_default=Now())
    state = models.CharField(_("state"), max_length=12, choices=State)
    why = models.CharField(_("why"), max_length=16, choices=Why, blank=True)
    sender_index = models.BinaryField(_("blind index of the sender"), null=True, blank=True)
    files = models.PositiveSmallIntegerField(_("attached documents"), default=0)
    files_left_out = models.PositiveSmallIntegerField(_("files not kept"), default=0)
    sort_by_on = models.DateField(_("sort by"), null=True, blank=True)
    request = models.ForeignKey(
        Request, verbose_name=_("case"), on_delete=models.PROTECT, null=True, blank=True, related_name="mails"
    )
    sorted_by = models.CharField(_("sorted by"), max_length=64, blank=True)
    sorted_at = models.DateTimeField(_("sorted"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("incoming mail or text message")
        verbose_name_plural = _("incoming mails and text messages")
        ordering = ["-received_at", "-id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["state", "sort_by_on"], name="rights_mails_by_day")]
        constraints = [
            models.CheckConstraint(
                name="rights_mail_is_sorted_by_somebody",
                condition=Q(state="draft", sort_by_on__isnull=False, sorted_at=None, sorted_by="", request=None)
                | Q(state="filed", request__isnull=False, sorted_at__isnull=False, sender_index=None)
                & ~Q(sorted_by="")
                | Q(state="discarded", request=None, sorted_at__isnull=False, sender_index=None)
                & ~Q(sorted_by="")
                & ~Q(reason="")
                | Q(
                    state__in=["returned", "automatic", "refused"], request=None, sorted_at=None, sorted_by="",
                    sender_index=None,
                ),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.reference
