"""Filters that take what was typed, exactly: an account, a subject, a task, a day. Each is answered by an index."""

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
from privacy.ledger.names import pseudonyms
from privacy.lib import clock

# A task or a word alone is looked for in this many days, unless a day is chosen: no index orders entries by them.
RECENT_DAYS = 31


class Typed(admin.SimpleListFilter):
    """A filter with one field to type into. The template keeps the other filters when it is sent."""

    template = "admin/ledger/typed_filter.html"
    kind = "text"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("", "")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        others = [
            (name, value)
            for name, values in changelist.params.items()
            if name not in (self.parameter_name, "after")
            for value in (values if isinstance(values, list) else [values])
        ]
        yield {
            "selected": bool(self.value()),
            "display": self.value() or "",
            "query_string": changelist.get_query_string(remove=[str(self.parameter_name), "after"]),
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


class AccountFilter(Typed):
    title = _("account")
    parameter_name = "account"

    def condition(self, value: str) -> Q:
        return Q(actor=value)


class SubjectFilter(Typed):
    title = _("data subject")
    parameter_name = "subject"

    def condition(self, value: str) -> Q:
        return Q(subjects__overlap=pseudonyms(value))


class RecordFilter(Typed):
    title = _("record")
    parameter_name = "record"

    def condition(self, value: str) -> Q:
        return Q(about=value)


class _DayFilter(Typed):
    kind = "date"


class SinceFilter(_DayFilter):
    title = _("from day")
    parameter_name = "since"

    def condition(self, value: str) -> Q:
        start = midnight(value)
        return Q(time__gte=start) if start else Q()


class UntilFilter(_DayFilter):
    title = _("until day")
    parameter_name = "until"

    def condition(self, value: str) -> Q:
        end = midnight(value, days=1)
        return Q(time__lt=end) if end else Q()


class TaskFilter(Typed):
    title = _("task")
    parameter_name = "task"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.typed()
        if not value:
            return queryset
        found = queryset.filter(Q(task=value) | Q(word=value))
        narrowed = {"account", "subject", "record", "since", "until"} & set(request.GET)
        return found if narrowed else found.filter(time__gte=clock.now() - timedelta(days=RECENT_DAYS))


class KindFilter(admin.SimpleListFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(model_admin.model._meta.get_field("kind").choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


def midnight(text: str, days: int = 0) -> datetime | None:
    """Return the beginning of a day in Korea (or of the day ``days`` later); None for what is no day."""
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    return clock.midnight(day + timedelta(days)) if day else None


def actor_of(request: HttpRequest) -> Actor:
    """Return the account behind a request; the console lets nobody else in."""
    assert isinstance(request.user, Actor)
    return request.user
