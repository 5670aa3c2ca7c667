"""Taking the register of disclosures out of the portal: with a reason, on record before it leaves (law S-05)."""

from datetime import date, datetime

from django.utils.translation import gettext as _

from privacy.disclosures import handover, register
from privacy.disclosures.events import Event
from privacy.disclosures.refusals import MissingReason
from privacy.ledger import actions as ledger
from privacy.ledger.actors import Actor, require
from privacy.lib import clock, pdf, spreadsheets


def export_register(*, first: date, last: date, form: str, reason: str, actor: Actor, at: datetime) -> bytes:
    """Return the register of a period as ``xlsx`` or ``pdf``. Raises MissingReason."""
    require(actor, "disclosures.export_register")
    if not reason.strip():
        raise MissingReason(_("State why the register is exported."))
    found = list(
        register.lines(first=first, last=last, with_investigations=actor.may("disclosures.see_investigations"))
    )
    rows = [list(row) for row in register.rows(found, on=clock.kst_date(at))]
    if form == "xlsx":
        content = spreadsheets.workbook("제3자 제공 대장", register.COLUMNS, rows)
    else:
        content = pdf.render("sheet", _sheet(rows, first, last), language="ko", made_at=at)
    ledger.record_first(
        Event.REGISTER_EXPORTED,
        actor=actor,
        at=at,
        subjects=sorted({str(item.subject_id) for one in found for item in one.disclosed.all()}),
        task="disclosures.register.exported",
        reason=reason.strip(),
        facts={
            "from": first.isoformat(),
            "until": last.isoformat(),
            "form": form,
            "rows": len(rows),
            "bytes": len(content),
            "sha256": handover.digest(content),
        },
    )
    return content


def _sheet(rows: list[list[object]], first: date, last: date) -> dict[str, object]:
    official, own = len(register.COLUMNS[:8]), register.COLUMNS[8:]
    blocks: list[dict[str, object]] = [
        {
            "kind": "table",
            "columns": list(register.COLUMNS[:official]),
            "rows": [[str(value or "") for value in row[:official]] for row in rows],
        }
    ]
    if rows:
        blocks.append({"kind": "heading", "text": "제공 내역"})
    for row in rows:
        blocks.append({"kind": "subheading", "text": str(row[official])})
        blocks.append(
            {
                "kind": "fields",
                "rows": [[name, str(value or "")] for name, value in zip(own[1:], row[official + 1 :], strict=True)],
            }
        )
    return {
        "title": register.TITLE,
        "subtitle": f"{first.isoformat()} – {last.isoformat()}",
        "landscape": True,
        "blocks": blocks,
    }
