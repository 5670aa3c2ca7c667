"""The public door: every page, both languages, on a phone and at a desk, light and dark."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse
from playwright.sync_api import expect

from consents.models import Decision
from privacy.incidents import actions as incidents
from privacy.incidents.models import Complaint
from privacy.lib.dates import clock
from privacy.rights import actions as rights
from tests import factory
from tests.browser.visitor import Desk, Visitor
from tests.house.test_open_routes import OPEN

LANGUAGES = {"ko": "/", "en": "/en/"}
# Each language on both sizes, and light and dark on one of them.
LOOKS = {"ko": [("phone", "light"), ("computer", "dark")], "en": [("phone", "dark"), ("computer", "light")]}
# What a page may weigh, style sheets and all: a phone on a slow line waits for it.
HEAVIEST = 100_000
# The reference of every call and event is read at a desk by who writes a program.
REFERENCE = {"api-reference": 150_000}


@pytest.fixture
def pages(portal_live: str) -> dict[str, str]:
    """The approved open pages that anybody can open by their address alone, below the language's prefix."""
    found = {}
    for name in sorted(OPEN):
        try:
            address = reverse(name)
        except NoReverseMatch:
            continue  # needs a version or a reference
        # What answers otherwise needs the code of a case: the tests of the main job go there.
        answer = Client().get(address)
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            found[name.replace(":", "-")] = address.removeprefix("/")
    assert {
        "policies-home",
        "policies-policy",
        "rights-request",
        "rights-case",
        "consents-home",
        "account_login",
    } <= set(found)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_open_page_is_sound_on_a_phone_and_at_a_desk(desk: Desk, pages: dict[str, str], language: str) -> None:
    for size, scheme in LOOKS[language]:
        visitor = desk.phone(scheme=scheme) if size == "phone" else desk.computer(scheme=scheme)
        for name, path in pages.items():
            visitor.go(LANGUAGES[language] + path)
            assert visitor.page.locator("html").get_attribute("lang") == language
            expect(visitor.page.get_by_role("heading", level=1)).to_have_count(1)
            visitor.check_stillness()
            visitor.check(f"open-{name}-{language}-{size}-{scheme}")


def test_every_open_page_works_without_script_and_images_and_weighs_little(desk: Desk, pages: dict[str, str]) -> None:
    """With nothing in its cache, a phone gets at most 100 kB; what it reads does not depend on pictures or script."""
    visitor = desk.phone(java_script_enabled=False)
    page = visitor.page
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    came: list[float] = []
    network.on("Network.loadingFinished", lambda event: came.append(event["encodedDataLength"]))
    for name, path in pages.items():
        came.clear()
        visitor.go("/" + path)
        page.wait_for_load_state("networkidle")
        assert len(came) > 2 and sum(came) <= REFERENCE.get(name, HEAVIEST), f"{name} weighs {sum(came)} bytes"
        assert page.locator("script").count() == 0
        read = visitor.main()
        assert len(read) > 40, name
        page.route("**/*.{png,svg,jpg,webp}", lambda route: route.abort())
        visitor.go("/" + path)
        assert visitor.main() == read, name
        page.unroute("**/*.{png,svg,jpg,webp}")


