"""What has to be there before a version can be published (V-01, V-02, V-05, V-08)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest

from privacy.policies import actions as policies
from privacy.policies import completeness, data_recipients
from privacy.policies.models import Item, PolicyVersion
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

TODAY = date(2026, 11, 24)
CLOUD = data_recipients.DataRecipient("cloud", "클라우드", "Cloud Ltd.", "보관", "Storage")


def errors(version: PolicyVersion) -> list[str]:
    return [problem.message for problem in completeness.problems(version, TODAY) if not problem.is_warning]


def warnings(version: PolicyVersion) -> list[str]:
    return [problem.message for problem in completeness.problems(version, TODAY) if problem.is_warning]


class CompletenessTest(PortalTestCase):
    def setUp(self) -> None:
        self.hana = factory.make_hana(granted=False)
        self.version = factory.make_draft()

    def rewrite(self, code: str, **changes: object) -> None:
        section = self.version.sections.get(code=code)
        for name, value in changes.items():
            setattr(section, name, value)
        policies.revise_draft(self.version, rows=[section], actor=self.hana, at=NOON)

    def test_a_good_draft_lacks_nothing(self) -> None:
        assert errors(self.version) == []

    def test_a_blank_officers_address_is_shown_and_does_not_stop_anything(self) -> None:
        assert len(warnings(self.version)) == 1

    @pytest.mark.law("D-17", "V-01")
    def test_a_required_heading_may_not_be_missing(self) -> None:
        policies.revise_draft(
            self.version, removed=[self.version.sections.get(code="safety")], actor=self.hana, at=NOON
        )
        assert len(errors(self.version)) == 1

    @pytest.mark.law("V-01", "D-17")
    def test_a_required_heading_may_not_be_switched_off(self) -> None:
        self.rewrite("destruction", applicable=False)
        assert len(errors(self.version)) == 1

    def test_both_languages_are_needed(self) -> None:
        self.rewrite("duties", body_en="")
        assert len(errors(self.version)) == 1

    @pytest.mark.law("D-17", "V-08")
    def test_a_table_of_the_rulebook_may_not_be_left_out(self) -> None:
        self.rewrite("items", body_ko="항목.", body_en="Items.")
        assert len(errors(self.version)) == 2

    @pytest.mark.law("V-08")
    def test_a_period_may_not_be_typed_into_the_text(self) -> None:
        for ko, en in (
            ("10일 안에 답합니다.", "We answer soon."),
            ("곧 답합니다.", "We answer within 10 days."),
            ("2 년 동안 보관", "kept"),
            ("3개월 보관", "kept"),
        ):
            self.rewrite("duties", body_ko=ko, body_en=en)
            assert len(errors(self.version)) == 1, (ko, en)

    def test_articles_and_phone_numbers_are_no_periods(self) -> None:
        self.rewrite("duties", body_ko="제35조, 02-6928-6774, 만 14세", body_en="Article 35, 02-6928-6774, under 14")
        assert errors(self.version) == []

    def test_both_languages_name_the_same_periods(self) -> None:
        self.rewrite("duties", body_ko="{retention:app-log} 보관", body_en="kept")
        assert len(errors(self.version)) == 1

    def test_a_placeholder_must_mean_something(self) -> None:
        for body in ("{retention:nothing}", "{retention}", "[[nothing]]", "text [[items]] text"):
            self.rewrite("duties", body_ko=body, body_en=body)
            assert errors(self.version), body

    @pytest.mark.truth("placeholder-as-typed")
    def test_a_table_inside_a_sentence_or_a_torn_placeholder_is_not_published_as_it_was_typed(self) -> None:
        for body in (
            "[[items]]\nsee [[items]] too", "[[items]]\r\nand [[retention]] below", "[[items]]\n[[retention]] ",
            "{retention:app-log", "retention:app-log} long", "[[items", "[items]]", "{{effective-date}}",
        ):  # fmt: skip
            self.rewrite("duties", body_ko=f"{body}\n끝", body_en=f"{body}\nend")
            assert errors(self.version), body
        self.rewrite("duties", body_ko="[[items]]\r\n[[retention]]", body_en="[[items]]\n[[retention]]")
        assert errors(self.version) == []

    @pytest.mark.truth("dates-are-no-periods")
    def test_a_day_of_the_calendar_is_no_period(self) -> None:
        self.rewrite("duties", body_ko="2026년 9월 11일 시행, 2020년 12월, 2019년", body_en="in force since 2026-09-11")
        assert errors(self.version) == []
        self.rewrite("duties", body_ko="2026년 9월 11일부터 2년", body_en="since 2026-09-11")
        assert len(errors(self.version)) == 1

    @pytest.mark.clause("P0.1")
    def test_an_item_stands_in_one_category_only(self) -> None:
        category = self.version.categories.get(code="service-analytics")
        twice = Item(category=category, code="imei", name_ko="IMEI", name_en="IMEI", position=99)
        policies.revise_draft(self.version, rows=[twice], actor=self.hana, at=NOON)
        assert len(errors(self.version)) == 1

    @pytest.mark.law("N-01")
    @pytest.mark.clause("P4.1")
    def test_a_category_needs_a_purpose_items_and_a_retention_rule(self) -> None:
        category = self.version.categories.get(code="app-log")
        policies.revise_draft(
            self.version,
            removed=[*category.items.all(), category.retention],
            purposes={"app-log": ["disclosure"]},
            actor=self.hana,
            at=NOON,
        )
        # The fourth: the text still names the period that the category no longer has.
        assert len(errors(self.version)) == 4

    def test_a_revision_that_changes_nothing_is_none(self) -> None:
        version = factory.make_draft(years=2)
        assert len(errors(version)) == 1

    @pytest.mark.truth("31")
    def test_taking_more_counts_as_to_the_users_disadvantage(self) -> None:
        version = factory.make_draft(years=3, adverse=False)
        assert [message for message in errors(version) if "2026-12-24" in message] == errors(version) != []
        assert len(warnings(version)) == 1
        version = factory.make_draft(years=3, adverse=False, effective_on=date(2026, 12, 24))
        assert errors(version) == []
        assert len(warnings(version)) == 2
        assert errors(factory.make_draft(years=1, adverse=False)) == []
        assert len(warnings(factory.make_draft(years=1, adverse=False))) == 1

    @pytest.mark.truth("31")
    def test_another_name_is_pointed_out(self) -> None:
        version = factory.make_draft(years=1, adverse=False)
        item = Item.objects.get(category__version=version, code="model")
        item.name_ko, item.name_en = "모델명과 색상", "Model name and colour"
        policies.revise_draft(version, rows=[item], actor=self.hana, at=NOON)
        assert errors(version) == []
        assert len(warnings(version)) == 2

    @pytest.mark.law("P-14", "V-08", "V-01")
    def test_a_processor_in_the_register_needs_its_heading(self) -> None:
        with naming("processors", CLOUD):
            assert len(errors(self.version)) == 1
            self.rewrite("consignment", applicable=True, body_ko="[[processors]]", body_en="[[processors]]")
            assert errors(self.version) == []


@contextmanager
def naming(name: data_recipients.RecipientKind, party: data_recipients.DataRecipient) -> Iterator[None]:
    """A register that names a party inside the block."""

    def source(on: date) -> list[data_recipients.DataRecipient]:
        return [party]

    data_recipients.add_source(name, source)
    try:
        yield
    finally:
        data_recipients.remove_source(name, source)
