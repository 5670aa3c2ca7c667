"""Impact assessments: drafted by the criteria of the law, with risks and measures, approved by another; the gate."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import override

from privacy.accounts.second_person import NotASecondPerson
from privacy.ledger.authorization import NotPermitted
from privacy.policies import actions as policies
from privacy.policies import assessed_changes, data_recipients
from privacy.policies.models import Category, Item, LegalBasis, PolicyVersion, Review
from privacy.safeguards import actions as safeguards
from privacy.safeguards.models import Assessment, AssessmentExemption, Measure
from privacy.safeguards.models.assessments import CRITERIA, AssessmentRisk
from tests import factory
from tests.base import PortalTestCase
from tests.factories.accounts import NOON

ON = NOON.date()
ITEM = "item:device-registration:colour"


def a_draft_with_a_new_item() -> PolicyVersion:
    draft = factory.make_draft(years=2)
    category = Category.objects.get(version=draft, code="device-registration")
    item = Item(category=category, code="colour", name_ko="단말 색상", name_en="Colour", position=99)
    policies.revise_draft(draft, rows=[item], actor=factory.make_hana(granted=False), at=NOON)
    return draft


def revise(draft: PolicyVersion, *rows: Any) -> None:
    policies.revise_draft(draft, rows=rows, actor=factory.make_hana(granted=False), at=NOON)


def rename(draft: PolicyVersion, code: str, name: str) -> Item:
    row = Item.objects.get(category__version=draft, code=code)
    row.name_en = name
    return row


def submit(draft: PolicyVersion) -> PolicyVersion:
    return policies.submit(draft, actor=factory.make_hana(granted=False), at=NOON)


def approve(version: PolicyVersion) -> Any:
    return policies.approve(version, actor=factory.make_odile(granted=False), at=NOON)


def subjects(version: PolicyVersion) -> list[str]:
    return [assessed_changes.subject_of(one.key) for one in assessed_changes.changes_to_assess(version, ON)]


def unsettled(version: PolicyVersion) -> list[str]:
    return [assessed_changes.subject_of(one.key) for one in assessed_changes.unassessed(version, ON)]


def assess(version: PolicyVersion, *about: str, risks: bool = True) -> Assessment:
    hana = factory.make_hana(granted=False)
    keys = [factory.assessed_key(version, one) for one in about]
    made = safeguards.draft_assessment(version, covers=keys, title="색상 수집", actor=hana, at=NOON)
    answers = dict.fromkeys(CRITERIA[made.kind], "검토함")
    safeguards.answer_assessment(made, answers=answers, actor=hana, at=NOON)
    if risks:
        safeguards.record_risk(
            made, cause="재식별", likelihood=1, harm=2, measure=factory.make_measure("pia"), remaining=1, actor=hana,
            at=NOON,
        )  # fmt: skip
    return safeguards.submit_assessment(made, actor=hana, at=NOON)


def approved(made: Assessment) -> Assessment:
    odile = factory.make_odile(granted=False)
    return safeguards.approve_assessment(made, read=safeguards.assessment_digest(made), actor=odile, at=NOON)


@pytest.mark.law("N-05")
class GateTest(PortalTestCase):
    def test_a_new_item_waits_for_an_approved_assessment(self) -> None:
        version = submit(a_draft_with_a_new_item())
        assert subjects(version) == [ITEM]
        with pytest.raises(policies.NotAssessed):
            approve(version)
        made = assess(version, ITEM)
        with pytest.raises(policies.NotAssessed):
            approve(version)
        approved(made)
        assert approve(version)

    def test_or_for_a_reason_why_it_needs_none(self) -> None:
        version = submit(a_draft_with_a_new_item())
        with pytest.raises(safeguards.Incomplete):
            safeguards.exempt_change(
                version, change=factory.assessed_key(version, ITEM), reason=" ", actor=factory.make_hana(), at=NOON
            )
        made = safeguards.exempt_change(
            version,
            change=factory.assessed_key(version, ITEM),
            reason="외관 정보로 위험 없음",
            actor=factory.make_hana(),
            at=NOON,
        )
        assert self.assertLedgered("safeguards.change.exempted", made)
        assert approve(version)

    def test_a_reason_is_read_by_another_than_who_stated_it_and_before_the_approval(self) -> None:
        version, odile = submit(a_draft_with_a_new_item()), factory.make_odile(granted=False)
        key = factory.assessed_key(version, ITEM)
        read = policies.digest_under_review(version, ON)
        safeguards.exempt_change(version, change=key, reason="위험 없음", actor=factory.make_hana(), at=NOON)
        with pytest.raises(policies.ChangedSinceRead):
            policies.approve(version, read=read, actor=odile, at=NOON)
        own = safeguards.exempt_change(version, change=key, reason="제 생각", actor=odile, at=NOON + timedelta(hours=1))
        with pytest.raises(policies.OwnReason):
            approve(version)
        with pytest.raises(IntegrityError, match=f"reason of {odile.ref}"), transaction.atomic():
            Review.objects.create(
                version=version, verdict="approved", digest="0" * 64, reviewed_at=NOON, reviewed_by=odile.ref
            )
        assert policies.approve(version, actor=factory.make_omar(), at=NOON)
        later = own.recorded_at + timedelta(hours=1)
        safeguards.exempt_change(version, change=key, reason="다른 말", actor=factory.make_hana(), at=later)
        with pytest.raises(policies.NotReviewed):
            policies.publish(version, effective_on=ON + timedelta(30), actor=odile, at=NOON)
        assert approve(version)

    def test_an_assessment_of_another_version_does_not_count(self) -> None:
        other = submit(a_draft_with_a_new_item())
        approved(assess(other, ITEM))
        version = submit(a_draft_with_a_new_item())
        with pytest.raises(policies.NotAssessed):
            approve(version)

    def test_what_only_keeps_longer_or_says_otherwise_needs_none(self) -> None:
        assert assessed_changes.changes_to_assess(factory.make_draft(years=5), ON) == []

    def test_a_recipient_that_the_text_in_force_does_not_name_is_a_change(self) -> None:
        draft = factory.make_draft(years=2)
        party = data_recipients.DataRecipient("new-party", "새 회사", "New", "배송", "delivery", ("imei",))
        source = lambda _on: [party]  # noqa: E731
        data_recipients.add_source("recipients", source)
        try:
            keys = subjects(draft)
        finally:
            data_recipients.remove_source("recipients", source)
        assert keys == ["recipients:new-party"]

    def test_a_legitimate_interest_is_weighed_and_never_exempted(self) -> None:
        draft = factory.make_draft(years=2)
        category = draft.categories.get(code="device-registration")
        rows = [
            LegalBasis(category=each, purpose=purpose, basis="consent")
            for each in draft.categories.all()
            for purpose in each.purposes.filter(is_internal=False)
        ]
        mine = next(row for row in rows if row.category == category)
        mine.basis, mine.ground_ko, mine.ground_en = "legitimate-interest", "보안: 비교형량함", "security, weighed"
        policies.revise_draft(draft, rows=rows, actor=factory.make_hana(granted=False), at=NOON)
        (change,) = [one for one in assessed_changes.changes_to_assess(draft, ON) if one.is_interest]
        assert "비교형량" in change.sentence
        with pytest.raises(safeguards.Incomplete):
            safeguards.exempt_change(draft, change=change.key, reason="x", actor=factory.make_hana(), at=NOON)
        made = approved(assess(draft, assessed_changes.subject_of(change.key), risks=False))
        assert made.kind == "interest"
        assert change not in assessed_changes.unassessed(draft, ON)
        for changed in ({"ground_ko": "프로필 판매"}, {"ground_en": "selling profiles"}):
            row = LegalBasis.objects.get(pk=mine.pk)
            assert row.basis == "legitimate-interest"
            before = {name: getattr(row, name) for name in changed}
            for name, words in changed.items():
                setattr(row, name, words)
            revise(draft, row)
            assert unsettled(draft) == [assessed_changes.subject_of(change.key)], "other words are weighed again"
            for name, words in before.items():
                setattr(row, name, words)
            revise(draft, row)
            assert unsettled(draft) == []
        revise(draft, Item(category=category, code="colour", name_ko="색", name_en="Colour", position=99))
        assert unsettled(draft) == [ITEM, assessed_changes.subject_of(change.key)]

    def test_a_recipient_is_assessed_again_with_other_items(self) -> None:
        draft = factory.make_draft(years=2)
        party = data_recipients.DataRecipient("new-party", "새 회사", "New", "배송", "delivery", ("imei",))
        source = lambda _on: [party]  # noqa: E731
        data_recipients.add_source("recipients", source)
        try:
            approved(assess(draft, "recipients:new-party"))
            assert unsettled(draft) == []
            for other in (
                replace(party, items=("imei", "msisdn", "name")),
                replace(party, purpose_ko="광고", purpose_en="advertising"),
            ):
                party = other
                assert unsettled(draft) == ["recipients:new-party"]
        finally:
            data_recipients.remove_source("recipients", source)

    def test_a_new_category_is_assessed_again_with_other_items_or_purposes(self) -> None:
        draft = factory.make_draft(years=2)
        made = Category(version=draft, code="travel", name_ko="여행", name_en="Travel", position=99)
        item = Item(category=made, code="stop", name_ko="정류장", name_en="Stop", position=1)
        revise(draft, made, item)
        approved(assess(draft, "category:travel"))
        assert unsettled(draft) == []
        revise(draft, rename(draft, "stop", "Every stop"))
        assert unsettled(draft) == ["category:travel"]
        revise(draft, rename(draft, "stop", "Stop"))
        assert unsettled(draft) == []
        purpose = draft.categories.get(code="device-registration").purposes.filter(is_internal=False)[0].code
        policies.revise_draft(draft, purposes={"travel": [purpose]}, actor=factory.make_hana(granted=False), at=NOON)
        assert unsettled(draft) == ["category:travel"]

    def test_a_reason_counts_for_what_it_was_given_for(self) -> None:
        draft = a_draft_with_a_new_item()
        factory.settle_assessments(draft)
        assert unsettled(draft) == []
        revise(draft, rename(draft, "colour", "Face"))
        assert unsettled(draft) == [ITEM]

    def test_a_key_fits_its_column_whatever_it_names(self) -> None:
        longest = max(
            field.max_length or 0 for field in (Category._meta.get_field("code"), Item._meta.get_field("code"))
        )
        key = factory.assessed_key(a_draft_with_a_new_item(), ITEM)
        most = len("recipients::") + 2 * longest + len(key) - len(ITEM)
        assert most <= (AssessmentExemption._meta.get_field("change").max_length or 0)


@pytest.mark.law("N-05")
class AssessmentTest(PortalTestCase):
    def test_its_criteria_are_those_of_act_and_decree(self) -> None:
        with override("en"):
            asked = " ".join(str(title) for title in CRITERIA["impact"].values())
        for article in ("33(3)1", "33(3)2", "37 no. 1", "37 no. 2", "38(1)1", "38(1)2", "38(1)4"):
            assert article in asked, article
        risk = {field.name for field in AssessmentRisk._meta.get_fields()}
        assert {"likelihood", "harm", "measure"} <= risk, "33(3)3 and 38(1)3: each risk, and what is done about it"

    def test_it_is_submitted_whole(self) -> None:
        version, hana = a_draft_with_a_new_item(), factory.make_hana(granted=False)
        made = safeguards.draft_assessment(
            version, covers=[factory.assessed_key(version, ITEM)], title="x", actor=hana, at=NOON
        )
        with pytest.raises(safeguards.Incomplete):
            safeguards.submit_assessment(made, actor=hana, at=NOON)
        answers = dict.fromkeys(CRITERIA["impact"], "x")
        safeguards.answer_assessment(made, answers=answers, actor=hana, at=NOON)
        with pytest.raises(safeguards.Incomplete):
            safeguards.submit_assessment(made, actor=hana, at=NOON)

    def test_it_is_approved_by_another_who_read_this_very_content(self) -> None:
        made, odile = assess(a_draft_with_a_new_item(), ITEM), factory.make_odile(granted=False)
        with pytest.raises(safeguards.WrongState):
            safeguards.approve_assessment(made, read="0" * 64, actor=odile, at=NOON)
        with pytest.raises(NotPermitted):
            safeguards.approve_assessment(
                made, read=safeguards.assessment_digest(made), actor=factory.make_hana(granted=False), at=NOON
            )
        own = safeguards.draft_assessment(made.version, covers=made.covers, title="x", actor=odile, at=NOON)
        safeguards.answer_assessment(own, answers=made.answers, actor=odile, at=NOON)
        measure = factory.make_measure("own")
        safeguards.record_risk(own, cause="x", likelihood=1, harm=1, measure=measure, remaining=1, actor=odile, at=NOON)
        own = safeguards.submit_assessment(own, actor=odile, at=NOON)
        with pytest.raises((safeguards.SamePerson, NotASecondPerson)):
            safeguards.approve_assessment(own, read=safeguards.assessment_digest(own), actor=odile, at=NOON)
        assert approved(made).approved_by == odile.ref
        with pytest.raises(safeguards.WrongState):
            safeguards.answer_assessment(made, answers={}, actor=odile, at=NOON + timedelta(1))

    def test_no_author_approves_it_whoever_submitted_it(self) -> None:
        version, hana, odile = (
            a_draft_with_a_new_item(),
            factory.make_hana(granted=False),
            factory.make_odile(granted=False),
        )
        measure, covers = factory.make_measure("own"), [factory.assessed_key(version, ITEM)]
        for part in ("draft", "answer", "risk"):
            by = {one: odile if one == part else hana for one in ("draft", "answer", "risk")}
            row = safeguards.draft_assessment(version, covers=covers, title="x", actor=by["draft"], at=NOON)
            answers = dict.fromkeys(row.criteria, "x")
            safeguards.answer_assessment(row, answers=answers, actor=hana, at=NOON)
            safeguards.answer_assessment(row, answers={**answers, "result": part}, actor=by["answer"], at=NOON)
            safeguards.record_risk(
                row, cause="x", likelihood=1, harm=1, measure=measure, remaining=1, actor=by["risk"], at=NOON
            )
            row = safeguards.submit_assessment(row, actor=hana, at=NOON)
            with pytest.raises(safeguards.SamePerson):
                safeguards.approve_assessment(row, read=safeguards.assessment_digest(row), actor=odile, at=NOON)
            with pytest.raises(IntegrityError, match="second person"), transaction.atomic():
                Assessment.objects.filter(pk=row.pk).update(state="approved", approved_by=odile.ref, approved_at=NOON)

    def test_the_console_shows_what_is_assessed_and_keeps_what_was_typed(self) -> None:
        draft = a_draft_with_a_new_item()
        key = factory.assessed_key(draft, ITEM)
        self.client.force_login(factory.make_hana())
        with override("en"):
            preview = reverse("admin:policies_policyversion_preview", args=[draft.pk])
            said = self.client.get(preview, secure=True).content.decode()
            assert "now collected: Colour" in said
            assert "assess before approval" in said
            new = reverse("admin:safeguards_assessment_new")
            refused = self.client.post(new, {"title": "Colour of the case"}, secure=True).content.decode()
            assert "Colour of the case" in refused
            self.client.post(new, {"title": "Colour", "covers": [f"{draft.pk}|{key}"]}, secure=True)
            page = reverse("admin:safeguards_assessment_change", args=[Assessment.objects.get().pk])
            assert "now collected: Colour" in self.client.get(page, secure=True).content.decode()
            revise(draft, rename(draft, "colour", "Colour and place"))
            shown = self.client.get(page, secure=True).content.decode()
            assert f"{ITEM} (the draft has changed since: assess it again)" in shown

    @pytest.mark.truth("approved-as-shown")
    def test_what_is_approved_stands_on_the_page_that_approves_it(self) -> None:
        made = assess(a_draft_with_a_new_item(), ITEM)
        self.client.force_login(factory.make_odile(granted=False))
        with override("en"):
            page = reverse("admin:safeguards_assessment_change", args=[made.pk])
            asked = {"CHANGE_FORM-action": "approve", "_selected_action": str(made.pk), "index": "0"}
            said = self.client.post(page, asked, secure=True).content.decode()
        assert [words in said for words in ("now collected: Colour", "검토함", "재식별")] == [True] * 3
        assert safeguards.assessment_digest(made) in said

    def test_a_risk_recorded_twice_by_two_clicks_is_one(self) -> None:
        made, hana = assess(a_draft_with_a_new_item(), ITEM), factory.make_hana(granted=False)
        safeguards.return_assessment(made, actor=factory.make_odile(granted=False), at=NOON)
        risk = {
            "cause": "재식별 ",
            "likelihood": 1,
            "harm": 2,
            "measure": Measure.objects.get(code="pia"),
            "remaining": 1,
        }
        assert safeguards.record_risk(made, **risk, actor=hana, at=NOON) == made.risks.get()

    @pytest.mark.truth("assessed-in-words")
    def test_what_was_assessed_is_told_in_words_also_after_later_versions(self) -> None:
        version, odile = a_draft_with_a_new_item(), factory.make_odile(granted=False)
        made = approved(assess(version, ITEM))
        submit(version)
        approve(version)
        policies.publish(version, effective_on=ON + timedelta(40), actor=odile, at=NOON)
        factory.make_policy(years=4, at=NOON + timedelta(45))
        version.refresh_from_db()
        with override("en"):
            (said,) = assessed_changes.sentences_of(version, made.covers, ON + timedelta(90))
        assert "now collected: Colour" in said
