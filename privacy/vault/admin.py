"""The vault in the console: freezes, generations, keys without their bytes, tombstones."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.lib.console.keyset_pagination import KeysetAdmin
from privacy.lib.console.read_only_admin import ReadOnlyAdmin
from privacy.lib.dates import clock
from privacy.vault.models import Freeze, FreezeQuerySet, KeyCheck, KeyHolder, MonthKey, SubjectKey, Tombstone


class FreezeStateFilter(admin.SimpleListFilter):
    """Freezes that hold now, those past their end, and those lifted."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Any]]:
        return [("active", pgettext_lazy("freeze", "in force")), ("expired", _("period over")), ("lifted", _("lifted"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Freeze]) -> QuerySet[Freeze]:
        freezes = FreezeQuerySet(Freeze, query=queryset.query, using=queryset.db)
        match self.value():
            case "active":
                return freezes.active(clock.now())
            case "expired":
                return freezes.expired(clock.now())
            case "lifted":
                return freezes.filter(lifted_at__isnull=False)
        return queryset


@admin.register(Freeze)
class FreezeAdmin(ReadOnlyAdmin):
    """Freezes: what is neither used nor provided now, and for which case."""

    list_display = ("case", "cause", "subject_id", "category", "item", "frozen_at", "until", "lifted_at")
    list_filter = (FreezeStateFilter, "cause")
    fields = list_display
    readonly_fields = list_display
    ordering = ("-frozen_at",)


@admin.register(KeyCheck)
class KeyCheckAdmin(ReadOnlyAdmin):
    """Generations of the master key and the index key, with their lives; the check values are not shown."""

    list_display = ("kind", "generation", "current", "begun_at", "emptied_at", "ending_at", "ended_at")
    fields = list_display
    readonly_fields = list_display
    ordering = ("kind", "-generation")


@admin.register(KeyHolder)
class KeyHolderAdmin(ReadOnlyAdmin):
    """Hosts that hold the master key: which generations, when they said so last, and what is to be brought there."""

    list_display = ("host", "held", "seen_at", "awaited")
    fields = list_display
    readonly_fields = list_display
    ordering = ("host",)

    @admin.display(description=_("generations"))
    def held(self, holder: KeyHolder) -> str:
        return ", ".join(sorted(holder.generations, key=int))


@admin.register(SubjectKey)
class SubjectKeyAdmin(KeysetAdmin):
    """Subject keys by id: that they exist, never what they are. There are several for each person."""

    keyset = ("id",)
    list_display = ("subject_id", "category", "generation", "created_at")
    fields = list_display
    readonly_fields = list_display


@admin.register(MonthKey)
class MonthKeyAdmin(ReadOnlyAdmin):
    """Epoch keys: which months of which category can be read at all."""

    list_display = ("category", "month", "generation", "created_at")
    fields = list_display
    readonly_fields = list_display
    ordering = ("-month", "category")


@admin.register(Tombstone)
class TombstoneAdmin(KeysetAdmin):
    """What was destroyed: when, why, by which certificate, and whether it is final."""

    list_display = ("subject_id", "category", "month", "cause", "certificate", "destroyed_at", "generation", "final_at")
    fields = list_display
    readonly_fields = list_display
    ordering = ("-id",)

    @admin.display(description=_("final at"))
    def final_at(self, tombstone: Tombstone) -> object:
        """When the generation that wrapped the key was destroyed: from then on no copy of it opens."""
        if tombstone.generation is None:
            return tombstone.destroyed_at
        ended = self._ended()
        return ended.get(tombstone.generation) or "–"

    @staticmethod
    def _ended() -> dict[int, object]:
        return dict(KeyCheck.objects.filter(kind=KeyCheck.Kind.MASTER).values_list("generation", "ended_at"))
