"""What a privacy policy has to say: the headings of law and guide, and the tables each must carry (V-01, V-02)."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from privacy.policies.data_recipients import RecipientKind


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading: whether it is always needed, and which tables its text must contain.

    ``tables_if_told``: those of parties that it must contain where the register has any.
    """

    code: str
    title: object
    required: bool
    tables: frozenset[str] = frozenset()
    basis: str = "V-01"
    tables_if_told: frozenset[RecipientKind] = frozenset()


HEADINGS: dict[str, Heading] = {
    heading.code: heading
    for heading in (
        Heading("purposes", _("Purposes of processing"), True, frozenset({"purposes"})),
        Heading("items", _("Items of personal information processed"), True, frozenset({"items"})),
        Heading("retention", _("Processing and retention period"), True, frozenset({"retention", "preservation"})),
        Heading("destruction", _("Procedure and method of destruction"), True),
        Heading("provision", _("Provision to third parties"), False, frozenset({"recipients"})),
        Heading("consignment", _("Consignment of processing"), False, frozenset({"processors"})),
        Heading("sensitive", _("Disclosure of sensitive information and how to refuse it"), False),
        Heading("pseudonymised", _("Pseudonymised data"), False),
        Heading("rights", _("Rights of data subjects and legal representatives"), True),
        Heading("officer", _("Protection officer and department receiving requests"), True, frozenset({"officer"})),
        Heading(
            "automatic-collection",
            _("Automatic collection, and how to refuse it"),
            True,
            basis="V-01, P3.5",
            tables_if_told=frozenset({"app-permissions"}),
        ),
        Heading("overseas", _("Overseas transfer"), False, frozenset({"transfers"})),
        Heading("foreign-collection", _("Collection from a foreign country"), False),
        Heading("safety", _("Safety measures"), True),
        Heading("additional-use", _("Criteria of additional use and provision"), False, basis="V-03"),
        Heading("automated-decisions", _("Automated decisions: criteria and procedure"), False, basis="R-34"),
        Heading("changes", _("Changes of this policy"), True, frozenset({"versions"}), "V-02"),
        Heading("remedy", _("Remedies"), True, frozenset({"agencies"}), "V-02"),
    )
}
