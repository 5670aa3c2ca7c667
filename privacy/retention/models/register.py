"""The destruction register, with the columns of forms F-6 and F-7."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id
from privacy.retention.models.destruction_lists import DestructionList
from privacy.retention.models.paper_destruction import PaperDestruction


class RegisterEntry(models.Model):
    """One row of the destruction register, with the columns of forms F-6 and F-7. No personal data (law D-09)."""

    record_label = "retention.RegisterEntry"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.PositiveIntegerField(_("no."), unique=True)
    list = models.OneToOneField(
        DestructionList,
        verbose_name=_("destruction list"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="register_entry",
    )
    paper = models.OneToOneField(
        PaperDestruction,
        verbose_name=_("destruction of paper or media"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="register_entry",
    )
    # F-6, in the form's order
    file_name = models.CharField(_("personal information file"), max_length=200)
    record_kinds = models.CharField(_("kind of records"), max_length=300)
    created_from = models.DateField(_("created from"), null=True, blank=True)
    created_until = models.DateField(_("created until"), null=True, blank=True)
    destroyed_on = models.DateField(_("destroyed on"))
    reason = models.CharField(_("reason for destruction"), max_length=300)
    handler = models.CharField(_("handled by"), max_length=100)
    department_head = models.CharField(_("head of department"), max_length=120)
    # what the law and the guide add (D-02, D-08, D-09, D-10)
    trigger_on = models.DateField(_("due since"), null=True, blank=True)
    trigger_until = models.DateField(_("reason arose, last"), null=True, blank=True)
    target_on = models.DateField(_("to be destroyed by"), null=True, blank=True)
    method = models.CharField(_("method"), max_length=200)
    people = models.PositiveIntegerField(_("data subjects"), default=0)
    records = models.PositiveBigIntegerField(_("records"), default=0)
    systems = models.CharField(_("systems covered"), max_length=300)
    backups = models.CharField(_("backups"), max_length=300)
    witness = models.CharField(_("witness"), max_length=100)
    evidence = models.CharField(_("digest of the evidence"), max_length=64)
    delay_reason = models.TextField(_("reason for delay"), blank=True)
    # F-7
    requested_on = models.DateField(_("requested on"))
    requested_by = models.CharField(_("requested by"), max_length=100)
    main_work = models.CharField(_("main task"), max_length=200)
    held_before = models.PositiveBigIntegerField(_("records kept before"), default=0)
    approved_on = models.DateField(_("approved on"), null=True, blank=True)
    approved_by = models.CharField(_("approved by"), max_length=160)
    place = models.CharField(_("place"), max_length=200)
    verified_by = models.CharField(_("verification method"), max_length=300)
    media_destroyed = models.BooleanField(_("medium destroyed"), default=False)
    notes = models.TextField(_("notes"), blank=True)
    # D-08: the officer confirms the result
    confirmed_by = models.CharField(_("confirmed by the officer"), max_length=64, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("entry of the destruction register")
        verbose_name_plural = _("destruction register")
        ordering: ClassVar = ["-number"]
        permissions: ClassVar = [("confirm_destruction", "Can confirm the result of a destruction")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="retention_register_of_a_list_or_of_paper",
                condition=Q(list__isnull=False, paper__isnull=True) | Q(list__isnull=True, paper__isnull=False),
            ),
            models.CheckConstraint(
                name="retention_register_confirmed_by_someone",
                condition=Q(confirmed_at__isnull=True, confirmed_by="")
                | (Q(confirmed_at__isnull=False) & ~Q(confirmed_by="")),
            ),
        ]

    @property
    def lacks_reason_for_delay(self) -> bool:
        """Whether it was destroyed after its term and nobody has said why (law D-02)."""
        is_late = self.target_on is not None and self.destroyed_on > self.target_on
        return is_late and not self.delay_reason.strip()

    def __str__(self) -> str:
        return str(self.number)
