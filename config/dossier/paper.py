"""The dossier as one PDF for the authority: criteria, registers, processing, figures, papers, every file's SHA-256."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from config.actor_names import account_names, actor_name
from config.dossier import parts, processing
from config.dossier.contents import CriterionLine, Dossier, RegisterFile
from config.dossier.parts import Scope
from privacy.lib.display.badges import date_text, datetime_text
from privacy.lib.documents import pdf
from privacy.policies.models import Officer, PolicyVersion
from privacy.retention.certificates.statements import CONTROLLER
from privacy.safeguards.models import ApplicabilityDecision

Blocks = list[dict[str, Any]]


def dossier_pdf(dossier: Dossier, number: str) -> bytes:
    """Return the PDF of a dossier whose other files are written."""
    scope = dossier.scope
    payload = {
        "title": dossier.title,
        "subtitle": CONTROLLER,
        "reference": number,
        "landscape": True,
        "blocks": [
            {"kind": "fields", "rows": about(dossier)},
            *_criteria(dossier),
            *_registers(dossier),
            *(_processing(scope) if dossier.has("processing") or dossier.has("flow") else ()),
            *(_figures(dossier) if dossier.has("figures") else ()),
            *_files(dossier),
        ],
    }
    return pdf.render("sheet", payload, language=scope.language, made_at=scope.at)


def about(dossier: Dossier) -> list[list[str]]:
    """Return what a dossier is about: its period, who answers for the office, why and by whom it was made."""
    scope = dossier.scope
    officer, version = Officer.objects.on(scope.last), PolicyVersion.objects.in_force(scope.last)
    return [
        [_("Period"), f"{date_text(scope.first)} – {date_text(scope.last)}"],
        [_("Protection officer"), str(officer) if officer else "–"],
        [_("Privacy policy in force"), f"{version.number} ({version.effective_on})" if version else "–"],
        *([[_("Case"), dossier.case]] if dossier.case else []),
        [_("Reason"), scope.reason],
        [_("Made by"), actor_name(scope.actor.ref, account_names([scope.actor.ref]))],
        [_("Made at"), datetime_text(scope.at)],
    ]


def _criteria(dossier: Dossier) -> Blocks:
    return [
        {"kind": "heading", "text": _("Criteria of ISMS-P")},
        {"kind": "text", "text": what_is_said()},
        {"kind": "fields", "rows": [[name, f"{count:,}"] for name, count in dossier.counted()]},
        {
            "kind": "table",
            "columns": [pgettext("criterion", "Number"), _("Criterion"), _("What there is"), _("Shown by"), _("Gap")],
            "widths": [2, 5, 4, 10, 7],
            "rows": [_criterion(line) for line in dossier.lines],
        },
    ]


def what_is_said() -> str:
    """Say how the table of criteria is meant."""
    return _(
        "The table says what the office has to show, counted from its registers, and what is late or was found not in "
        "order on the day on which this was made. Whether it is enough is for its reader to judge."
    )


def _criterion(line: CriterionLine) -> list[str]:
    return [line.criterion.number, line.name, line.standing_name, "; ".join(shown_by(line)) or "–", line.gap or "–"]


def shown_by(line: CriterionLine) -> list[str]:
    """Return in words what shows that a criterion is kept."""
    said = [_register_text(one) for one in line.registers]
    for name, look in line.looks:
        result = f"{look.get_result_display()}, {date_text(look.on)}" if look else _("not looked at in this period")
        said.append(f"{name} ({result})")
    said += [f"{name} ({decision_text(made)})" for name, made in line.decisions]
    return [*said, *(one.title for one in line.parts), *line.documents]


def _register_text(one: RegisterFile) -> str:
    said = _("%(register)s (rows: %(rows)s)") % {"register": one.register.title, "rows": one.row_text}
    return f"{said}, {late_text(one.overdue)}" if one.overdue else said


def late_text(count: int) -> str:
    """Say how much of a register is late on the day on which the dossier is made."""
    return ngettext("%(count)d overdue", "%(count)d overdue", count) % {"count": count}


def decision_text(made: ApplicabilityDecision | None) -> str:
    """Return whether a duty binds, and since when that is decided."""
    if made is None:
        return _("nothing decided")
    said = pgettext("duty", "binds") if made.applies else pgettext("duty", "does not bind")
    return _("%(answer)s, decided on %(day)s") % {"answer": said, "day": date_text(made.decided_on)}


def _registers(dossier: Dossier) -> Blocks:
    rows = [
        [one.register.title, one.register.form or "–", one.row_text, " ".join((*one.files[:1], one.note)).strip()]
        for one in dossier.registers
    ]
    return [
        {"kind": "heading", "text": _("Registers of the period")},
        {"kind": "table", "columns": [pgettext("noun", "Register"), _("Form"), _("Rows"), _("File")],
         "widths": [6, 2, 2, 8], "rows": rows},
    ]  # fmt: skip


def _processing(scope: Scope) -> Blocks:
    found = scope.activities
    alt = "; ".join(f"{one.name}: {', '.join(one.places)}" for one in found)
    return [
        {"kind": "heading", "text": _("Record of processing activities")},
        {"kind": "table", "columns": processing.columns(), "widths": [3, 3, 4, 6, 3, 3, 3, 4, 3],
         "rows": [one.cells() for one in found]},
        {"kind": "heading", "text": _("Map of data flows")},
        {"kind": "chart", "svg": scope.drawing, "alt": alt, "height": 140},
    ]  # fmt: skip


def _figures(dossier: Dossier) -> Blocks:
    return [
        {"kind": "heading", "text": _("Figures of the period")},
        {"kind": "table", "columns": parts.figure_columns(), "widths": [4, 8, 2], "rows": dossier.scope.figures},
    ]


def _files(dossier: Dossier) -> Blocks:
    made: Blocks = [{"kind": "heading", "text": _("Files")}]
    for part in dossier.parts:
        if part.left_out:
            made.append({"kind": "text", "text": f"{part.title}: {part.left_out}"})
    rows = [[name, digest] for name, digest in dossier.digests()]
    made.append({"kind": "table", "columns": [_("File"), "SHA-256"], "widths": [4, 6], "rows": rows})
    return made
