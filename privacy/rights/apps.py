from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RightsConfig(AppConfig):
    name = "privacy.rights"
    verbose_name = _("Rights requests")

    def ready(self) -> None:
        from devices.actions import challenge_answered
        from privacy.rights.receivers import challenge_was_answered

        challenge_answered.connect(challenge_was_answered, dispatch_uid="rights.challenge")
