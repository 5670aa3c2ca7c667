from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class ConsentsConfig(AppConfig):
    name = "consents"
    verbose_name = _("Consents")

    def ready(self) -> None:
        from consents import (
            checks,  # noqa: F401 - registers the checks
            policy_effects,
        )
        from privacy.policies import preview_parts

        preview_parts.declare(preview_parts.PreviewPart("consents/policy_effects.html", policy_effects.context))

        # Apps above say how else a person proves that these are her consents.
        autodiscover_modules("identity_verification")
