"""Whom people can turn to, and what they are told: officer, agencies, notices (P2, P0.3)."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id
from privacy.policies.models.localized_fields import in_language
from privacy.policies.models.versions import PolicyVersion


class OfficerQuerySet(models.QuerySet["Officer"]):
    def on(self, day: date) -> "Officer | None":
        """Return who is designated on ``day`` (P2.1)."""
        current = Q(designated_until__isnull=True) | Q(designated_until__gte=day)
        return self.filter(current, designated_from__lte=day).order_by("-designated_from").first()


class Officer(models.Model):
    """A designation of the protection officer and the department, with its period (P2.1, O-02)."""

    record_label = "policies.Officer"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=120)
    # English pages, mails and papers print it; a designation from before migration 0004 has none.
    name_en = models.CharField(_("name in Latin letters"), max_length=120, blank=True, default="", db_default="")
    department_ko = models.CharField(_("department (Korean)"), max_length=120)
    department_en = models.CharField(_("department (English)"), max_length=120)
    phone = models.CharField(_("phone"), max_length=40)
    email = models.EmailField(_("e-mail"), blank=True)
    designated_from = models.DateField(_("designated from"))
    designated_until = models.DateField(_("designated until"), null=True, blank=True)

    objects = OfficerQuerySet.as_manager()

    class Meta:
        verbose_name = _("protection officer")
        verbose_name_plural = _("protection officers")
        ordering = ("-designated_from",)
        default_permissions = ("view",)
        permissions = [("designate_officer", _("Can designate the protection officer"))]
        constraints = [
            models.UniqueConstraint(
                name="officer_one_designation_is_open",
                fields=["designated_until"],
                condition=Q(designated_until__isnull=True),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="officer_designation_ends_after_it_starts",
                condition=Q(designated_until__isnull=True) | Q(designated_until__gte=F("designated_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name_shown} ({self.department})"

    @property
    def name_shown(self) -> str:
        """The name as the reader's language writes it; the one name there is where no other is known."""
        return ((get_language() or "ko").startswith("en") and self.name_en) or self.name

    @property
    def department(self) -> str:
        return in_language(self, "department")


class Agency(models.Model):
    """An agency people can turn to (P2.2, V-09)."""

    record_label = "policies.Agency"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.SlugField(_("code"), max_length=40, unique=True)
    name_ko = models.CharField(_("name (Korean)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120)
    phone = models.CharField(_("phone"), max_length=40)
    url = models.URLField(_("website"), blank=True)
    named_in_policy = models.BooleanField(_("named in the policy"), default=True)
    last_verified_on = models.DateField(_("last verified on"), null=True, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("agency")
        verbose_name_plural = _("agencies")
        ordering = ("position",)
        default_permissions = ("view",)
        permissions = [("edit_agency", _("Can verify and edit agencies"))]

    def __str__(self) -> str:
        return f"{in_language(self, 'name')} {self.phone}"

    @property
    def name(self) -> str:
        return in_language(self, "name")


class PublicNoticeQuerySet(models.QuerySet["Notice"]):
    def posted(self, at_day: date) -> Self:
        """Notices to be read on that day."""
        return self.filter(Q(posted_until__isnull=True) | Q(posted_until__gte=at_day), posted_on__lte=at_day)


class Notice(models.Model):
    """A notice on the website: a revision of the policy (P0.3), a breach for its thirty days (B-06), or another."""

    record_label = "policies.Notice"

    class Kind(models.TextChoices):
        REVISION = "revision", _("Revision of the privacy policy")
        BREACH = "breach", _("Breach notice")
        GENERAL = "general", pgettext_lazy("website", "Notice")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    version = models.ForeignKey(
        PolicyVersion,
        verbose_name=_("version"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
    )
    title_ko = models.CharField(_("title (Korean)"), max_length=200)
    title_en = models.CharField(_("title (English)"), max_length=200)
    body_ko = models.TextField(_("text (Korean)"))
    body_en = models.TextField(_("text (English)"))
    posted_on = models.DateField(_("posted on"))
    posted_until = models.DateField(_("posted until"), null=True, blank=True)

    objects = PublicNoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("public notice")
        verbose_name_plural = _("public notices")
        ordering = ("-posted_on", "-id")
        default_permissions = ("view",)
        permissions = [("post_notice", _("Can post public notices"))]
        constraints = [
            models.CheckConstraint(
                name="notice_of_revision_names_its_version", condition=~Q(kind="revision") | Q(version__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return in_language(self, "title")

    @property
    def title(self) -> str:
        return in_language(self, "title")

    @property
    def body(self) -> str:
        return in_language(self, "body")
