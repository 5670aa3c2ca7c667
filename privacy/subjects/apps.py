from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class SubjectsConfig(AppConfig):
    name = "privacy.subjects"
    verbose_name = _("Data subjects")

    def ready(self) -> None:
        from privacy.ledger import names
        from privacy.subjects import checks, references  # noqa: F401 - registers the checks

        names.add_source(references.pseudonyms)

        # Each app says what personal data it holds; nobody imports everybody (house.md, register of holdings).
        autodiscover_modules("holdings")
