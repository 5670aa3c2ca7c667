"""Writing a dossier: registers, parts, criteria, an index to read and a PDF that names every file by its SHA-256."""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from config.dossier import criteria, parts, processing
from config.dossier.contents import CriterionLine, Dossier, RegisterFile, digest_of_file
from config.dossier.criteria import Criterion
from config.dossier.paper import about, dossier_pdf, what_is_said
from config.dossier.parts import MAKERS, Part, Scope
from privacy.ledger import actions as ledger
from privacy.ledger import request_context
from privacy.ledger.checkpoints import external_checkpoints
from privacy.ledger.events import Event
from privacy.ledger.exports import document_issuance
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.lib.documents.spreadsheets import csv_file
from privacy.lib.errors.refusals import Refusal
from privacy.lib.registries import registers
from privacy.lib.registries.registers import ExportScope, Register
from privacy.retention.certificates.statements import CONTROLLER
from privacy.rights.actions.cases import people_of
from privacy.rights.models import Request
from privacy.safeguards.models import ApplicabilityDecision, Evidence
from privacy.safeguards.thresholds import THRESHOLDS

# A table that a browser opens at once; longer ones are files for a spreadsheet, and beyond that for the console.
MOST_ROWS_SHOWN = 1_000
MOST_ROWS = 20_000


class MissingReason(Refusal):
    """Nothing leaves without a reason."""

    code = "reason-required"


class NothingChosen(Refusal):
    """There is no such case, or no such criterion."""

    code = "nothing-chosen"


def write(folder: Path, scope: Scope, *, case: str = "", criterion: str = "") -> Dossier:
    """Write a dossier into an empty folder; what leaves in it is put on record before the folder is handed out.

    With ``case`` the story of that case comes along; ``criterion`` (``3.2.1``, or an area such as ``2.5``) narrows the
    dossier to what shows it. Raises MissingReason, NothingChosen, and what registers and papers raise; then the folder
    is half written and must not be handed out.
    """
    if not scope.reason.strip():
        raise MissingReason(_("State why you are making the dossier."))
    today = clock.kst_date(scope.at)
    if scope.first > today:
        raise NothingChosen(_("The period begins in the future."))
    scope = replace(scope, last=min(scope.last, today))
    try:
        chosen = criteria.chosen(criterion)
    except criteria.UnknownCriterion:
        raise NothingChosen(
            _("There is no criterion %(number)s. Name one such as 3.2.1, or an area such as 2.5.")
            % {"number": criterion}
        ) from None
    found = _case(case) if case else None
    told, left = parts.case_entries(found) if found else ([], 0)
    with override(scope.language):
        whole = not criterion
        wanted = [code for code in MAKERS if whole or any(code in one.parts for one in chosen)]
        # Papers come first and the trail last: what was issued just now is sealed and signed meanwhile.
        made = {code: MAKERS[code](folder / code, scope) for code in wanted if code != "trail"}
        kept = {one.register.code: one for one in _registers(folder / "registers", scope, chosen, whole=whole)}
        if found is not None:
            made["case"] = parts.case(folder / "case", scope, found.number, told, left)
        names = [name for one in chosen for name in one.documents]
        if names:
            made["documents"] = parts.copied_documents(folder / "documents", names)
        parts.copy_programs(folder / "verify")
        _record(kept.values(), made.values(), folder, scope, found)
        for path in (folder / "papers").glob("*.pdf"):
            path.write_bytes(parts.proved(path.read_bytes(), scope))
        if "trail" in wanted:
            made["trail"] = _trail(folder / "trail", scope)
        looks, decided = criteria.check_results(scope.first, scope.last), criteria.decisions_until(scope.last)
        dossier = Dossier(
            folder=folder,
            scope=scope,
            lines=tuple(_line(one, kept, made, looks, decided, scope) for one in chosen),
            registers=tuple(kept.values()),
            parts=tuple(made.values()),
            case=found.number if found else "",
        )
        _finish(dossier, told)
    return dossier


def _record(
    kept: Iterable[RegisterFile], made: Iterable[Part], folder: Path, scope: Scope, case: Request | None
) -> None:
    """Put on record, in one entry, what leaves with a dossier, before it does (law S-05)."""
    files = {one.register: folder / one.files[0] for one in kept if one.files}
    window = _window(scope)
    subjects = {who for register in files if register.subjects for who in register.subjects(window)}
    if case is not None:
        subjects |= set(map(str, people_of(case)))
    ledger.record_before(
        Event.REGISTER_EXPORTED,
        actor=scope.actor,
        at=scope.at,
        subjects=sorted(subjects),
        about=("register", "dossier"),
        task="office.dossier.exported",
        reason=scope.reason,
        facts={
            "register": "dossier",
            "from": scope.first.isoformat(),
            "until": scope.last.isoformat(),
            "form": "csv",
            "registers": {register.code: digest_of_file(path) for register, path in files.items()},
            "parts": sorted(one.code for one in made if one.files),
            "case": case.number if case else "",
        },
    )


def _window(scope: Scope) -> ExportScope:
    request_id = request_context.current().request_id
    return ExportScope(scope.first, scope.last, scope.actor, scope.at, scope.reason, reference=request_id)


