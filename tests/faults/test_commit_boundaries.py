"""Verbs that write into two databases die at each of their commits; whoever sent it sends it again, and all agrees.

A place to die is right before and right after every commit, those included that a statement makes by itself. In the
ordinary run they are tried from one side, in turns; ``make faults`` tries both sides of a share of them (``SCALE``).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from consents import actions as consents
from consents.models import Decision, PlannedDestruction, Representative
from devices import actions as devices
from devices.models import Batch, Device, FleetImport, ImportedRow, Licence, Report, SettledError
from privacy.disclosures import actions as disclosures
from privacy.disclosures.models import Disclosure, Notice
from privacy.incidents import actions as incidents
from privacy.incidents.models import Complaint, ComplaintText
from privacy.ledger import actions as ledger
from privacy.ledger import request_context
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.retention.refusals import OnHold
from privacy.rights import actions as rights
from privacy.subjects.models import Subject
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile
from privacy.vault.purposes import Purpose
from tests import factory
from tests.database import PortalDatabase
from tests.devices.test_fleet_import import WORKER, as_csv, line
from tests.factories.accounts import NOON
from tests.faults.invariants import Memory, violations
from tests.privacy.retention.kill_at_commit import KILLED, Copies, run_until_commit, share_of
from tests.sample_uploads import PDF

ID, LATER = UUID("0190a000-0000-7000-8000-000000000001"), NOON + timedelta(days=2)
ENDED = clock.kst_date(NOON)
type Wrong = Iterator[str]


@dataclass(frozen=True)
class Verb:
    """What is there before, the verb as its caller sends it (again and again), and what is wrong in the end.

    A verb that commits into ``personal`` before its entry (``writes_first``) leaves, where it dies between the two, a
    write that no entry of a verb names: the nightly pairing finds that one, and nothing else.
    """

    prepare: Callable[[], object]
    send: Callable[[], object]
    wrong: Callable[[], Wrong]
    writes_first: bool = False


def registered() -> None:
    sent = factory.registration(1)
    licence = sent.pop("licence")
    terms = devices.LicenceTerms(licence["key"], *map(date.fromisoformat, (licence["starts_on"], licence["ends_on"])))
    gateway = factory.make_gate()
    devices.register(device_id=ID, registration={**sent, "licence": terms}, gateway=gateway, at=NOON)


def is_registered() -> Wrong:
    if (Subject.objects.count(), Device.objects.count(), Licence.objects.count()) != (1, 1, 1):
        yield "the device, its person and its licence are not there once"
    for device in Device.objects.all():
        if (found := opened(device, "imei")) != factory.imei(1):
            yield f"it opens to {found}"
    # The entry commits before the device: a try that failed in between leaves one of its own.
    if not Entry.objects.filter(word="devices.device.registered").exists():
        yield "it is not on record"


def opened(row: Any, field: str) -> Any:
    with vault.opened(
        purpose=Purpose.RIGHTS, task="rights.test.seen", actor=factory.make_officer(), at=NOON
    ) as session:
        return session.decrypt(row, field)


def renewed() -> None:
    terms = devices.LicenceTerms("EXAFE-RENEWED", date(2026, 11, 1), date(2028, 12, 31))
    devices.update(device_id=ID, changes={"licence": terms, "os_version": "17"}, gateway=factory.make_gate(), at=NOON)


def service_ended() -> None:
    devices.end_service(device_id=ID, ended_on=ENDED, gateway=factory.make_gate(), at=NOON)


def service_agrees(day: date | None, licences: int) -> Callable[[], Wrong]:
    def wrong() -> Wrong:
        said = Subject.objects.get().service_ended_on, Device.objects.get().service_ended_on
        if said != (day, day):
            yield f"the service ended on {said[0]} in one database and on {said[1]} in the other"
        if Licence.objects.count() != licences:
            yield f"{Licence.objects.count()} licences"

    return wrong


BATCH = factory.make_batch(*(factory.make_report(ID, "status") for _each in range(3)), batch=ID)


def reported() -> None:
    devices.store_reports(BATCH, gateway=factory.make_gate(), at=NOON)


def reports_are_once() -> Wrong:
    if (Batch.objects.count(), Report.objects.count()) != (1, 3):
        yield f"{Batch.objects.count()} batches with {Report.objects.count()} reports"


def settled() -> None:
    row = devices.settle_errors(device_id=ID, until=NOON, actor=factory.make_gate(), at=NOON)
    devices.remove_settled_logs(row.id, actor=WORKER, at=NOON)


def logs_are_gone() -> Wrong:
    if SettledError.objects.get().removed_at is None:
        yield "the logs of a settled error are not removed"


def previewed() -> FleetImport:
    content = as_csv(line(1), line(2))
    return devices.preview_import(
        name="fleet.csv", content=content, gateway=factory.make_gateway(), actor=factory.make_odile(), at=NOON
    )


def imported() -> None:
    """The officer uploads the file, confirms what she finds, discards what was not kept whole; the worker goes on."""
    odile = factory.make_odile()
    if not FleetImport.objects.exclude(state="proposed").exists():
        previewed()
    for one in FleetImport.objects.filter(state="proposed"):
        try:
            devices.confirm_import(one, actor=odile, at=NOON)
        except devices.ImportNotOpen:
            devices.discard_import(one, actor=odile, at=NOON)
    for one in FleetImport.objects.all():
        while not devices.continue_import(one.id, actor=WORKER, at=NOON):
            pass


def fleet_is_there() -> Wrong:
    for code in ("activation", "service-analytics"):
        if (agreed := Decision.objects.filter(agreement__code=code).count()) != 2:
            yield f"{agreed} people of two agreed to {code}"
    if (there := Device.objects.count()) != 2 or ImportedRow.objects.exists():
        yield f"{there} devices, {ImportedRow.objects.count()} rows left"
    told = sum(FleetImport.objects.values_list("registered", flat=True))
    if told != 2:
        yield f"the office is told of {told} registered devices"


def decided_for_child() -> None:
    given = {"name": "Mina's mother", "contact": "mother@example.org", "confirmation": "document"}
    factory.decide(ID, "app-log", "agree", representative=given)


def representative_is_kept() -> Wrong:
    for decision in Decision.objects.filter(by_representative=True):
        if not Representative.objects.filter(pk=decision.pk).exists():
            yield "who decided for the child is not kept"
    if Decision.objects.filter(by_representative=True).count() != 1:
        yield "the decision is not there once"


def withdrawn() -> None:
    decision = factory.decide(ID, "service-analytics", "withdraw")
    try:
        consents.end_collection(decision, actor=WORKER, at=LATER)
    except OnHold:
        raise AssertionError("nothing holds it") from None


def collection_ended() -> Wrong:
    if PlannedDestruction.objects.get().state != "destroyed" or Report.objects.exists():
        yield "what rested on the consent is not destroyed"
    if not vault.is_destroyed(ID, "service-analytics"):
        yield "its key is there"
    if vault.active_freezes(ID, "service-analytics", [], at=LATER):
        yield "a freeze is left"


def disclosed_scan() -> None:
    (disclosure,) = Disclosure.objects.all()
    disclosures.attach_scan(disclosure, name="warrant.pdf", content=PDF, actor=factory.make_odile(), at=NOON)
    disclosures.discard_orphaned_scans(actor=WORKER, at=LATER)


def one_scan() -> Wrong:
    kept = list(EncryptedFile.objects.filter(category="disclosure-request").values_list("id", flat=True))
    if kept != [Disclosure.objects.get().scan_id]:
        yield f"{len(kept)} scans are kept, and the disclosure's is one of them: {Disclosure.objects.get().scan_id}"


def to_be_provided() -> None:
    made = factory.attach_scan(factory.make_disclosure(factory.make_device(1, device_id=ID), "imei", "model"))
    disclosures.approve(made, actor=factory.make_omar(), at=NOON)


def provided() -> None:
    disclosure = Disclosure.objects.get()
    if disclosure.state != "provided":
        disclosures.provide(disclosure, actor=factory.make_odile(), at=NOON)
    disclosures.fetch_again(disclosure, actor=factory.make_odile(), at=NOON)


def is_provided_once() -> Wrong:
    if Disclosure.objects.get().state != "provided":
        yield "it is not provided"
    if (times := Entry.objects.filter(word="disclosures.disclosure.provided").count()) != 1:
        yield f"it is on record {times} times"
    if "" in Disclosure.objects.get().disclosed.values_list("value_digest", flat=True):
        yield "nobody can tell what the recipient holds"


def to_be_proven() -> None:
    factory.make_provided(factory.make_device(1, device_id=ID), "imei")
    right = factory.make_granted(factory.ask_correction(answer_by="portal"))
    rights.carry_out(right, actor=factory.make_officer(), at=NOON)


def proven() -> None:
    """The recipient sends its answer with a file, and sends it again where it heard nothing."""
    notice = Notice.objects.get()
    given = {"imei": disclosures.ItemAnswer("corrected", value=factory.RIGHT_IMEI)}
    shown = disclosures.Evidence("shot.pdf", PDF)
    disclosures.answer(notice, given, asked=1, way="page", evidence=shown, at=NOON)
    disclosures.discard_orphaned_scans(actor=WORKER, at=LATER)


def is_proven_once() -> Wrong:
    proof = Notice.objects.get().proof
    if (proof.state, proof.answers.count()) != ("proven", 1):
        yield f"it is {proof.state} by {proof.answers.count()} answers"
    elif set(EncryptedFile.objects.filter(subject_id=proof.id).values_list("id", flat=True)) != {
        proof.answers.get().file_id
    }:
        yield "another file is kept than the answer's"
    if (times := Entry.objects.filter(word="disclosures.proof.proven").count()) != 1:
        yield f"it is on record {times} times"


def complained() -> None:
    incidents.file_complaint(
        explanation="zebra", contact={"email": "mina@example.org"}, submission="s" * 43, address="192.0.2.1", at=NOON
    )


def complaint_is_whole() -> Wrong:
    (complaint,) = Complaint.objects.all()
    if not ComplaintText.objects.filter(subject_id=complaint.holder_id).exists():
        yield "the words of the complaint are gone"


def answered() -> None:
    complaint = Complaint.objects.get()
    if complaint.state != "answered":
        incidents.answer_complaint(complaint, answer="we are sorry", actor=factory.make_officer(), at=NOON)


def answer_is_whole() -> Wrong:
    yield from complaint_is_whole()
    if (shown := incidents.show_answer(Complaint.objects.get(), at=NOON)) != "we are sorry":
        yield f"the answer reads {shown!r}"
    if Entry.objects.filter(word="incidents.complaint.answered").count() != 1:
        yield "the answer is not on record once"


def device_with_logs() -> None:
    factory.make_device(1, device_id=ID, agreed=("activation", "service-analytics", "app-log"))
    logged = factory.make_batch(factory.make_report(ID, "app-log"))
    devices.store_reports(logged, gateway=factory.make_gate(), at=NOON)


def device_with_reports() -> None:
    factory.make_device(1, device_id=ID)
    reported()


def device() -> None:
    factory.make_device(1, device_id=ID)


def ended_device() -> None:
    device()
    service_ended()


VERBS = {
    "register": Verb(lambda: factory.make_gate(), registered, is_registered),
    "renew": Verb(ended_device, renewed, service_agrees(None, 2)),
    "end-service": Verb(device, service_ended, service_agrees(ENDED, 1), writes_first=True),
    "reports": Verb(device, reported, reports_are_once),
    "settle-errors": Verb(device_with_logs, settled, logs_are_gone),
    "import": Verb(lambda: (factory.make_gateway(), factory.make_odile()), imported, fleet_is_there),
    "decide": Verb(device, decided_for_child, representative_is_kept, writes_first=True),
    "withdraw": Verb(device_with_reports, withdrawn, collection_ended),
    "scan": Verb(lambda: factory.make_disclosure(factory.make_device(1, device_id=ID)), disclosed_scan, one_scan),
    "provide": Verb(to_be_provided, provided, is_provided_once),
    "prove": Verb(to_be_proven, proven, is_proven_once),
    "complain": Verb(lambda: None, complained, complaint_is_whole),
    "answer": Verb(lambda: (factory.make_officer(), complained()), answered, answer_is_whole, writes_first=True),
}


def outcomes(verb: Verb, copies: Copies, places: Callable[[int], list[tuple[int, bool]]]) -> Iterator[tuple[str, str]]:
    """Kill the verb at its commits (which, and whether before it), send it again, and yield what is wrong."""

    def sent() -> None:
        with request_context.override(request_id=request_context.new_request_id()):
            verb.send()

    with copies.copy():
        commits = run_until_commit(sent, 0, every_write=True)
        assert list(verb.wrong()) == []
    assert commits >= 2
    for number, before in places(commits):
        with copies.copy():
            ledger.reconcile_writes(actor=WORKER, at=clock.now())
            assert run_until_commit(sent, number, before=before, every_write=True) == KILLED
            assert run_until_commit(sent, 0) >= 0
            where = f"{'before' if before else 'after'} commit {number} of {commits}"
            yield from ((where, wrong) for wrong in verb.wrong())
            yield from ((where, wrong) for wrong in violations(Memory()))
            unexplained = ledger.reconcile_writes(actor=WORKER, at=clock.now() + timedelta(seconds=1))
            alone = {"default": 0, "personal": 1, "archive": 0}
            if any(unexplained.values()) and not (verb.writes_first and unexplained == alone):
                yield where, f"written without an entry: {unexplained}"


def in_turns(commits: int) -> list[tuple[int, bool]]:
    """From one side or the other, in turns; of a long destruction some, for that has tests of its own."""
    step = 1 + commits // 7
    return [(number, bool(number // step % 2)) for number in range(1, commits + 1, step)]


def a_share(commits: int) -> list[tuple[int, bool]]:
    return share_of([(number, before) for number in range(1, commits + 1) for before in (True, False)])


@pytest.mark.fault("FLT-03")
@pytest.mark.parametrize("name", VERBS)
@pytest.mark.asvs("2.3.3")
def test_sent_again_after_a_death_at_a_commit(portal_database: PortalDatabase, tmp_path: Path, name: str) -> None:
    VERBS[name].prepare()
    assert list(outcomes(VERBS[name], Copies(portal_database, tmp_path), in_turns)) == []


@pytest.mark.faults
@pytest.mark.fault("FLT-03")
@pytest.mark.parametrize("name", VERBS)
def test_before_and_after_every_commit(portal_database: PortalDatabase, tmp_path: Path, name: str) -> None:
    VERBS[name].prepare()
    assert list(outcomes(VERBS[name], Copies(portal_database, tmp_path), a_share)) == []


def test_words_that_come_before_their_complaint_are_caught(
    portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The positive control: one who takes a repetition for done, as a verb without its repair would."""

    def once() -> None:
        if not Complaint.objects.exists():
            complained()

    found = list(outcomes(Verb(lambda: None, once, complaint_is_whole), Copies(portal_database, tmp_path), in_turns))
    assert found, "a complaint without its words, and nothing saw it"
