"""Opening an account or resetting a sign-in: asked by one person, approved by another; then the invitation."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.accounts.models.users import User
from privacy.accounts.roles import ROLE_NAMES
from privacy.lib.identifiers.ids import new_id, new_reference


def new_act_reference() -> str:
    return new_reference("AA")


class AccountActQuerySet(models.QuerySet["AccountAct"]):
    def open(self) -> AccountActQuerySet:
        return self.filter(state=AccountAct.State.REQUESTED)


class AccountAct(models.Model):
    """An officer asks to open an account or to reset a sign-in; another approves, and only then it is done.

    Name and address are kept here until the decision; after that the account alone has them.
    """

    record_label = "accounts.AccountAct"

    class Kind(models.TextChoices):
        OPEN = "open", _("open an account")
        RESET = "reset", _("reset a sign-in")
        FACTOR = "factor", _("remove a second factor")

    class State(models.TextChoices):
        REQUESTED = "requested", _("waiting for a decision")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=12, unique=True, default=new_act_reference)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="account_acts", null=True, blank=True, verbose_name=_("account")
    )
    email = models.EmailField(_("e-mail"), blank=True)
    name = models.CharField(_("name"), max_length=100, blank=True)
    role = models.CharField(_("role"), max_length=20, blank=True, choices=tuple(ROLE_NAMES.items()))
    factor = models.PositiveBigIntegerField(_("second factor"), null=True, blank=True)
    is_outside = models.BooleanField(_("works for another company"), default=False)
    reason = models.CharField(_("reason"), max_length=400)
    asked_by = models.CharField(_("requested by"), max_length=64)
    asked_at = models.DateTimeField(_("requested at"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.REQUESTED)
    decided_by = models.CharField(_("decided by"), max_length=64, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decision = models.CharField(_("reason for the decision"), max_length=400, blank=True)

    objects = AccountActQuerySet.as_manager()

    class Meta:
        verbose_name = _("account request")
        verbose_name_plural = _("account requests")
        ordering = ("-asked_at",)
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="account_act_is_approved_by_another",
                condition=~Q(state="approved") | (~Q(decided_by="") & ~Q(decided_by=F("asked_by"))),
            ),
            models.CheckConstraint(
                name="account_act_is_about_an_account",
                condition=Q(user__isnull=False) | (Q(kind="open") & ~Q(state="approved")),
            ),
            models.CheckConstraint(
                name="account_act_names_the_factor_to_remove",
                condition=Q(kind="factor", factor__isnull=False) | (~Q(kind="factor") & Q(factor=None)),
            ),
            models.CheckConstraint(
                name="account_act_is_decided_by_someone",
                condition=Q(state="requested", decided_at=None, decided_by="")
                | (~Q(state="requested") & Q(decided_at__isnull=False) & ~Q(decided_by="")),
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def waiting(self, *, at: datetime) -> InvitationQuerySet:
        """Invitations that can still be used."""
        return self.filter(used_at=None, withdrawn_at=None, expires_at__gt=at, user__is_active=True)


class Invitation(models.Model):
    """The one-time way into an account: its owner sets the password, and then a second factor, alone.

    The link carries 256 random bits, of which only the digest is kept; it is made when the mail is sent. Rows are never
    deleted or pointed elsewhere (a trigger): they say since when an account is its owner's, and who had a hand in it.
    """

    record_label = "accounts.Invitation"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="invitations", verbose_name=_("account"))
    asked_by = models.CharField(_("requested by"), max_length=64)
    approved_by = models.CharField(_("approved by"), max_length=64)
    digest = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField(_("made at"))
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)
    factor_at = models.DateTimeField(_("second factor added"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("replaced"), null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ("-made_at",)
        default_permissions = ()
        indexes = [models.Index(fields=["digest"], name="invitation_by_digest")]
        constraints = [
            models.CheckConstraint(
                name="invitation_is_used_or_replaced", condition=Q(used_at=None) | Q(withdrawn_at=None)
            ),
            models.CheckConstraint(
                name="invitation_comes_before_the_second_factor", condition=Q(factor_at=None) | Q(used_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)
