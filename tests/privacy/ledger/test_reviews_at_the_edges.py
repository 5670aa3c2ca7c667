"""What a review notices at the edges: of two periods that meet, of several sources, of papers about nobody else."""

from datetime import datetime, timedelta

import pytest

from privacy.ledger import actions as ledger
from privacy.ledger.models import Finding
from privacy.ledger.review import detection_rules
from privacy.workforce import actions as workforce
from privacy.workforce.models import PledgeText
from tests import factory
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factories.ledger import make_past_entries
from tests.factory import at_noon
from tests.privacy.ledger.test_reviews import AT, KST, NOON, ON, REVIEWS, found, open_october, read

BEGIN, END = datetime(2026, 10, 1, tzinfo=KST), datetime(2026, 11, 1, tzinfo=KST)


def denied(account: str, at: datetime) -> tuple[datetime, str, dict[str, object]]:
    return at, "denied", read(account, word="ledger.denied")


@pytest.mark.truth("hunt")
def test_a_burst_over_midnight_belongs_to_the_month_in_which_it_ends(portal_database: PortalDatabase) -> None:
    minutes = [timedelta(minutes=n) for n in range(-3, 3)]
    entries = [denied(account, edge + one) for account, edge in (("U-A", BEGIN), ("U-B", END)) for one in minutes]
    review = open_october(portal_database, sorted(entries, key=lambda entry: entry[0]))
    assert [(one.account, one.count) for one in found(review, Finding.Rule.DENIED)] == [("U-A", 6)]
    november = ledger.open_review(
        period_from=END.date(), period_until=datetime(2026, 11, 30, tzinfo=KST).date(), actor=REVIEWS, at=AT
    )
    assert [(one.account, one.count) for one in found(november, Finding.Rule.DENIED)] == [("U-B", 6)]


@pytest.mark.truth("hunt")
def test_a_number_drawn_before_midnight_and_stamped_after_it_is_no_gap(portal_database: PortalDatabase) -> None:
    moment = timedelta(milliseconds=1)
    before = [(BEGIN + moment, "read", read()), (BEGIN - moment, "read", read())]
    after = [(END - 2 * moment, "read", read()), (END + moment, "read", read()), (END - moment, "read", read())]
    review = open_october(
        portal_database,
        [(BEGIN - 2 * moment, "read", read()), *before, (NOON, "read", read()), *after],
    )
    assert found(review, Finding.Rule.GAP) == []


@pytest.mark.truth("hunt")
def test_many_rows_of_one_person_are_one_person(portal_database: PortalDatabase) -> None:
    """The door counts rows: a person with 1,500 reports was told as 1,500 people."""
    review = open_october(portal_database, [(NOON, "read", read(subjects=["S-1"], count=1_500))])
    assert found(review, Finding.Rule.BULK) == []


@pytest.mark.truth("hunt")
def test_the_same_many_people_opened_again_count_once_in_a_day(portal_database: PortalDatabase) -> None:
    def opened(account: str, turns: int, size: int) -> None:
        for number in make_past_entries(
            portal_database, [(NOON, "read", read(account, count=9_999, digest="d"))] * turns
        ):
            people = [f"{account}-{one}" for one in range(size)]
            with portal_database.connect() as superuser:
                superuser.execute("INSERT INTO ledger.entry_people VALUES (%s, %s)", [number, people])

    opened("U-SAME", 6, 201)
    opened("U-MANY", 1, 1_001)
    review = open_october(portal_database, [])
    day = [one for one in found(review, Finding.Rule.BULK) if "day" in one.facts]
    assert [(one.account, one.count) for one in day] == [("U-MANY", 1_001)]
    at_once = {(one.account, one.facts["people"]) for one in found(review, Finding.Rule.BULK) if "day" not in one.facts}
    assert at_once == {("U-SAME", 201), ("U-MANY", 1_001)}


@pytest.mark.truth("hunt")
def test_what_two_sources_say_of_one_account_is_taken_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detection_rules, "_own_subjects", [])
    detection_rules.add_own_subjects_source(lambda: {"U-HANA": frozenset({"S-1"})})
    detection_rules.add_own_subjects_source(lambda: {"U-HANA": frozenset({"S-2"})})
    assert detection_rules.own_subjects() == {"U-HANA": {"S-1", "S-2"}}


@pytest.mark.truth("hunt")
class OwnSubjects(PortalTestCase):
    def test_whoever_has_the_address_of_an_account_as_a_contact_is_its_holder(self) -> None:
        hana, mina = factory.make_hana(), factory.make_mina()
        assert detection_rules.own_subjects() == {}
        factory.make_contact(mina, value=hana.email.upper())
        assert detection_rules.own_subjects() == {hana.reference: {str(mina.pk), mina.reference}}


@pytest.mark.truth("hunt")
def test_a_look_up_of_one_s_own_data_is_found(portal_database: PortalDatabase) -> None:
    hana, mina = factory.make_hana(), factory.make_mina()
    factory.make_contact(mina, value=hana.email)
    review = open_october(portal_database, [(NOON, "read", read(hana.reference, subjects=[str(mina.pk)]))])
    (finding,) = found(review, Finding.Rule.SELF)
    assert (finding.account, finding.facts["subject"]) == (hana.reference, str(mina.pk))


@pytest.mark.truth("hunt")
class OwnPaper(PortalTestCase):
    def test_whoever_prints_a_pledge_says_of_it_which_one(self) -> None:
        nina = factory.make_user("nina@extrus.example", "Nina", "handler", fit=False)
        at = at_noon(ON)
        text = PledgeText.objects.in_force("entry", on=ON)
        assert text is not None
        pledge = workforce.sign(text, typed_name="Nina", language="ko", actor=nina, at=at)
        workforce.print_pledge(pledge, language="ko", actor=nina, at=at)
        today = self.assertLedgered("workforce.pledge.printed").time.astimezone(KST).date()
        raised = [one.rule for one in detection_rules.detect_findings(today, today) if one.account == nina.reference]
        assert Finding.Rule.REASON not in raised
