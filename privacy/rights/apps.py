from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RightsConfig(AppConfig):
    name = "privacy.rights"
    verbose_name = _("Rights requests")

    def ready(self) -> None:
        from devices.actions import challenge_answered
        from privacy.ledger.entries import pseudonyms
        from privacy.lib.display import display_names
        from privacy.policies import extra_holidays
        from privacy.policies import grounds as refusal_grounds
        from privacy.rights import actions as rights
        from privacy.rights import grounds
        from privacy.rights import pseudonyms as references
        from privacy.rights.receivers import challenge_was_answered

        pseudonyms.add_source(references.pseudonyms)
        display_names.add_bulk_source(display_names.SUBJECT, references.people_of_cases)
        extra_holidays.on_change(rights.move_due_dates)
        refusal_grounds.declare(grounds.table)
        challenge_answered.connect(challenge_was_answered, dispatch_uid="rights.challenge")
