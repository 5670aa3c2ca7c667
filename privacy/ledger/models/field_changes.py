"""What django-auditlog captures, written with ids and codes only."""

from __future__ import annotations

from typing import Any, ClassVar

from auditlog.models import AbstractLogEntry, LogEntryManager
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.ledger import request_context
from privacy.ledger.entries.change_masking import mask_changes
from privacy.lib.identifiers.ids import new_id
from privacy.lib.record_labels import about_label


class FieldChangeManager(LogEntryManager):  # type: ignore[misc]  # auditlog ships no types
    """Writes what django-auditlog saw, with ids and codes only: no ``str()`` of a record, no header of a client."""

    def log_create(self, instance: models.Model, force_log: bool = False, **kwargs: Any) -> FieldChange | None:
        changes = kwargs.pop("changes", None)
        if changes is None and not force_log:
            return None
        return self._capture(instance, kwargs["action"], changes or {})

    def log_m2m_changes(
        self, changed_queryset: Any, instance: models.Model, operation: str, field_name: str, **kwargs: Any
    ) -> FieldChange | None:
        keys = sorted(str(key) for key in changed_queryset.values_list("pk", flat=True))
        if not keys:
            return None
        return self._capture(instance, AbstractLogEntry.Action.UPDATE, {field_name: [operation, keys]}, masked=True)

    def _capture(
        self, instance: models.Model, action: int, changes: dict[str, Any], *, masked: bool = False
    ) -> FieldChange:
        context = request_context.current()
        kind, ref = context.who
        change: FieldChange = self.create(
            content_type=ContentType.objects.get_for_model(instance),
            object_pk=str(instance.pk),
            object_repr=f"{about_label(instance)}:{instance.pk}",
            action=action,
            changes=changes if masked else mask_changes(type(instance), changes),
            cid=context.request_id,
            additional_data={"by": kind, "actor": ref, "from": context.address or None, "door": context.door},
        )
        return change


class FieldChange(AbstractLogEntry):  # type: ignore[misc]  # auditlog ships no types
    """What django-auditlog captures (AUDITLOG_LOGENTRY_MODEL): a trigger makes an entry of each row and keeps no row.

    No constraint ties a row to anything: deleting a user or a content type must not touch it.
    """

    record_label = "ledger.FieldChange"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    content_type = models.ForeignKey(
        ContentType, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+", verbose_name=_("content type")
    )
    actor = None
    remote_addr = None
    remote_port = None
    actor_email = None
    object_id = None
    serialized_data = None
    changes_text = None

    objects: ClassVar[FieldChangeManager] = FieldChangeManager()

    class Meta(AbstractLogEntry.Meta):  # type: ignore[misc]
        abstract = False
        managed = False
        db_table = 'ledger"."field_change'
        default_permissions = ()
        verbose_name = _("captured change")
        verbose_name_plural = _("captured changes")
