"""What must be true at start-up.

policies.E001  a published policy text no longer matches its seal or the rulebook (V-08)
policies.E002  no privacy policy is in force
policies.W001  a register or a statutory number has moved on: the policy in force has to be revised (V-08)
"""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

from privacy.lib.dates import clock
from privacy.policies import drift


@register(Tags.database)
def published_text_and_rulebook_agree(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """policies.E001, E002, W001. Says nothing before the first migration."""
    if not databases or "default" not in databases:
        return []
    if "policies_section" not in connections["default"].introspection.table_names():
        return []
    return [_message(found) for found in drift.find_drifts(clock.today())]


def _message(found: drift.Drift) -> CheckMessage:
    if found.is_due:
        return Warning(found.message, hint="Draft a new version in the console.", id="policies.W001")
    return Error(found.message, id="policies.E002" if found.code == "none" else "policies.E001")
