from datetime import date

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from privacy.lib.display import display_names
from privacy.policies.categories import ARCHIVE, ARCHIVE_PREFIX


def _archive_name(code: str, on: date) -> object:
    """What the archive's file is called; its keyrings are named after their rule."""
    return _("records preserved by another law") if code == ARCHIVE or code.startswith(ARCHIVE_PREFIX) else None


def _cause_name(code: str, on: date) -> object:
    """What a cause of a destruction is called."""
    from privacy.retention.models.destruction_lists import Cause

    return Cause(code).label if code in Cause.values else None


class RetentionConfig(AppConfig):
    name = "privacy.retention"
    verbose_name = _("Retention and destruction")

    def ready(self) -> None:
        from privacy.policies import preview_parts
        from privacy.retention import (
            checks,  # noqa: F401 - registers the checks
            consistency_checks,
            receivers,
        )
        from privacy.retention.destruction import signed_approvals
        from privacy.retention.schedule.simulation import predicted, preview
        from privacy.systems.signals import task_ended

        task_ended.connect(receivers.system_task_ended, dispatch_uid="retention.addenda")

        consistency_checks.declare(
            "retention.signatures",
            description=_("approved destruction without the signature of whom it names"),
            compare=signed_approvals.unsigned_lists,
        )
        display_names.add_source("category", _archive_name)
        simulated = preview_parts.PreviewPart(
            "retention/simulation.html", preview.context, asked_by="simulation", ask=_("Simulate what it would destroy")
        )
        preview_parts.declare(simulated)
        preview_parts.declare(preview_parts.PreviewPart("retention/prediction.html", predicted.context, of_public=True))
        display_names.add_source("cause", _cause_name)
