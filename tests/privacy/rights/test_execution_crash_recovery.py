"""Each kind of right killed at every commit of its carrying out, and gone on with: done whole, done once.

The correction has a file of its own (``test_correction_crash_recovery.py``). What a death before a commit leaves is
what the death after the commit before it left, so dying before the first and after each is dying everywhere.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from consents.models import CurrentConsent, Decision
from devices import actions as devices
from devices.models import AppLog, Device
from privacy.disclosures.models import Notice
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.models import Entry
from privacy.retention.models import Certificate, DestructionLine
from privacy.rights import actions as rights
from privacy.rights import tasks
from privacy.rights.actions import RequestedRight
from privacy.rights.actors import Requester
from privacy.rights.models import Objection, Package, PackagePiece, Request, Right
from privacy.vault import actions as vault
from privacy.vault.models import EncryptedFile, Freeze
from tests import factory
from tests.database import PortalDatabase
from tests.factories.accounts import NOON
from tests.privacy.retention.kill_at_commit import KILLED, Copies, run_until_commit, share_of

LATER = NOON + timedelta(minutes=5)


def prepare(asked: RequestedRight) -> None:
    """A device with an app log, of which a model name was provided; what is asked for is granted."""
    factory.end_waits_at_once()
    device = factory.make_device(1, agreed=("activation", "service-analytics", "app-log"))
    reports = [factory.make_report(device, kind) for kind in ("status", "app-log")]
    devices.store_reports(factory.make_batch(*reports), gateway=factory.make_gate(), at=NOON)
    factory.make_provided(device, "model")
    factory.make_granted(factory.ask(asked, target=factory.imei(1), answer_by="portal"))


def carry_out() -> None:
    rights.carry_out(Right.objects.get(), actor=factory.make_officer(), at=NOON)


def told_once(*words: str) -> list[str]:
    """Return which of these words do not stand exactly once on the ledger."""
    standing = list(Entry.objects.filter(word__in=words).values_list("word", flat=True))
    return [word for word in words if standing.count(word) != 1]


def access_is_whole() -> None:
    package = Package.objects.get()
    assert factory.package_files().count() == package.pieces
    code = factory.pickup_code(package, at=LATER)
    content = b"".join(rights.download(package, code=code, at=LATER))
    assert hashlib.sha256(content).hexdigest() == package.file_digest
    assert told_once("rights.package.built", "rights.package.downloaded") == []


def deletion_is_whole() -> None:
    subject = Right.objects.get().request.subject_id
    assert subject is not None
    assert not Device.objects.exists()
    assert not AppLog.objects.exists()
    for category in ("device-registration", "service-analytics", "app-log"):
        assert vault.is_destroyed(subject, category), category
    assert not DestructionLine.objects.filter(state__in=DestructionLine.OPEN).exists()
    read = [one.statement["read_back"] for one in Certificate.objects.all()]
    # A category of which nothing was held leaves nothing to try: then it is not called sound.
    assert all(one["nothing_left"] and one["sound"] == (one["attempts"] > 0) for one in read)
    assert any(one["sound"] for one in read)
    assert sorted(Right.objects.get().result["certificates"]) == sorted(
        str(number) for number in Certificate.objects.values_list("number", flat=True)
    )
    notice = Notice.objects.get()
    assert (notice.kind, notice.items) == ("erased", ["model"])
    assert GeneralOutbox.objects.filter(kind="disclosures.notice").count() == 1
    assert told_once("rights.subject.erased", "disclosures.notice.queued") == []


def suspension_is_whole() -> None:
    freeze = Freeze.objects.get()
    assert (freeze.cause, freeze.category, freeze.lifted_at) == ("suspension", "", None)
    assert told_once("rights.processing.suspended", "vault.freeze.placed") == []


def withdrawal_is_whole() -> None:
    assert CurrentConsent.objects.get(agreement__code="app-log").choice == "withdraw"
    assert CurrentConsent.objects.get(agreement__code="activation").choice == "agree"
    assert Decision.objects.filter(choice="withdraw").count() == 1
    assert not AppLog.objects.exists()
    assert Device.objects.exists()
    assert told_once("rights.consent.withdrawn") == []


KINDS: dict[str, tuple[RequestedRight, Callable[[], None]]] = {
    "access": (RequestedRight("access"), access_is_whole),
    "deletion": (RequestedRight("deletion"), deletion_is_whole),
    "suspension": (RequestedRight("suspension"), suspension_is_whole),
    "consent-withdrawal": (RequestedRight("consent-withdrawal", agreement="app-log"), withdrawal_is_whole),
}


def nothing_is_half_told() -> None:
    """What must hold at any moment: nobody was answered, and nothing can be fetched, before it is done."""
    right = Right.objects.get()
    if right.carried_out_at is None:
        assert Request.objects.get().state == "decided"
        assert not Notice.objects.exists()
    for package in Package.objects.all():
        pieces = PackagePiece.objects.of(package).values_list("file_id", flat=True)
        assert EncryptedFile.objects.filter(id__in=list(pieces)).count() == package.pieces


def go_on() -> None:
    """What happens after a death: an officer presses again where nothing was begun; else the worker goes on."""
    if Right.objects.get().started_at is None:
        carry_out()
    tasks.resume_interrupted(at=LATER)
    dispatch_due(at=LATER)


def everything_agrees(is_whole: Callable[[], None]) -> None:
    right, case = Right.objects.get(), Request.objects.get()
    assert right.carried_out_at is not None
    assert case.state == "notified"
    assert told_once("rights.right.begun", "rights.request.carried-out", "rights.request.answered") == []
    is_whole()


# Most commits of a deletion are retention's own, which has its own test for each; those of an access are sealed files,
# one like the other.
MANY = {"access", "deletion"}


@pytest.mark.clause("P1.1")
@pytest.mark.fault("FLT-03")
@pytest.mark.parametrize(
    ("kind", "every"),
    [
        *((kind, 1) for kind in KINDS if kind not in MANY),
        ("access", 6),
        ("deletion", 5),
        pytest.param("access", 1, marks=pytest.mark.faults),
        pytest.param("deletion", 1, marks=pytest.mark.faults),
    ],
)
def test_killed_at_its_commits_it_is_done_whole_and_once(
    portal_database: PortalDatabase, tmp_path: Path, kind: str, every: int
) -> None:
    asked, is_whole = KINDS[kind]
    prepare(asked)
    copies = Copies(portal_database, tmp_path)
    with copies.copy():
        commits = run_until_commit(carry_out, 0)
        dispatch_due(at=LATER)
        everything_agrees(is_whole)
    assert commits >= 3
    places = [(number, False) for number in range(1, commits + 1, every)]
    for number, before in [(1, True), *(share_of(places) if every == 1 and kind in MANY else places)]:
        with copies.copy():
            assert run_until_commit(carry_out, number, before=before) == KILLED
            nothing_is_half_told()
            go_on()
            go_on()
            everything_agrees(is_whole)


@pytest.mark.clause("P1.4")
@pytest.mark.fault("FLT-03")
def test_a_killed_objection_has_its_words_or_is_not_there(portal_database: PortalDatabase, tmp_path: Path) -> None:
    factory.make_device(1)
    case = factory.make_verified(factory.ask(target=factory.imei(1), answer_by="portal"))
    rights.refuse(case.rights.get(), ground="life-or-body", actor=factory.make_officer(), at=NOON)

    def object_to() -> None:
        requester = Requester(Request.objects.get().reference)
        rights.object_to(Right.objects.get(), statement="no danger to anybody", actor=requester, at=LATER)

    copies = Copies(portal_database, tmp_path)
    with copies.copy():
        commits = run_until_commit(object_to, 0)
    assert commits == 2
    for number in range(1, commits + 1):
        with copies.copy():
            assert run_until_commit(object_to, number) == KILLED
            if not Objection.objects.exists():
                object_to()
            words = rights.read_objection(Objection.objects.get(), actor=factory.make_officer(), at=LATER)
            assert words == "no danger to anybody"


@pytest.mark.clause("P1.7")
@pytest.mark.fault("FLT-03")
def test_a_killed_resumption_is_pressed_again(portal_database: PortalDatabase, tmp_path: Path) -> None:
    prepare(RequestedRight("suspension"))
    carry_out()

    def resume() -> None:
        rights.resume_processing(Right.objects.get(), actor=factory.make_officer(), at=LATER)

    copies = Copies(portal_database, tmp_path)
    for before in (True, False):
        with copies.copy():
            assert run_until_commit(resume, 1, before=before) == KILLED
            # One commit: still suspended with everything that says so, or resumed with all of it.
            suspended = Freeze.objects.get().lifted_at is None
            assert suspended == before == (Right.objects.get().resumed_at is None)
            if suspended:
                resume()
            assert Freeze.objects.get().lifted_at is not None
            assert told_once("rights.processing.resumed", "vault.freeze.lifted") == []
