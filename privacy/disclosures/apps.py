from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DisclosuresConfig(AppConfig):
    name = "privacy.disclosures"
    verbose_name = _("Disclosures")

    def ready(self) -> None:
        from django.db.models.signals import post_save

        from consents.models import Decision
        from privacy.disclosures import recipients
        from privacy.disclosures.receivers import consent_was_decided
        from privacy.policies import registers

        post_save.connect(consent_was_decided, sender=Decision, dispatch_uid="disclosures.withdrawal")
        registers.add_source("recipients", recipients.named_in_policy)
