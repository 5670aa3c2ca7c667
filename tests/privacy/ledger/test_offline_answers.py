"""The page that explains the verifier explains each of its answers, and none that it can't give."""

import ast
import re
from pathlib import Path

from privacy.ledger import offline_answers, verify
from tests.base import PortalTestCase

PROGRAMS = sorted(Path(verify.__file__).parent.glob("verify*.py"))
CODES = {"ALTERED": verify.ALTERED, "POLICY": verify.POLICY, "MALFORMED": verify.MALFORMED}
# What is put together elsewhere in the program, by what stands where it is raised.
TOLD_ELSEWHERE = {"…": "… is younger than its signature: …", "… …": "… says …, still unsealed at …"}


def text(node: ast.expr) -> str:
    """Return what a message says, with … for what differs."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(text(part) for part in node.values)
    return "…"


def raised() -> set[tuple[int, str]]:
    """Every problem that one of the programs can raise, by its exit code and message."""
    found = set()
    for program in PROGRAMS:
        for node in ast.walk(ast.parse(program.read_text())):
            called = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
            if called == "Problem":
                assert isinstance(node, ast.Call)
                code = CODES[getattr(node.args[0], "attr", getattr(node.args[0], "id", ""))]
                message = text(node.args[1])
                found.add((code, TOLD_ELSEWHERE.get(message, message)))
            elif called == "error":
                assert isinstance(node, ast.Call)
                found.add((verify.MALFORMED, text(node.args[0])))
    return found


def words() -> set[str]:
    """Every word that stands before what is told."""
    source = "\n".join(program.read_text() for program in PROGRAMS)
    return set(re.findall(r"[\"']((?:[A-Z]{4,})(?: [A-Z]{4,})*)(?=[\"':])", source)) & {
        "SOUND", "LATE", "EXCEPTED", "NOT COVERED", "ALTERED", "POLICY", "MALFORMED",
    } | {"NOT COVERED"}  # fmt: skip


def test_each_answer_has_its_explanation_and_each_explanation_its_answer() -> None:
    explained = {(answer.code, message) for answer in offline_answers.ANSWERS for message in answer.messages}
    part = (verify.POLICY, "not all that was asked for is here. Sound")
    assert part[1] in PROGRAMS[0].read_text()
    assert explained - {part} == raised()
    assert {answer.word for answer in offline_answers.ANSWERS} == words()


def test_no_message_is_explained_twice() -> None:
    messages = [message for answer in offline_answers.ANSWERS for message in answer.messages]
    assert len(messages) == len(set(messages))
    for answer in offline_answers.ANSWERS:
        assert {"SOUND": 0, "LATE": 0, "EXCEPTED": 0, "NOT COVERED": 0, **CODES}[answer.word] == answer.code


def test_what_is_told_elsewhere_is_told() -> None:
    source = PROGRAMS[0].read_text()
    for message in TOLD_ELSEWHERE.values():
        for part in filter(None, (part.strip(" ,") for part in message.split("…"))):
            assert part in source


class PageTests(PortalTestCase):
    def test_it_is_there_in_both_languages_and_linked(self) -> None:
        for language, heading in (("", "검증 결과 안내"), ("/en", "What the verifier answers")):
            page = self.client.get(f"{language}/verify/answers/").content.decode()
            assert heading in page
            assert all(answer.word in page for answer in offline_answers.ANSWERS)
            assert f'href="{language}/verify/answers/"' in self.client.get(f"{language}/verify/").content.decode()
            guide = Path(__file__).parents[3] / "docs" / "guide" / f"auditor.{'en' if language else 'ko'}.md"
            assert f"({language}/verify/answers/)" in guide.read_text()
