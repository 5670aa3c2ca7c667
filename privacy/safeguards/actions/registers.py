"""Taking a register of safeguards out of the portal: with a reason, on record before it leaves (law S-05)."""

import hashlib
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.lib import clock, pdf, spreadsheets
from privacy.safeguards.events import Event
from privacy.safeguards.refusals import Incomplete
from privacy.safeguards.registers import REGISTERS


def export_register(code: str, *, first: date, last: date, form: str, reason: str, actor: Actor, at: datetime) -> bytes:
    """Return a register of a period as ``xlsx`` or ``pdf``, in Korean as the forms are. Raises Incomplete."""
    require(actor, "safeguards.export_safeguards")
    if not reason.strip():
        raise Incomplete(_("State why the register is exported."), pointer="/reason")
    register = REGISTERS[code]
    with override("ko"):
        rows = [list(row) for row in register.rows(first, last)]
        if form == "xlsx":
            content = spreadsheets.workbook(register.title, register.columns, rows)
        else:
            sheet = {
                "title": register.title,
                "subtitle": f"{first.isoformat()} – {last.isoformat()}",
                "landscape": True,
                "blocks": [
                    {"kind": "table", "columns": list(register.columns), "rows": [[_cell(v) for v in r] for r in rows]}
                ],
            }
            content = pdf.render("sheet", sheet, language="ko", made_at=at)
    ledger.record_first(
        Event.REGISTER_EXPORTED,
        actor=actor,
        at=at,
        task="safeguards.register.exported",
        reason=reason.strip(),
        facts={
            "register": code,
            "from": first.isoformat(),
            "until": last.isoformat(),
            "form": form,
            "rows": len(rows),
            "sha256": hashlib.sha256(content).hexdigest(),
        },
    )
    return content


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(clock.KST).strftime("%Y-%m-%d %H:%M")
    return "" if value is None else str(value)
