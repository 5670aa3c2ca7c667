"""Certificates and the register as documents: a signed JSON file to check offline, PDF in two languages, XLSX."""

import json
from typing import Any

from django.apps import apps
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from privacy.lib.display import display_names
from privacy.lib.display.badges import datetime_text
from privacy.lib.display.reader_language import reader_language
from privacy.lib.documents import pdf
from privacy.retention.certificates import statement_texts, system_texts
from privacy.retention.models import Certificate, DestructionList
from privacy.retention.models.destruction_lists import Cause
from privacy.retention.schedule import retention_rules


def certificate_json(certificate: Certificate) -> bytes:
    """Return the file that proves the destruction by itself: the statement, its digest, signature and public key."""
    return json.dumps(
        {
            "certificate": certificate.statement,
            "digest": certificate.digest,
            "signature": certificate.signature,
            "public_key": certificate.public_key,
            "signed": "Ed25519 over the certificate as canonical JSON: sorted keys, no spaces, UTF-8",
        },
        ensure_ascii=False,
        indent=2,
        sort_keys=True,
    ).encode()


def certificate_pdf(certificate: Certificate, *, language: str) -> bytes:
    """Return the certificate as a PDF in Korean or English."""
    with translation.override(language):
        payload = {
            "title": str(certificate.get_kind_display()).capitalize(),
            "subtitle": "Extrus Inc.",
            "reference": certificate.number,
            "summary": _("Certificate of the destruction of personal information"),
            "footer": _("Check this certificate at %(address)s") % {"address": _verify_address(language)},
            "blocks": _blocks(certificate),
        }
        return pdf.render("sheet", payload, language=language, made_at=certificate.issued_at)


def _verify_address(language: str) -> str:
    with translation.override(language):
        return f"{settings.PORTAL_URL}{reverse('retention:verify')}"


def _blocks(certificate: Certificate) -> list[dict[str, Any]]:
    said = certificate.statement
    blocks = _stated_blocks(certificate, said)
    ledger = said["ledger"]
    blocks += [
        {"kind": "heading", "text": _("Proof")},
        {
            "kind": "fields",
            "rows": [[_("audit trail"), f"{ledger['origin']} · {ledger['size']}"]],
        },
        {"kind": "digest", "label": _("root of the audit trail"), "value": ledger["root"] or "–"},
    ]
    if ledger["checkpoint"]:
        blocks.append({"kind": "note", "text": ledger["checkpoint"]})
    blocks += [
        {"kind": "digest", "label": "SHA-256", "value": certificate.digest},
        {"kind": "digest", "label": "Ed25519", "value": certificate.signature},
        {"kind": "signature", "rows": [datetime_text(certificate.issued_at), _("Extrus Inc., protection officer")]},
    ]
    return blocks


def _stated_blocks(certificate: Certificate, said: dict[str, Any]) -> list[dict[str, Any]]:
    if certificate.kind == Certificate.Kind.DESTRUCTION:
        return _destruction_blocks(certificate, said) + system_texts.blocks(said)
    if certificate.kind == Certificate.Kind.FINALITY:
        return _finality_blocks(said)
    certified = [[_("certificate of destruction"), said["certificate"]], ["SHA-256", said["certificate_digest"]]]
    return [{"kind": "fields", "rows": certified}, *system_texts.blocks(said)]


def _destruction_blocks(certificate: Certificate, said: dict[str, Any]) -> list[dict[str, Any]]:
    names = said["category_names"]
    name = names.get(reader_language()) or said["category"]
    destroyed, read = said["destroyed"], said["read_back"]
    acts = said["carried_out"]
    approval = [said["approval"]["approved_by"], said["approval"]["seconded_by"]]
    approved = statement_texts.describe_actors(", ".join(filter(None, approval)))
    times = [
        (
            _("carried out by"),
            f"{statement_texts.describe_actors(acts['by'])} · {statement_texts.moment(acts['begun_at'])}",
        ),
        (_("keys destroyed at"), statement_texts.moment(acts["keys_destroyed_at"]) if destroyed["keys"] else ""),
        (
            _("rows removed at"),
            "" if statement_texts.nothing_found(said) else statement_texts.moment(acts.get("rows_removed_at", "")),
        ),
        (_("read back at"), statement_texts.moment(acts["done_at"])),
    ]
    rows = [
        [_("personal information file"), f"{name} ({said['category']})"],
        [_("cause"), str(Cause(said["cause"]).label) + (f" · {said['case']}" if said["case"] else "")],
        [_("rule"), f"{retention_rules.describe_period(said['rule'])} · {_('policy version')} {said['policy']}"],
        [_("due since"), said.get("due_since") or said["as_of"]],
        *([[_("month"), said["month"][:7]]] if said["month"] else []),
        [_("approved by"), f"{approved} · {statement_texts.moment(said['approval']['approved_at'])}"],
        *[[label, text] for label, text in times if text],
        [_("method"), statement_texts.method(said)],
    ]
    searched = [[place["database"], place["table"], str(place["left"])] for place in read.get("searched", ())]
    keys_left = [[_("keys left"), str(read.get("keys_left", 0))]]
    if statement_texts.key_kept(said):
        keys_left.append([_("keys kept for people left out"), str(read.get("keys_kept", 1))])
    return [
        {"kind": "note", "text": " ".join(statement_texts.outcome(said))},
        {"kind": "fields", "rows": rows},
        {"kind": "heading", "text": _("What was destroyed")},
        {"kind": "table", "columns": [_("what"), _("count")], "rows": _count_rows(said), "widths": [3, 1]},
        *_count_note(said),
        {"kind": "heading", "text": _("What the read-back found (independent code)")},
        {
            "kind": "table",
            "columns": [_("database"), _("table"), _("rows left")],
            "rows": searched,
            "widths": [1, 2, 1],
        },
        {
            "kind": "fields",
            "rows": [
                *keys_left,
                [_("attempts to open"), statement_texts.decryption_attempts(said)],
                [_("result of the read-back"), statement_texts.readback_result(said)],
            ],
        },
        {"kind": "heading", "text": _("Copies in backups")},
        *([{"kind": "fields", "rows": _finality_rows(said["finality"])}] if destroyed["keys"] else []),
        {"kind": "text", "text": statement_texts.backup_copies(said)},
        *([{"kind": "text", "text": _finality_text(said["finality"])}] if destroyed["keys"] else []),
    ]


def _count_rows(said: dict[str, Any]) -> list[list[str]]:
    destroyed = said["destroyed"]
    listed = [[_("people on the list"), str(destroyed["listed"])]] if "listed" in destroyed else []
    return [
        *listed,
        [_people_label(said), str(destroyed["people"])],
        *[[_("left out: %(why)s") % {"why": why}, str(left)] for why, left in statement_texts.skipped_by_reason(said)],
        [_("keys destroyed"), str(destroyed["keys"])],
        *[[name, str(count)] for name, count in describe_row_counts(destroyed["rows"])],
        [_("records moved to the archive"), str(destroyed["archived"])],
    ]  # fmt: skip


def _people_label(said: dict[str, Any]) -> str:
    if said["destroyed"]["keys"]:
        return _("people whose data was destroyed")
    return (
        _("people of whom nothing was found")
        if statement_texts.nothing_found(said)
        else _("people whose rows were removed")
    )


def _count_note(said: dict[str, Any]) -> list[dict[str, Any]]:
    """A whole month is dropped as it was counted when its list was made: the certificate says so."""
    at = said["destroyed"].get("counted_at", "")
    if said["unit"] != DestructionList.Unit.MONTH or not at or statement_texts.key_kept(said):
        return []
    return [
        {
            "kind": "text",
            "text": _("People and rows of a whole month were counted %(at)s.") % {"at": statement_texts.moment(at)},
        }
    ]


def _finality_blocks(said: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "kind": "fields",
            "rows": [
                [_("certificate of destruction"), said["certificate"]],
                ["SHA-256", said["certificate_digest"]],
                *_finality_rows(said["finality"]),
            ],
        },
        {"kind": "text", "text": _finality_text(said["finality"])},
    ]


def _finality_rows(final: dict[str, Any]) -> list[list[str]]:
    return [
        [_("key tables rewritten"), statement_texts.moment(final["key_tables_rewritten_at"]) or _("not yet")],
        [_("write-ahead log recycled"), _("yes") if final["log_turned_over"] else _("not yet")],
        [_("master key generation"), str(final["master_key_generation"] or "–")],
        [_("generation ended"), statement_texts.moment(final["generation_ended_at"]) or _("not yet")],
        [_("last key dump ends on"), final["last_key_dump_ends_on"] or "–"],
    ]


def _finality_text(final: dict[str, Any]) -> str:
    if final["generation_ended_at"]:
        return statement_texts.no_copy_readable()
    return _(
        "Until the master key generation that wrapped these keys ends, copies of the wrapped keys may remain in files, "
        "logs and key backups; a certificate of finality follows then."
    )


def statement_rows(certificate: Certificate) -> list[tuple[str, str]]:
    """Return what a certificate says, line by line in the reader's language: the console shows what the PDF prints."""
    said = certificate.statement
    blocks = _stated_blocks(certificate, said)
    lines = []
    for block in blocks:
        # A table of more than two columns says last what it counts.
        counted = f"{block['columns'][-1]}: " if len(block.get("columns", ())) > 2 else ""
        lines += [(" · ".join(row[:-1]), counted + row[-1]) for row in block.get("rows", ())]
    return lines


def describe_row_counts(rows: dict[str, int]) -> list[tuple[str, int]]:
    """Return how many rows of what were removed, by what the tables hold."""
    return [(_name(label), count) for label, count in sorted(rows.items())]


def _name(label: str) -> str:
    """Return what a table holds, in words, with its name in the portal."""
    if "." not in label:
        return _("records") if label == "records" else label
    return f"{apps.get_model(label)._meta.verbose_name_plural} ({label})"


def list_title(row: DestructionList) -> str:
    """Return how a list is named on pages: its category by name, and the month where it is a whole one."""
    name = display_names.display_name("category", row.category, on=row.run.as_of)
    return f"{name} {row.month:%Y-%m}" if row.month else name
