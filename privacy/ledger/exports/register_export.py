"""Taking a register out of the portal: for a period, with a reason, on record before it leaves (law S-05)."""

import hashlib
from datetime import date, datetime
from itertools import islice
from typing import Any

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


class HoldsWords(Refusal):
    """A register that may name people, or have what they wrote, leaves by the console alone (law S-21)."""

    code = "holds-words"


def export_register(
    register: registers.Register, *, first: date, last: date, form: str, reason: str, actor: Actor, at: datetime
) -> bytes:
    """Return a register of a period as ``xlsx`` or ``pdf``, in Korean as registers are kept.

    Raises NotPermitted, MissingReason, ``registers.TooManyRows``, what the vault raises where cells are sealed, and
    LedgerUnavailable.
    """
    window = _window(register, first=first, last=last, reason=reason, actor=actor, at=at)
    with override("ko"):
        content, rows = registers.render(register, window, form)
    size = {"rows": rows, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    _record(register, window, form=form, facts=size)
    number = f"{register.code} {first.isoformat()}/{last.isoformat()}"
    return document_issuance.issue(content, kind="register", number=number, actor=actor, at=at)


def extract_rows(
    register: registers.Register, *, first: date, last: date, reason: str, most: int, actor: Actor, at: datetime
) -> tuple[list[list[str]], str]:
    """Return the rows of a register of a period as text, for programs, and what a reader has to know besides.

    Raises NotPermitted, MissingReason, HoldsWords for a register that is not declared to name nobody,
    ``registers.TooManyRows`` beyond ``most`` rows, and LedgerUnavailable.
    """
    window = _window(register, first=first, last=last, reason=reason, actor=actor, at=at)
    if not register.for_programs:
        raise HoldsWords(_("This register may name people, so it is taken out on its own page."))
    with override("ko"):
        rows = [[registers.cell_text(cell) for cell in row] for row in islice(register.rows(window), most + 1)]
        remark = register.remark(window) if register.remark else ""
    if len(rows) > most:
        raise registers.TooManyRows(
            _("The register has more than %(limit)d rows for this period. Choose a shorter one.") % {"limit": most}
        )
    _record(register, window, form="json", facts={"rows": len(rows)})
    return rows, remark


def _window(
    register: registers.Register, *, first: date, last: date, reason: str, actor: Actor, at: datetime
) -> registers.ExportScope:
    """Return for what a register is taken out, if its taker may and says why."""
    require_permission(actor, register.permission, about=("register", register.code))
    if not reason.strip():
        raise MissingReason(_("State why you are exporting the register."))
    return registers.ExportScope(
        first=first, last=last, actor=actor, at=at, reason=reason.strip(),
        reference=request_context.current().request_id,
    )  # fmt: skip


def _record(register: registers.Register, window: registers.ExportScope, *, form: str, facts: dict[str, Any]) -> None:
    """Put on record what leaves, before it does."""
    ledger.record_before(
        register.word or Event.REGISTER_EXPORTED,
        actor=window.actor,
        at=window.at,
        subjects=sorted(set(register.subjects(window))) if register.subjects else [],
        about=("register", register.code),
        task=f"office.{register.code}.exported",
        purpose=register.purpose,
        reason=window.reason,
        facts={
            "register": register.code,
            "from": window.first.isoformat(),
            "until": window.last.isoformat(),
            "form": form,
            "columns": list(register.headings),
            **facts,
        },
    )
