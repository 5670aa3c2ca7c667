from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RightsConfig(AppConfig):
    name = "privacy.rights"
    verbose_name = _("Rights requests")

    def ready(self) -> None:
        from devices.actions import challenge_answered
        from privacy.policies import calendar
        from privacy.rights import actions as rights
        from privacy.rights.receivers import challenge_was_answered

        calendar.on_change(rights.move_deadlines)
        challenge_answered.connect(challenge_was_answered, dispatch_uid="rights.challenge")
