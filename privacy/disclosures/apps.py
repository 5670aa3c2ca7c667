from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DisclosuresConfig(AppConfig):
    name = "privacy.disclosures"
    verbose_name = _("Disclosures")

    def ready(self) -> None:
        from django.db.models.signals import post_save

        from consents.models import Decision
        from privacy.disclosures.receivers import consent_was_decided

        post_save.connect(consent_was_decided, sender=Decision, dispatch_uid="disclosures.withdrawal")
