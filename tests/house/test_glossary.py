"""One word for one thing: docs/glossary.md names the variants that no text uses."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import catalogue

ROOT = Path(__file__).resolve().parents[2]
HEADING = "## Variants that are not used"
HANGUL = re.compile(r"[가-힣]")
# The policy as it was published in 2020, and what restates or quotes it: those words are not ours to choose.
PUBLISHED = "2020-12-01."


def variants(text: str) -> list[str]:
    """Return the variants of the glossary's table, ``app: variant`` for one that only that app's texts may not use."""
    rows = text.partition(HEADING)[2].split("\n## ")[0].splitlines()
    cells = [row.split("|")[1] for row in rows if row.startswith("|") and not row.startswith(("|---", "| not "))]
    return [variant.strip() for cell in cells for variant in re.split(r",(?![^(]*\))", cell)]


FORBIDDEN = variants((ROOT / "docs/glossary.md").read_text(encoding="utf-8"))


def offences(texts: list[str], app: str = "") -> list[str]:
    """Return each text in which a variant is used, with it; ``app`` is whose texts they are."""
    said = [(variant, *reversed(variant.rpartition(": ")[::2])) for variant in FORBIDDEN]
    return [
        f"{variant!r} in {text!r}"
        for text in texts
        for variant, word, only in said
        if only in ("", app)
        and re.search(rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word), text, re.IGNORECASE)
    ]


def of_catalogues() -> Iterator[tuple[str, str]]:
    """Return each text of the catalogues and its translation, with each app that shows it."""
    used = catalogue.used()
    for key, message in catalogue.translated().items():
        apps = {app for place in used[key].where for app in re.findall(r"(?:privacy|templates/admin)/(\w+)/", place)}
        for app in apps or {""}:
            yield from ((app, text) for text in (message.text, message.plural, message.translation))


def of_files() -> Iterator[tuple[str, str]]:
    """Return the shipped texts, the guides line by line, and the Korean that stands in code, with the app."""
    for path in [*ROOT.glob("privacy/*/editions/*.toml"), *ROOT.glob("docs/guide/*.md")]:
        if not path.name.startswith(PUBLISHED):
            yield from (("", line) for line in path.read_text(encoding="utf-8").splitlines())
    for folder in catalogue.SOURCES:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and HANGUL.search(node.value):
                    yield path.parent.name, node.value


def test_the_glossary_names_variants_of_both_languages() -> None:
    assert {"웹사이트", "any more", "을(를)"} <= set(FORBIDDEN)


@pytest.mark.parametrize(
    "said",
    [
        "웹사이트에 게시합니다", "It can't be changed any more.", "목록을(를) 승인했습니다",
        "Ask the privacy officer.", "Privacy officer", "Chief Privacy Officer",
        "개인정보 보호 담당 부서에 요청하십시오", "개인정보 보호실", "요구자에게 통지합니다",
        "보고 번호를 입력하십시오", "기기의 보고 한 건", "점검 지적 등록", "보안 서약이 끝났습니다",
        "홈페이지 게시", "감사 기록의 해시로 확인합니다", "이미 닫힌 계정입니다", "봉인과 일치하지 않습니다",
    ],
)  # fmt: skip
def test_a_variant_is_found(said: str) -> None:
    assert offences([said])


@pytest.mark.parametrize(("app", "found"), [("safeguards", 1), ("ledger", 0)])
def test_a_variant_of_one_app_is_found_in_its_texts_alone(app: str, found: int) -> None:
    assert len(offences(["지적 사항"], app)) == found


def test_no_text_uses_a_variant() -> None:
    found = {offence for app, text in [*of_catalogues(), *of_files()] for offence in offences([text], app)}
    assert not found, "use the glossary's word:\n" + "\n".join(sorted(found))
