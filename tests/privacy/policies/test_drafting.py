"""Drafts: copies of what is in force that can be changed until they are submitted."""

from datetime import date

import pytest

from privacy.ledger.authorization import NotPermitted
from privacy.policies import actions as policies
from privacy.policies import rulebook
from privacy.policies.models import Item, PolicyVersion, Section
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON


class DraftingTest(PortalTestCase):
    def setUp(self) -> None:
        self.odile = factory.make_odile(granted=False)

    @pytest.mark.clause("P0.2")
    def test_a_draft_starts_as_a_copy_of_the_version_in_force(self) -> None:
        version = policies.create_draft(actor=self.odile, at=NOON)
        base = factory.the_policy()
        copied, original = rulebook.read(version), rulebook.read(base)
        assert copied.categories == original.categories
        assert copied.preservation == original.preservation
        assert version.state == PolicyVersion.State.DRAFT
        assert version.based_on == base
        assert list(version.sections.values_list("code", "body_ko", "body_en").order_by("position")) == list(
            base.sections.values_list("code", "body_ko", "body_en").order_by("position")
        )
        assert version.preservation_rules.count() == base.preservation_rules.count()
        self.assertLedgered("policies.version.drafted", version)

    def test_changing_a_draft_leaves_its_base_alone(self) -> None:
        version = policies.create_draft(actor=self.odile, at=NOON)
        category = version.categories.get(code="device-registration")
        imei = category.items.get(code="imei")
        added = Item(category=category, code="os_patch", name_ko="보안 패치", name_en="Security patch", position=20)
        policies.revise_draft(
            version,
            rows=[added],
            removed=[imei],
            purposes={"device-registration": ["registration", "error-analysis"]},
            actor=self.odile,
            at=NOON,
        )
        assert "os_patch" in rulebook.read(version).items("device-registration")
        assert "imei" not in rulebook.read(version).items("device-registration")
        assert "error-analysis" in rulebook.read(version).purposes("device-registration")
        assert "imei" in rulebook.in_force(date(2026, 11, 24)).items("device-registration")
        self.assertLedgered("policies.version.edited", version)

    def test_a_row_of_another_version_is_refused(self) -> None:
        version = policies.create_draft(actor=self.odile, at=NOON)
        foreign = Section.objects.filter(version=factory.the_policy()).first()
        assert foreign is not None
        with pytest.raises(policies.RowOfOtherVersion):
            policies.revise_draft(version, rows=[foreign], actor=self.odile, at=NOON)

    def test_only_a_draft_can_be_changed(self) -> None:
        version = factory.make_version_under_review()
        section = version.sections.first()
        assert section is not None
        with pytest.raises(policies.NotADraft):
            policies.revise_draft(version, rows=[section], actor=self.odile, at=NOON)
        with pytest.raises(policies.NotADraft):
            policies.describe_draft(
                version, effective_on=None, reason_ko="", reason_en="", adverse=False, actor=self.odile, at=NOON
            )

    @pytest.mark.truth("what-an-edit-changed")
    def test_the_trail_names_what_was_changed_and_nothing_else(self) -> None:
        version = factory.make_draft()
        said = {"effective_on": version.effective_on, "reason_ko": version.reason_ko, "adverse": version.adverse}
        policies.describe_draft(version, **said, reason_en="Another reason.", actor=self.odile, at=NOON)
        entry = self.assertLedgered("policies.version.edited", version)
        assert '"changed":["reason_en"]' in entry.payload

    def test_a_discarded_version_stays_as_a_record_and_a_published_one_cannot_be_discarded(self) -> None:
        version = policies.discard_version(factory.make_draft(), actor=self.odile, at=NOON)
        assert version.state == PolicyVersion.State.DISCARDED
        self.assertLedgered("policies.version.discarded", version)
        with pytest.raises(policies.NotADraft):
            policies.discard_version(version, actor=self.odile, at=NOON)
        with pytest.raises(policies.NotADraft):
            policies.discard_version(factory.the_policy(), actor=self.odile, at=NOON)

    def test_a_draft_does_not_start_from_a_draft(self) -> None:
        with pytest.raises(policies.NoBaseVersion):
            policies.create_draft(based_on=factory.make_draft(), actor=self.odile, at=NOON)

    def test_who_lacks_the_permission_is_refused_and_the_refusal_is_on_record(self) -> None:
        emin = factory.make_emin()
        with pytest.raises(NotPermitted):
            policies.create_draft(actor=emin, at=NOON)
        assert not PolicyVersion.objects.open().exists()