def _finish(dossier: Dossier, story: Sequence[Entry]) -> None:
    """Write the page to begin with and the PDF, which names every other file and is put on the audit trail."""
    folder, scope = dossier.folder, dossier.scope
    page = {
        "dossier": dossier,
        "language": scope.language,
        "controller": CONTROLLER,
        "about": about(dossier),
        "verify": document_issuance.verification_url(),
        "paper_keys": document_issuance.paper_keys(),
        "log_keys": external_checkpoints.pinned_keys(),
        "may_prove": scope.actor.may("ledger.export_trail"),
        "story_columns": parts.story_columns(),
        "story": [(cells, f"case/proofs/{cells[-1]}.json") for cells in parts.story(story)],
        "proofs": {name for part in dossier.parts if part.code == "case" for name in part.files},
        "parts": {part.code: part for part in dossier.parts if part.files},
        "what_is_said": what_is_said(),
        "columns": processing.columns(),
        "activities": [one.cells() for one in scope.activities],
        "flow_text": "; ".join(f"{one.name}: {', '.join(one.places)}" for one in scope.activities),
    }
    shutil.copyfile(Path(__file__).with_name("dossier.css"), folder / "dossier.css")
    (folder / "index.html").write_text(render_to_string("dossier/index.html", page), "utf-8")
    number = f"{scope.first.isoformat()}/{scope.last.isoformat()}"
    content = document_issuance.issue(
        dossier_pdf(dossier, number), kind="dossier", number=number, actor=scope.actor, at=scope.at
    )
    (folder / "dossier.pdf").write_bytes(parts.proved(content, scope))
    sums = "".join(f"{digest}  {name}\n" for name, digest in dossier.digests())
    (folder / "SHA256SUMS").write_text(sums, "utf-8")


def _case(number: str) -> Request:
    found = Request.objects.filter(number=number.strip().upper()).first()
    if found is None:
        raise NothingChosen(_("There is no case %(number)s.") % {"number": number})
    return found


def _trail(folder: Path, scope: Scope) -> Part:
    if not scope.actor.may("ledger.export_trail"):
        return Part("trail", _("Audit trail"), missing=_("Only auditors export the audit trail."))
    return parts.trail(folder, scope)


def _registers(folder: Path, scope: Scope, chosen: Sequence[Criterion], *, whole: bool) -> Iterator[RegisterFile]:
    folder.mkdir(parents=True)
    named = {code for one in chosen for code in one.registers}
    late = criteria.overdue_by_register(clock.kst_date(scope.at), scope.actor.may)
    for register in registers.all_registers():
        if whole or register.code in named:
            yield replace(_register(folder, scope, register), overdue=late.get(register.code, 0))


def _register(folder: Path, scope: Scope, register: Register) -> RegisterFile:
    if not scope.actor.may(register.permission):
        return RegisterFile(register, missing=_("Your account may not export this register."))
    if register.purpose:
        return RegisterFile(
            register,
            missing=_(
                "It contains what people wrote, so it is not handed over with the others. Ask the office for it."
            ),
        )
    window = _window(scope)
    with override("ko"):
        rows = list(islice(register.rows(window), MOST_ROWS + 1))
        remark = register.remark(window) if register.remark else ""
    if len(rows) > MOST_ROWS:
        told = _("It has more than %(limit)s rows in this period. Export a shorter period from the console.")
        return RegisterFile(register, MOST_ROWS, is_long=True, missing=told % {"limit": f"{MOST_ROWS:,}"})
    content = csv_file(register.headings, rows, mark=window.watermark)
    files = [f"{register.code}.csv"]
    (folder / files[0]).write_bytes(content)
    if len(rows) <= MOST_ROWS_SHOWN:
        with override("ko"):
            shown = [[registers.cell_text(cell) for cell in row] for row in rows]
        page = {"register": register, "rows": shown, "remark": remark, "scope": scope, "mark": window.watermark}
        files.append(f"{register.code}.html")
        (folder / files[1]).write_text(render_to_string("dossier/register.html", page), "utf-8")
    return RegisterFile(register, len(rows), tuple(f"{folder.name}/{name}" for name in files), remark=remark)


def _line(
    one: Criterion,
    kept: dict[str, RegisterFile],
    made: dict[str, Part],
    looks: dict[str, Evidence],
    decided: dict[str, ApplicabilityDecision],
    scope: Scope,
) -> CriterionLine:
    with_rows = {code for code, file in kept.items() if file.rows}
    late = {code for code, file in kept.items() if file.overdue}
    return CriterionLine(
        criterion=one,
        name=criteria.text(one.name, scope.language),
        area_name=criteria.text(criteria.load().areas[one.area], scope.language),
        standing=criteria.standing(
            one,
            kept=with_rows,
            looks=looks,
            decided=decided,
            overdue=late,
            left_out={code for code, file in kept.items() if file.rows is None},
            written={code for code, part in made.items() if part.files},
            on=clock.kst_date(scope.at),
        ),
        registers=tuple(kept[code] for code in one.registers if code in kept),
        looks=tuple((criteria.check_name(code), looks.get(code)) for code in one.checks),
        decisions=tuple((str(THRESHOLDS[code].title), decided.get(code)) for code in one.decisions),
        parts=tuple(made[code] for code in one.parts if code in made),
        documents=tuple(Path(name).name for name in one.documents),
        gap=criteria.text(one.gap, scope.language) if one.gap else "",
    )
