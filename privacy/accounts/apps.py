from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "privacy.accounts"
    verbose_name = _("Accounts and access")

    def ready(self) -> None:
        from privacy.accounts import receivers
        from privacy.accounts.display_names import display_name, display_names_by_reference
        from privacy.accounts.second_person import NOT_TWO_PEOPLE, had_a_part, may_be_second_person
        from privacy.accounts.signin.second_factors import LAST_FACTOR
        from privacy.ledger import account_relations
        from privacy.lib.display import display_names
        from privacy.lib.errors import constraint_messages
        from privacy.lib.http import step_up_authentication

        # What triggers say, which are no constraints of a model.
        constraint_messages.declare(
            {"approved_by_a_second_person": (NOT_TWO_PEOPLE, ""), "last_factor_goes_by_a_reset": (LAST_FACTOR, "")}
        )
        account_relations.add_check(may_be_second_person)
        account_relations.add_relation(had_a_part)
        display_names.add_source("account", display_name)
        display_names.add_bulk_source("account", display_names_by_reference)
        step_up_authentication.add_check(receivers.recently_reauthenticated)
