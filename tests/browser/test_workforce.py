"""An employee with a phone signs the pledge and finishes the training; a handler is let in again (P8.9, P8.10)."""

import pytest
from playwright.sync_api import expect

from privacy.lib.dates import clock
from privacy.workforce.models import Course, Pledge
from tests import factory
from tests.browser.visitor import Desk


@pytest.mark.clause("P8.9")
@pytest.mark.clause("P8.10")
def test_an_employee_signs_and_is_trained_on_a_phone(desk: Desk) -> None:
    nina = factory.make_user("nina@extrus.example", "니나", "employee", fit=False)
    phone = desk.phone()
    phone.sign_in(nina)
    expect(phone.page.get_by_text("할 일이 있습니다")).to_be_visible()
    phone.check("staff-home-owing")
    phone.go("/staff/pledges/")
    phone.check("staff-pledges-owing")
    phone.page.get_by_role("link", name="읽고 서명하기").click()
    phone.check("staff-pledge-sign")
    phone.page.get_by_label("서약서를 읽었으며").check()
    phone.page.get_by_label("서명할 이름").fill("니나")
    phone.page.get_by_label("비밀번호").fill(factory.PASSWORD)
    phone.page.get_by_role("button", name="서약서에 서명").click()
    expect(phone.page.get_by_text("문안이 봉인값과 일치합니다")).to_be_visible()
    phone.check("staff-pledge-signed")
    assert Pledge.objects.get(user=nina).typed_name == "니나"

    phone.go("/staff/training/")
    phone.check("staff-training-owing")
    phone.page.get_by_role("link", name="개인정보 보호 기본 교육").click()
    phone.check("staff-course")
    course = Course.objects.get(code="privacy-basics")
    for question in course.questions:
        phone.page.get_by_label(question["choices"][question["right"]]["ko"], exact=True).check()
    phone.page.get_by_role("button", name="평가 제출").click()
    expect(phone.page.get_by_text("교육이 유효합니다")).to_be_visible()
    phone.check("staff-training-done")
    assert not nina.shortfalls(clock.today())


@pytest.mark.clause("P8.9")
def test_a_failed_quiz_says_what_was_wrong(desk: Desk) -> None:
    nina = factory.make_user("nina@extrus.example", "니나", "employee", fit=False)
    phone = desk.phone()
    phone.sign_in(nina)
    phone.go("/staff/training/privacy-basics/")
    for question in Course.objects.get(code="privacy-basics").questions:
        wrong = next(c for n, c in enumerate(question["choices"]) if n != question["right"])
        phone.page.get_by_label(wrong["ko"], exact=True).check()
    phone.page.get_by_role("button", name="평가 제출").click()
    expect(phone.page.get_by_text("틀린 문항: 1, 2, 3, 4, 5")).to_be_visible()
    phone.check("staff-course-failed")
