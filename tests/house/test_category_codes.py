"""The codes of categories are typed once, in ``privacy/policies/categories.py``; whoever needs one imports its name."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from privacy.policies import categories
from privacy.policies.models import Category
from privacy.subjects import holdings
from tests.base import PortalTestCase

ROOT = Path(__file__).resolve().parents[2]
CODES = {value for name, value in vars(categories).items() if name.isupper() and isinstance(value, str)}
# Codes that are everyday words too: these count where the name beside them says that a category is meant.
WORDS = {categories.CONTACT, categories.COMPLAINT, categories.WORKFORCE, categories.ARCHIVE}
# Agreements and kinds of reports have codes of their own that are spelt alike.
SPELT_ALIKE = {
    "devices/fleet_import_files.py": {"service-analytics", "app-log"},  # agreements, by the columns of a fleet list
    "devices/models/reports.py": {"app-log"},  # the kind
    "devices/report_schema.py": {"app-log"},  # the kind, as the tag that msgspec reads
    "devices/simulation/fleet.py": {"service-analytics", "app-log"},  # what a client of the API sends
    "config/demonstration/example_data.py": {"service-analytics", "app-log"},  # agreements and kinds
    "config/demonstration/walk_steps.py": {"app-log"},  # what a client of the API sends
    "config/demonstration/walk_proof_steps.py": {"app-log"},
    "privacy/safeguards/register.py": {"safeguard-evidence"},  # the code of a register
}
NAMED_SO = re.compile(r"categor(y|ies)", re.IGNORECASE)


def modules() -> Iterator[tuple[str, ast.Module]]:
    for folder in ("config", "privacy", "consents", "devices"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if "/migrations/" not in name and name != "privacy/policies/categories.py":
                yield name, ast.parse(path.read_text(encoding="utf-8"))


def typed(tree: ast.AST) -> Iterator[str]:
    """Yield each string of a tree that is no docstring."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def name_of(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
            return name
    return ""


def beside_a_category(tree: ast.Module) -> Iterator[str]:
    """Yield the strings that are given to, assigned to or compared with something named a category."""
    for node in ast.walk(tree):
        match node:
            case ast.keyword(value=value) if NAMED_SO.search(name_of(node)):
                yield from typed(value)
            case ast.Assign(targets=targets, value=value) if any(NAMED_SO.search(name_of(one)) for one in targets):
                yield from typed(value)
            case ast.Compare(left=left, comparators=others) if any(
                NAMED_SO.search(name_of(one)) for one in (left, *others)
            ):
                yield from typed(node)


def test_no_code_of_a_category_is_typed_again() -> None:
    stray = []
    for name, tree in modules():
        allowed = SPELT_ALIKE.get(name, set())
        found = (set(typed(tree)) & (CODES - WORDS)) | (set(beside_a_category(tree)) & WORDS)
        stray += [f"{name}: {code!r}" for code in sorted(found - allowed)]
    assert not stray, "import the name from privacy.policies.categories: " + ", ".join(stray)


def test_every_exception_is_still_needed() -> None:
    used = {name: set(typed(tree)) for name, tree in modules() if name in SPELT_ALIKE}
    assert {name: codes & used.get(name, set()) for name, codes in SPELT_ALIKE.items()} == SPELT_ALIKE


class DeclaredTest(PortalTestCase):
    def test_every_category_that_is_declared_or_held_has_its_name_here(self) -> None:
        declared = set(Category.objects.values_list("code", flat=True)) | set(holdings.categories())
        assert declared <= CODES

    def test_every_file_of_the_office_has_a_name_for_people(self) -> None:
        of_policies = set(Category.objects.values_list("code", flat=True))
        held = set(holdings.categories()) - of_policies - {categories.ARCHIVE}
        assert held == set(categories.OFFICE_FILES)
        assert {categories.CONTACT, categories.WORKFORCE} < held
