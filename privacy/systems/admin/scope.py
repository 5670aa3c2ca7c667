"""What a system is asked for and by what it finds people, by name."""

from collections.abc import Collection, Mapping
from functools import partial

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from privacy.lib.dates import clock
from privacy.lib.display import display_names
from privacy.systems.models import Identifier


def items_shown(held: Mapping[str, Collection[str]]) -> SafeString:
    """Return items by category, a line each."""
    named = partial(display_names.display_name, on=clock.today())
    lines = (
        (named("category", category), ", ".join(named("item", item) for item in items))
        for category, items in sorted(held.items())
    )
    return format_html_join("", "<div>{}: <strong>{}</strong></div>", lines)


def identifiers_shown(kinds: Collection[str]) -> str:
    """Return identifiers, parted by commas."""
    return ", ".join(str(Identifier(kind).label) for kind in kinds)
