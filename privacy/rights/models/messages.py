"""Messages between a requester and the office: who wrote which, and by when one is answered. The words are sealed."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.identifiers.ids import new_id
from privacy.rights.models.cases import Request


class CaseMessageQuerySet(models.QuerySet["CaseMessage"]):
    def waiting(self) -> "CaseMessageQuerySet":
        """Return what people wrote and nobody has answered."""
        return self.filter(state=CaseMessage.State.WAITING)


class CaseMessage(models.Model):
    """One message of a case. Its words are ``Particulars`` under its id; its attachment is a file of the case."""

    record_label = "rights.CaseMessage"

    class Author(models.TextChoices):
        PERSON = "person", _("the requester")
        OFFICE = "office", _("the privacy office")

    class Channel(models.TextChoices):
        PORTAL = "portal", _("on the status page")
        EMAIL = "email", _("by e-mail")
        TEXT = "text", _("by text message")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for an answer")
        ANSWERED = "answered", pgettext_lazy("message", "answered")
        NEEDS_NONE = "needs-none", _("needs no answer")
        POSTED = "posted", _("on the status page")
        TOLD = "told", _("announced by e-mail")
        TEXTED = "texted", _("announced by text message")
        UNTOLD = "untold", _("the announcement was not delivered")

    OF_PERSON = (State.WAITING, State.ANSWERED, State.NEEDS_NONE)
    OF_OFFICE = (State.POSTED, State.TOLD, State.TEXTED, State.UNTOLD)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    request = models.ForeignKey(Request, verbose_name=_("case"), on_delete=models.CASCADE, related_name="messages")
    number = models.PositiveSmallIntegerField(_("number"))
    author = models.CharField(_("written by"), max_length=10, choices=Author)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    state = models.CharField(_("state"), max_length=12, choices=State)
    written_at = models.DateTimeField(_("written"))
    written_by = models.CharField(_("account or case"), max_length=64)
    answer_by_on = models.DateField(_("answer by"), null=True, blank=True)
    settled_at = models.DateTimeField(_("answered"), null=True, blank=True)
    settled_by = models.CharField(_("answered by"), max_length=64, blank=True)
    message_id = models.CharField(_("Message-ID"), max_length=120, blank=True)
    text_id = models.CharField(_("text message, at the provider"), max_length=48, blank=True, db_default="")
    texted_index = models.BinaryField(_("blind index of the number it was announced to"), null=True, blank=True)
    # Whose words announced it: a template and its version.
    announced_with = models.CharField(_("template of the announcement"), max_length=100, blank=True, db_default="")
    trouble = models.CharField(_("trouble"), max_length=120, blank=True)

    objects = CaseMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["request", "number"]
        default_permissions = ()
        indexes = [
            models.Index(fields=["state", "answer_by_on"], name="rights_messages_by_day"),
            models.Index(fields=["texted_index"], name="rights_messages_by_number"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["request", "number"], name="rights_messages_one_by_one"),
            models.CheckConstraint(
                name="rights_message_waits_until_somebody_settles_it",
                condition=Q(
                    author="person", state="waiting", answer_by_on__isnull=False, settled_at=None, settled_by=""
                )
                | Q(
                    author="person",
                    state__in=["answered", "needs-none"],
                    answer_by_on__isnull=False,
                    settled_at__isnull=False,
                )
                & ~Q(settled_by="")
                | Q(
                    author="office",
                    state__in=["posted", "told", "texted", "untold"],
                    answer_by_on=None,
                    settled_at=None,
                    settled_by="",
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.number}"
