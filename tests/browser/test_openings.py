"""Who opened my data, in a browser: readable without script, recalculated with it, on a phone and at a desk."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from privacy.rights.actions import Receipt
from tests import factory
from tests.browser.visitor import Desk, Visitor
from tests.database import PortalDatabase
from tests.factories.ledger import tamper
from tests.factories.openings import make_openings, notary_of

WIDE = {"width": 1440, "height": 900}
SEED = 20261127


@pytest.fixture
def receipt(portal_database: PortalDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Receipt:
    """Mina's case, her identity confirmed, after openings that are signed and one that isn't yet."""
    monkeypatch.setenv("NOTARY_STATE_DIR", str(tmp_path))
    catch_up = notary_of(portal_database, tmp_path)
    device = factory.make_device(1)
    made = factory.ask(target=factory.imei(1))
    factory.make_verified(made)
    make_openings([device], 12, seed=SEED)
    catch_up()
    make_openings([device], 1, seed=SEED)
    return made


def enter(visitor: Visitor, receipt: Receipt, language: str = "") -> None:
    visitor.go(f"{language}/rights/case/")
    visitor.page.fill("input[name=number]", receipt.number)
    visitor.page.fill("input[name=code]", receipt.code)
    visitor.page.get_by_role("main").get_by_role("button").first.click()
    visitor.page.locator("a[href$='/opened/']").click()


@pytest.mark.clause("P1.2")
def test_each_line_is_recalculated_by_the_browser(desk: Desk, receipt: Receipt) -> None:
    for name, language, visitor in (
        ("phone", "", desk.phone()),
        ("desk", "/en", desk.visitor(WIDE)),
        ("dark", "", desk.visitor(WIDE, scheme="dark")),
    ):
        enter(visitor, receipt, language)
        lines = visitor.page.locator("li[data-entry]")
        count = lines.count()
        expect(visitor.page.locator(".mark[data-found=good], .mark[data-found=hash]")).to_have_count(count - 1)
        expect(visitor.page.locator(".mark[data-found=wait]")).to_have_count(1)
        assert visitor.page.locator(".mark[data-found=hash]").count() > 0
        good, by_hash = (visitor.page.locator(f".mark[data-found={one}]") for one in ("good", "hash"))
        summary = visitor.page.locator("[data-summary]")
        expect(summary).to_contain_text(re.compile(rf"(?<!\d){good.count()}(?!\d)"))
        expect(summary).to_contain_text(re.compile(rf"(?<!\d){by_hash.count()}(?!\d)"))
        assert "✓" in good.first.inner_text() and "✓" not in by_hash.first.inner_text()
        assert "verified" not in visitor.main().lower() and "확인됨" not in visitor.main()
        visitor.check(f"rights-openings-{name}")


def test_without_script_everything_is_there(desk: Desk, receipt: Receipt) -> None:
    visitor = desk.visitor(WIDE, java_script_enabled=False)
    enter(visitor, receipt)
    assert visitor.page.locator("li[data-entry]").count() >= 13
    assert "개인정보취급자" in visitor.main()
    visitor.screenshot("rights-openings-without-script")


ALTERED = {
    "another task": (r'data-task="[^"]*"', 'data-task="devices.device.listed.x"'),
    "another account": (r'data-by="[^"]*"', 'data-by="U-OTHER"'),
    "another time": (r'data-time="2', 'data-time="1'),
}


@pytest.mark.parametrize("what", ALTERED)
def test_a_line_that_shows_something_else_than_its_entry_is_marked(desk: Desk, receipt: Receipt, what: str) -> None:
    visitor = desk.phone()
    before, after = ALTERED[what]

    def alter(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=re.sub(before, after, answer.text()))

    visitor.page.route("**/rights/case/opened/", alter)
    enter(visitor, receipt)
    whole = visitor.page.locator(".mark[data-found=bad]")
    expect(whole.first).to_be_visible()
    assert visitor.page.locator(".mark[data-found=good]").count() == 0


@pytest.mark.parametrize("place", ["entry", "proof"])
def test_a_proof_that_does_not_hold_is_marked(desk: Desk, receipt: Receipt, place: str) -> None:
    visitor = desk.phone()

    def alter(route: Route) -> None:
        answer = route.fetch()
        proofs = answer.json()
        for proof in [one for one in proofs.values() if "proof" in one]:
            if place == "entry" and "entry" in proof:
                proof["entry"] = proof["entry"].replace('"nonce":"', '"nonce":"A')
            elif place == "proof":
                index, more = proof["proof"].split("\n")[1:2], proof["proof"]
                proof["proof"] = more.replace(index[0], f"index {int(index[0][6:]) ^ 1}", 1)
        route.fulfill(response=answer, json=proofs)

    visitor.page.route(re.compile(r"/opened/proofs/"), alter)
    enter(visitor, receipt)
    expect(visitor.page.locator(".mark[data-found=bad]").first).to_be_visible()
    assert visitor.page.locator(".mark[data-found=good]").count() == 0


def test_a_proof_that_is_gone_is_not_called_unsigned(
    desk: Desk, receipt: Receipt, portal_database: PortalDatabase
) -> None:
    visitor = desk.visitor(WIDE)
    tamper(portal_database, "UPDATE ledger.entry SET time = time - interval '11 minutes'")
    tamper(portal_database, "DELETE FROM ledger.node")
    enter(visitor, receipt, "/en")
    expect(visitor.page.locator(".mark[data-found=none]").first).to_contain_text("no proof")
    assert visitor.page.locator(".mark[data-found=wait]").count() == 0
    assert "Infringement Report Center" in visitor.main()
