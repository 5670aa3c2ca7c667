"""Filters that take what was typed, exactly: an account, a subject, a task, a day.

Most are answered by an index, a day by halving. No index orders entries by kind or task: those two are looked for among
the newest entries that the others leave (``EntryChangeList``).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _

from privacy.ledger.actors import Actor
from privacy.ledger.entries import lookup_by_time
from privacy.ledger.entries.pseudonyms import pseudonyms_of
from privacy.ledger.models import names_one_of
from privacy.lib.console.keyset_pagination import KeysetChangeList
from privacy.lib.dates import clock
from privacy.lib.dates.form_fields import is_in_range

# Among so many entries a kind or a task is looked for: some hundred milliseconds. Those of one account lie far apart.
SCAN_LIMIT, SCAN_LIMIT_OF_ACCOUNT = 50_000, 5_000
# What no entry is: a list that a day was asked of which is none must not show all entries as if they were of it.
NOTHING = Q(pk__in=[])


class TextInputFilter(admin.SimpleListFilter):
    """A filter with one field to type into. The template keeps the other filters when it is sent."""

    template = "admin/ledger/typed_filter.html"
    kind = "text"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("", "")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        others = [
            (name, value)
            for name, values in changelist.params.items()
            if name != self.parameter_name
            for value in (values if isinstance(values, list) else [values])
        ]
        yield {
            "selected": bool(self.value()),
            "display": self.value() or "",
            "query_string": changelist.get_query_string(remove=[str(self.parameter_name)]),
            "name": self.parameter_name,
            "kind": self.kind,
            "others": others,
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.typed()
        return queryset.filter(self.condition(value)) if value else queryset

    def typed(self) -> str:
        """What was typed, without what no text in the database can hold."""
        return (self.value() or "").replace("\0", "").strip()

    def condition(self, value: str) -> Q:
        raise LookupError(f"{type(self).__name__} does not say what it looks for.")


class AccountFilter(TextInputFilter):
    title = _("account")
    parameter_name = "account"

    def condition(self, value: str) -> Q:
        return Q(actor=value)


class SubjectFilter(TextInputFilter):
    title = _("data subject")
    parameter_name = "subject"

    def condition(self, value: str) -> Q:
        return names_one_of(pseudonyms_of(value))


class RecordFilter(TextInputFilter):
    title = _("record")
    parameter_name = "record"

    def condition(self, value: str) -> Q:
        return Q(about=value)


class _DayFilter(TextInputFilter):
    kind = "date"


class SinceFilter(_DayFilter):
    title = _("from day")
    parameter_name = "since"

    def condition(self, value: str) -> Q:
        start = parse_midnight(value)
        return Q(time__gte=start, id__gte=lookup_by_time.lower_bound(start)) if start else NOTHING


class UntilFilter(_DayFilter):
    title = _("until day")
    parameter_name = "until"

    def condition(self, value: str) -> Q:
        end = parse_midnight(value, days=1)
        return Q(time__lt=end, id__lt=lookup_by_time.upper_bound(end)) if end else NOTHING


class ScannedFilter:
    """A filter that no index answers: ``sought`` is what it looks for, once the others have narrowed the list."""

    def sought(self) -> Q | None:
        """Return what is looked for, or None where nothing was chosen."""
        raise NotImplementedError

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset


class TaskFilter(ScannedFilter, TextInputFilter):
    title = _("task")
    parameter_name = "task"

    def sought(self) -> Q | None:
        value = self.typed()
        return Q(task=value) | Q(word=value) if value else None


class KindFilter(ScannedFilter, admin.SimpleListFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(model_admin.model._meta.get_field("kind").choices)

    def sought(self) -> Q | None:
        return Q(kind=self.value()) if self.value() else None


class EntryChangeList(KeysetChangeList):
    """A list of entries. ``looked_back_to`` is the time at which the look for a kind or a task ended, if it did."""

    looked_through = SCAN_LIMIT
    looked_back_to: datetime | None = None

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        rows = super().get_queryset(request, exclude_parameters)
        sought = [
            one for one in (spec.sought() for spec in self.filter_specs if isinstance(spec, ScannedFilter)) if one
        ]
        if not sought:
            return rows
        if any(isinstance(spec, AccountFilter) and spec.typed() for spec in self.filter_specs):
            self.looked_through = SCAN_LIMIT_OF_ACCOUNT
        last = next(iter(rows.values_list("id", "time")[self.looked_through : self.looked_through + 1]), None)
        if last is not None:
            self.looked_back_to = last[1]
            rows = rows.filter(id__gt=last[0])
        return rows.filter(*sought)


def parse_midnight(text: str, days: int = 0) -> datetime | None:
    """Return the beginning of a day in Korea (or of the day ``days`` later); None for what is no day."""
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    return clock.midnight(day + timedelta(days)) if day and is_in_range(day) else None


def request_actor(request: HttpRequest) -> Actor:
    """Return the account behind a request; the console lets nobody else in."""
    assert isinstance(request.user, Actor)
    return request.user
