"""What proves a destruction: certificate, register (law F-6, F-7), and the register of paper and other media."""

import json
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.ids import new_id, new_reference
from privacy.retention.models.runs import DestructionList


def new_paper_reference() -> str:
    return new_reference("PD")


class Certificate(models.Model):
    """A signed statement of what was destroyed and what the read-back found (P7.1). Never changed, never removed.

    ``body`` is canonical JSON, signed exactly as stored. A list gets one certificate of destruction, and one of
    finality when the master key's generation that wrapped its keys has ended.
    """

    class Kind(models.TextChoices):
        DESTRUCTION = "destruction", _("certificate of destruction")
        FINALITY = "finality", _("certificate of finality")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.CharField(_("number"), max_length=20, unique=True)
    list = models.ForeignKey(
        DestructionList, verbose_name=_("destruction list"), on_delete=models.PROTECT, related_name="certificates"
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    body = models.TextField(_("body"))
    digest = models.CharField(_("SHA-256"), max_length=64, unique=True)
    signature = models.CharField(_("Ed25519 signature"), max_length=128)
    public_key = models.CharField(_("public key"), max_length=64)
    issued_at = models.DateTimeField(_("issued at"))

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        ordering: ClassVar = ["-issued_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="retention_one_certificate_of_a_kind", fields=["list", "kind"])
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def statement(self) -> dict[str, Any]:
        """What the certificate says."""
        said: dict[str, Any] = json.loads(self.body)
        return said


class PaperDestruction(models.Model):
    """Paper or another medium destroyed: method, amount, place, witness, evidence (P7.2, law D-06)."""

    class Method(models.TextChoices):
        SHRED = "shred", _("shredding")
        INCINERATE = "incinerate", _("incineration")
        DEGAUSS = "degauss", _("degaussing")
        OVERWRITE = "overwrite", _("overwriting")
        PHYSICAL = "physical", _("physical destruction")
        MASK = "mask", _("masking or punching of a part")

    class Medium(models.TextChoices):
        PAPER = "paper", _("paper")
        DISK = "disk", _("disk")
        TAPE = "tape", _("tape")
        REMOVABLE = "removable", _("removable media")
        OTHER = "other", _("other medium")

    # Paper is shredded or burnt, never degaussed; a magnetic medium is not masked.
    METHODS: ClassVar[dict[str, tuple[str, ...]]] = {
        Medium.PAPER: (Method.SHRED, Method.INCINERATE, Method.MASK),
        Medium.DISK: (Method.SHRED, Method.INCINERATE, Method.DEGAUSS, Method.OVERWRITE, Method.PHYSICAL),
        Medium.TAPE: (Method.SHRED, Method.INCINERATE, Method.DEGAUSS, Method.OVERWRITE, Method.PHYSICAL),
        Medium.REMOVABLE: (Method.SHRED, Method.INCINERATE, Method.OVERWRITE, Method.PHYSICAL),
        Medium.OTHER: tuple(Method),
    }

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_paper_reference)
    medium = models.CharField(_("medium"), max_length=10, choices=Medium)
    contents = models.CharField(_("contents"), max_length=200)
    created_from = models.DateField(_("created from"), null=True, blank=True)
    created_until = models.DateField(_("created until"), null=True, blank=True)
    amount = models.PositiveIntegerField(_("amount"))
    amount_unit = models.CharField(_("unit of amount"), max_length=20)
    method = models.CharField(_("method"), max_length=10, choices=Method)
    place = models.CharField(_("place"), max_length=200)
    destroyed_on = models.DateField(_("destroyed on"))
    reason = models.CharField(_("reason"), max_length=200)
    executor = models.CharField(_("carried out by"), max_length=100)
    witness = models.CharField(_("witness"), max_length=100)
    evidence_id = models.UUIDField(_("sealed evidence file"), null=True, blank=True)
    evidence_digest = models.CharField(_("SHA-256 of the evidence"), max_length=64, blank=True)
    recorded_by = models.CharField(_("recorded by"), max_length=64)
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("destruction of paper or media")
        verbose_name_plural = _("destructions of paper and media")
        ordering: ClassVar = ["-destroyed_on"]
        permissions: ClassVar = [("record_paper", "Can record the destruction of paper and media")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="retention_paper_witnessed_by_another", condition=~Q(witness="") & ~Q(witness=F("executor"))
            ),
            models.CheckConstraint(
                name="retention_paper_is_shredded_or_burnt",
                condition=~Q(medium="paper") | Q(method__in=("shred", "incinerate", "mask")),
            ),
            models.CheckConstraint(name="retention_paper_is_some", condition=Q(amount__gt=0)),
        ]

    def __str__(self) -> str:
        return self.reference


class RegisterEntry(models.Model):
    """One row of the destruction register, with the columns of forms F-6 and F-7. No personal data (law D-09)."""

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
    department_head = models.CharField(_("head of department"), max_length=100)
    # what the law and the guide add (D-02, D-08, D-09, D-10)
    trigger_on = models.DateField(_("due since"), null=True, blank=True)
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
    main_work = models.CharField(_("main work"), max_length=200)
    held_before = models.PositiveBigIntegerField(_("records kept before"), default=0)
    approved_on = models.DateField(_("approved on"), null=True, blank=True)
    approved_by = models.CharField(_("approved by"), max_length=160)
    place = models.CharField(_("place"), max_length=200)
    verified_by = models.CharField(_("verified by means of"), max_length=300)
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

    def __str__(self) -> str:
        return str(self.number)
