"""What goes into a dossier besides registers: policy, papers, records, the trail, a case; each writes its own files."""

import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from config.actor_names import account_names, actor_name
from config.dossier import flow_map, processing
from config.dossier.processing import ProcessingActivity
from config.event_descriptions import describe_event
from consents.models import AgreementVersion
from privacy.ledger import actions as ledger
from privacy.ledger import verify_papers
from privacy.ledger.actors import Actor
from privacy.ledger.checkpoints import external_checkpoints
from privacy.ledger.entries.payloads import about_key
from privacy.ledger.events import Event
from privacy.ledger.exports import document_issuance, log_bundles, log_proofs, paper_slots
from privacy.ledger.exports.review_sheet import issue_review_sheet
from privacy.ledger.merkle import log_reader
from privacy.ledger.models import Entry, Review
from privacy.lib.crypto import canonical_json
from privacy.lib.dates import clock
from privacy.lib.documents.spreadsheets import csv_file, in_korea
from privacy.lib.registries import annual_report
from privacy.policies import policy_document, presentation
from privacy.policies.models import PolicyVersion
from privacy.retention.certificates import authenticity
from privacy.retention.models import Certificate
from privacy.rights.models import Request
from privacy.safeguards import actions as safeguards
from privacy.safeguards.models import AnnualReport, ManagementPlan

# Papers and entries of which a reader looks at some, and takes the others from the console.
MOST_PAPERS = 100
MOST_ENTRIES = 1_000
# Seconds between two looks for a checkpoint that covers what was issued just now.
CHECKPOINT_LOOKED_FOR = 0.5


@dataclass(frozen=True)
class Scope:
    """Which days, for whom, why and in which language a dossier is made.

    ``most_entries`` bounds its bundle; ``patience`` is how many seconds a paper that was issued just now waits for its
    proof. What several parts tell is read once, in the language that is active then.
    """

    first: date
    last: date
    language: str
    reason: str
    actor: Actor
    at: datetime
    most_entries: int | None = None
    patience: float = 0.0

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """The first moment of the period, and the first one after it."""
        return clock.midnight(self.first), clock.midnight(self.last + timedelta(1))

    @cached_property
    def activities(self) -> list[ProcessingActivity]:
        """The record of processing as it was on the last day of the period."""
        return processing.activities(self.last)

    @cached_property
    def drawing(self) -> str:
        """The map of where personal information goes, as it was on that day."""
        return flow_map.draw(self.activities, label=_("Map of data flows"))

    @cached_property
    def figures(self) -> list[list[str]]:
        """The figures that the annual report tells, of the days of the period: register, what, number."""
        return [
            [str(chapter.title), str(one.label), annual_report.figure_text(one.value, one.unit)]
            for _code, chapter in annual_report.report_sections(self.first, self.last)
            for one in chapter.figures
        ]


@dataclass(frozen=True, slots=True)
class Part:
    """What was written of a part: its files, or why there are none; ``left`` of its records are not among them.

    ``notes`` say of single records why they are not.
    """

    code: str
    title: str
    files: tuple[str, ...] = ()
    missing: str = ""
    left: int = 0
    notes: tuple[str, ...] = ()

    @property
    def left_out(self) -> str:
        """What of the part is not in the dossier, in words."""
        more = _("%(count)s more are not in this dossier. Take them from the console.")
        said = (self.missing, *self.notes, more % {"count": f"{self.left:,}"} if self.left else "")
        return " ".join(filter(None, said))


def policy(folder: Path, scope: Scope) -> Part:
    """Write each version of the policy that was in force on some day of the period, as text."""
    title = _("Privacy policy")
    current = PolicyVersion.objects.in_force(scope.first)
    begun = Q(effective_on__range=(scope.first, scope.last)) | Q(pk=current.pk if current else None)
    versions = PolicyVersion.objects.public().filter(begun).order_by("effective_on")
    return _written("policy", title, folder, (file for one in versions for file in _policy_files(one, scope)))


def _policy_files(version: PolicyVersion, scope: Scope) -> Iterator[tuple[str, bytes]]:
    """Yield a version to read, and the very bytes that were sealed: their SHA-256 is the seal."""
    document = policy_document.published_document(version)
    yield f"{version.number}.json", canonical_json.dumps(document).encode()
    lines = [f"{version.number} · {version.effective_on} · SHA-256 {version.seal}"]
    for section in presentation.render_sections(document, scope.language):
        lines += ["", f"{section.number}. {section.heading}", "", *section.lines()]
    yield f"{version.number}.txt", "\n".join([*lines, ""]).encode()


