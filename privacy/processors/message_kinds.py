"""The words in which people are told of a transfer of the business, as a template."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from privacy.campaigns.message_kinds import PARTS, SITE
from privacy.policies import message_templates
from privacy.policies.message_templates import MessageKind, Placeholder

RECEIVER = gettext_lazy("PIPA art. 27(1)2")

message_templates.declare(
    MessageKind(
        code="processors.business-transfer",
        name=pgettext_lazy("template", "notice of a transfer of the business"),
        parts=PARTS,
        placeholders={
            "kind": Placeholder(
                gettext_lazy("transfer, merger or division"), lambda: _("merger"),
                law=gettext_lazy("PIPA art. 27(1)1"),
            ),
            "day": Placeholder(gettext_lazy("day on which the data is handed over"), lambda: "2026-03-01"),
            "receiver": Placeholder(
                gettext_lazy("who takes it over"), lambda: pgettext("example", "Next Mobile Inc."), law=RECEIVER
            ),
            "address": Placeholder(
                gettext_lazy("address of the receiver"), lambda: pgettext("example", "1 Teheran-ro, Seoul"),
                law=RECEIVER,
            ),
            "telephone": Placeholder(
                gettext_lazy("telephone number of the receiver"), lambda: "02-000-0000", law=RECEIVER
            ),
            "other_contact": Placeholder(
                gettext_lazy("other contact of the receiver"), lambda: "privacy@next.example", may_be_empty=True,
            ),
            "objection": Placeholder(
                gettext_lazy("how to object, and until when"),
                lambda: pgettext("example", "Write to us by 20 February, and your data is not handed over."),
                law=gettext_lazy("PIPA art. 27(1)3"),
            ),
            "rights_page": Placeholder(gettext_lazy("address of the page on rights"), lambda: f"{SITE}/rights/"),
        },
        built_in=lambda: {
            "title": _("Your personal information will be handed over: %(kind)s") % {"kind": "{kind}"},
            "text": "\n\n".join(
                (
                    _("On %(day)s we hand over the personal information that we hold about you (%(kind)s).")
                    % {"day": "{day}", "kind": "{kind}"},
                    _("Receiver: %(receiver)s, %(address)s, telephone %(telephone)s")
                    % {"receiver": "{receiver}", "address": "{address}", "telephone": "{telephone}"},
                    _("Other contact: %(contact)s") % {"contact": "{other_contact}"},
                    _("The receiver may use it only for the purposes for which we collected it."),
                    _("If you don't want this:"),
                    "{objection}",
                    _("You can view, correct or delete your information and withdraw consent at any time: %(address)s")
                    % {"address": "{rights_page}"},
                )
            ),
        },
    )
)  # fmt: skip
