"""Reviews: a period is frozen, rules raise findings, nobody chooses the sample, two persons sign (law S-04 … S-07)."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from privacy.accounts.models import User
from privacy.ledger import actions as ledger
from privacy.ledger import rules, signatures
from privacy.ledger.actions.reviewing import NotYet, NotYours, Wordless, last_period, set_months_of_period
from privacy.ledger.actors import Outsider, System
from privacy.ledger.models import Entry, Finding, Review
from tests.database import PortalDatabase
from tests.factories.accounts import make_aram, make_omar
from tests.factories.ledger import make_past_entries, seal

KST = ZoneInfo("Asia/Seoul")
NOON = datetime(2026, 10, 14, 12, 0, tzinfo=KST)  # a Wednesday
ON = date(2026, 11, 3)
AT = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
REVIEWS = System("reviews")
HANA, ARAM, OMAR = Outsider("user", "U-HANA"), Outsider("user", "U-ARAM"), Outsider("user", "U-OMAR")


def read(account: str = "U-HANA", **more: object) -> dict[str, object]:
    return {"by": "user", "actor": account, "word": "ledger.read", "task": "devices.device.viewed", **more}


def open_october(database: PortalDatabase, entries: list[tuple[datetime, str, dict[str, object]]]) -> Review:
    """Seal these entries and open the review of October."""
    make_past_entries(database, entries)
    seal(database)
    (review,) = ledger.open_reviews(on=ON, actor=REVIEWS, at=AT)
    return review


def found(review: Review, rule: Finding.Rule) -> list[Finding]:
    return list(review.findings.filter(rule=rule).order_by("first_at"))


@pytest.mark.parametrize(
    ("on", "months", "period"),
    [
        (date(2026, 11, 3), 1, (date(2026, 10, 1), date(2026, 10, 31))),
        (date(2026, 11, 1), 1, (date(2026, 10, 1), date(2026, 10, 31))),
        (date(2026, 1, 15), 1, (date(2025, 12, 1), date(2025, 12, 31))),
        (date(2026, 11, 3), 3, (date(2026, 7, 1), date(2026, 9, 30))),
        (date(2026, 1, 1), 3, (date(2025, 10, 1), date(2025, 12, 31))),
        (date(2026, 3, 31), 2, (date(2026, 1, 1), date(2026, 2, 28))),
        (date(2026, 7, 1), 12, (date(2025, 1, 1), date(2025, 12, 31))),
    ],
)
def test_the_last_whole_period(on: date, months: int, period: tuple[date, date]) -> None:
    assert last_period(on, months) == period


@pytest.mark.clause("P8.3")
def test_a_review_freezes_its_period_and_opens_once(portal_database: PortalDatabase) -> None:
    september, october, november = NOON - timedelta(30), NOON, NOON + timedelta(20)
    review = open_october(
        portal_database, [(september, "read", read()), *[(october, "read", read())] * 3, (november, "read", read())]
    )
    assert (review.period_from, review.period_until, review.due_on) == (
        date(2026, 10, 1), date(2026, 10, 31), date(2026, 11, 15),
    )  # fmt: skip
    assert (review.start_index, review.end_index) == (1, 4)
    assert review.counted == {"read": {"entries": 3, "accounts": 1}}
    assert len(review.root) == 64
    assert ledger.open_reviews(on=ON, actor=REVIEWS, at=AT) == []
    assert Entry.objects.filter(word="ledger.review.opened", about=f"ledger.review:{review.pk}").count() == 1


def test_a_period_that_was_missed_is_opened_later_too(portal_database: PortalDatabase) -> None:
    ledger.open_reviews(on=date(2026, 8, 5), actor=REVIEWS, at=AT)
    opened = ledger.open_reviews(on=ON, actor=REVIEWS, at=AT)
    assert [review.period_from for review in opened] == [date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)]


def test_the_management_plan_sets_the_period(portal_database: PortalDatabase) -> None:
    set_months_of_period(lambda on: 3)
    try:
        (review,) = ledger.open_reviews(on=ON, actor=REVIEWS, at=AT)
    finally:
        set_months_of_period(lambda on: 1)
    assert (review.period_from, review.period_until) == (date(2026, 7, 1), date(2026, 9, 30))


def test_access_at_night_and_on_rest_days(portal_database: PortalDatabase) -> None:
    review = open_october(
        portal_database,
        [
            (datetime(2026, 10, 14, 22, 0, tzinfo=KST), "read", read()),
            (datetime(2026, 10, 14, 5, 59, tzinfo=KST), "read", read()),
            (datetime(2026, 10, 17, 12, 0, tzinfo=KST), "read", read("U-SATURDAY")),
            (datetime(2026, 10, 9, 12, 0, tzinfo=KST), "read", read("U-HANGEUL-DAY")),
            (datetime(2026, 10, 14, 21, 59, tzinfo=KST), "read", read("U-EVENING")),
            (datetime(2026, 10, 14, 23, 0, tzinfo=KST), "read", {**read("system:sweep"), "by": "system"}),
        ],
    )
    accounts = [(finding.account, finding.count) for finding in found(review, Finding.Rule.OFF_HOURS)]
    assert sorted(accounts) == [("U-HANA", 2), ("U-HANGEUL-DAY", 1), ("U-SATURDAY", 1)]


def test_bulk_and_repeated_look_ups(portal_database: PortalDatabase) -> None:
    subjects = [f"S-{n}" for n in range(1, 102)]
    review = open_october(
        portal_database,
        [
            (NOON, "read", read("U-BULK", subjects=subjects)),
            (NOON, "read", read("U-COUNT", count=5_000, digest="d")),
            *[(NOON, "read", read("U-NOSY", subjects=["S-1"]))] * (rules.REPEATED_IN_A_DAY + 1),
            *[(NOON, "read", read("U-WORK", subjects=["S-1"]))] * rules.REPEATED_IN_A_DAY,
            (NOON, "read", read("U-WORK", subjects=subjects[1:])),
        ],
    )
    bulk = {(finding.account, finding.facts["people"]) for finding in found(review, Finding.Rule.BULK)}
    assert bulk == {("U-BULK", 101), ("U-COUNT", 5_000)}
    (repeated,) = found(review, Finding.Rule.REPEATED)
    assert (repeated.account, repeated.facts["subject"], len(repeated.entries)) == ("U-NOSY", "S-1", 11)


def test_one_s_own_data(portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "_own_subjects", [])
    rules.add_own_subjects(lambda: {"U-HANA": frozenset({"S-HANA"})})
    review = open_october(
        portal_database, [(NOON, "read", read(subjects=["S-HANA"])), (NOON, "read", read("U-X", subjects=["S-HANA"]))]
    )
    (finding,) = found(review, Finding.Rule.SELF)
    assert finding.account == "U-HANA"


def test_taking_out_without_a_sufficient_reason(portal_database: PortalDatabase) -> None:
    review = open_october(
        portal_database,
        [
            (NOON, "read", read("U-WHY", task="devices.device.unmasked", reason="ok")),
            (NOON, "act", read("U-SHEET", word="disclosures.register.exported")),
            (
                NOON,
                "read",
                read("U-GOOD", task="devices.device.unmasked", reason="request K7-2026-0001 of the subject"),
            ),
        ],
    )
    assert [finding.account for finding in found(review, Finding.Rule.REASON)] == ["U-WHY", "U-SHEET"]


def test_bursts_of_denials(portal_database: PortalDatabase) -> None:
    def denied(account: str, minutes: float) -> tuple[datetime, str, dict[str, object]]:
        return NOON + timedelta(minutes=minutes), "denied", read(account, word="ledger.denied")

    review = open_october(
        portal_database,
        [*[denied("U-TRIES", n) for n in range(5)], *[denied("U-SLOW", 11 * n) for n in range(5)],
         *[denied("U-FEW", n) for n in range(4)]],
    )  # fmt: skip
    assert [(finding.account, finding.count) for finding in found(review, Finding.Rule.DENIED)] == [("U-TRIES", 5)]


def test_numbers_without_an_entry_are_listed(portal_database: PortalDatabase) -> None:
    make_past_entries(portal_database, [(NOON, "read", read())])
    with portal_database.connect() as superuser:
        superuser.execute("SELECT nextval('ledger.entry_id'), nextval('ledger.entry_id')")
    review = open_october(portal_database, [(NOON, "read", read())])
    (gap,) = found(review, Finding.Rule.GAP)
    assert (gap.count, gap.facts) == (2, {"ranges": [[2, 3]]})


def test_a_write_outside_the_portal_joins_the_next_review(portal_database: PortalDatabase) -> None:
    standing = Finding.objects.create(
        rule=Finding.Rule.UNPAIRED, count=1, first_at=NOON, last_at=NOON, raised_at=AT, facts={"operation": "UPDATE"}
    )
    review = open_october(portal_database, [(NOON, "read", read())])
    standing.refresh_from_db()
    assert standing.review == review


# -- signatures ---------------------------------------------------------------------------------------------


@pytest.fixture
def review(portal_database: PortalDatabase) -> Review:
    """October with one finding about Hana."""
    night = datetime(2026, 10, 14, 23, 0, tzinfo=KST)
    return open_october(portal_database, [(night, "read", read()), *[(NOON, "read", read("U-X"))] * 60])


def explain(review: Review, by: Outsider = ARAM) -> None:
    for finding in review.findings.all():
        ledger.explain_finding(
            finding=finding, explanation="Night shift for the incident of that day.", measure="none", actor=by, at=AT
        )


def sign(review: Review, by: Outsider = ARAM) -> None:
    ledger.sign_review(
        review=review, checked="Every entry of the sample has a case.", conclusion="Nothing improper.", actor=by, at=AT
    )


def test_explain_sample_sign_confirm(review: Review) -> None:
    explain(review)
    sample = ledger.draw_sample(review=review, actor=ARAM, at=AT)
    assert len(sample) == 25
    assert len(set(sample)) == 25
    sign(review)
    ledger.confirm_review(review=review, actor=OMAR, at=AT)
    review.refresh_from_db()
    assert (review.state, review.reviewer, review.confirmer) == ("confirmed", "U-ARAM", "U-OMAR")
    words = list(Entry.objects.about(f"ledger.review:{review.pk}").order_by("id").values_list("word", flat=True))
    assert words == [f"ledger.review.{step}" for step in ("opened", "sampled", "signed", "confirmed")]


def test_nobody_reviews_themselves(review: Review) -> None:
    with pytest.raises(NotYours):
        explain(review, by=HANA)
    explain(review)
    ledger.draw_sample(review=review, actor=ARAM, at=AT)
    with pytest.raises(NotYours):
        sign(review, by=HANA)
    sign(review)
    for person in (ARAM, HANA):
        with pytest.raises(NotYours):
            ledger.confirm_review(review=review, actor=person, at=AT)


def test_steps_are_taken_in_order_and_once(review: Review) -> None:
    with pytest.raises(NotYet):
        sign(review)
    with pytest.raises(NotYet):
        ledger.confirm_review(review=review, actor=OMAR, at=AT)
    ledger.draw_sample(review=review, actor=ARAM, at=AT)
    with pytest.raises(NotYet):
        ledger.draw_sample(review=review, actor=ARAM, at=AT)
    with pytest.raises(NotYet, match=r".+"):
        sign(review)
    explain(review)
    with pytest.raises(Wordless):
        ledger.sign_review(review=review, checked="ok", conclusion="ok", actor=ARAM, at=AT)
    sign(review)
    with pytest.raises(NotYet):
        sign(review)
    with pytest.raises(NotYet):
        explain(review)
    ledger.confirm_review(review=review, actor=OMAR, at=AT)
    with pytest.raises(NotYet):
        ledger.confirm_review(review=review, actor=OMAR, at=AT)


def test_two_second_persons_at_once_make_one_confirmation(review: Review) -> None:
    explain(review)
    ledger.draw_sample(review=review, actor=ARAM, at=AT)
    sign(review)
    outcomes: list[object] = []

    def confirm(actor: Outsider) -> None:
        try:
            outcomes.append(ledger.confirm_review(review=review, actor=actor, at=AT))
        except NotYet as refusal:
            outcomes.append(refusal)
        finally:
            connections.close_all()

    people = [threading.Thread(target=confirm, args=(Outsider("user", f"U-{n}"),)) for n in range(4)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert outcomes.count(None) == 1
    assert Entry.objects.filter(word="ledger.review.confirmed").count() == 1


def test_the_sample_is_nobody_s_choice(review: Review) -> None:
    from privacy.ledger.actions.reviewing import _sample

    assert _sample(review) == _sample(review)
    other = Review(pk=review.pk, root="0" * 64, start_index=review.start_index, end_index=review.end_index)
    assert _sample(other) != _sample(review)


def test_an_overdue_review_is_told_once(review: Review) -> None:
    assert ledger.tell_overdue(on=date(2026, 11, 15), actor=REVIEWS, at=AT) == 0
    assert ledger.tell_overdue(on=date(2026, 11, 16), actor=REVIEWS, at=AT) == 1
    assert ledger.tell_overdue(on=date(2026, 11, 17), actor=REVIEWS, at=AT) == 0
    assert list(Review.objects.overdue(on=date(2026, 11, 16))) == [review]


# -- the console --------------------------------------------------------------------------------------------


@pytest.fixture
def people(review: Review) -> Iterator[dict[str, Any]]:
    """Aram, who audits, and Omar, who confirms, both signed in."""
    signed_in = {}
    for user in (make_aram(), make_omar()):
        client = Client()
        client.force_login(User.objects.get(pk=user.pk))
        signed_in[user.name] = client
    yield signed_in


def press(client: Client, model: str, record: Any, name: str, **answers: str) -> Any:
    """Press a button on a record's page and answer what it asks."""
    return client.post(
        reverse(f"admin:ledger_{model}_change", args=[record.pk]),
        {"CHANGE_FORM-action": name, "_selected_action": str(record.pk), "confirmed": "yes", **answers},
        follow=True,
    )


