"""What certificates and register entries say: from the list, the read-back and the ledger; never a personal value."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.utils import translation
from django.utils.translation import gettext as _

from privacy.ledger.models import Checkpoint, Tree
from privacy.lib import clock
from privacy.policies import rulebook
from privacy.policies.models import Officer
from privacy.retention.models import DestructionList, Rewrite
from privacy.subjects import holdings
from privacy.vault import actions as vault
from privacy.vault.models import Tombstone

TYPE = "extrus-privacy-portal/destruction-certificate/1"
CONTROLLER = "Extrus Inc."
ALL_PASSED_OVER = "everything on the list was passed over: holds, open corrections, open requests, or no longer due"
# Key dumps are kept a week and data dumps a month (security.md 6.2): then the last copy of a key outside is gone.
KEY_DUMP_DAYS = 7


def destruction(row: DestructionList, *, at: datetime) -> dict[str, Any]:
    """Return the statement of a certificate of destruction."""
    term, names = _category(row)
    return {
        "type": TYPE,
        "kind": "destruction",
        "number": row.certificate_number,
        "issued_at": at.isoformat(),
        "controller": CONTROLLER,
        "list": row.reference,
        "run": row.run.reference,
        "cause": row.run.cause,
        "case": row.run.case,
        "policy": row.run.policy,
        "rule": term,
        "as_of": row.run.as_of.isoformat(),
        "category": row.category,
        "category_names": names,
        "unit": row.unit,
        "month": row.month.isoformat() if row.month else "",
        "approval": {
            "approved_by": row.approved_by,
            "approved_at": _moment(row.approved_at),
            "seconded_by": row.seconded_by,
            "seconded_at": _moment(row.seconded_at),
            "plan": row.plan,
        },
        "carried_out": {
            "by": row.executed_by,
            "begun_at": _moment(row.begun_at),
            "keys_destroyed_at": _moment(row.keys_at),
            "done_at": at.isoformat(),
        },
        "destroyed": {
            "people": row.read_back.get("people", 0),
            "keys": row.keys_destroyed,
            "rows": row.rows_removed,
            "archived": row.archived,
            "passed_over": passed_over(row),
        },
        "read_back": row.read_back,
        "finality": finality(row),
        "ledger": ledger_state(),
    }


def finality(row: DestructionList) -> dict[str, Any]:
    """Return, honestly, where copies of the destroyed keys may still be, and until when (vault.md)."""
    known = vault.finality(row.certificate_number)
    generation = Tombstone.objects.filter(certificate=row.certificate_number).aggregate(newest=Max("generation"))
    # The first that turned the log over whole; one that didn't only where there is no such.
    rewrites = Rewrite.objects.filter(begun_at__gte=row.keys_at, done_at__isnull=False)
    rewrite = rewrites.order_by("-log_turned", "begun_at").first()
    ends_on = clock.kst_date(row.keys_at) + timedelta(days=KEY_DUMP_DAYS) if row.keys_at else None
    return {
        "master_key_generation": generation["newest"],
        "generation_ended_at": _moment(known.final_at),
        "key_tables_rewritten_at": _moment(rewrite.done_at if rewrite else None),
        "log_turned_over": bool(rewrite and rewrite.log_turned),
        "last_key_dump_ends_on": ends_on.isoformat() if ends_on else "",
    }


def final(row: DestructionList, *, number: str, destruction_digest: str, at: datetime) -> dict[str, Any]:
    """Return the statement of a certificate of finality: no copy of the keys can be opened any more, anywhere."""
    return {
        "type": TYPE,
        "kind": "finality",
        "number": number,
        "issued_at": at.isoformat(),
        "controller": CONTROLLER,
        "list": row.reference,
        "certificate": row.certificate_number,
        "certificate_digest": destruction_digest,
        "finality": finality(row),
        "ledger": ledger_state(),
    }


def passed_over(row: DestructionList) -> dict[str, int]:
    """Return how many people of the list were passed over, by reason."""
    counted: dict[str, int] = {}
    for state in row.lines.filter(state__in=row.lines.model.PASSED_OVER).values_list("state", flat=True):
        counted[state] = counted.get(state, 0) + 1
    return counted


def ledger_state() -> dict[str, Any]:
    """Return the newest signed checkpoint of the ledger, or the newest tree head where the notary has signed none."""
    signed = Checkpoint.objects.order_by("-size").first()
    head = Tree.objects.order_by("-size").first()
    return {
        "origin": settings.LEDGER_ORIGIN,
        "checkpoint": signed.note if signed else "",
        "size": head.size if head else 0,
        "root": bytes(head.root).hex() if head else "",
    }


def register_fields(row: DestructionList, evidence: str, *, at: datetime) -> dict[str, Any]:
    """Return the columns of forms F-6 and F-7 for a list, in Korean, the register's language."""
    on = clock.kst_date(at)
    officer = Officer.objects.on(on)
    with translation.override("ko"):
        _term, names = _category(row)
        kinds = sorted(
            {str(holding.model._meta.verbose_name_plural) for holding in holdings.for_category(row.category)}
        )
        backups = _("Copies in backups can't be opened: their keys are destroyed; key dumps end on %(day)s.") % {
            "day": finality(row)["last_key_dump_ends_on"]
        }
        return {
            "file_name": names.get("ko") or row.category,
            "record_kinds": ", ".join(kinds)[:300],
            "created_from": row.month,
            "created_until": row.month,
            "destroyed_on": on,
            "reason": str(row.run.get_cause_display()),
            "handler": row.executed_by,
            "department_head": officer.name if officer else "",
            "trigger_on": row.run.as_of,
            "target_on": row.target_on,
            "method": _("keys destroyed (cryptographic erasure) and rows removed, read back"),
            "people": row.read_back.get("people", 0),
            "records": sum(row.rows_removed.values()),
            "systems": ", ".join(sorted({holding.using for holding in holdings.for_category(row.category)})),
            "backups": backups[:300],
            "witness": "system:read-back",
            "evidence": evidence,
            "delay_reason": row.delay_reason,
            "requested_on": clock.kst_date(row.proposed_at),
            "requested_by": row.run.ordered_by,
            "main_work": _("Exafe MDM service")[:200],
            "held_before": row.records,
            "approved_on": clock.kst_date(row.approved_at) if row.approved_at else None,
            "approved_by": ", ".join(filter(None, (row.approved_by, row.seconded_by))),
            "place": officer.department_ko if officer else "",
            "verified_by": _("search of every declared holding and attempts to open, by other code"),
            "media_destroyed": False,
        }


def _category(row: DestructionList) -> tuple[str, dict[str, str]]:
    book = rulebook.in_force(row.run.as_of)
    if row.category not in book.categories:
        return row.term, {"ko": "", "en": ""}
    term = book.category(row.category)
    return row.term, {"ko": term.name_ko, "en": term.name_en}


def _moment(value: datetime | None) -> str:
    return value.isoformat() if value else ""
