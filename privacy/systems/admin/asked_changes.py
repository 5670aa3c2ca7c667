"""What one person asked for about a connected system and another settles, in the console."""

from collections.abc import Collection

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.lib.console.read_only_admin import ReadOnlyAdmin
from privacy.lib.console.second_person_step import SecondPersonStep
from privacy.lib.display.badges import badge
from privacy.systems.models import AskedChange

KEEP = "systems.keep_systems"
UNSETTLED = {"approved_at__isnull": True, "refused_at__isnull": True}


class AskedChangeAdmin(ReadOnlyAdmin):
    """Who asked, who approved or refused, and the two buttons, which each page words and carries out."""

    actions = ("approve", "refuse")
    second_person = SecondPersonStep(
        KEEP, lambda record: record.waits, asked_by=lambda record: str(record.asked_by), rows=UNSETTLED
    )

    def buttons_for(self, record: AskedChange) -> Collection[str]:
        return ("approve", "refuse") if record.waits else ()

    @admin.display(description=_("requested by"))
    def asker(self, row: AskedChange) -> str:
        return self.account_name(row.asked_by)

    @admin.display(description=_("approved by"))
    def approver(self, row: AskedChange) -> str:
        return self.account_name(row.approved_by) if row.approved_by else "–"

    @admin.display(description=_("refused by"))
    def refuser(self, row: AskedChange) -> str:
        return self.account_name(row.refused_by) if row.refused_by else "–"

    @admin.display(description=_("state"))
    def state_shown(self, row: AskedChange) -> SafeString:
        if row.waits:
            return badge(_("waits for a second person"), "wait")
        return badge(_("approved"), "good") if row.approved_at else badge(_("refused"), "no")
