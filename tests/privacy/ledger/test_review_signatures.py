"""Signatures under a review: nobody's own, in order and once, over everything that the sheet says (law S-04 … S-07)."""

import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin import site
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from privacy.accounts.models import User
from privacy.ledger import actions as ledger
from privacy.ledger.actions.reviews import ExplanationRequired, SeparationOfDuties, WrongReviewState
from privacy.ledger.actors import ExternalActor
from privacy.ledger.admin.reviews import ReviewAdmin
from privacy.ledger.exports import review_sheet
from privacy.ledger.models import Entry, Finding, Review
from privacy.ledger.review import signed_digests
from privacy.lib.registries import registers
from tests.database import PortalDatabase
from tests.factories.accounts import make_aram, make_omar
from tests.privacy.ledger.test_reviews import AT, HANA, KST, NOON, REVIEWS, open_october, read

ARAM, OMAR = ExternalActor("user", "U-ARAM"), ExternalActor("user", "U-OMAR")


@pytest.fixture
def review(portal_database: PortalDatabase) -> Review:
    """October with one finding about Hana."""
    night = datetime(2026, 10, 14, 23, 0, tzinfo=KST)
    return open_october(portal_database, [(night, "read", read()), *[(NOON, "read", read("U-X"))] * 60])


def explain(review: Review, by: ExternalActor = ARAM) -> None:
    for finding in review.findings.all():
        ledger.explain_finding(
            finding=finding, explanation="Night shift for the incident of that day.", measure="none", actor=by, at=AT
        )


def sign(review: Review, by: ExternalActor = ARAM) -> None:
    ledger.sign_review(
        review=review, checked="Every entry of the sample has a case.", conclusion="Nothing improper.", actor=by, at=AT
    )


@pytest.mark.law("S-04")
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


@pytest.mark.law("S-04")
def test_nobody_reviews_themselves(review: Review) -> None:
    with pytest.raises(SeparationOfDuties):
        explain(review, by=HANA)
    explain(review)
    ledger.draw_sample(review=review, actor=ARAM, at=AT)
    with pytest.raises(SeparationOfDuties):
        sign(review, by=HANA)
    sign(review)
    for person in (ARAM, HANA):
        with pytest.raises(SeparationOfDuties):
            ledger.confirm_review(review=review, actor=person, at=AT)


@pytest.mark.law("S-04")
def test_steps_are_taken_in_order_and_once(review: Review) -> None:
    with pytest.raises(WrongReviewState):
        sign(review)
    with pytest.raises(WrongReviewState):
        ledger.confirm_review(review=review, actor=OMAR, at=AT)
    ledger.draw_sample(review=review, actor=ARAM, at=AT)
    with pytest.raises(WrongReviewState):
        ledger.draw_sample(review=review, actor=ARAM, at=AT)
    with pytest.raises(WrongReviewState, match=r".+"):
        sign(review)
    explain(review)
    with pytest.raises(ExplanationRequired):
        ledger.sign_review(review=review, checked="ok", conclusion="ok", actor=ARAM, at=AT)
    sign(review)
    with pytest.raises(WrongReviewState):
        sign(review)
    with pytest.raises(WrongReviewState):
        explain(review)
    ledger.confirm_review(review=review, actor=OMAR, at=AT)
    with pytest.raises(WrongReviewState):
        ledger.confirm_review(review=review, actor=OMAR, at=AT)


