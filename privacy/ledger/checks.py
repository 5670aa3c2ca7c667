"""What must be true at start-up. ``check --database default`` runs these; so does every serving process."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register

from privacy.ledger.integrity.append_only import weaknesses


@register(Tags.database)
def check_append_only(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Ids ledger.E001 … E009."""
    if "default" not in (databases or ()):
        return []
    return [Error(weakness.message, id=weakness.code) for weakness in weaknesses()]
