"""Every sentence that promises something names the tests that would fail if it were false (``docs/claims.toml``)."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tools import claims
from tools.claims import Sentence

THERE = "tests/house/test_claims.py::test_every_sentence_has_its_verdict"


def test_every_sentence_has_its_verdict() -> None:
    found = claims.problems()
    assert not found, "\n".join(found[:30])


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Sentence]]:
    """One text of two sentences, whose verdicts are kept."""
    texts = [
        Sentence("README.md", "Nothing is lost.", verdict=f"test: {THERE}"),
        Sentence("README.md", "What you need", verdict="no claim"),
    ]
    monkeypatch.setattr(claims, "VERDICTS", tmp_path / "claims.toml")
    monkeypatch.setattr(claims, "PAGE", tmp_path / "claims.md")
    monkeypatch.setattr(claims, "ROOT", tmp_path)
    monkeypatch.setattr(claims, "is_there", lambda test: test == THERE)
    monkeypatch.setattr(claims, "sentences", lambda: [replace(text, verdict="") for text in texts])
    keep(texts)
    assert claims.problems() == []
    yield texts


def keep(texts: list[Sentence]) -> None:
    claims.VERDICTS.write_text(claims.toml(texts), encoding="utf-8")
    claims.PAGE.write_text(claims.page(texts), encoding="utf-8")


def test_a_changed_sentence_has_no_verdict_any_more(kept: list[Sentence]) -> None:
    for changed in ({"says": "Nothing is ever lost."}, {"korean": "아무것도 없어지지 않습니다."}):
        before = kept[0]
        kept[0] = replace(before, **changed)
        found = claims.problems()
        assert any("has no verdict" in problem and kept[0].says in problem for problem in found)
        assert any("is stale" in problem for problem in found)
        kept[0] = before


def test_a_test_that_is_gone_is_told(kept: list[Sentence]) -> None:
    kept[0] = replace(kept[0], verdict=f"test: {THERE}, tests/house/test_claims.py::test_gone")
    keep(kept)
    (found,) = claims.problems()
    assert found.endswith("test_gone is not there")


@pytest.mark.parametrize(("verdict", "told"), [("", "has no verdict"), ("so it is", "neither"), ("test:", "neither")])
def test_a_sentence_without_a_verdict_is_told(kept: list[Sentence], verdict: str, told: str) -> None:
    kept[0] = replace(kept[0], verdict=verdict)
    keep(kept)
    (found,) = claims.problems()
    assert told in found


def test_a_page_made_of_other_verdicts_is_stale(kept: list[Sentence]) -> None:
    claims.PAGE.write_text("", encoding="utf-8")
    assert claims.problems() == ["claims.md is stale: run `python tools/claims.py write`"]


def test_tests_of_modules_and_of_classes_are_known_by_their_names() -> None:
    assert claims.is_there(THERE)
    assert claims.is_there("tests/consents/test_receipts.py::ReceiptTest::test_an_invented_receipt_is_unknown")
    assert not claims.is_there("tests/house/test_claims.py::keep")
    assert not claims.is_there("tests/house/test_nothing.py::test_a")


def test_sentences_of_paragraphs_items_and_cells_are_found_and_code_is_not() -> None:
    text = (
        "# The title of it\n\nOne is here. Two are\nthere!\n\n- An item of three\n\n```sh\nmake some thing here\n```\n"
    )
    text += "\n| a first cell | short |\n|---|---|\n"
    assert list(claims.in_markdown(text)) == [
        "The title of it", "One is here.", "Two are there!", "An item of three", "a first cell",
    ]  # fmt: skip


def test_the_texts_are_those_that_people_read() -> None:
    of = {sentence.of for sentence in claims.sentences()}
    assert {"README.md", "docs/security.md", "docs/ledger.md", "docs/vault.md"} <= of
    assert {f"docs/guide/{guide}.{language}.md" for guide in ("officer", "gateway") for language in ("ko", "en")} <= of
    assert {"templates/policies/home.html", "templates/rights/request.html", "privacy/rights/forms.py"} <= of
    assert all(sentence.korean for sentence in claims.on_public_pages())
