"""The policy names who receives personal information, from the register of third parties (V-01, V-08)."""

import io
from datetime import date

import pytest
from django.core.management import call_command

from privacy.disclosures import actions as disclosures
from privacy.policies import data_recipients, drift, policy_document, presentation
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

TODAY = date(2026, 11, 24)


@pytest.mark.clause("P0.2")
class RecipientTests(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.party = factory.make_third_party("acme")
        factory.make_provision_agreement("acme")

    def test_a_party_with_an_agreement_is_named_with_purpose_and_items(self) -> None:
        (named,) = data_recipients.recipients_of_kind("recipients", TODAY)
        assert (named.code, named.name_ko) == ("acme", self.party.title)
        assert named.items == ("model", "os_version")
        table = policy_document.compose(factory.the_policy(), TODAY)["tables"]["recipients"]
        assert table[0]["purpose"]["ko"] == "purpose ko"

    def test_one_without_and_a_retired_one_are_not(self) -> None:
        factory.make_third_party("beta")
        assert [party.code for party in data_recipients.recipients_of_kind("recipients", TODAY)] == ["acme"]
        disclosures.retire_party(self.party, actor=factory.make_odile(), at=NOON)
        assert data_recipients.recipients_of_kind("recipients", date(2026, 12, 1)) == []

    @pytest.mark.law("V-08")
    def test_the_policy_in_force_is_then_due_for_a_revision(self) -> None:
        found = {one.code: one for one in drift.find_drifts(TODAY)}
        assert found["table:recipients"].is_due
        with pytest.raises(SystemExit) as ended:
            call_command("check_policy", stdout=io.StringIO())
        assert ended.value.code == 1

    def test_the_next_version_says_it_in_both_languages(self) -> None:
        version = factory.make_policy()
        for language, said in (("ko", "purpose ko"), ("en", "purpose en")):
            chapters = presentation.render_sections(policy_document.published_document(version), language)
            rows = [
                row
                for chapter in chapters
                for block in chapter.blocks
                for row in block.rows
                if block.name == "recipients"
            ]
            assert rows == [(self.party.title, said, rows[0][2], f"retention {language}")]
