"""Links from one record of retention to another."""

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString


def record_link(model: str, record: Model | None) -> SafeString | str:
    """Return a link to the record's page in the console, or a dash where there is none."""
    if record is None:
        return "–"
    return format_html('<a href="{}">{}</a>', reverse(f"admin:retention_{model}_change", args=[record.pk]), record)
