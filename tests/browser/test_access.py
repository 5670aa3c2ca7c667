"""Access in a browser: Mina asks on her phone, Hana verifies, Odile decides and carries out, Mina downloads."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from devices import actions as devices
from devices.models import Challenge
from privacy.lib.dates import clock
from privacy.rights.models import Request
from tests import factory, sample_uploads
from tests.browser.visitor import PHONE, SCREENSHOTS, Desk, Visitor


def press(visitor: Visitor, button: str) -> None:
    """Press a button of a record's page."""
    visitor.press_verb(visitor.page.get_by_role("button", name=button, exact=True, include_hidden=True))


def confirm_on_the_device(device_id: object) -> None:
    """The agent on the device shows the code, and Mina confirms it there."""
    asked = Challenge.objects.filter(state="waiting").latest("asked_at")
    devices.answer_challenge(
        device_id=device_id,  # type: ignore[arg-type]
        challenge_id=asked.id,
        confirmed=True,
        code=asked.shown,
        gateway=factory.make_gate(),
        at=clock.now(),
    )


@pytest.mark.clause("P1.2")
def test_mina_asks_on_her_phone_and_downloads_her_data(desk: Desk, mina: Visitor, tmp_path: Path) -> None:
    device = factory.make_device(1, agreed=("activation", "service-analytics", "app-log"), at=clock.now())
    officer, handler = factory.make_officer(), factory.make_handler()

    page = mina.page
    mina.go("/rights/")
    mina.check("rights-guide-phone")
    page.get_by_role("main").get_by_role("link", name="권리 행사 요구하기").first.click()
    mina.check("rights-request-phone")
    # A first try with a wrong number: the page says what to mend and keeps what was typed.
    mina.expected.add(422)
    page.check("input[name=rights][value=access]")
    page.check("input[name=target_kind][value=imei]")
    page.fill("input[name=target]", "123456789012345")
    page.fill("input[name=name]", "미나")
    page.get_by_role("main").get_by_role("button").last.click()
    expect(page.locator(".error-summary")).to_be_visible()
    expect(page.locator("input[name=name]")).to_have_value("미나")
    mina.check("rights-request-error-phone")
    page.fill("input[name=target]", factory.imei(1))
    page.get_by_role("main").get_by_role("button").last.click()
    number = page.locator("#case-number").inner_text()
    code = page.locator("#case-code").inner_text()
    mina.check("rights-received-phone")

    mina.go("/rights/case/")
    # Who has just sent it need not enter number and code.
    expect(page.get_by_role("heading", level=1)).to_contain_text(number)
    assert code not in mina.main()
    mina.check("rights-case-phone")
    page.set_input_files(
        "input[name=document]", {"name": "id.png", "mimeType": "image/png", "buffer": sample_uploads.png()}
    )
    page.get_by_role("button", name="문서 보내기").click()
    expect(page.get_by_role("main")).to_contain_text("문서 1건을 받아 확인하고 있습니다")
    mina.check("rights-case-document-phone")

    factory.judge_files()
    case = Request.objects.get()
    hana = desk.staff(handler)
    hana.go(f"/office/rights/request/{case.pk}/change/")
    hana.check("desk-case-handler")
    with hana.page.expect_download() as document:
        press(hana, "문서 열람")
    assert document.value.path().read_bytes() == sample_uploads.png()
    press(hana, "본인확인")
    hana.page.check("input[name=method][value=documents]")
    hana.check("desk-verify")
    hana.page.locator("button[name=confirmed]").click()
    case.refresh_from_db()
    assert (case.state, case.verified_by) == ("verified", handler.reference)
    press(hana, "메모 쓰기")
    hana.page.fill("textarea[name=text]", "신분증 사진으로 확인함")
    hana.page.locator("button[name=confirmed]").click()
    press(hana, "작성된 내용 열람")
    hana.check("desk-words")
    odile = desk.staff(officer)
    odile.go(f"/office/rights/request/{case.pk}/change/")
    press(odile, "인용")
    odile.check("desk-grant")
    odile.page.locator("button[name=confirmed]").click()
    press(odile, "조치")
    odile.check("desk-carry-out")
    odile.page.locator("button[name=confirmed]").click()
    expect(odile.page.locator(".record-top")).to_be_visible()
    odile.check("desk-case-carried-out")

    page.reload()
    mina.check("rights-case-ready-phone")
    page.get_by_role("button", name="기기에서 확인하기").click()
    confirm_on_the_device(device.id)
    page.reload()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="열람 자료 내려받기").click()
    saved = tmp_path / "package.zip"
    waiting.value.save_as(saved)
    archive = zipfile.ZipFile(io.BytesIO(saved.read_bytes()))
    content = json.loads(archive.read("content.json"))
    assert content["held"]["device-registration"][0]["imei"] == factory.imei(1)
    archive.extractall(tmp_path)
    # The package is read away from this site, from the file itself.
    reader = desk.browser.new_page(viewport=PHONE)
    reader.goto((tmp_path / "index.html").as_uri())
    assert factory.imei(1) in reader.locator("body").inner_text()
    reader.screenshot(path=SCREENSHOTS / "access-package-phone.png", full_page=True)
    reader.close()


