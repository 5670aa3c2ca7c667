"""Which test would fail if a sentence were false: ``python tools/claims.py write | check``.

Every sentence of the README, of docs/security.md, docs/ledger.md and docs/vault.md, of the guides, and of the public
pages (English with its Korean) has a verdict in ``docs/claims.toml``: ``test: path::name`` (several parted by commas)
or ``no claim``. ``write`` brings the sentences up to date, keeps the verdicts of those that did not change, and makes
``docs/claims.md``; ``check`` fails on a sentence without a verdict, on a test that isn't there, and on a stale file.
"""

import argparse
import ast
import hashlib
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # as a program it stands in tools/

from tools import catalogue, document_commands  # noqa: E402

VERDICTS = ROOT / "docs" / "claims.toml"
PAGE = ROOT / "docs" / "claims.md"
TEXTS = ("README.md", "docs/security.md", "docs/ledger.md", "docs/vault.md", "docs/guide/*.md")
TEMPLATES = ROOT / "templates"
# Where the words of public pages stand that are not in a template: labels and hints of forms, messages of views.
MODULES = (
    "privacy/rights/forms.py", "privacy/rights/status_page_forms.py", "privacy/rights/views.py",
    "privacy/incidents/forms.py", "privacy/incidents/views.py",
    "privacy/incidents/notice_texts.py", "privacy/policies/wording.py", "privacy/policies/presentation.py",
    "privacy/policies/views.py", "privacy/retention/views.py", "privacy/retention/certificates/authenticity.py",
    "privacy/disclosures/views.py", "consents/forms.py", "consents/views.py", "consents/receipts.py",
    "consents/contacts/views.py", "privacy/subjects/forms.py",
)  # fmt: skip
NO_CLAIM = "no claim"
HEAD = """# What we claim, and what would show it false

Every promise of the README, of `docs/security.md`, `docs/ledger.md`, `docs/vault.md`, the guides and the public pages,
with the tests that fail if it is not so. Made by `tools/claims.py write` from `docs/claims.toml`, which holds a verdict
for every sentence of these texts; `make check` fails on a sentence that is new or was changed.
"""
# A sentence ends at its mark, which a quote or a bracket may follow.
END = re.compile(r"(?<=[.!?…])[)”\"’*_]*\s+(?=[^a-z\s])")
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
FEWEST_WORDS = 3


@dataclass(frozen=True)
class Sentence:
    """One sentence of a text; of a page also its Korean. ``verdict`` is empty until somebody judged it."""

    of: str
    says: str
    korean: str = ""
    verdict: str = ""

    @property
    def digest(self) -> str:
        """What the verdict was given for: a changed word asks for a new one."""
        return hashlib.sha256(f"{self.of}\n{self.says}\n{self.korean}".encode()).hexdigest()[:16]

    @property
    def tests(self) -> list[str]:
        if not self.verdict.startswith("test:"):
            return []
        return [test.strip() for test in self.verdict.removeprefix("test:").split(",") if test.strip()]


# --- the sentences -------------------------------------------------------------------------------------------


def sentences() -> list[Sentence]:
    """Return every sentence, each once for its text, in the order of the texts."""
    found: dict[str, Sentence] = {}
    for pattern in TEXTS:
        for path in sorted(ROOT.glob(pattern)):
            for says in in_markdown(path.read_text(encoding="utf-8")):
                sentence = Sentence(str(path.relative_to(ROOT)), says)
                found.setdefault(sentence.digest, sentence)
    for sentence in on_public_pages():
        found.setdefault(sentence.digest, sentence)
    return list(found.values())


def in_markdown(text: str) -> Iterator[str]:
    """Return the sentences of a document: of paragraphs, items, headings and cells; not of code."""
    text = document_commands.FENCE.sub("\n\n", text)
    paragraph: list[str] = []
    for line in [*text.splitlines(), ""]:
        bare = line.strip()
        if bare.startswith("|"):
            for cell in bare.strip("|").split("|"):
                yield from parted(cell)
            continue
        if not bare or bare.startswith(("#", "- ", "* ", "<!--", "!")) or re.match(r"\d+\. ", bare):
            yield from parted(" ".join(paragraph))
            paragraph = []
        if bare and not bare.startswith("<!--"):
            paragraph.append(re.sub(r"^(#+|[-*]|\d+\.) ", "", bare))


def parted(text: str) -> Iterator[str]:
    """Return the sentences of a text that is long enough to say something."""
    for says in END.split(LINK.sub(r"\1", text.replace("**", "")).strip()):
        if len(re.findall(r"[\w가-힣]+", says)) >= FEWEST_WORDS and not re.fullmatch(r"`[^`]*`", says.strip()):
            yield says.strip()


