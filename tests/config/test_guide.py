"""The guides: one for each kind of user, in both languages, with every picture they speak of."""

import re

import pytest
from django.conf import settings
from django.test import Client

from config import guide

pytestmark = pytest.mark.django_db(databases=["default", "personal", "archive"])
FOLDER = settings.BASE_DIR / "docs" / "guide"
PREFIXES = {"ko": "/", "en": "/en/"}


@pytest.mark.parametrize("language", PREFIXES)
@pytest.mark.parametrize("code", [one.code for one in guide.GUIDES])
def test_each_guide_is_there_in_both_languages(code: str, language: str) -> None:
    page = Client().get(f"{PREFIXES[language]}guide/{code}/").content.decode()
    article = page.split('<article class="guide">')[1].split("</article>")[0]
    assert article.count("<h1>") == 1
    assert len(article) > 500
    assert bool(re.search("[가-힣]", article)) == (language == "ko")
    for picture in re.findall(r'src="/static/guide/([^"]+)"', article):
        assert (FOLDER / "images" / picture).is_file(), picture
        assert picture.endswith(f".{language}.png"), picture


def test_both_languages_have_the_same_chapters_and_pictures() -> None:
    for one in guide.GUIDES:
        texts = {language: (FOLDER / f"{one.code}.{language}.md").read_text() for language in PREFIXES}
        shapes = {
            language: (text.count("\n## "), [name.split(".")[0] for name in re.findall(r"images/([\w.-]+)", text)])
            for language, text in texts.items()
        }
        assert shapes["ko"] == shapes["en"], one.code


def test_every_text_of_the_folder_is_one_of_the_guides() -> None:
    known = {f"{one.code}.{language}.md" for one in guide.GUIDES for language in PREFIXES}
    assert {path.name for path in FOLDER.glob("*.md")} == known
    assert Client().get("/guide/nobody/").status_code == 404