@pytest.mark.clause("P1.3")
@pytest.mark.clause("P2.2")
def test_pages_of_ones_own_and_old_texts_are_sound_on_a_phone(desk: Desk) -> None:
    """What needs a version, a receipt or a code: an old policy, what changed, consents, an objection, a complaint."""
    now = clock.now()
    device = factory.make_device(1, agreed=("activation", "service-analytics"), at=now)
    agreed = Decision.objects.get(subject_id=device.subject_id, agreement__code="activation")
    opens = factory.consent_code(agreed, at=now)
    version = factory.make_policy(at=now - timedelta(days=60), effective_on=clock.today() - timedelta(days=20))
    odile = factory.make_officer()
    asked = factory.ask(target=factory.imei(1), at=now)
    refused = factory.make_verified(asked, at=now).rights.get()
    rights.refuse(
        refused, ground="law", law="통신비밀보호법 제13조의5", explanation="수사 중입니다.", actor=odile, at=now
    )
    for number, (language, prefix) in enumerate(LANGUAGES.items()):
        visitor = desk.phone(scheme=("light", "dark")[number])
        page, name = visitor.page, f"own-{language}-"

        def look(part: str, visitor: Visitor = visitor, name: str = name) -> None:
            expect(visitor.page.get_by_role("heading", level=1)).to_have_count(1)
            visitor.check(name + part)

        for part, path in {"old": "policy/2020-12-01/", "changed": f"policy/2020-12-01..{version.number}/"}.items():
            visitor.go(prefix + path)
            look(f"policy-{part}")

        visitor.go(prefix + "consents/")
        page.fill("input[name=code]", opens)
        page.locator("form", has=page.locator("input[name=code]")).get_by_role("button").click()
        look("consents")
        if number == 0:
            page.goto(f"{prefix}consents/age/")
            look("consents-age")
            page.fill("input[name=birth_date]", "2000-01-31")
            page.locator("main form", has=page.locator("input[name=birth_date]")).get_by_role("button").click()
        page.goto(f"{prefix}consents/app-log/")
        look("consents-choice")
        page.locator(f"button[value={('agree', 'withdraw')[number]}]").click()
        look("consents-receipt")

        visitor.go(prefix + "rights/case/")
        page.fill("input[name=number]", asked.number)
        page.fill("input[name=code]", asked.code)
        page.locator("main form button").first.click()
        if number == 0:
            page.locator("details summary").first.click()
            look("objection")
            page.fill("textarea[name=statement]", "다시 살펴봐 주세요.")
            page.locator("details form button").first.click()
        look("objected")

        visitor.go(prefix + "complaint/")
        visitor.expected = {422}
        page.locator("main form button").click()
        look("complaint-empty")
        page.fill("textarea[name=explanation]", "답변이 늦습니다.")
        page.locator("main form button").click()
        look("complaint-received")
        reference, code = page.inner_text("#complaint-reference"), page.inner_text("#complaint-code")
        page.locator("main a.btn").click()
        for tried, part in (("0" * 26, "complaint-wrong-code"), (code, "complaint-status")):
            page.fill("input[name=reference]", reference)
            page.fill("input[name=code]", tried)
            page.locator("main form button").click()
            look(part)
        answer = "늦어서 죄송합니다.\n다음부터는 열흘 안에 답변드리겠습니다."
        incidents.answer_complaint(Complaint.objects.get(reference=reference), answer=answer, actor=odile, at=now)
        page.reload()
        assert "늦어서 죄송합니다." in visitor.main()
        look("complaint-answered")


def test_the_language_switch_keeps_the_page(mina: Visitor) -> None:
    mina.go("/policy/")
    mina.page.get_by_role("link", name="English").click()
    assert mina.page.url.endswith("/en/policy/")
    mina.page.get_by_role("link", name="한국어").click()
    assert mina.page.url.endswith("/policy/")
    assert "/en/" not in mina.page.url


@pytest.mark.law("V-04")
def test_the_policy_is_one_emphasised_step_away_on_every_page(mina: Visitor, pages: dict[str, str]) -> None:
    """Law V-04: the policy is distinguishable on the first page and always published."""
    for path in pages.values():
        if path != "sign-in/":
            mina.go("/" + path)
            link = mina.page.get_by_role("contentinfo").get_by_role("link", name="개인정보 처리방침")
            weight = link.evaluate("element => getComputedStyle(element).fontWeight")
            assert int(weight) >= 700, path


def test_the_first_stop_of_the_keyboard_leads_to_the_content(desk: Desk) -> None:
    visitor = desk.computer()
    visitor.go("/")
    visitor.page.keyboard.press("Tab")
    expect(visitor.page.get_by_role("link", name="본문으로 건너뛰기")).to_be_focused()
    visitor.page.keyboard.press("Enter")
    assert visitor.page.evaluate("document.activeElement.id") == "main"


def test_an_unknown_page_says_so_in_the_language_of_its_address(mina: Visitor) -> None:
    mina.expected = {404}
    for address, heading in {"/nothing/": "페이지를 찾을 수 없습니다", "/en/nothing/": "Page not found"}.items():
        assert mina.go(address).status == 404
        expect(mina.page.get_by_role("heading", level=1)).to_have_text(heading)
        mina.check(f"open-404{address.replace('/', '-')}phone")
