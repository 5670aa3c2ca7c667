"""The shipped edition restates the published policy sentence by sentence: no promise is lost, and none is added.

``promises.toml`` pairs each sentence of the published text with what the restatement says for it, in both languages.
"""

import tomllib
from pathlib import Path

import pytest

from privacy.policies import policy_document, presentation, rulebook
from privacy.policies.models import Agency
from privacy.policies.shipped_text import EDITIONS
from tests import factory
from tests.base import PortalTestCase

HERE = Path(__file__).parent
PUBLISHED = (HERE / "published.2020-12-01.en.txt").read_text(encoding="utf-8")
TABLE = tomllib.loads((HERE / "promises.toml").read_text(encoding="utf-8"))
BEYOND = tomllib.loads((EDITIONS / "2020-12-01.beyond.toml").read_text(encoding="utf-8"))["beyond"]
LANGUAGES = ("en", "ko")


def plain(text: str) -> str:
    return " ".join(text.split())


def chapters(language: str) -> dict[str, presentation.RenderedSection]:
    text = policy_document.published_document(factory.the_policy())
    return {chapter.code: chapter for chapter in presentation.render_sections(text, language)}


def prose(chapter: presentation.RenderedSection) -> str:
    """What a chapter says beside its tables, in its order."""
    said = (block.items if block.kind == "list" else (block.text,) for block in chapter.blocks if block.name == "")
    return plain(" ".join(sentence for block in said for sentence in block))


@pytest.mark.truth("8")
class EveryPromise(PortalTestCase):
    def test_every_sentence_of_the_published_text_has_its_place(self) -> None:
        paired = plain(" ".join(row["text"] for row in TABLE["promises"]))
        assert paired == plain(PUBLISHED)
        for row in TABLE["promises"]:
            assert all(row[language].strip() for language in LANGUAGES), row["text"]

    def test_the_edition_says_what_the_table_says_and_nothing_else(self) -> None:
        for language in LANGUAGES:
            found = chapters(language)
            assert set(found) == {row["section"] for row in TABLE["promises"] if "section" in row}
            for code, chapter in found.items():
                rows = [row for row in TABLE["promises"] if row.get("section") == code and not row.get("heading")]
                said = plain(" ".join(row[language] for row in rows))
                # A table without rows says so in a sentence of its own, which is no promise.
                nothing = (
                    "This version names no recipient." if language == "en" else "이 버전에 적힌 제공받는 자가 없습니다."
                )
                assert prose(chapter) == (f"{said} {nothing}" if code == "provision" else said)

    def test_every_heading_stands_for_words_of_the_published_text(self) -> None:
        headings = [row for row in TABLE["promises"] if row.get("heading")] + TABLE["headings"]
        for language in LANGUAGES:
            expected = {row["section"]: row[language] for row in headings}
            assert {code: chapter.heading for code, chapter in chapters(language).items()} == expected
        assert all(plain(row["text"]) in plain(PUBLISHED) for row in headings)

    def test_every_name_in_the_tables_is_in_the_published_text_or_is_told_as_going_beyond_it(self) -> None:
        book = rulebook.read(factory.the_policy())
        names = TABLE["names"]
        for named in names.values():
            assert all(phrase in plain(PUBLISHED) for phrase in named.values())
        items = {code for term in book.categories.values() for code in term.items}
        beyond = {row["code"] for row in BEYOND if row["table"] == "items"}
        assert items == set(names["items"]) | beyond
        assert not set(names["items"]) & beyond
        assert set(book.categories) == set(names["categories"])
        assert set(book.preservation) == set(names["preservation"])
        tables = policy_document.published_document(factory.the_policy())["tables"]
        assert {row["code"] for row in tables["purposes"]} == set(names["purposes"])
        assert {row["article"]["en"] for row in tables["preservation"]} == {""}
        assert (tables["recipients"], tables["processors"]) == ([], [])
        assert set(Agency.objects.filter(named_in_policy=True).values_list("code", flat=True)) == set(names["agencies"])

    def test_what_was_lost_before_is_said_in_both_languages(self) -> None:
        """Each loss found in the paraphrase that stood here before, in words that the restatement must have."""
        known = {
            "rights": ("initial activation of the service", "최초 서비스 활성화"),
            "duties": (
                "such as passwords|such as posts|up to date|may be punished under the Act on Promotion",
                "비밀번호|게시물|최신의 상태|「정보통신망 이용촉진 및 정보보호 등에 관한 법률」에 따라 처벌",
            ),
            "remedy": ("1301, without a national code", "국번 없이 1301"),
            "officer": ("Contact e-mail: (left blank)", "연락처 전자우편: (비어 있음)"),
            "items": (
                "register for the first time|“serial number” or “ADB number”",
                "최초로 등록|“일련번호” 또는 “ADB 번호”",
            ),
            "purposes": (
                "verification, activation and management|when services are not functioning properly",
                "확인, 활성화 및 관리|정상적으로 작동하지 않을 때",
            ),
            "safety": (
                "file lock function|Secure Socket Layer (SSL)|all possible tools|"
                "sensitive data is protected by a separate security function|new security technologies|"
                "leakage of information by people|in-house and by outside providers",
                "파일 잠금 기능|SSL(Secure Socket Layer)|가능한 모든 도구|민감한 데이터는 별도의 보안 기능|"
                "새로운 보안 기술|사람에 의한 정보 유출|사내 교육과 외부 위탁 교육",
            ),
        }
        for place, language in enumerate(LANGUAGES):
            found = chapters(language)
            for code, words in known.items():
                for phrase in words[place].split("|"):
                    assert phrase in prose(found[code]), (language, phrase)

    def test_what_was_added_before_is_gone(self) -> None:
        whole = " ".join(prose(chapter) for chapter in chapters("en").values())
        for phrase in ("10 days", "approved by the protection officer", "can be used without it", "proof of authority"):
            assert phrase not in whole


@pytest.mark.truth("8")
class ThePageSaysWhatItIs(PortalTestCase):
    def page(self, address: str) -> str:
        response = self.client.get(address, secure=True)
        assert response.status_code == 200
        return plain(response.content.decode())

    def test_a_restatement_is_called_one_with_what_it_adds(self) -> None:
        for address, words in (
            (
                "/en/policy/",
                ("restates each of its promises", "The tables also name “Licence data”.", "<h1>Privacy policy</h1>"),
            ),
            ("/policy/", ("모든 약속", "“라이선스 정보”", "<h1>개인정보 처리방침</h1>")),
        ):
            page = self.page(address)
            assert all(word in page for word in words), address

    def test_a_version_published_here_is_none(self) -> None:
        version = factory.make_policy()
        assert "restatement" not in self.page(f"/en/policy/{version.number}/")

    def test_an_officer_without_an_address_has_a_row_that_says_so(self) -> None:
        assert "none given yet" in self.page("/en/officer/")
