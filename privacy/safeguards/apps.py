from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class SafeguardsConfig(AppConfig):
    name = "privacy.safeguards"
    verbose_name = _("Safeguards")

    def ready(self) -> None:
        from privacy.accounts import leaving
        from privacy.policies import assessed_changes, preview_parts
        from privacy.safeguards import assessment_gate
        from privacy.safeguards.actions.calendars import end_feeds_of

        assessed_changes.add_gate(assessment_gate.GATE)
        preview_parts.declare(preview_parts.PreviewPart("safeguards/assessed_changes.html", assessment_gate.context))
        leaving.declare("calendars", end_feeds_of)
        # Each app says what of its own has a date, what dated rules decide, and what its registers tell about a year.
        autodiscover_modules("deadlines", "dated_facts", "annual_report")
