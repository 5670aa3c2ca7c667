"""The register of systems that hold copies, and where each answers with which key (docs/connected-systems.md)."""

from collections.abc import Collection
from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.identifiers.ids import new_id, new_reference


def new_system_reference() -> str:
    return new_reference("CS")


class Identifier(models.TextChoices):
    """By what a system finds a person: a closed list. The values are the names in ``person`` of a call."""

    REFERENCE = "reference", _("the portal's number of the person (S-…)")
    IMEI = "imei", _("IMEI")
    SERIAL_NUMBER = "serial_number", _("serial number")
    ADB_NUMBER = "adb_number", _("ADB number")
    LICENCE_KEY = "licence_key", _("licence key")
    EMAIL = "email", _("e-mail address")
    PHONE = "phone", _("phone number")


class SystemQuerySet(models.QuerySet["ConnectedSystem"]):
    def running(self, on: date) -> "SystemQuerySet":
        """Those that hold copies on a day; the last day counts."""
        return self.filter(begins_on__lte=on).filter(Q(ended_on=None) | Q(ended_on__gte=on))

    def holding(self, category: str) -> "SystemQuerySet":
        """Those that declare items of a category, or of any where it is empty."""
        return self.filter(items__has_key=category) if category else self


class ConnectedSystem(models.Model):
    """A system of the company that holds copies of what the portal holds: which items, found how, and whose it is.

    ``items`` has the codes of the policy's items by category. ``terms`` has for each kind of task the days in which it
    has to be confirmed. ``secret_generation`` counts the shared secrets, which are derived and never stored.
    """

    record_label = "systems.ConnectedSystem"

    class Way(models.TextChoices):
        API = "api", _("by the protocol")
        PERSON = "person", _("by a person")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    reference = models.CharField(_("reference"), max_length=16, unique=True, default=new_system_reference)
    code = models.SlugField(_("code"), max_length=40, unique=True)
    name_ko = models.CharField(_("name (Korean)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120)
    owner = models.CharField(_("owner"), max_length=64)
    contact = models.CharField(_("contact of the owner"), max_length=200)
    way = models.CharField(_("how it takes part"), max_length=8, choices=Way)
    items: "models.JSONField[dict[str, list[str]]]" = models.JSONField(_("items"), default=dict)
    identifiers: "models.JSONField[list[str]]" = models.JSONField(_("how people are found"), default=list)
    terms: "models.JSONField[dict[str, int]]" = models.JSONField(_("terms in days"), default=dict)
    secret_generation = models.PositiveIntegerField(_("shared secret no."), default=1)
    begins_on = models.DateField(pgettext_lazy("system", "holds copies since"))
    registered_by = models.CharField(_("registered by"), max_length=64)
    registered_at = models.DateTimeField(_("registered at"))
    ended_on = models.DateField(_("last day"), null=True, blank=True)
    end_reason = models.CharField(_("reason of the end"), max_length=300, blank=True)
    ended_by = models.CharField(_("end recorded by"), max_length=64, blank=True)

    objects = SystemQuerySet.as_manager()

    class Meta:
        verbose_name = _("connected system")
        verbose_name_plural = _("connected systems")
        ordering = ["code"]
        default_permissions = ("view",)
        permissions = [
            ("keep_systems", _("Can keep the register of connected systems")),
            ("show_secret", _("Can show a connected system’s shared secret")),
        ]
        constraints = [
            models.CheckConstraint(
                name="systems_system_ends_after_it_began",
                condition=Q(ended_on=None, ended_by="", end_reason="")
                | (Q(ended_on__gte=F("begins_on")) & ~Q(ended_by="") & ~Q(end_reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name_ko} ({self.reference})"

    def items_of(self, category: str, item: str = "") -> list[str]:
        """Return the codes of its items that a category (empty: all) and an item (empty: all) of it cover."""
        named: Collection[list[str]] = [self.items.get(category, [])] if category else self.items.values()
        return sorted({code for codes in named for code in codes if item in ("", code)})


# Of what one person asked for: nobody settled it yet; whoever did is named, once; and it was another person.
WAITS = Q(approved_at=None, refused_at=None)
SETTLED_BY_SOMEBODY = (
    (Q(approved_at=None, approved_by="") | (Q(approved_at__isnull=False) & ~Q(approved_by="")))
    & (Q(refused_at=None, refused_by="") | (Q(refused_at__isnull=False) & ~Q(refused_by="")))
    & (Q(approved_at=None) | Q(refused_at=None))
)
ANOTHER_PERSON = Q(approved_by="") | ~Q(approved_by=F("asked_by"))


class AskedChange(models.Model):
    """What one person asks for about a system, and another approves or refuses."""

    system: "models.ForeignKey[ConnectedSystem, ConnectedSystem]"
    reason = models.CharField(_("reason"), max_length=300)
    asked_by = models.CharField(_("requested by"), max_length=64)
    asked_at = models.DateTimeField(_("requested at"))
    approved_by = models.CharField(_("approved by"), max_length=64, blank=True)
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    refused_by = models.CharField(_("refused by"), max_length=64, blank=True)
    refused_at = models.DateTimeField(_("refused at"), null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def waits(self) -> bool:
        """Whether nobody has approved or refused it yet."""
        return self.approved_at is None and self.refused_at is None


class Connection(AskedChange):
    """Where a system answers and with which key it signs: asked for by one person, approved by another.

    The newest approved one counts. Whoever changed the address alone could have identifiers sent elsewhere, and
    whoever changed the key alone could have answers given for the system.
    """

    record_label = "systems.Connection"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    system = models.ForeignKey(
        ConnectedSystem, verbose_name=_("connected system"), on_delete=models.PROTECT, related_name="connections"
    )
    address = models.CharField(_("base address"), max_length=300)
    public_key = models.CharField(_("public key of its answers"), max_length=44)

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        ordering = ["-asked_at"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="systems_connection_has_a_key_and_is_settled_by_somebody",
                condition=Q(public_key__regex=r"^[A-Za-z0-9+/]{43}=$") & SETTLED_BY_SOMEBODY,
            ),
            models.CheckConstraint(
                name="systems_connection_is_another_persons_word",
                condition=ANOTHER_PERSON,
            ),
            models.UniqueConstraint(
                fields=["system"],
                condition=WAITS,
                name="systems_one_connection_waits_for_approval",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.system.code} {self.address}"


class EntryChange(AskedChange):
    """What a system is asked for and by what it finds people, or its end: asked for by one person, approved by another.

    ``items`` and ``identifiers`` are those that it has then; ``ended_on`` is the last day where it ends. Whoever took
    an item, an identifier or the whole system out alone could make a destruction skip it, and whoever put one in alone
    could have more sent there.
    """

    record_label = "systems.EntryChange"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    system = models.ForeignKey(
        ConnectedSystem, verbose_name=_("connected system"), on_delete=models.PROTECT, related_name="entry_changes"
    )
    items: "models.JSONField[dict[str, list[str]]]" = models.JSONField(_("items"))
    identifiers: "models.JSONField[list[str]]" = models.JSONField(_("how people are found"))
    ended_on = models.DateField(_("last day"), null=True, blank=True)

    class Meta:
        verbose_name = _("change of a connected system")
        verbose_name_plural = _("changes of connected systems")
        ordering = ["-asked_at"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="systems_entry_change_is_settled_by_somebody",
                condition=~Q(reason="") & ~Q(asked_by="") & SETTLED_BY_SOMEBODY,
            ),
            models.CheckConstraint(
                name="systems_entry_change_is_another_persons_word",
                condition=ANOTHER_PERSON,
            ),
            models.UniqueConstraint(
                fields=["system"],
                condition=WAITS,
                name="systems_one_entry_change_waits_for_approval",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.system.code} {self.asked_at:%Y-%m-%d}"
