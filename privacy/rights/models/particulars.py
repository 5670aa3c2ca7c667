"""What a requester wrote, sealed in the personal database under a pseudo-subject of its own: the case."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id
from privacy.policies.categories import RIGHTS_REQUEST
from privacy.vault.fields import EncryptedJSONField, EncryptedModel, EncryptedTextField


class Particulars(EncryptedModel):
    """The personal part of a case, an objection, a decision's explanation, a power of attorney, a note or a message.

    A requester may be unknown to us, so the key belongs to the case (``subject_id`` is the case's id): it can be
    destroyed without touching the data subject's other data, and the other way round.
    """

    record_label = "rights.Particulars"

    class About(models.TextChoices):
        CASE = "case", _("the request")
        OBJECTION = "objection", _("an objection")
        ANSWER = "answer", _("the explanation of a decision")
        NOTE = "note", _("a note by the privacy office")
        MANDATE = "mandate", _("both people of a power of attorney")
        MESSAGE = "message", _("a message from the requester")
        REPLY = "reply", _("a message from the privacy office")
        MAIL = "mail", _("an incoming mail or text message")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    subject_id = models.UUIDField(_("case"), db_index=True)
    about = models.CharField(_("about"), max_length=10, choices=About, default=About.CASE)
    about_id = models.UUIDField(_("case, objection, right, step, message or mail"), unique=True)
    contact = EncryptedJSONField(item="contact", null=True)
    claimed = EncryptedTextField(item="claimed", null=True)
    wanted = EncryptedJSONField(item="wanted", null=True)
    explanation = EncryptedTextField(item="explanation", null=True)
    received_on = models.DateField(_("day of receipt"))
    closed_on = models.DateField(_("day of the case's end"), null=True, blank=True)

    class Encryption:
        category = RIGHTS_REQUEST
        subject = "subject_id"

    class Meta:
        verbose_name = _("particulars")
        verbose_name_plural = _("particulars")

    def __str__(self) -> str:
        return str(self.about_id)
