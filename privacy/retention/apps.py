from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RetentionConfig(AppConfig):
    name = "privacy.retention"
    verbose_name = _("Retention and destruction")

    def ready(self) -> None:
        from privacy.retention import checks  # noqa: F401 - registers the checks