@pytest.mark.clause("P5.1")
def test_a_second_officer_approves_a_disclosure(desk: Desk) -> None:
    device = factory.make_device(1, at=clock.now())
    party = factory.make_third_party()
    officer, second = factory.make_officer(), factory.make_omar()
    odile = desk.staff(officer)
    odile.go("/office/disclosures/disclosure/ask/")
    odile.check("disclosure-ask")
    page = odile.page
    page.select_option("select[name=third_party]", str(party.pk))
    page.check("input[name=basis][value=law]")
    go_on = page.get_by_role("main").get_by_role("button", name="계속", exact=True)
    go_on.click()
    page.fill("input[name=statute]", "전기통신사업법 제83조제3항")
    page.fill("input[name=restrictions]", "수사 목적으로만 이용")
    page.fill("input[name=document_no]", "2026-1187")
    odile.screenshot("disclosure-ask-ground")
    odile.check("disclosure-ask-ground")
    go_on.click()
    page.fill("input[name=purpose]", "분실 단말기 수리")
    page.fill("textarea[name=records]", device.reference)
    page.check("input[name=items][value='device-registration/imei']")
    odile.screenshot("disclosure-ask-content")
    odile.check("disclosure-ask-content")
    go_on.click()
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        odile.screenshot(f"disclosure-ask-summary-{width}")
        odile.check(f"disclosure-ask-summary-{width}")
    page.get_by_role("main").get_by_role("button", name="제3자 제공 신청", exact=True).click()
    address = page.url
    odile.check("disclosure-asked")
    press(odile, "사본 첨부")
    page.set_input_files(
        "input[name=scan]", {"name": "r.pdf", "mimeType": "application/pdf", "buffer": sample_uploads.PDF}
    )
    odile.check("disclosure-attach")
    page.locator("button[name=confirmed]").click()
    factory.judge_files()
    omar = desk.staff(second)
    factory.grant_scans(second, by=officer)
    omar.page.goto(address)
    with omar.page.expect_download() as document:
        press(omar, "사본 확인")
    assert document.value.path().read_bytes().startswith(b"%PDF")
    omar.page.goto(address)
    press(omar, "승인")
    omar.check("disclosure-approve")
    omar.page.locator("button[name=confirmed]").click()
    page.goto(address)
    press(odile, "제공")
    odile.check("disclosure-provide")
    page.locator("button[name=confirmed]").click()
    odile.check("disclosure-handed-over")
    with page.expect_download() as waiting:
        page.get_by_role("link", name=".zip 저장").click()
    assert zipfile.is_zipfile(waiting.value.path())
    assert waiting.value.suggested_filename.endswith(".zip")
    page.goto(address)
    odile.check("disclosure-provided")
    press(odile, "암호 보기")
    odile.check("disclosure-passphrase")
