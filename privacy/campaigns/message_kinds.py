"""The words of individual notices, as templates (privacy/policies/message_templates.py)."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from privacy.policies import message_templates
from privacy.policies.message_templates import MessageKind, Part, Placeholder

PARTS = {
    "title": Part(gettext_lazy("heading of the notice"), 200, is_one_line=True),
    "text": Part(gettext_lazy("text of the notice"), 8_000),
}
SITE = "https://privacy.example"

message_templates.declare(
    MessageKind(
        code="campaigns.policy",
        name=pgettext_lazy("template", "notice of a revised policy"),
        parts=PARTS,
        placeholders={
            "announcement_title": Placeholder(
                gettext_lazy("heading of the announcement on the website"),
                lambda: pgettext("example", "The privacy policy changes"),
            ),
            "announcement": Placeholder(
                gettext_lazy("announcement on the website: what changes, from when"),
                lambda: pgettext("example", "The policy changes on 1 March 2026."),
                law=gettext_lazy("PIPA art. 30(2); Decree art. 31(2)"),
            ),
            "version_page": Placeholder(
                gettext_lazy("address of the new version"), lambda: f"{SITE}/policy/2026-03-01/",
                law=gettext_lazy("PIPA art. 30(2); Decree art. 31(2)"),
            ),
            "difference_page": Placeholder(
                gettext_lazy("address of the comparison, before and after"),
                lambda: f"{SITE}/policy/2020-12-01/2026-03-01/", may_be_empty=True,
            ),
            "rights_page": Placeholder(gettext_lazy("address of the page on rights"), lambda: f"{SITE}/rights/"),
        },
        built_in=lambda: {
            "title": "{announcement_title}",
            "text": "\n\n".join(
                (
                    "{announcement}",
                    _("Read the new version: %(address)s") % {"address": "{version_page}"},
                    _("See what changes, before and after: %(address)s") % {"address": "{difference_page}"},
                    _("You can view, correct or delete your information and withdraw consent at any time: %(address)s")
                    % {"address": "{rights_page}"},
                )
            ),
        },
    )
)  # fmt: skip
message_templates.declare(
    MessageKind(
        code="campaigns.use",
        name=pgettext_lazy("template", "yearly notice of use and provision"),
        parts=PARTS,
        placeholders={
            "year": Placeholder(gettext_lazy("year of the notice"), lambda: "2026"),
            "collected": Placeholder(
                gettext_lazy("what is collected, and for what"),
                lambda: pgettext("example", "• Device: IMEI. Purpose: registration."),
                law=gettext_lazy("PIPA art. 20-2(1); Decree art. 15-3(3)1"),
            ),
            "recipients": Placeholder(
                gettext_lazy("who receives it, for what, and which items"),
                lambda: pgettext("example", "• The privacy policy names nobody."),
                law=gettext_lazy("PIPA art. 20-2(1); Decree art. 15-3(3)2"),
            ),
            "rights_page": Placeholder(
                gettext_lazy("address of the page on rights"), lambda: f"{SITE}/rights/",
                law=gettext_lazy("PIPA art. 20-2(1); Decree art. 15-3(3)"),
            ),
            "contact": Placeholder(
                gettext_lazy("whom to tell that the notice is not wanted"),
                lambda: pgettext("example", "Privacy office, 02-000-0000"), is_required=True,
            ),
        },
        built_in=lambda: {
            "title": _("How we use and provide your personal information (%(year)s)") % {"year": "{year}"},
            "text": "\n\n".join(
                (
                    _("Once a year we tell you how your personal information is used and provided."),
                    _("What we collect, and for what:"),
                    "{collected}",
                    _("Who receives it with your consent:"),
                    "{recipients}",
                    _("You can view what we hold about you and to whom it was provided: %(address)s")
                    % {"address": "{rights_page}"},
                    _("If you don't want this yearly notice, tell us: %(contact)s") % {"contact": "{contact}"},
                )
            ),
        },
    )
)  # fmt: skip
