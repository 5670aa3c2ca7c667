"""Taking the register of requests out of the portal: with a reason, on record before it leaves (law S-05, R-31)."""

import hashlib
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.lib import spreadsheets
from privacy.rights import register
from privacy.rights.events import Event
from privacy.rights.refusals import MissingReason


def export_register(*, first: date, last: date, reason: str, actor: Actor, at: datetime) -> bytes:
    """Return the register of a period as XLSX, in Korean as the register is. Raises MissingReason."""
    require(actor, "rights.export_requests")
    if not reason.strip():
        raise MissingReason(_("State why the register is exported."))
    cases = list(register.lines(first=first, last=last))
    with override("ko"):
        content = spreadsheets.workbook("열람등요구 처리대장", register.COLUMNS, register.rows(cases))
    ledger.record_first(
        Event.REGISTER_EXPORTED,
        actor=actor,
        at=at,
        subjects=sorted({str(case.subject_id) for case in cases if case.subject_id}),
        task="rights.register.exported",
        reason=reason.strip(),
        facts={
            "from": first.isoformat(),
            "until": last.isoformat(),
            "rows": len(cases),
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        },
    )
    return content