def agreements(folder: Path, scope: Scope) -> Part:
    """Write each text of an agreement that people could decide about in the period, with its four notices."""
    end = scope.moments[1]
    texts = AgreementVersion.objects.filter(published_at__lt=end).exclude(superseded_at__lt=scope.moments[0])
    ordered = texts.select_related("agreement").order_by("agreement__position", "number")
    named = ((f"{one.agreement.code}-{one.number}.txt", _agreement_text(one, scope)) for one in ordered)
    return _written("agreements", _("Texts of agreements"), folder, named)


def _agreement_text(version: AgreementVersion, scope: Scope) -> bytes:
    lines = [f"{version.agreement.code} {version.number} · {in_korea(version.published_at)} · SHA-256 {version.digest}"]
    for part in ("title", "body", "purpose", "items", "retention", "refusal", "recipient"):
        if said := version.spoken(part, scope.language).strip():
            lines += ["", said]
    return "\n".join([*lines, ""]).encode()


def processing_record(folder: Path, scope: Scope) -> Part:
    """Write the record of processing activities."""
    named = [("record-of-processing.csv", csv_file(processing.columns(), [one.cells() for one in scope.activities]))]
    return _written("processing", _("Record of processing activities"), folder, named)


def flow(folder: Path, scope: Scope) -> Part:
    """Write the map of where personal information goes."""
    return _written("flow", _("Map of data flows"), folder, [("data-flow.svg", scope.drawing.encode())])


def figures(folder: Path, scope: Scope) -> Part:
    """Write the figures of the period."""
    named = [("figures.csv", csv_file(figure_columns(), scope.figures))]
    return _written("figures", _("Figures of the period"), folder, named)


def figure_columns() -> list[str]:
    """Return the headings of the figures."""
    return [pgettext("noun", "Register"), _("Figure"), _("Number")]


def papers(folder: Path, scope: Scope) -> Part:
    """Write the papers of the period as they are handed out, each with its proof on the audit trail."""
    start, end = scope.moments
    certificates = Certificate.objects.filter(issued_at__gte=start, issued_at__lt=end).order_by("-issued_at")
    current = ManagementPlan.objects.in_force(scope.first)
    begun = Q(effective_on__range=(scope.first, scope.last)) | Q(pk=current.pk if current else None)
    sealed = ManagementPlan.objects.filter(begun, state__in=ManagementPlan.SEALED)
    plans = sealed.order_by("-effective_on", "-number")
    reports = AnnualReport.objects.filter(year__range=(scope.first.year, scope.last.year)).order_by("-made_at")
    reviews = Review.objects.filter(period_from__lte=scope.last, period_until__gte=scope.first)
    signed = reviews.filter(state=Review.State.CONFIRMED).order_by("-period_from")
    printed, notes = _reports(reports[:MOST_PAPERS], scope)
    made: list[tuple[int, Iterable[tuple[str, bytes]]]] = [
        (certificates.count(), (_certificate(one, scope) for one in certificates[:MOST_PAPERS])),
        (signed.count(), (_review(one, scope) for one in signed[:MOST_PAPERS])),
        (reports.count(), printed),
        (plans.count(), (_plan(one, scope) for one in plans[:MOST_PAPERS])),
    ]
    left = sum(max(0, count - MOST_PAPERS) for count, _papers in made)
    named = (paper for _count, some in made for paper in some)
    part = _written("papers", _("Papers"), folder, named, left=left)
    # What is told of single papers says why none is there: there were some.
    return replace(part, notes=tuple(notes), missing="" if notes else part.missing)


def _certificate(one: Certificate, scope: Scope) -> tuple[str, bytes]:
    content = authenticity.issue_certificate(one, form=scope.language, actor=scope.actor, at=scope.at)
    return f"{one.number}.pdf", content


def _review(one: Review, scope: Scope) -> tuple[str, bytes]:
    sheet = issue_review_sheet(one, language=scope.language, actor=scope.actor, at=scope.at)
    return f"access-review-{one.reference}.pdf", sheet


def _reports(reports: Iterable[AnnualReport], scope: Scope) -> tuple[list[tuple[str, bytes]], list[str]]:
    """Return the reports that are still what was made, and of the others what stands against them."""
    printed, notes = [], []
    for one in reports:
        try:
            content = safeguards.print_report(one, actor=scope.actor, at=scope.at)
        except safeguards.WrongState as refusal:
            notes.append(f"{one.reference}: {refusal}")
        else:
            printed.append((f"annual-report-{one.reference}.pdf", content))
    return printed, notes


def _plan(one: ManagementPlan, scope: Scope) -> tuple[str, bytes]:
    content = safeguards.print_plan(one, language=scope.language, actor=scope.actor, at=scope.at)
    return f"management-plan-v{one.number}.pdf", content


