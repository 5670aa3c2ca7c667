"""Reviews: a period is frozen, rules raise findings, nobody chooses the sample, two persons sign (law S-04 … S-07)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin import site
from django.utils.translation import override

from privacy.ledger import actions as ledger
from privacy.ledger.actions.reviews import last_period
from privacy.ledger.actors import ExternalActor, SystemActor
from privacy.ledger.admin.findings import FindingAdmin
from privacy.ledger.models import Entry, Finding, Review
from privacy.ledger.review import detection_rules
from privacy.policies.models import Parameter
from tests.database import PortalDatabase
from tests.factories.ledger import make_past_entries, seal

KST = ZoneInfo("Asia/Seoul")
NOON = datetime(2026, 10, 14, 12, 0, tzinfo=KST)  # a Wednesday
ON = date(2026, 11, 3)
AT = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
REVIEWS = SystemActor("reviews")
HANA, ARAM, OMAR = ExternalActor("user", "U-HANA"), ExternalActor("user", "U-ARAM"), ExternalActor("user", "U-OMAR")


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


@pytest.mark.law("S-04")
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


@pytest.mark.law("S-04")
def test_a_period_that_was_missed_is_opened_later_too(portal_database: PortalDatabase) -> None:
    ledger.open_reviews(on=date(2026, 8, 5), actor=REVIEWS, at=AT)
    opened = ledger.open_reviews(on=ON, actor=REVIEWS, at=AT)
    assert [review.period_from for review in opened] == [date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)]


@pytest.mark.law("S-04")
@pytest.mark.truth("16")
def test_a_number_of_the_rulebook_sets_the_period_and_no_day_is_left_out_or_reviewed_twice(
    portal_database: PortalDatabase,
) -> None:
    ledger.open_reviews(on=date(2026, 11, 3), actor=REVIEWS, at=AT)
    Parameter.objects.create(
        code="access.review.months", value=3, unit="months", effective_on=date(2026, 11, 20), basis="S-04"
    )
    assert ledger.open_reviews(on=date(2026, 12, 3), actor=REVIEWS, at=AT) == []
    (review,) = ledger.open_reviews(on=date(2027, 1, 4), actor=REVIEWS, at=AT)
    assert (review.period_from, review.period_until) == (date(2026, 11, 1), date(2026, 12, 31))
    (review,) = ledger.open_reviews(on=date(2027, 4, 1), actor=REVIEWS, at=AT)
    assert (review.period_from, review.period_until) == (date(2027, 1, 1), date(2027, 3, 31))


@pytest.mark.law("S-07")
@pytest.mark.asvs("8.2.4")
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


@pytest.mark.law("S-07")
def test_bulk_and_repeated_look_ups(portal_database: PortalDatabase) -> None:
    subjects = [f"S-{n}" for n in range(1, 102)]
    review = open_october(
        portal_database,
        [
            (NOON, "read", read("U-BULK", subjects=subjects)),
            (NOON, "read", read("U-COUNT", count=5_000, digest="d")),
            *[(NOON, "read", read("U-NOSY", subjects=["S-1"]))] * 11,
            *[(NOON, "read", read("U-WORK", subjects=["S-1"]))] * 10,
            (NOON, "read", read("U-WORK", subjects=subjects[1:])),
        ],
    )
    bulk = {(finding.account, finding.facts["people"]) for finding in found(review, Finding.Rule.BULK)}
    assert bulk == {("U-BULK", 101), ("U-COUNT", 5_000)}
    (repeated,) = found(review, Finding.Rule.REPEATED)
    assert (repeated.account, repeated.facts["subject"], len(repeated.entries)) == ("U-NOSY", "S-1", 11)


@pytest.mark.truth("same-person-counted-as-many")
def test_a_day_s_bulk_counts_people_and_not_openings(portal_database: PortalDatabase) -> None:
    """A hundred people, listed again and again, were told as more than a thousand in a day."""
    same = [f"S-{n}" for n in range(100)]
    review = open_october(
        portal_database,
        [
            *[(NOON, "read", read("U-SAME", subjects=same))] * 11,
            *[(NOON, "read", read("U-MANY", subjects=[f"T-{turn}-{n}" for n in range(100)])) for turn in range(11)],
            *[(NOON, "read", read("U-COUNT", count=90, digest="d"))] * 12,
        ],
    )
    day = [finding for finding in found(review, Finding.Rule.BULK) if "day" in finding.facts]
    people = {(finding.account, finding.facts["people"], finding.count) for finding in day}
    assert people == {("U-MANY", 1_100, 1_100), ("U-COUNT", 1_080, 1_080)}


def test_one_s_own_data(portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detection_rules, "_own_subjects", [])
    detection_rules.add_own_subjects_source(lambda: {"U-HANA": frozenset({"S-HANA"})})
    review = open_october(
        portal_database, [(NOON, "read", read(subjects=["S-HANA"])), (NOON, "read", read("U-X", subjects=["S-HANA"]))]
    )
    (finding,) = found(review, Finding.Rule.SELF)
    assert finding.account == "U-HANA"


@pytest.mark.law("S-05", "S-04")
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


@pytest.mark.truth("gaps-counted")
def test_all_numbers_without_an_entry_are_counted_also_before_the_first_and_beyond_those_listed(
    portal_database: PortalDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detection_rules, "MAX_GAPS", 2)
    make_past_entries(portal_database, [(datetime(2026, 9, 30, 23, 0, tzinfo=KST), "read", read())])
    for _time in range(3):
        with portal_database.connect() as superuser:
            superuser.execute("SELECT nextval('ledger.entry_id'), nextval('ledger.entry_id')")
        make_past_entries(portal_database, [(NOON, "read", read())])
    (gap,) = found(open_october(portal_database, []), Finding.Rule.GAP)
    assert (gap.count, gap.facts) == (6, {"ranges": [[2, 3], [5, 6]], "more_ranges": 1})
    assert gap.first_at == datetime(2026, 10, 1, tzinfo=KST)


@pytest.mark.law("S-07")
def test_a_write_outside_the_portal_joins_the_next_review(portal_database: PortalDatabase) -> None:
    standing = Finding.objects.create(
        rule=Finding.Rule.UNRECONCILED,
        count=1,
        first_at=NOON,
        last_at=NOON,
        raised_at=AT,
        facts={"operation": "UPDATE"},
    )
    review = open_october(portal_database, [(NOON, "read", read())])
    standing.refresh_from_db()
    assert standing.review == review


@pytest.mark.truth("21")
def test_a_finding_tells_what_was_noticed_in_words(portal_database: PortalDatabase) -> None:
    finding = Finding(rule="gap", facts={"ranges": [[5, 7], [9, 9]], "more_ranges": 3})
    with override("en"):
        shown = FindingAdmin(type(finding), site).noticed(finding)
    assert shown == "<div>More ranges: 3</div><div>Ranges: 5–7, 9–9</div>"
