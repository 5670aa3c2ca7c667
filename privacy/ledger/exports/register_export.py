"""Taking a register out of the portal: for a period, with a reason, on record before it leaves (law S-05)."""

import hashlib
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import override

from privacy.ledger import actions as ledger
from privacy.ledger import request_context
from privacy.ledger.actors import Actor
from privacy.ledger.authorization import require_permission
from privacy.ledger.events import Event
from privacy.ledger.exports import document_issuance
from privacy.lib.errors.refusals import Refusal
from privacy.lib.registries import registers


class MissingReason(Refusal):
    """Nothing leaves without a reason."""

    code = "reason-required"


def export_register(
    register: registers.Register, *, first: date, last: date, form: str, reason: str, actor: Actor, at: datetime
) -> bytes:
    """Return a register of a period as ``xlsx`` or ``pdf``, in Korean as registers are kept.

    Raises NotPermitted, MissingReason, ``registers.TooManyRows``, what the vault raises where cells are sealed, and
    LedgerUnavailable.
    """
    require_permission(actor, register.permission, about=("register", register.code))
    if not reason.strip():
        raise MissingReason(_("State why you are exporting the register."))
    window = registers.ExportScope(
        first=first, last=last, actor=actor, at=at, reason=reason.strip(),
        reference=request_context.current().request_id,
    )  # fmt: skip
    with override("ko"):
        content, rows = registers.render(register, window, form)
    subjects = sorted(set(register.subjects(window))) if register.subjects else []
    ledger.record_before(
        register.word or Event.REGISTER_EXPORTED,
        actor=actor,
        at=at,
        subjects=subjects,
        about=("register", register.code),
        task=f"office.{register.code}.exported",
        purpose=register.purpose,
        reason=window.reason,
        facts={
            "register": register.code,
            "from": first.isoformat(),
            "until": last.isoformat(),
            "form": form,
            "columns": list(register.headings),
            "rows": rows,
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        },
    )
    number = f"{register.code} {first.isoformat()}/{last.isoformat()}"
    return document_issuance.issue(content, kind="register", number=number, actor=actor, at=at)
