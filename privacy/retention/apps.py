from datetime import date

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from privacy.lib import names


def _archive_name(code: str, on: date) -> object:
    """What the archive's file is called; its keyrings are named after their rule."""
    return _("records that another law preserves") if code == "archive" or code.startswith("archive-") else None


class RetentionConfig(AppConfig):
    name = "privacy.retention"
    verbose_name = _("Retention and destruction")

    def ready(self) -> None:
        from privacy.retention import checks  # noqa: F401 - registers the checks

        names.add_source("category", _archive_name)