def test_the_auditor_and_the_officer_take_a_review_through_the_console(
    review: Review, people: dict[str, Client]
) -> None:
    aram, omar = people["Aram"], people["Omar"]
    (finding,) = review.findings.all()
    press(aram, "finding", finding, "explain", explanation="Night shift for an incident.", measure="none")
    press(aram, "review", review, "draw")
    press(aram, "review", review, "sign", checked="All of the sample has a case.", conclusion="Nothing improper.")
    page = press(aram, "review", review, "confirm")
    review.refresh_from_db()
    assert review.state == "signed", page.content.decode()
    press(omar, "review", review, "confirm")
    review.refresh_from_db()
    assert review.state == "confirmed"


def test_a_review_that_is_changed_after_it_was_signed_no_longer_bears_out_the_signatures(review: Review) -> None:
    """The review's rows are not hashed; what was signed is on the ledger."""
    explain(review)
    ledger.draw_sample(review=review, actor=ARAM, at=AT)
    sign(review)
    assert list(signatures.altered_reviews()) == []
    ledger.confirm_review(review=review, actor=OMAR, at=AT)
    assert list(signatures.altered_reviews()) == []
    for change in (
        {"conclusion": "Much was improper."}, {"confirmer": "U-OTHER"}, {"reviewer": "U-OTHER"}, {"sample": []},
        {"root": "00" * 32}, {"counted": {}},
    ):  # fmt: skip
        kept = {name: getattr(Review.objects.get(), name) for name in change}
        Review.objects.update(**change)
        assert list(signatures.altered_reviews()) == [review], change
        Review.objects.update(**kept)
    Finding.objects.filter(review=review).update(explanation="Something else altogether.")
    assert list(signatures.altered_reviews()) == [review]
    Finding.objects.filter(review=review).delete()
    assert list(signatures.altered_reviews()) == [review]


def test_the_review_sheet_is_a_pdf_and_its_printing_on_record(review: Review, people: dict[str, Client]) -> None:
    answer = people["Aram"].get(reverse("admin:ledger_review_sheet", args=[review.pk]))
    assert answer.content[:5] == b"%PDF-"
    assert Entry.objects.filter(word="ledger.bundle.exported", about=f"ledger.review:{review.pk}").exists()
    assert people["Aram"].get(reverse("admin:ledger_review_changelist")).status_code == 200
    assert people["Aram"].get(reverse("admin:ledger_finding_changelist")).status_code == 200
