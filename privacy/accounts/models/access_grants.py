"""The register of access: who may do and open what, why, from when until when, and who asked for it (F-12)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.accounts.models.users import User
from privacy.accounts.roles import ROLE_NAMES
from privacy.lib.dates.clock import kst_date
from privacy.lib.identifiers.ids import new_id, new_reference


def new_request_reference() -> str:
    return new_reference("AR")


class AccessGrantQuerySet(models.QuerySet["AccessGrant"]):
    def in_period(self, *, on: date) -> AccessGrantQuerySet:
        """Grants that hold on a day: begun, not over, not revoked."""
        return self.filter(valid_from__lte=on, valid_until__gte=on, revoked_at=None)

    def living(self, *, on: date) -> AccessGrantQuerySet:
        """Grants that hold on a day or will."""
        return self.filter(valid_until__gte=on, revoked_at=None)

    def ending(self, *, on: date, by: date) -> AccessGrantQuerySet:
        """Grants that hold on a day and whose last day is not later than ``by``, of people who still work here."""
        return (
            self.living(on=on).filter(valid_until__lte=by, user__is_active=True).order_by("valid_until", "granted_at")
        )

    def of_roles(self) -> AccessGrantQuerySet:
        """Grants of a role; the others open a category of the vault."""
        return self.exclude(role="")

    def ended_before(self, moment: datetime) -> AccessGrantQuerySet:
        """Grants that were revoked, or had ended, before a moment."""
        return self.filter(Q(revoked_at__lt=moment) | Q(revoked_at=None, valid_until__lt=kst_date(moment)))


class AccessGrant(models.Model):
    """One line of the register of access (F-12): a role, or one category of the vault for one purpose, for one person.

    With reason, period and approver; none is without end. A grant is never edited: a change is a new grant that takes
    its place, the end is its revocation, and a trigger keeps each row for three years after its end (law S-10).
    """

    record_label = "accounts.AccessGrant"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="grants", verbose_name=_("account"))
    role = models.CharField(_("role"), max_length=20, blank=True, choices=tuple(ROLE_NAMES.items()))
    category = models.CharField(_("category"), max_length=40, blank=True)
    purpose = models.CharField(_("purpose"), max_length=40, blank=True)
    reason = models.CharField(_("reason"), max_length=400)
    approved_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="grants_approved",
        verbose_name=_("approved by"),
        null=True,
        blank=True,
    )
    asked_by = models.CharField(_("requested by"), max_length=64)
    granted_by = models.CharField(_("registered by"), max_length=64)
    granted_at = models.DateTimeField(_("granted at"))
    valid_from = models.DateField(_("from"))
    valid_until = models.DateField(_("until"))
    replaces = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="replaced_by", null=True, blank=True, verbose_name=_("replaces")
    )
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("revoked by")
    )
    revocation = models.CharField(_("why it was revoked"), max_length=400, blank=True)

    objects = AccessGrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("access grant")
        verbose_name_plural = _("access grants")
        ordering = ("-granted_at",)
        permissions = [("grant_access", "May grant and revoke access")]
        indexes = [models.Index(fields=["user", "category", "purpose"], name="grants_of_a_person")]
        constraints = [
            models.CheckConstraint(name="access_is_approved_by_another", condition=~Q(user=F("approved_by"))),
            models.CheckConstraint(name="access_ends_after_it_begins", condition=Q(valid_until__gte=F("valid_from"))),
            models.CheckConstraint(
                name="access_is_to_a_role_or_to_a_category",
                condition=(~Q(role="") & Q(category="", purpose="")) | (Q(role="") & ~Q(category="") & ~Q(purpose="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user.reference}: {self.role or f'{self.category} / {self.purpose}'}"

    @property
    def ended_on(self) -> date:
        """The day of revocation or, without one, the last day."""
        return kst_date(self.revoked_at) if self.revoked_at else self.valid_until


class AccessRequestQuerySet(models.QuerySet["AccessRequest"]):
    def open(self) -> AccessRequestQuerySet:
        return self.filter(state=AccessRequest.State.OPEN)


class AccessRequest(models.Model):
    """An employee asks for access, or an officer for a colleague; another person decides (law S-10)."""

    record_label = "accounts.AccessRequest"

    class State(models.TextChoices):
        OPEN = "requested", _("waiting for a decision")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=12, unique=True, default=new_request_reference)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="access_requests", verbose_name=_("account"))
    role = models.CharField(_("role"), max_length=20, blank=True, choices=tuple(ROLE_NAMES.items()))
    category = models.CharField(_("category"), max_length=40, blank=True)
    purpose = models.CharField(_("purpose"), max_length=40, blank=True)
    reason = models.CharField(_("reason"), max_length=400)
    valid_from = models.DateField(_("from"))
    valid_until = models.DateField(_("until"))
    asked_by = models.CharField(_("requested by"), max_length=64)
    requested_at = models.DateTimeField(_("requested at"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=64, blank=True)
    decision = models.CharField(_("reason for the decision"), max_length=400, blank=True)
    grant = models.OneToOneField(
        AccessGrant, on_delete=models.PROTECT, related_name="request", null=True, blank=True, verbose_name=_("grant")
    )

    objects = AccessRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("access request")
        verbose_name_plural = _("access requests")
        ordering = ("-requested_at",)
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="access_request_ends_after_it_begins", condition=Q(valid_until__gte=F("valid_from"))
            ),
            models.CheckConstraint(
                name="access_request_is_approved_by_another",
                condition=~Q(state="approved") | ~Q(decided_by=F("asked_by")),
            ),
            models.CheckConstraint(
                name="access_request_is_for_a_role_or_a_category",
                condition=(~Q(role="") & Q(category="", purpose="")) | (Q(role="") & ~Q(category="") & ~Q(purpose="")),
            ),
            models.CheckConstraint(
                name="access_request_is_granted_if_and_only_if_approved",
                condition=Q(state="approved", grant__isnull=False) | (~Q(state="approved") & Q(grant__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return self.reference
