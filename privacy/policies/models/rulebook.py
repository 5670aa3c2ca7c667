"""What a version declares: categories, items, purposes, retention, preservation, and its text (P3, P4, P6)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy.lib.identifiers.ids import new_id
from privacy.policies.models.localized_fields import in_language
from privacy.policies.models.versions import PolicyVersion


class Purpose(models.Model):
    """A purpose for which personal data may be read (P4.1). A closed list: the vault knows the same codes."""

    record_label = "policies.Purpose"

    code = models.CharField(_("code"), max_length=32, primary_key=True)
    name_ko = models.CharField(_("name (Korean)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120)
    is_internal = models.BooleanField(
        _("internal"),
        default=False,
        help_text=_("A duty of the office itself, left out of the policy's list of purposes."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("purpose")
        verbose_name_plural = _("purposes")
        ordering = ("position",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return in_language(self, "name")


class Category(models.Model):
    """A category of personal data that a version declares (P3.1–P3.3), and the purposes it may be read for."""

    record_label = "policies.Category"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    version = models.ForeignKey(
        PolicyVersion, verbose_name=_("version"), on_delete=models.CASCADE, related_name="categories"
    )
    code = models.SlugField(_("code"), max_length=40)
    name_ko = models.CharField(_("name (Korean)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120)
    optional = models.BooleanField(
        _("optional"),
        default=False,
        help_text=_("We collect nothing in an optional category unless you agree to it separately."),
    )
    purposes = models.ManyToManyField(Purpose, verbose_name=_("purposes"), related_name="categories")
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ("version", "position")
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(name="category_once_in_a_version", fields=["version", "code"])]

    def __str__(self) -> str:
        return in_language(self, "name")


class Item(models.Model):
    """One item of a category: what is collected, by name. Nothing undeclared is taken (P3.4)."""

    record_label = "policies.Item"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    category = models.ForeignKey(Category, verbose_name=_("category"), on_delete=models.CASCADE, related_name="items")
    code = models.CharField(_("code"), max_length=40)
    name_ko = models.CharField(_("name (Korean)"), max_length=120)
    name_en = models.CharField(_("name (English)"), max_length=120)
    identifier = models.BooleanField(_("identifies a device"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("item")
        verbose_name_plural = _("items")
        ordering = ("category", "position")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(name="item_once_in_a_category", fields=["category", "code"]),
            models.CheckConstraint(name="item_code_is_a_name", condition=Q(code__regex=r"^[a-z][a-z0-9_]*$")),
        ]

    def __str__(self) -> str:
        return in_language(self, "name")


class LegalGround(models.TextChoices):
    """On what a company may collect and use personal data (PIPA 15(1) nos. 1, 2, 4, 5 and 6)."""

    CONSENT = "consent", _("Consent (PIPA art. 15(1)1)")
    LAW = "law", _("Provision or duty of law (PIPA art. 15(1)2)")
    CONTRACT = "contract", _("Contract with the data subject (PIPA art. 15(1)4)")
    VITAL_INTEREST = "vital-interest", _("Urgent interest of life, body or property (PIPA art. 15(1)5)")
    LEGITIMATE_INTEREST = "legitimate-interest", _("Legitimate interest of the company (PIPA art. 15(1)6)")


class LegalBasis(models.Model):
    """On what a category may be collected and used for one purpose (C-06): consent, or a ground that needs none."""

    record_label = "policies.LegalBasis"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    category = models.ForeignKey(Category, verbose_name=_("category"), on_delete=models.CASCADE, related_name="bases")
    purpose = models.ForeignKey(
        Purpose,
        verbose_name=_("purpose"),
        on_delete=models.PROTECT,
        related_name="bases",
        limit_choices_to={"is_internal": False},
    )
    basis = models.CharField(_("legal basis"), max_length=20, choices=LegalGround.choices)
    ground_ko = models.TextField(
        _("ground (Korean)"),
        blank=True,
        help_text=_(
            "Published in the policy. Law: the act and its article. Contract: which one, and why the data is needed "
            "for it. Interest: whose it is, and how it was weighed against the data subject's rights. Leave it empty "
            "for consent."
        ),
    )
    ground_en = models.TextField(_("ground (English)"), blank=True)

    class Meta:
        verbose_name = _("legal basis")
        verbose_name_plural = _("legal bases")
        ordering = ("category", "purpose")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                name="one_legal_basis_for_a_category_and_purpose",
                fields=["category", "purpose"],
                violation_error_message=_("This purpose of the category has its legal basis already. Change that one."),
            ),
            models.CheckConstraint(
                name="legal_basis_other_than_consent_has_its_ground",
                condition=Q(basis="consent") | Q(ground_ko__regex=r"\S", ground_en__regex=r"\S"),
                violation_error_message=_(
                    "State the ground in Korean and English: the article of the law, the contract, or the interest and "
                    "how it was weighed. Only consent needs none."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category}: {self.purpose}"


class RetentionTrigger(models.TextChoices):
    """The event a retention period runs from (P6.1–P6.4)."""

    LICENCE_EXPIRY = "licence-expiry", _("expiry of the licence")
    SERVICE_END = "service-end", _("end of the service")
    PURPOSE_ACHIEVED = "purpose-achieved", _("achievement of the purpose")
    RECORD_DATE = "record-date", _("date of the record")


# No law asks for personal data itself to be kept longer; what one does is preserved by a rule of its own (D-04).
MAX_RETENTION_MONTHS = 120
# The longest that any law makes a company keep a record (occupational health).
MAX_PRESERVATION_MONTHS = 360


class RetentionRule(models.Model):
    """How long a category is kept, from which event, and whether the officer approves each destruction (P6, P7.1)."""

    record_label = "policies.RetentionRule"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    category = models.OneToOneField(
        Category, verbose_name=_("category"), on_delete=models.CASCADE, related_name="retention"
    )
    clock = models.CharField(_("counted from"), max_length=20, choices=RetentionTrigger.choices)
    years = models.PositiveSmallIntegerField(_("years"), default=0)
    months = models.PositiveSmallIntegerField(_("months"), default=0)
    approval_required = models.BooleanField(_("destruction needs approval"), default=True)
    wait_hours = models.PositiveSmallIntegerField(
        _("waiting period (hours)"),
        default=24,
        help_text=_("Time between approval and execution in which the list can be aborted."),
    )

    class Meta:
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        default_permissions = ("view",)
        constraints = [
            # D-02 leaves five days in all, and the waiting time must fit into them.
            models.CheckConstraint(name="retention_wait_fits_before_destruction", condition=Q(wait_hours__lte=96)),
            models.CheckConstraint(name="retention_months_are_less_than_a_year", condition=Q(months__lt=12)),
            models.CheckConstraint(
                name="retention_is_ten_years_at_most",
                condition=Q(years__lt=MAX_RETENTION_MONTHS // 12) | Q(years=MAX_RETENTION_MONTHS // 12, months=0),
                violation_error_message=_(
                    "At most ten years: no law requires you to keep personal data longer, and "
                    "records that a law requires you to preserve have their own preservation "
                    "rule."
                ),
            ),
            models.CheckConstraint(
                name="retention_of_nothing_only_after_the_purpose",
                condition=Q(years__gt=0) | Q(months__gt=0) | Q(clock="purpose-achieved"),
                violation_error_message=_(
                    "Enter a period. Data can be destroyed at once only when counted from the achievement of its "
                    "purpose. Counted from any other event, an empty period would destroy data that is still in use."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category}: {self.get_clock_display()}"


class PreservationRule(models.Model):
    """What another law makes the company keep, apart from everything else, and how long (P6.4, D-03, D-04).

    ``applied`` says whether the policy names it: rules for records nobody holds stay selectable (D-15, D-16).
    """

    record_label = "policies.PreservationRule"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    version = models.ForeignKey(
        PolicyVersion, verbose_name=_("version"), on_delete=models.CASCADE, related_name="preservation_rules"
    )
    code = models.SlugField(_("code"), max_length=40)
    name_ko = models.CharField(_("records (Korean)"), max_length=200)
    name_en = models.CharField(_("records (English)"), max_length=200)
    law_ko = models.CharField(_("law (Korean)"), max_length=120)
    law_en = models.CharField(_("law (English)"), max_length=120)
    article_ko = models.CharField(_("article (Korean)"), max_length=120, blank=True)
    article_en = models.CharField(_("article (English)"), max_length=120, blank=True)
    record_kinds = models.JSONField(_("kinds of records"), default=list, blank=True)
    months = models.PositiveSmallIntegerField(_("months"))
    applied = models.BooleanField(_("applies to the company"), default=False)
    basis = models.CharField(_("rule"), max_length=32, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("preservation rule")
        verbose_name_plural = _("preservation rules")
        ordering = ("version", "position")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(name="preservation_once_in_a_version", fields=["version", "code"]),
            models.CheckConstraint(
                name="preservation_has_a_term",
                condition=Q(months__gt=0),
                violation_error_message=_(
                    "Enter the number of months for which the law requires you to keep these records."
                ),
            ),
            models.CheckConstraint(
                name="preservation_is_thirty_years_at_most",
                condition=Q(months__lte=MAX_PRESERVATION_MONTHS),
                violation_error_message=_("At most 360 months: no law requires a company to keep a record for longer."),
            ),
        ]

    def __str__(self) -> str:
        return in_language(self, "name")

    @property
    def law(self) -> str:
        return in_language(self, "law")

    @property
    def article(self) -> str:
        return in_language(self, "article")


class Section(models.Model):
    """One heading of the policy (V-01, V-02) with its text. Figures and lists in it are placeholders, never typed."""

    record_label = "policies.Section"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    version = models.ForeignKey(
        PolicyVersion, verbose_name=_("version"), on_delete=models.CASCADE, related_name="sections"
    )
    code = models.SlugField(_("code"), max_length=40)
    heading_ko = models.CharField(_("heading (Korean)"), max_length=120)
    heading_en = models.CharField(_("heading (English)"), max_length=120)
    body_ko = models.TextField(_("text (Korean)"), blank=True)
    body_en = models.TextField(_("text (English)"), blank=True)
    applicable = models.BooleanField(
        _("applicable"), default=True, help_text=_("Some headings are needed only if they apply.")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("section")
        verbose_name_plural = _("sections")
        ordering = ("version", "position")
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(name="section_once_in_a_version", fields=["version", "code"])]

    def __str__(self) -> str:
        return in_language(self, "heading")
