"""A published version never changes: the database refuses it, and a change behind its back is noticed."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, models, transaction
from django.test import Client

from privacy.ledger.actors import SystemActor
from privacy.lib.dates import clock
from privacy.policies import actions as policies
from privacy.policies import drift, integrity, policy_document, rulebook, tasks
from privacy.policies.models import (
    Category,
    Item,
    PolicyVersion,
    PreservationRule,
    RetentionRule,
    Review,
    Section,
)
from tests import factory
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factories.accounts import NOON

TODAY = date(2026, 11, 24)
# Long before the day on which the tests run: what was published then is in force now.
THEN = datetime(2021, 6, 1, 3, 0, tzinfo=UTC)
BEHIND = "SET session_replication_role = replica"


@pytest.mark.clause("P0.2")
class FinalTest(PortalTestCase):
    def refuses(self, change: object) -> None:
        with pytest.raises(IntegrityError, match="published and final"), transaction.atomic():
            change()  # type: ignore[operator]

    @pytest.mark.law("V-05")
    def test_nothing_of_a_published_version_can_be_changed_or_removed(self) -> None:
        version = factory.make_policy()
        parts: list[models.QuerySet[models.Model]] = [
            PolicyVersion.objects.filter(pk=version.pk),
            Category.objects.filter(version=version),
            Item.objects.filter(category__version=version),
            RetentionRule.objects.filter(category__version=version),
            PreservationRule.objects.filter(version=version),
            Section.objects.filter(version=version),
            Review.objects.filter(version=version),
        ]
        changes = ["reason_ko", "name_ko", "name_ko", "years", "months", "body_ko", "note"]
        for part, field in zip(parts, changes, strict=True):
            assert part.exists(), part.model
            value = 9 if field in ("years", "months") else "x"
            self.refuses(lambda part=part, field=field, value=value: part.update(**{field: value}))
            if part.model is not PolicyVersion:
                self.refuses(lambda part=part: part._raw_delete(part.db))

    def test_nothing_can_be_added_to_a_published_version(self) -> None:
        version = factory.the_policy()
        category = version.categories.first()
        assert category is not None
        self.refuses(lambda: Category.objects.create(version=version, code="x", name_ko="x", name_en="x"))
        self.refuses(lambda: Item.objects.create(category=category, code="x", name_ko="x", name_en="x"))
        self.refuses(lambda: category.purposes.add("analytics"))
        self.refuses(lambda: category.purposes.clear())

    def test_nothing_moves_from_a_draft_into_a_published_version_or_back(self) -> None:
        draft = factory.make_draft()
        self.refuses(lambda: Section.objects.filter(version=draft, code="duties").update(version=factory.the_policy()))
        self.refuses(lambda: Section.objects.filter(version=factory.the_policy(), code="duties").update(version=draft))

    def test_a_published_version_does_not_become_a_draft_again(self) -> None:
        self.refuses(lambda: PolicyVersion.objects.public().update(state="draft", seal="", document=None))

    def test_a_sealed_text_and_its_state_belong_together(self) -> None:
        draft = factory.make_draft()
        with pytest.raises(IntegrityError, match="policy_published_if_and_only_if_sealed"), transaction.atomic():
            PolicyVersion.objects.filter(pk=draft.pk).update(state="published")


@pytest.mark.clause("P0.2")
def test_a_text_changed_behind_the_portals_back_is_noticed_and_the_page_says_so(
    portal_database: PortalDatabase,
) -> None:
    assert drift.find_drifts(TODAY) == []
    page = Client().get("/en/policy/", secure=True).content.decode()
    assert "no longer matches its seal" not in page
    with portal_database.connect() as superuser:
        superuser.execute(BEHIND)
        superuser.execute(
            "UPDATE policies_policyversion SET document ="
            " jsonb_set(document, '{sections,0,body,ko}', '\"다른 글\"') WHERE number = '2020-12-01'"
        )
    assert {found.code for found in drift.find_drifts(TODAY)} == {"seal", "sections"}
    page = Client().get("/en/policy/", secure=True).content.decode()
    assert "no longer matches its seal" in page


def test_a_new_seal_does_not_hide_a_changed_text(portal_database: PortalDatabase) -> None:
    """Who can change the text can change the seal beside it, but not the seal on the audit trail."""
    policies.record_shipped_seals(actor=SystemActor("policies"), at=NOON)
    with portal_database.connect() as superuser:
        superuser.execute(BEHIND)
        superuser.execute("UPDATE policies_policyversion SET document = '{}', seal = encode(sha256('{}'), 'hex')")
    version = PolicyVersion.objects.get()
    assert version.document == {}
    assert "seal" in {found.code for found in drift.find_drifts(TODAY)}


@pytest.mark.truth("nobody-published-this-version")
def test_a_version_that_nobody_published_is_noticed_and_never_put_on_record(portal_database: PortalDatabase) -> None:
    shipped = PolicyVersion.objects.get()
    document = {**policy_document.published_document(shipped), "number": "2026-11-20", "effective_on": "2026-11-20"}
    forged = PolicyVersion.objects.create(
        number="2026-11-20", state="published", effective_on=date(2026, 11, 20), based_on=shipped, drafted_at=NOON,
        published_at=NOON, published_by="U-0000-0000", document=document,
        seal=policy_document.document_digest(document),
    )  # fmt: skip
    assert policies.record_shipped_seals(actor=SystemActor("policies"), at=NOON) == 1
    assert integrity.recorded_seal(forged) is None
    assert not integrity.is_intact(forged)
    assert integrity.is_intact(shipped)
    assert ("seal", "2026-11-20") in {(found.code, found.version) for found in drift.find_drifts(TODAY)}


def test_a_rule_changed_behind_the_portals_back_is_noticed(portal_database: PortalDatabase) -> None:
    with portal_database.connect() as superuser:
        superuser.execute(BEHIND)
        superuser.execute("UPDATE policies_retentionrule SET years = 9 WHERE clock = 'licence-expiry'")
    assert [found.code for found in drift.find_drifts(TODAY)] == [
        "table:retention",
        "value:retention:device-registration",
    ]
    run = portal_database.manage("check", "--database", "default")
    assert run.returncode != 0
    assert "policies.E001" in run.stderr


@pytest.mark.law("V-08")
def test_a_number_of_the_law_that_moves_on_calls_for_a_revision(portal_database: PortalDatabase) -> None:
    factory.make_proposal(at=THEN)
    assert drift.find_drifts(TODAY) == []
    policies.set_parameter(
        code="rights.answer.days", value=7, effective_on=TODAY, basis="R-08", actor=factory.make_odile(), at=NOON
    )
    (found,) = drift.find_drifts(TODAY)
    assert (found.code, found.is_due) == ("value:parameter:rights.answer.days", True)
    assert rulebook.parameter("rights.answer.days", TODAY) == 7


def test_the_nightly_job_puts_seals_on_record_and_reports_drift(
    portal_database: PortalDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    factory.make_proposal(at=THEN)
    assert tasks.take_effect() == 1
    version = PolicyVersion.objects.get(number="2020-12-01")
    assert integrity.recorded_seal(version) == version.seal
    assert not caplog.records
    policies.set_parameter(
        code="rights.answer.days",
        value=7,
        effective_on=clock.today(),
        basis="R-08",
        actor=factory.make_odile(granted=False),
        at=clock.now(),
    )
    tasks.take_effect()
    assert [record.getMessage() for record in caplog.records] == [
        "policy drift: value:parameter:rights.answer.days in version 2021-07-01"
    ]
    run = portal_database.manage("check", "--database", "default")
    assert "policies.W001" in run.stdout + run.stderr
    assert "policies.E001" not in run.stdout + run.stderr
