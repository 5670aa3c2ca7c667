"""Which entries explain a write to devices, licences, reports and the rows of an import."""

from typing import Any

from devices.events import Event
from devices.models import AppLog, Device, ImportedRow, Licence, Report
from privacy.ledger import captured_tables
from privacy.subjects.events import Event as SubjectEvent

REGISTRATION: dict[Any, str] = dict.fromkeys(
    (Event.REGISTERED, Event.UPDATED, Event.LICENCE_RECORDED, Event.LICENCE_RENEWED), "id"
)
SERVICE: dict[Any, str] = {SubjectEvent.SERVICE_ENDED: "id", SubjectEvent.SERVICE_RESUMED: "id"}
captured_tables.declare(
    Device,
    insert={Event.REGISTERED: "id"},
    update={
        **REGISTRATION,
        Event.CORRECTED: "id",
        Event.DEVICE_KEY_SET: "id",
        Event.DEVICE_KEY_REMOVED: "id",
        **SERVICE,
    },
    delete={Event.REMOVED: "subject_id"},
)
captured_tables.declare(
    Licence,
    insert=REGISTRATION,
    update={**REGISTRATION, Event.CORRECTED: "id"},
    delete={Event.REMOVED: "device_id"},
)
captured_tables.declare(
    ImportedRow,
    insert={Event.IMPORT_PREVIEWED: "import_id"},
    delete={Event.IMPORT_CONTINUED: "import_id", Event.IMPORT_DISCARDED: "import_id", Event.REMOVED: "id"},
)
for model in (Report, AppLog):
    captured_tables.declare(
        model,
        # A batch's entry has the digest of the ids that it wrote into each table.
        insert={Event.REPORTS_STORED: "id"},
        update={Event.REPORTS_CORRECTED: "id"},
        delete={Event.REPORTS_REMOVED: "device_id", Event.MONTH_DROPPED: "occurred_at/month"},
        truncate={Event.MONTH_DROPPED: "table"},
    )