def test_two_second_persons_at_once_make_one_confirmation(review: Review) -> None:
    explain(review)
    ledger.draw_sample(review=review, actor=ARAM, at=AT)
    sign(review)
    outcomes: list[object] = []

    def confirm(actor: ExternalActor) -> None:
        try:
            outcomes.append(ledger.confirm_review(review=review, actor=actor, at=AT))
        except WrongReviewState as refusal:
            outcomes.append(refusal)
        finally:
            connections.close_all()

    people = [threading.Thread(target=confirm, args=(ExternalActor("user", f"U-{n}"),)) for n in range(4)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert outcomes.count(None) == 1
    assert Entry.objects.filter(word="ledger.review.confirmed").count() == 1


def test_the_sample_is_nobody_s_choice(review: Review) -> None:
    from privacy.ledger.actions.reviews import _sample

    assert _sample(review) == _sample(review)
    other = Review(pk=review.pk, root="0" * 64, start_index=review.start_index, end_index=review.end_index)
    assert _sample(other) != _sample(review)


@pytest.mark.law("S-04")
def test_an_overdue_review_is_told_once(review: Review) -> None:
    assert ledger.record_overdue_reviews(on=date(2026, 11, 15), actor=REVIEWS, at=AT) == 0
    assert ledger.record_overdue_reviews(on=date(2026, 11, 16), actor=REVIEWS, at=AT) == 1
    assert ledger.record_overdue_reviews(on=date(2026, 11, 17), actor=REVIEWS, at=AT) == 0
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


def opened_with(client: Client, model: str, record: Any, name: str) -> str:
    """Press a button and return what its form was opened with."""
    page = client.post(
        reverse(f"admin:ledger_{model}_change", args=[record.pk]),
        {"CHANGE_FORM-action": name, "_selected_action": str(record.pk)},
    )
    return str(page.context["form"]["opened_with"].value())


@pytest.mark.truth("review-signed-as-read")
def test_an_explanation_is_not_written_over_another_that_was_not_read(
    review: Review, people: dict[str, Client]
) -> None:
    (finding,) = review.findings.all()
    opened = opened_with(people["Aram"], "finding", finding, "explain")
    explain(review, by=OMAR)
    typed = {"explanation": "It was the backup of that night.", "measure": "none", "opened_with": opened}
    page = press(people["Aram"], "finding", finding, "explain", **typed).content.decode()
    finding.refresh_from_db()
    assert finding.explanation == "Night shift for the incident of that day."
    assert "It was the backup of that night." in page
    assert "Night shift for the incident of that day." in page


@pytest.mark.truth("review-signed-as-read")
def test_nobody_signs_over_an_explanation_that_was_not_read(review: Review, people: dict[str, Client]) -> None:
    explain(review)
    ledger.draw_sample(review=review, actor=ARAM, at=AT)
    opened = opened_with(people["Aram"], "review", review, "sign")
    (finding,) = review.findings.all()
    ledger.explain_finding(
        finding=finding, explanation="It was the backup of that night.", measure="none", actor=OMAR, at=AT
    )
    said = {"checked": "All of the sample has a case.", "conclusion": "Nothing improper."}
    page = press(people["Aram"], "review", review, "sign", **said, opened_with=opened, findings=read_then(review))
    review.refresh_from_db()
    assert review.state == "sampled"
    form = page.context["form"]
    assert "It was the backup of that night." in form["findings"].value()
    assert form["conclusion"].value() == "Nothing improper."
    again = {name: form[name].value() for name in ("findings", "checked", "conclusion", "opened_with")}
    press(people["Aram"], "review", review, "sign", **again)
    review.refresh_from_db()
    assert review.state == "signed"


def read_then(review: Review) -> str:
    """The findings as the page showed them before the second explanation."""
    (finding,) = review.findings.all()
    finding.explanation = "Night shift for the incident of that day."
    return " · ".join(
        [str(finding.get_rule_display()), finding.account, str(finding.count), finding.explanation, finding.measure]
    )


def test_a_review_that_is_changed_after_it_was_signed_no_longer_bears_out_the_signatures(review: Review) -> None:
    """The review's rows are not hashed; what was signed is on the ledger."""
    explain(review)
    ledger.draw_sample(review=review, actor=ARAM, at=AT)
    sign(review)
    assert list(signed_digests.altered_reviews()) == []
    ledger.confirm_review(review=review, actor=OMAR, at=AT)
    assert list(signed_digests.altered_reviews()) == []
    for change in (
        {"conclusion": "Much was improper."}, {"confirmer": "U-OTHER"}, {"reviewer": "U-OTHER"}, {"sample": []},
        {"root": "00" * 32}, {"counted": {}}, {"due_on": date(2031, 1, 1)},
    ):  # fmt: skip
        kept = {name: getattr(Review.objects.get(), name) for name in change}
        Review.objects.update(**change)
        assert list(signed_digests.altered_reviews()) == [review], change
        Review.objects.update(**kept)
    at = Finding.objects.get().first_at
    Finding.objects.update(first_at=at + timedelta(hours=12))
    assert list(signed_digests.altered_reviews()) == [review]
    Finding.objects.update(first_at=at)
    assert list(signed_digests.altered_reviews()) == []
    moment = Finding.objects.filter(review=review).first()
    assert moment is not None
    Finding.objects.filter(pk=moment.pk).update(first_at=moment.first_at - timedelta(hours=1))
    assert list(signed_digests.altered_reviews()) == [review], "the sheet names the moment"
    Finding.objects.filter(pk=moment.pk).update(first_at=moment.first_at)
    assert list(signed_digests.altered_reviews()) == []
    Finding.objects.filter(review=review).update(explanation="Something else altogether.")
    assert list(signed_digests.altered_reviews()) == [review]
    Finding.objects.filter(review=review).delete()
    assert list(signed_digests.altered_reviews()) == [review]


@pytest.mark.truth("signature-taken-off")
def test_a_signature_that_was_taken_off_a_review_is_noticed(review: Review) -> None:
    explain(review)
    ledger.draw_sample(review=review, actor=ARAM, at=AT)
    assert list(signed_digests.altered_reviews()) == []
    sign(review)
    Review.objects.update(state="sampled", reviewer="", signed_at=None, conclusion="")
    assert list(signed_digests.altered_reviews()) == [review]


@pytest.mark.law("F-11")
@pytest.mark.truth("review-without-findings")
def test_the_register_of_reviews_names_one_without_findings(review: Review) -> None:
    def lines() -> list[list[Any]]:
        first, last = review.period_from, review.period_until
        window = registers.ExportScope(first=first, last=last, actor=ARAM, at=AT, reason="audit")
        return list(registers.get("access-reviews").rows(window))

    headings = registers.get("access-reviews").headings
    assert headings[1:13] == (
        "점검기간 시작", "점검기간 끝", "대상 시스템", "점검자", "기준", "점검 건수", "계정", "이상건수", "소명",
        "조치", "보고일", "책임자 확인",
    )  # fmt: skip
    with_findings = lines()
    assert [line[0] for line in with_findings] == [review.reference]
    told = dict(zip(headings, with_findings[0], strict=True))
    assert (told["점검기간 시작"], told["점검기간 끝"]) == (review.period_from, review.period_until)
    finding = review.findings.get()
    assert (told["기준"], told["계정"]) == (finding.get_rule_display(), finding.account)
    assert told["이상건수"] == 1
    assert told["점검 건수"] == review.end_index - review.start_index > 0
    assert f"({review.start_index}–{review.end_index})" in told["대상 시스템"]
    review.findings.all().delete()
    (line,) = lines()
    assert line[:3] == [review.reference, review.period_from, review.period_until]
    told = dict(zip(headings, line, strict=True))
    assert (told["기준"], told["이상건수"]) == ("", 0)


@pytest.mark.truth("explained-while-signed")
def test_a_finding_is_not_explained_anew_while_the_review_is_signed(review: Review) -> None:
    explain(review)
    ledger.draw_sample(review=review, actor=ARAM, at=AT)
    (finding,) = review.findings.all()
    outcomes: list[object] = []

    def explain_again() -> None:
        try:
            outcomes.append(explain(review, by=OMAR))
        except WrongReviewState as refusal:
            outcomes.append(refusal)
        finally:
            connections.close_all()

    with transaction.atomic():
        sign(review)
        other = threading.Thread(target=explain_again)
        other.start()
        other.join(1)
    other.join()
    finding.refresh_from_db()
    assert [type(outcome) for outcome in outcomes] == [WrongReviewState]
    assert finding.explained_by == "U-ARAM"
    assert list(signed_digests.altered_reviews()) == []


def test_the_review_sheet_is_a_pdf_and_its_printing_on_record(review: Review, people: dict[str, Client]) -> None:
    answer = people["Aram"].get(reverse("admin:ledger_review_sheet", args=[review.pk]))
    assert answer.content[:5] == b"%PDF-"
    assert Entry.objects.filter(word="ledger.bundle.exported", about=f"ledger.review:{review.pk}").exists()
    assert people["Aram"].get(reverse("admin:ledger_review_changelist")).status_code == 200
    assert people["Aram"].get(reverse("admin:ledger_finding_changelist")).status_code == 200


@pytest.mark.law("F-11")
@pytest.mark.truth("21")
def test_the_review_sheet_names_who_signed_and_whose_account_it_is_about(review: Review) -> None:
    aram, omar = make_aram(), make_omar()
    explain(review)
    ledger.draw_sample(review=review, actor=aram, at=AT)
    ledger.sign_review(
        review=review, checked="Read each entry of the sample.", conclusion="Nothing improper.", actor=aram, at=AT
    )
    ledger.confirm_review(review=review, actor=omar, at=AT)
    review.refresh_from_db()
    day = review.period_until
    window = registers.ExportScope(first=day, last=day, actor=ARAM, at=AT, reason="audit")
    (row,) = registers.get("access-reviews").rows(window)
    told = dict(zip(registers.get("access-reviews").headings, row, strict=True))
    assert (told["조치"], told["보고일"]) == ("none", review.signed_at)
    assert told["소명"] == "Night shift for the incident of that day."
    assert aram.ref in told["점검자"]
    assert omar.ref in told["책임자 확인"]
    review.findings.update(account=omar.ref)
    blocks = review_sheet._payload(review)["blocks"]
    signed = next(block for block in blocks if block["kind"] == "signature")["rows"]
    assert f"Aram ({aram.ref})" in signed[0]
    assert f"Omar ({omar.ref})" in signed[1]
    table = next(block for block in blocks if block["kind"] == "table")
    assert table["rows"][0][1] == f"Omar ({omar.ref})"


@pytest.mark.truth("review-range-one-too-many")
def test_the_review_sheet_says_the_first_and_the_last_index_of_the_period(review: Review) -> None:
    """The end is the first index that is not of the period: two sheets in a row claimed it both."""
    assert review.end_index - review.start_index == 61
    with override("en"):
        fields = dict(review_sheet._payload(review)["blocks"][0]["rows"])
        shown = ReviewAdmin(Review, site).range(review)
    assert fields["Entries"] == shown == f"index {review.start_index} – {review.end_index - 1} (61 entries)"
    review.start_index = review.end_index = 0
    with override("en"):
        assert ReviewAdmin(Review, site).range(review) == "none"
