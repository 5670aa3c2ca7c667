"""Registers about people in the console: every page that is opened is on record before it is shown (law S-01, S-03).

::

    class DeviceAdmin(RecordReadsMixin, KeysetAdmin):
        read_purpose = Purpose.REGISTRATION
        subject_field = "subject_id"

One entry for each page: of a list, everybody on it; of a record, the one person. If it can't be written, 503.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.http import HttpRequest, HttpResponse

from privacy.ledger import actions as ledger
from privacy.ledger import request_context
from privacy.ledger.actors import Actor


class RecordReadsMixin:
    """Mixin for an admin class, before the class it refines. A page that shows nobody leaves no entry."""

    opts: Any
    read_purpose: str = ""
    subject_field: str = "subject_id"

    def subjects_of(self, rows: Iterable[models.Model]) -> list[str]:
        """Return the pseudonymous references of the people whose records these are."""
        subjects = (getattr(row, self.subject_field, None) for row in rows)
        return list(dict.fromkeys(str(subject) for subject in subjects if subject))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, extra_context)  # type: ignore[misc]
        listing = (getattr(response, "context_data", None) or {}).get("cl")
        if listing is not None and not request_context.current().reads:  # a search has recorded already whom it found
            self._record(request, list(listing.result_list), act="listed")
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        record = self.get_object(request, object_id)  # type: ignore[attr-defined]
        if record is not None and request.method == "GET" and self._may_see(request, record):
            self._record(request, [record], act="viewed")
        response: HttpResponse = super().change_view(request, object_id, form_url, extra_context)  # type: ignore[misc]
        return response

    def _may_see(self, request: HttpRequest, record: models.Model) -> bool:
        return bool(self.has_view_permission(request, record))  # type: ignore[attr-defined]

    def _record(self, request: HttpRequest, rows: list[models.Model], *, act: str) -> None:
        subjects = self.subjects_of(rows)
        if not subjects:
            return
        actor = request_context.current().actor
        assert isinstance(actor, Actor)
        ledger.record_read(
            actor=actor,
            at=None,
            subjects=subjects,
            about=rows[0] if act == "viewed" else None,
            task=f"{self.opts.app_label}.{self.opts.model_name}.{act}",
            purpose=str(self.read_purpose),
        )
