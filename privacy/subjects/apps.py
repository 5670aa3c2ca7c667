from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class SubjectsConfig(AppConfig):
    name = "privacy.subjects"
    verbose_name = _("Data subjects")

    def ready(self) -> None:
        from privacy.ledger.entries import pseudonyms
        from privacy.ledger.review import detection_rules
        from privacy.lib.display import display_names
        from privacy.subjects import checks, own_subjects, references  # noqa: F401 - registers the checks

        pseudonyms.add_source(references.pseudonyms)
        display_names.add_bulk_source(display_names.SUBJECT, references.references)
        detection_rules.add_own_subjects_source(own_subjects.subjects_of_accounts)

        # Each app says what personal data it holds; nobody imports everybody (docs/architecture.md).
        autodiscover_modules("holdings")
