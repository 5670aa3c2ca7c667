"""Lists of big tables page by key, not by offset: the thousandth page costs what the first does.

The page's address names the row after which it begins (``?after=…``); nothing is counted exactly and nobody has to
skip rows. The order is the key's, the newest first.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, cast

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from privacy.lib.console.read_only_admin import EstimatingPaginator, ReadOnlyAdmin

AFTER = "after"


class KeysetChangeList(ChangeList):
    """One page of a list, after a key."""

    after: str = ""
    next_after: str | None = None

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        self.after = request.GET.get(AFTER, "")
        # Like a page's number, the place is no filter: whatever narrows the list anew begins with its newest row.
        self.params.pop(AFTER, None)
        self.filter_params.pop(AFTER, None)
        return super().get_queryset(request, exclude_parameters)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        return [f"-{name}" for name in self.keyset]

    def get_ordering_field_columns(self) -> dict[int, Any]:
        return {}

    def get_results(self, request: HttpRequest) -> None:
        """Read one page and one row more, which tells whether there is another."""
        rows = self.queryset
        paginator: Paginator[Any] = self.model_admin.get_paginator(request, rows, self.list_per_page)
        self.paginator = paginator
        self.result_count = paginator.count
        self.full_result_count = None
        self.show_full_result_count = False
        self.show_admin_actions = True
        if self.after:
            rows = rows.filter(self._before(self.after))
        page = list(rows[: self.list_per_page + 1])
        self.next_after = self._key(page[self.list_per_page - 1]) if len(page) > self.list_per_page else None
        self.result_list = page[: self.list_per_page]
        self.can_show_all = False
        self.multi_page = bool(self.after or self.next_after)

    @property
    def keyset(self) -> Sequence[str]:
        """The columns of the key, as the register names them."""
        return cast(KeysetAdmin, self.model_admin).keyset

    @property
    def next_query(self) -> str:
        """The address of the next page."""
        return self.get_query_string({AFTER: self.next_after}, [AFTER])

    @property
    def first_query(self) -> str:
        """The address of the first page."""
        return self.get_query_string(remove=[AFTER])

    def _key(self, row: models.Model) -> str:
        return json.dumps([str(getattr(row, name)) for name in self.keyset])

    def _before(self, after: str) -> Q:
        names = self.keyset
        try:
            values = json.loads(after)
            fields = [cast("models.Field[Any, Any]", self.model._meta.get_field(name)) for name in names]
            parsed = [field.to_python(value) for field, value in zip(fields, values, strict=True)]
        except Exception as error:
            raise IncorrectLookupParameters(error) from error
        if not all(isinstance(value, str | datetime | date | int) or hasattr(value, "hex") for value in parsed):
            raise IncorrectLookupParameters
        return _less(names, parsed)


def _less(names: Sequence[str], values: Sequence[Any]) -> Q:
    """Return «the key is smaller», in the form that a descending index answers."""
    condition = Q()
    for place in range(len(names)):
        same = Q(**{names[before]: values[before] for before in range(place)})
        condition |= same & Q(**{f"{names[place]}__lt": values[place]})
    return Q(**{f"{names[0]}__lte": values[0]}) & condition


class KeysetAdmin(ReadOnlyAdmin):
    """A register of a big table. ``keyset`` names the columns of an index, the last one unique."""

    keyset: Sequence[str] = ("id",)
    paginator = EstimatingPaginator
    change_list_template = "admin/keyset_change_list.html"
    sortable_by = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetChangeList
