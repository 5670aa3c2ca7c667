"""Certificates and the register as documents: a signed JSON file to check offline, PDF in two languages, XLSX."""

import json
from typing import Any

from django.apps import apps
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from privacy.lib import names, pdf
from privacy.lib.badges import moment_text
from privacy.retention import persons, terms
from privacy.retention.models import Certificate, DestructionLine, DestructionList
from privacy.retention.models.runs import Cause


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
    blocks = _destruction(certificate, said) if certificate.kind == Certificate.Kind.DESTRUCTION else _finality(said)
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
        {"kind": "signature", "rows": [moment_text(certificate.issued_at), _("Extrus Inc., protection officer")]},
    ]
    return blocks


def _destruction(certificate: Certificate, said: dict[str, Any]) -> list[dict[str, Any]]:
    names = said["category_names"]
    name = names.get("en" if (translation.get_language() or "ko").startswith("en") else "ko") or said["category"]
    destroyed, read, final = said["destroyed"], said["read_back"], said["finality"]
    approval = [said["approval"]["approved_by"], said["approval"]["seconded_by"]]
    approved = persons.in_words(", ".join(filter(None, approval)))
    carried_out = persons.in_words(said["carried_out"]["by"])
    rows = [
        [_("personal information file"), f"{name} ({said['category']})"],
        [_("cause"), str(Cause(said["cause"]).label) + (f" · {said['case']}" if said["case"] else "")],
        [_("rule"), f"{terms.in_words(said['rule'])} · {_('policy version')} {said['policy']}"],
        [_("due since"), said["as_of"]],
        *([[_("month"), said["month"]]] if said["month"] else []),
        [_("approved by"), f"{approved} · {_when(said['approval']['approved_at'])}"],
        [_("carried out by"), f"{carried_out} · {_when(said['carried_out']['begun_at'])}"],
        [_("keys destroyed at"), _when(said["carried_out"]["keys_destroyed_at"])],
        [_("method"), _("keys destroyed (cryptographic erasure) and rows removed, read back")],
    ]
    counts = [
        [_("data subjects"), str(destroyed["people"])],
        [_("keys destroyed"), str(destroyed["keys"])],
        *[[name, str(count)] for name, count in rows_in_words(destroyed["rows"])],
        [_("records moved to the archive"), str(destroyed["archived"])],
        [_("passed over"), _passed_over_in_words(destroyed["passed_over"])],
    ]
    searched = [[place["database"], place["table"], str(place["left"])] for place in read.get("searched", ())]
    return [
        {"kind": "fields", "rows": rows},
        {"kind": "heading", "text": _("What was destroyed")},
        {"kind": "table", "columns": [_("what"), _("count")], "rows": counts, "widths": [3, 1]},
        {"kind": "heading", "text": _("What the read-back found, by other code")},
        {
            "kind": "table",
            "columns": [_("database"), _("table"), _("rows left")],
            "rows": searched,
            "widths": [1, 2, 1],
        },
        {
            "kind": "fields",
            "rows": [
                [_("keys left"), str(read.get("keys_left", 0))],
                [_("attempts to open"), f"{read.get('attempts', 0)} · {_('opened')}: {read.get('opened', 0)}"],
            ],
        },
        {"kind": "heading", "text": _("Copies of the keys")},
        {"kind": "fields", "rows": _finality_rows(final)},
        {"kind": "text", "text": _finality_text(final)},
    ]


def _finality(said: dict[str, Any]) -> list[dict[str, Any]]:
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
        [_("key tables rewritten"), _when(final["key_tables_rewritten_at"]) or _("not yet")],
        [_("write-ahead log turned over"), _("yes") if final["log_turned_over"] else _("not yet")],
        [_("master key generation"), str(final["master_key_generation"] or "–")],
        [_("generation ended"), _when(final["generation_ended_at"]) or _("not yet")],
        [_("last key dump ends on"), final["last_key_dump_ends_on"] or "–"],
    ]


def _finality_text(final: dict[str, Any]) -> str:
    if final["generation_ended_at"]:
        return _(
            "The master key generation that wrapped these keys has been destroyed: no copy of them, in any file, log "
            "or backup, can be opened any more."
        )
    return _(
        "The keys were removed from the portal. Until the master key generation that wrapped them ends, copies of the "
        "wrapped keys may remain in files, logs and key dumps; a certificate of finality follows then."
    )


def statement_rows(certificate: Certificate) -> list[tuple[str, str]]:
    """Return what a certificate says, line by line in the reader's language: the console shows what the PDF prints."""
    said = certificate.statement
    blocks = _destruction(certificate, said) if certificate.kind == Certificate.Kind.DESTRUCTION else _finality(said)
    lines = []
    for block in blocks:
        # A table of more than two columns says last what it counts.
        counted = f"{block['columns'][-1]}: " if len(block.get("columns", ())) > 2 else ""
        lines += [(" · ".join(row[:-1]), counted + row[-1]) for row in block.get("rows", ())]
    return lines


def rows_in_words(rows: dict[str, int]) -> list[tuple[str, int]]:
    """Return how many rows of what were removed, by what the tables hold."""
    return [(_name(label), count) for label, count in sorted(rows.items())]


def _passed_over_in_words(passed_over: dict[str, int]) -> str:
    labels = dict(DestructionLine.State.choices)
    return ", ".join(f"{labels.get(why, why)}: {count}" for why, count in passed_over.items()) or "0"


def _name(label: str) -> str:
    """Return what a table holds, in words, with its name in the portal."""
    if "." not in label:
        return _("records") if label == "records" else label
    return f"{apps.get_model(label)._meta.verbose_name_plural} ({label})"


def _when(text: str) -> str:
    moment = parse_datetime(text) if text else None
    return moment_text(moment) if moment else ""


def list_title(row: DestructionList) -> str:
    """Return how a list is named on pages: its category by name, and the month where it is a whole one."""
    name = names.of("category", row.category, on=row.run.as_of)
    return f"{name} {row.month:%Y-%m}" if row.month else name