def public_templates() -> list[Path]:
    """Return the templates of the public door, with what they include."""
    text = {path: path.read_text(encoding="utf-8") for path in sorted(TEMPLATES.rglob("*.html"))}
    wanted = [path for path in text if "base_public.html" in text[path] or path.name == "base_public.html"]
    for path in wanted:
        for name in re.findall(r'\{%\s*include "([^"]+)"', text[path]):
            if (TEMPLATES / name) in text and (TEMPLATES / name) not in wanted:
                wanted.append(TEMPLATES / name)
    return wanted


def on_public_pages() -> Iterator[Sentence]:
    """Return the texts of the public pages with their Korean."""
    translated = catalogue.translated()
    modules = [path for name in MODULES if (path := ROOT / name).exists()]
    for path in [*public_templates(), *modules]:
        messages = catalogue.in_python(path) if path.suffix == ".py" else catalogue.in_template(path)
        for message in messages:
            known = translated.get(message.key)
            if len(message.text.split()) >= FEWEST_WORDS:
                yield Sentence(str(path.relative_to(ROOT)), message.text, known.translation if known else "")


# --- the verdicts --------------------------------------------------------------------------------------------


def judged() -> list[Sentence]:
    """Return the sentences with the verdicts that were given for exactly these."""
    held = tomllib.loads(VERDICTS.read_text(encoding="utf-8")) if VERDICTS.exists() else {}
    verdicts = {row["digest"]: row["verdict"] for row in held.get("sentence", ())}
    return [replace(sentence, verdict=verdicts.get(sentence.digest, "")) for sentence in sentences()]


@cache
def _tests_of(path: Path) -> frozenset[str]:
    """Return the names of a test file's functions, and of its classes' as ``Class::name``."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}::{inner.name}" for inner in node.body if isinstance(inner, ast.FunctionDef)}
    return frozenset(name for name in names if name.split("::")[-1].startswith("test"))


def is_there(test: str) -> bool:
    """Whether ``path::name`` is a test."""
    path, _colons, name = test.partition("::")
    return (ROOT / path).is_file() and name in _tests_of(ROOT / path)


def problems() -> list[str]:
    """Return what is wrong: sentences without a verdict, tests that are not there, stale files."""
    held = judged()
    found = []
    for sentence in held:
        place = f"{sentence.of}: {sentence.says!r}"
        if not sentence.verdict:
            found.append(f"{place} has no verdict")
        elif sentence.verdict != NO_CLAIM and not sentence.tests:
            found.append(f"{place}: neither a test nor “no claim”: {sentence.verdict}")
        found += [f"{place}: {test} is not there" for test in sentence.tests if not is_there(test)]
    for path, text in ((VERDICTS, toml(held)), (PAGE, page(held))):
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            found.append(f"{path.relative_to(ROOT)} is stale: run `python tools/claims.py write`")
    return found


def toml(held: list[Sentence]) -> str:
    """Return the file of verdicts."""
    blocks = ["# A verdict for every sentence (tools/claims.py): `test: path::name, …` or `no claim`.\n"]
    for sentence in held:
        lines = ["[[sentence]]", f"digest = {quoted(sentence.digest)}", f"of = {quoted(sentence.of)}"]
        lines.append(f"says = {quoted(sentence.says)}")
        if sentence.korean:
            lines.append(f"korean = {quoted(sentence.korean)}")
        blocks.append("\n".join([*lines, f"verdict = {quoted(sentence.verdict)}", ""]))
    return "\n".join(blocks)


def quoted(text: str) -> str:
    """Return a text as TOML's basic string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


def page(held: list[Sentence]) -> str:
    """Return the page: the claims of each text with their tests."""
    lines, last = [HEAD], ""
    for sentence in held:
        if not sentence.tests:
            continue
        if sentence.of != last:
            last = sentence.of
            lines.append(f"\n## {last}\n\n| it says | tests |\n| --- | --- |\n")
        says = sentence.says.replace("|", "/").replace("\n", " ")
        lines.append(f"| {says} | {'<br>'.join(f'`{test}`' for test in sentence.tests)} |\n")
    return "".join(lines)


def main() -> int:
    """Write the files, or say what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("write", "check"))
    if parser.parse_args().command == "write":
        held = judged()
        VERDICTS.write_text(toml(held), encoding="utf-8")
        PAGE.write_text(page(held), encoding="utf-8")
    found = problems()
    for problem in found[:50]:
        print(problem)
    if len(found) > 50:
        print(f"… and {len(found) - 50} more")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
