"""Rewritings of the key tables in the console."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from privacy.lib.console.read_only_admin import ReadOnlyAdmin
from privacy.retention.models import Rewrite


@admin.register(Rewrite)
class RewriteAdmin(ReadOnlyAdmin):
    explanation = _("When, after destructions, the key tables were rewritten and the write-ahead log was recycled.")
    empty_hint = _("Runs of manage.py finish_destruction by the database owner are recorded here.")
    list_display = ("begun_at", "done_at", "log_turned", "notes")