def proved(content: bytes, scope: Scope) -> bytes:
    """Return a paper with its proof, waiting the scope's ``patience`` at most (seconds) until its entry is signed.

    One that has no slot, or that nobody signs here, is returned as it is.
    """
    if verify_papers.MARK not in content or not external_checkpoints.pinned_keys():
        return content
    end = time.monotonic() + scope.patience
    while True:
        content = document_issuance.with_proof(content)
        if paper_slots.has_proof(verify_papers.split(content)[1]) or time.monotonic() >= end:
            return content
        time.sleep(CHECKPOINT_LOOKED_FOR)


def copy_programs(folder: Path) -> None:
    """Write the programs that check papers, proofs and the trail, whether or not the trail comes along."""
    folder.mkdir(parents=True)
    for name in log_bundles.PROGRAMS:
        shutil.copyfile(Path(verify_papers.__file__).with_name(name), folder / name)


def trail(folder: Path, scope: Scope) -> Part:
    """Write the audit trail of the period as a bundle, with the program that checks it.

    Where nothing is signed yet, or there are more entries than ``scope`` allows, it says so instead. Raises
    EntriesMissing, LedgerUnavailable.
    """
    title = _("Audit trail")
    start, end = scope.moments
    with log_reader.connect() as connection:
        try:
            bundle = log_bundles.write(
                connection, folder, since=start, until=end, vkeys=external_checkpoints.pinned_keys(),
                most=scope.most_entries,
            )  # fmt: skip
        except (log_bundles.NoCheckpoint, log_bundles.TooManyEntries) as refusal:
            shutil.rmtree(folder, ignore_errors=True)
            return Part("trail", title, missing=str(refusal))
    size, sha256 = log_bundles.digest(folder)
    ledger.record_before(
        Event.EXPORTED,
        actor=scope.actor,
        at=scope.at,
        task="ledger.export",
        reason=scope.reason,
        facts={"from": bundle.start, "until": bundle.end, "bytes": size, "sha256": sha256},
    )
    return Part("trail", title, (f"{folder.name}/README.txt",))


def case(folder: Path, scope: Scope, number: str, told: Sequence[Entry], left: int) -> Part:
    """Write the story of a case as the audit trail has it, and for auditors a proof of each entry that is signed."""
    title = _("Case %(number)s") % {"number": number}
    files = [("story.csv", csv_file(story_columns(), story(told)))]
    if not scope.actor.may("ledger.export_trail"):
        made = _written("case", title, folder, files, left=left)
        return replace(made, notes=(_("Proofs of its entries are left out: only auditors export the audit trail."),))
    with log_reader.connect() as connection:
        proofs = log_proofs.prove_each(connection, [one.id for one in told])
    files += [
        (f"proofs/{entry}.json", json.dumps(proof.as_json(whole=True), ensure_ascii=False).encode())
        for entry, proof in proofs.items()
    ]
    return _written("case", title, folder, files, left=left)


def case_entries(found: Request) -> tuple[list[Entry], int]:
    """Return the first entries about a case and about what belongs to it, and how many more there are.

    Openings of what people wrote and sent are on the record of the person, and are not among them.
    """
    about = [about_key(found)]
    for relation in found._meta.related_objects:
        if relation.one_to_many and relation.related_model is not Request:
            rows = relation.related_model._default_manager.filter(**{relation.field.name: found})[:MOST_ENTRIES]
            about += [about_key(row) for row in rows]
    entries = Entry.objects.filter(about__in=about).order_by("id")
    return list(entries[:MOST_ENTRIES]), max(0, entries.count() - MOST_ENTRIES)


def story_columns() -> list[str]:
    """Return the headings of the story of a case."""
    return [_("Time"), _("What happened"), pgettext("trail", "Who"), _("Entry")]


def story(entries: Sequence[Entry]) -> list[list[str]]:
    """Return what happened in a case in words, by whom, with the number of the entry."""
    names = account_names({one.actor for one in entries})
    return [
        [
            one.time.astimezone(clock.KST).strftime("%Y-%m-%d %H:%M:%S"), describe_event(one.word),
            actor_name(one.actor, names), str(one.id),
        ]
        for one in entries
    ]  # fmt: skip


def copied_documents(folder: Path, names: Iterable[str]) -> Part:
    """Copy documents of the product on which criteria rest."""
    named = ((Path(name).name, (Path(settings.BASE_DIR) / name).read_bytes()) for name in sorted(set(names)))
    return _written("documents", _("Documents of the product"), folder, named)


def _written(code: str, title: str, folder: Path, named: Iterable[tuple[str, bytes]], *, left: int = 0) -> Part:
    files = []
    for name, content in named:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        files.append(f"{folder.name}/{name}")
    return Part(code, title, tuple(files), missing="" if files else _("There is none for this period."), left=left)


type Maker = Callable[[Path, Scope], Part]
MAKERS: dict[str, Maker] = {
    "papers": papers, "policy": policy, "agreements": agreements, "processing": processing_record, "flow": flow,
    "figures": figures, "trail": trail,
}  # fmt: skip
