"""What certificates and register entries say: from the list, the read-back and the ledger; never a personal value."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Max
from django.utils import translation
from django.utils.translation import gettext as _

from privacy.ledger.models import Checkpoint, Tree
from privacy.lib.dates import clock, periods
from privacy.lib.display import display_names
from privacy.policies import rulebook
from privacy.policies.models import Officer
from privacy.retention.certificates import statement_texts
from privacy.retention.models import DestructionList, Rewrite
from privacy.retention.schedule import retention_rules
from privacy.subjects import holdings
from privacy.vault import actions as vault
from privacy.vault.keyservice import system_states
from privacy.vault.models import Tombstone

# Every certificate says of itself that it is one: the key signs other documents too.
STATEMENT_FAMILY = "extrus-privacy-portal/destruction-certificate/"
STATEMENT_TYPE = f"{STATEMENT_FAMILY}2"
CONTROLLER = "Extrus Inc."
# What is kept with a list that was aborted by itself; pages say in its place for which reasons nobody was left.
ALL_SKIPPED = "everything on the list was passed over: holds, open corrections, open requests, or no longer due"


def destruction_statement(row: DestructionList, *, at: datetime) -> dict[str, Any]:
    """Return the statement of a certificate of destruction."""
    term, names = _category(row)
    return {
        "type": STATEMENT_TYPE,
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
        "due_since": due_since(row).isoformat(),
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
            "keys_destroyed_at": _moment(row.keys_at if row.keys_destroyed else None),
            "rows_removed_at": _moment(row.rows_at),
            "done_at": at.isoformat(),
        },
        "destroyed": {
            "listed": row.people,
            "people": row.read_back.get("people", 0),
            # A whole month is counted when its list is made, and dropped without being counted again.
            "counted_at": _moment(row.proposed_at if _is_counted_by_list(row) else row.begun_at),
            "keys": row.keys_destroyed,
            **({"month_keys": len(row.epochs)} if row.unit == DestructionList.Unit.ARCHIVE else {}),
            "key_kept": row.key_kept,
            "rows": row.rows_removed,
            "archived": row.archived,
            "passed_over": count_skipped(row),
        },
        "read_back": row.read_back,
        "finality": copies_statement(row),
        **({"systems": systems} if (systems := system_statement(row)) else {}),
        "ledger": ledger_state(),
    }


def system_statement(row: DestructionList, code: str = "") -> list[dict[str, Any]]:
    """Return what each connected system has confirmed of a list until now, and what it has not; of one by its code."""
    with connection.cursor() as cursor:
        cursor.execute(system_states.STATES, [row.pk, code, code])
        return system_states.stated(cursor.fetchall())


def addendum_statement(
    row: DestructionList, code: str, *, number: str, destruction_digest: str, at: datetime
) -> dict[str, Any]:
    """Return the statement of an addendum: what a system has confirmed since the certificate was signed."""
    return {
        "type": STATEMENT_TYPE,
        "kind": "addendum",
        "number": number,
        "issued_at": at.isoformat(),
        "controller": CONTROLLER,
        "list": row.reference,
        "certificate": row.certificate_number,
        "certificate_digest": destruction_digest,
        "systems": system_statement(row, code),
        "ledger": ledger_state(),
    }


def due_since(row: DestructionList) -> date:
    """Return the day on which the reason arose for the first on a list: "without delay" is counted from it."""
    return row.target_on - timedelta(days=retention_rules.days_to_destroy(row.run.as_of))


def copies_statement(row: DestructionList) -> dict[str, Any]:
    """Return, honestly, where copies of the destroyed keys may still be, and until when (vault.md)."""
    known = vault.finality(row.certificate_number)
    generation = Tombstone.objects.filter(certificate=row.certificate_number).aggregate(newest=Max("generation"))
    # The first that turned the log over whole; one that didn't only where there is no such.
    keys_at = row.keys_at if row.keys_destroyed else None
    rewrites = (
        Rewrite.objects.filter(begun_at__gte=keys_at, done_at__isnull=False) if keys_at else Rewrite.objects.none()
    )
    rewrite = rewrites.order_by("-log_turned", "begun_at").first()
    # Then the last copy of a key outside is gone (docs/security.md, Destruction, and backups).
    ends_on = clock.kst_date(keys_at) + timedelta(days=settings.KEY_BACKUP_DAYS) if keys_at else None
    removed_at = row.rows_at or row.done_at
    data_ends_on = clock.kst_date(removed_at) + timedelta(days=settings.DATA_BACKUP_DAYS) if removed_at else None
    return {
        "master_key_generation": generation["newest"],
        "generation_ended_at": _moment(known.final_at),
        "key_tables_rewritten_at": _moment(rewrite.done_at if rewrite else None),
        "log_turned_over": bool(rewrite and rewrite.log_turned),
        "last_key_dump_ends_on": ends_on.isoformat() if ends_on else "",
        "last_data_backup_ends_on": data_ends_on.isoformat() if data_ends_on else "",
    }


def finality_statement(row: DestructionList, *, number: str, destruction_digest: str, at: datetime) -> dict[str, Any]:
    """Return the statement of a certificate of finality: no copy of the keys can be opened any more, anywhere."""
    return {
        "type": STATEMENT_TYPE,
        "kind": "finality",
        "number": number,
        "issued_at": at.isoformat(),
        "controller": CONTROLLER,
        "list": row.reference,
        "certificate": row.certificate_number,
        "certificate_digest": destruction_digest,
        "finality": copies_statement(row),
        "ledger": ledger_state(),
    }


def count_skipped(row: DestructionList) -> dict[str, int]:
    """Return how many people of the list were passed over, by reason."""
    counted: dict[str, int] = {}
    for state in row.lines.filter(state__in=row.lines.model.SKIPPED).values_list("state", flat=True):
        counted[state] = counted.get(state, 0) + 1
    return counted


def _is_counted_by_list(row: DestructionList) -> bool:
    return row.is_whole_month and row.people_removed is None


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


def register_fields(row: DestructionList, said: Mapping[str, Any], evidence: str, *, at: datetime) -> dict[str, Any]:
    """Return the columns of forms F-6 and F-7 for a list, in Korean: what the statement ``said`` certifies."""
    on = clock.kst_date(max(filter(None, (row.keys_at, row.rows_at)), default=at))
    officer = Officer.objects.on(on)
    with translation.override("ko"):
        kinds = sorted(
            {str(holding.model._meta.verbose_name_plural) for holding in holdings.for_category(row.category)}
        )
        return {
            "file_name": display_names.display_name("category", row.category, on=row.run.as_of),
            "record_kinds": ", ".join(kinds)[:300],
            "created_from": row.month,
            "created_until": periods.first_of_next_month(row.month) - timedelta(days=1) if row.month else None,
            "destroyed_on": on,
            "reason": str(row.run.get_cause_display()),
            "handler": row.executed_by,
            "department_head": officer.name if officer else "",
            "trigger_on": due_since(row),
            "trigger_until": row.trigger_until,
            "target_on": row.target_on,
            "method": statement_texts.method(said),
            "people": said["destroyed"]["people"],
            "records": statement_texts.records_removed(row.rows_removed),
            "systems": ", ".join(sorted({holding.using for holding in holdings.for_category(row.category)})),
            "backups": statement_texts.backup_copies(said)[:300],
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
            "verified_by": statement_texts.verification_method(said),
            "media_destroyed": False,
            "notes": " ".join(statement_texts.outcome(said)),
        }


def _category(row: DestructionList) -> tuple[str, dict[str, str]]:
    book = rulebook.in_force(row.run.as_of)
    if row.category not in book.categories:
        return row.term, {"ko": "", "en": ""}
    term = book.category(row.category)
    return row.term, {"ko": term.name_ko, "en": term.name_en}


def _moment(value: datetime | None) -> str:
    return value.isoformat() if value else ""
