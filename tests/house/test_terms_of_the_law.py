"""No term that a rule of the law names is added up by hand: each is counted where the Civil Act is (T-01)."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RULES = tomllib.loads((ROOT / "docs" / "law.toml").read_text())["rules"]
PARAMETERS = [text.split() for rule in RULES for text in rule.get("parameters", ())]
# What the office gives itself; no period of a law ends with it.
OWN = {"access.review.due.days", "grants.review.due.days", "withdrawal.wait.hours", "rights.package.hours"}
# What a rule names as so many days or hours: "breach.report.hours = 72 hours from 2023-09-15".
TERMS = {words[0] for words in PARAMETERS if words[3] in {"days", "hours"}} - OWN
PRODUCT = [
    path
    for folder in ("privacy", "consents", "devices", "config")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts and path != ROOT / "privacy" / "lib" / "dates" / "periods.py"
]


def added_by_hand(source: str) -> Iterator[str]:
    """Yield the terms of the law that a module adds to a day or a moment itself, also by a constant's name."""
    tree = ast.parse(source)
    named = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for sum_ in ast.walk(tree):
        if isinstance(sum_, ast.BinOp) and isinstance(sum_.op, ast.Add) and "timedelta(" in ast.unparse(sum_.right):
            for part in ast.walk(sum_.right):
                said = part.value if isinstance(part, ast.Constant) else named.get(getattr(part, "id", ""))
                if said in TERMS:
                    yield str(said)


@pytest.mark.law("T-01")
def test_no_term_of_the_law_is_added_up_by_hand() -> None:
    assert {"breach.notify.hours", "intrusion.report.hours", "destruction.within.days"} <= TERMS
    planted = 'TERM = "breach.notify.hours"\ndue = at + timedelta(hours=rulebook.parameter(TERM, on))'
    assert list(added_by_hand(planted)) == ["breach.notify.hours"]
    found = {path.relative_to(ROOT).as_posix(): list(added_by_hand(path.read_text())) for path in PRODUCT}
    assert not {path: terms for path, terms in found.items() if terms}, "count them by privacy.lib.dates.periods"
    other = [path.relative_to(ROOT).as_posix() for path in PRODUCT if "dateutil" in path.read_text()]
    assert not other, "months and years are those of privacy.lib.dates.periods, not of relativedelta"
