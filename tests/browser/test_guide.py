"""The pictures of the guides, taken from the pages themselves: `make guide` keeps them in docs/guide/images."""

import os
import re
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import translation
from playwright.sync_api import expect

from config.guide import FOLDER, GUIDES
from privacy.retention.models import DestructionList
from privacy.rights.models import Request
from tests import factory
from tests.browser.office_data import make_office
from tests.browser.visitor import Desk, Visitor

IMAGES = Path(os.environ.get("GUIDE_IMAGES", Path(__file__).resolve().parents[2] / "build" / "guide"))
DESK = {"width": 1100, "height": 800}
PHONE = {"width": 390, "height": 760}


def wanted() -> set[str]:
    """The names of the pictures that the guides show."""
    texts = (path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md"))
    return {name for text in texts for name in re.findall(r"images/([\w-]+)\.(?:ko|en)\.png", text)}


def take(visitor: Visitor, name: str, language: str, path: str) -> None:
    """Go to a page in a language and take its picture, as much as fits on one screen."""
    visitor.go(path if language == "ko" else f"/en{path}")
    expect(visitor.page.get_by_role("heading", level=1)).to_be_visible()
    IMAGES.mkdir(parents=True, exist_ok=True)
    visitor.page.screenshot(path=IMAGES / f"{name}.{language}.png")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_picture_of_the_guides_can_be_taken(desk: Desk, language: str) -> None:
    make_office()
    with translation.override("ko"):
        case = Request.objects.filter(state="verified").get()
        pages = {
            "today": (factory.make_odile, reverse("admin:index")),
            "office-case": (factory.make_odile, reverse("admin:rights_request_change", args=[case.pk])),
            "lists": (
                factory.make_odile,
                reverse("admin:retention_destructionlist_change", args=[DestructionList.objects.first().pk]),
            ),
            "entries": (factory.make_aram, reverse("admin:ledger_entry_changelist")),
            "staff": (factory.make_emin, "/staff/"),
            "pledge": (factory.make_emin, reverse("workforce:sign", args=["yearly"])),
            "sign-in": (factory.make_omar, reverse("mfa_index")),
            "key": (factory.make_omar, reverse("mfa_add_webauthn")),
            "app": (factory.make_omar, reverse("mfa_activate_totp")),
        }
    receipt = factory.ask_correction(address="203.0.113.77")
    phone = desk.visitor(PHONE, is_mobile=True, has_touch=True)
    take(phone, "request", language, "/rights/request/")
    phone.go("/rights/case/" if language == "ko" else "/en/rights/case/")
    phone.page.fill("input[name=number]", receipt.request.number)
    phone.page.fill("input[name=code]", receipt.code)
    phone.page.get_by_role("main").get_by_role("button").first.click()
    take(phone, "case", language, "/rights/case/")
    taken = {"request", "case"}
    visitors: dict[str, Visitor] = {}
    for name, (who, path) in pages.items():
        user = who()
        if user.email not in visitors:
            visitors[user.email] = desk.visitor(DESK)
            if user.email == factory.make_omar().email:  # his pictures show the browser that he signed in with
                visitors[user.email].go("/sign-in/")
                visitors[user.email].give_password(user)
                visitors[user.email].page.wait_for_url("**/staff/security/")
            else:
                visitors[user.email].sign_in(user)
        take(visitors[user.email], name, language, path)
        taken.add(name)
    # The codes are shown once: when an app was added, the last of the pages above.
    omar = visitors[factory.make_omar().email]
    omar.give_code(factory.code_now(omar.page.locator("#secret").inner_text()))
    expect(omar.page.locator(".codes")).to_be_visible()
    omar.page.screenshot(path=IMAGES / f"codes.{language}.png")
    taken.add("codes")
    assert taken == wanted()
    assert len(GUIDES) == len(list(FOLDER.glob(f"*.{language}.md")))
