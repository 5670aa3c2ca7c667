from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DisclosuresConfig(AppConfig):
    name = "privacy.disclosures"
    verbose_name = _("Disclosures")

    def ready(self) -> None:
        from django.db.models.signals import post_save

        from consents.actions.withdrawal import collection_ended
        from consents.models import Decision
        from privacy.disclosures import data_recipients, policy_effects
        from privacy.disclosures.receivers import collection_has_ended, consent_was_decided
        from privacy.policies import data_recipients as registers
        from privacy.policies import preview_parts

        post_save.connect(consent_was_decided, sender=Decision, dispatch_uid="disclosures.withdrawal")
        collection_ended.connect(collection_has_ended, dispatch_uid="disclosures.erasure")
        registers.add_source("recipients", data_recipients.named_in_policy)
        preview_parts.declare(preview_parts.PreviewPart("disclosures/policy_effects.html", policy_effects.context))
