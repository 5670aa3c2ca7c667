"""The eight tasks that the office does most, each as its steps from the first page; a click more is told here."""

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from privacy.disclosures.models import Disclosure
from privacy.incidents.models import Complaint, Incident
from privacy.lib.dates import clock
from privacy.retention.models import DestructionList
from privacy.rights.models import Request, Right
from tests import factory
from tests.browser.office_data import make_full_office
from tests.browser.visitor import Desk, Visitor

DONE = ".messagelist .success"


class Hand:
    """What a person does with the mouse: each click, tick and choice counts; typing does not."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.page = visitor.page
        self.clicks = 0

    def click(self, place: Locator | str) -> None:
        self.clicks += 1
        (self.page.locator(place) if isinstance(place, str) else place).first.click()

    def choose(self, name: str, value: str) -> None:
        self.clicks += 1
        self.page.select_option(f"[name={name}]", value)

    def number(self, label: str) -> Locator:
        """A number of the first page."""
        return self.page.locator("a.figure").filter(has_text=label)

    def find(self, text: str) -> None:
        """Look for a record by one key, from anywhere."""
        self.page.keyboard.press("/")
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def confirm(self) -> None:
        self.click("button[name=confirmed]")
        expect(self.page.locator(DONE).first).to_be_visible()


def decide_a_case(hand: Hand) -> None:
    case = Request.objects.get(state=Request.State.VERIFIED)
    hand.click(hand.page.get_by_role("row").filter(has_text=case.number).get_by_role("link", name="읽고 결정"))
    hand.click(".verbs button[value=decide]")
    hand.click("[name=decision_1][value=grant]")
    hand.click(hand.page.locator("button[type=submit]", has_text="결정 등록"))
    expect(hand.page.locator(DONE).first).to_be_visible()
    assert case.rights.get().decision == Right.Decision.GRANTED


def answer_a_complaint(hand: Hand) -> None:
    hand.click(hand.number("답변할 불만"))
    hand.click("button[value=answer]")
    hand.page.fill("[name=answer]", "담당자를 바꾸었고 오늘 답변해 드렸습니다.")
    hand.confirm()
    assert Complaint.objects.get().state != Complaint.State.RECEIVED


def approve_a_list(hand: Hand) -> None:
    row = DestructionList.objects.to_approve().get()
    hand.click(hand.number("승인할 파기 목록"))
    hand.click("button[value=approve]")
    hand.confirm()
    row.refresh_from_db()
    assert row.state == DestructionList.State.APPROVED


def register_a_phone_request(hand: Hand) -> None:
    hand.click(hand.page.get_by_role("link", name="권리 요구 모두 보기"))
    hand.click(hand.page.get_by_role("link", name="요구 등록"))
    hand.click("[name=channel][value=phone]")
    hand.page.fill("[name=received_on]", clock.today().isoformat())
    hand.click("[name=rights][value=access]")
    hand.click("[name=target_kind][value=imei]")
    hand.page.fill("[name=target]", factory.imei(4))
    hand.click("button[value=details]")
    hand.click("button[value=summary]")
    hand.click(hand.page.locator("button[type=submit]", has_text="요구 등록"))
    expect(hand.page.get_by_role("heading", level=1)).to_have_text("요구를 등록했습니다")
    assert Request.objects.filter(channel="phone").count() == 1


def unmask_an_item(hand: Hand) -> None:
    hand.find("기기")
    hand.click(hand.page.locator("main a[href$='/devices/device/']"))
    hand.page.fill("main [name=q]", factory.imei(4))
    hand.page.keyboard.press("Enter")
    hand.click("#result_list tbody th a")
    hand.click("button[value=unmask]")
    hand.choose("purpose", "registration")
    hand.page.fill("[name=reason]", "전화 문의 확인")
    hand.click("button[name=confirmed]")
    expect(hand.page.get_by_text(factory.imei(4)).first).to_be_visible()


def record_an_incident(hand: Hand) -> None:
    hand.find("유출 사고")
    hand.click(hand.page.locator("main a[href*='/incidents/incident/']"))
    hand.click(hand.page.get_by_role("link", name="유출 사고 등록"))
    hand.page.fill("[name=title]", "노트북 분실")
    hand.click("[name=kind][value=loss]")
    hand.page.fill("[name=aware_at]", clock.now().astimezone(clock.KST).strftime("%Y-%m-%dT%H:%M"))
    hand.click("main form button[type=submit]")
    expect(hand.page.locator(DONE).first).to_be_visible()
    assert Incident.objects.filter(title="노트북 분실").exists()


def export_a_register(hand: Hand) -> None:
    hand.click(hand.page.get_by_role("link", name="대장 내려받기"))
    hand.click("main a[href*='/registers/requests/']")
    hand.page.fill("[name=reason]", "분기 점검")
    with hand.page.expect_download() as file:
        hand.click("main button[type=submit]")
    assert file.value.suggested_filename


def approve_a_disclosure(hand: Hand) -> None:
    made = Disclosure.objects.get(state=Disclosure.State.REQUESTED)
    factory.attach_scan(made, at=clock.now())
    hand.click(hand.number("승인할 제3자 제공"))
    hand.click("button[value=approve]")
    hand.confirm()
    made.refresh_from_db()
    assert made.state == Disclosure.State.APPROVED


@pytest.mark.parametrize(
    ("task", "most"),
    [
        (decide_a_case, 4),
        (answer_a_complaint, 3),
        (approve_a_list, 3),
        (register_a_phone_request, 8),
        (unmask_an_item, 5),
        (record_an_incident, 4),
        (export_a_register, 3),
        (approve_a_disclosure, 3),
    ],
)
def test_it_takes_so_many_clicks(desk: Desk, task: Callable[[Hand], None], most: int) -> None:
    make_full_office()
    who = factory.make_omar() if task is approve_a_disclosure else factory.make_odile()
    hand = Hand(desk.staff(who))
    hand.page.goto("/office/")
    begun = time.monotonic()
    task(hand)
    print(f"{task.__name__}: {hand.clicks} clicks, {time.monotonic() - begun:.1f} s")
    assert hand.clicks <= most
