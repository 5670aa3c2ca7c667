"""The judge of the visit asks axe only of what is new; what is new and grave, it finds."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.page_audit import Judge

PAGE = """<!doctype html><html lang="en"><head><title>A page</title><style>
  body { color: #111; background: #fff } .pale { color: #ccc } @media (prefers-color-scheme: dark) {
  body { color: #eee; background: #111 } .dim { color: #333 } }
</style></head><body><main><h1>A page</h1>%s</main></body></html>"""
SOUND = '<p><label>Name <input name="n"></label></p><ul><li>one</li><li>two</li></ul>'


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    opened = chromium.new_page()
    yield opened
    opened.close()


def looked(judge: Judge, page: Page, content: str) -> str:
    page.set_content(PAGE % content)
    return "\n".join(judge.structure(page) + judge.contrast(page))


def test_a_page_like_another_is_not_asked_of_again(page: Page) -> None:
    judge = Judge()
    assert looked(judge, page, SOUND) == ""
    asked = judge.asked
    assert looked(judge, page, SOUND.replace("two</li>", "three</li><li>four</li>")) == ""
    assert judge.asked == asked


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ('<p><input name="n"></p>', "label"),
        ('<p><a href="#"></a></p>', "link-name"),
        ('<p><label>Name <input name="n"></label><button></button></p>', "button-name"),
        ("<ul><p>no item</p></ul>", "list"),
        ('<p role="nothing">text</p>', "aria-roles"),
        ('<p class="pale">pale</p>', "color-contrast"),
    ],
)
def test_what_is_new_and_grave_is_found_beside_what_is_known(page: Page, content: str, rule: str) -> None:
    judge = Judge()
    assert looked(judge, page, SOUND) == ""
    assert f"{rule} (" in looked(judge, page, SOUND + content)


def test_what_is_too_pale_in_the_dark_alone_is_found_there(page: Page) -> None:
    judge = Judge()
    assert looked(judge, page, SOUND + '<p class="dim">dim</p>') == ""
    page.emulate_media(color_scheme="dark")
    assert "color-contrast (" in "\n".join(judge.contrast(page))
