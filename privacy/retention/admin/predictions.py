"""Predictions of published versions in the console; what happened since stands on the page of the version."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacy.lib.console.read_only_admin import ReadOnlyAdmin
from privacy.lib.dates import clock
from privacy.lib.display.badges import badge
from privacy.retention.models import Prediction
from privacy.retention.schedule.simulation.comparison import compare


@admin.register(Prediction)
class PredictionAdmin(ReadOnlyAdmin):
    explanation = _(
        "What each policy version was predicted to destroy, sealed in the night after its publication. Finished months "
        "are compared with what happened."
    )
    empty_hint = _("The next version that is published is predicted in the night after.")
    list_display = ("version", "predicted_on", "until", "differences_shown")
    list_select_related = ("version",)
    fields = ("version", ("predicted_on", "until"), "differences_shown", "outcome_shown", "digest", "made_at")
    readonly_fields = ("differences_shown", "outcome_shown")

    @admin.display(description=_("differences"))
    def differences_shown(self, row: Prediction) -> SafeString:
        compared = compare(row, clock.today())
        return badge(str(len(compared.differences)), "late" if compared.differences else "good")

    @admin.display(description=_("prediction and outcome"))
    def outcome_shown(self, row: Prediction) -> SafeString:
        address = reverse("admin:policies_policyversion_preview", args=[row.version_id])
        return format_html('<a href="{}#prediction">{}</a>', address, row.version.number)
