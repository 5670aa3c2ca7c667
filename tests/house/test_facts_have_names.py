"""Every fact that an entry of the audit trail can carry has a name in both languages, so that no page shows a code."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from privacy.ledger.entries.fact_labels import LABELS, fact_label

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("config", "consents", "devices", "privacy")


def codes() -> Iterator[tuple[str, str]]:
    """Yield the names of facts as the code writes them: what is called facts, or returned by what is."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                where = str(path.relative_to(ROOT))
                yield from ((code, where) for code in _codes(ast.parse(path.read_text())))


def _codes(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg="facts", value=value):
                yield from _keys(value)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if "facts" in name:
                yield from _keys(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if "facts" in name:
                yield from _keys(value)
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(code)))]):
                if "facts" in name:
                    yield code
            case ast.FunctionDef(name=name) if "facts" in name:
                for inside in ast.walk(node):
                    if isinstance(inside, ast.Return) and inside.value is not None:
                        yield from _keys(inside.value)


def _keys(value: ast.expr) -> Iterator[str]:
    for inside in ast.walk(value):
        if isinstance(inside, ast.Dict):
            yield from (
                key.value for key in inside.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)
            )


@pytest.mark.truth("21")
def test_every_fact_has_a_name_in_both_languages() -> None:
    found = dict(codes())
    assert len(found) > 150, "the look finds too little to be believed"
    unnamed = {code: where for code, where in found.items() if code not in LABELS}
    assert not unnamed, f"name these in privacy/ledger/entries/fact_labels.py: {unnamed}"
    with translation.override("ko"):
        english = [code for code in found if fact_label(code).isascii() and code != "sha256"]
    assert not english, f"say these in Korean: {english}"


def test_a_code_that_nobody_knows_is_shown_by_its_parts() -> None:
    assert fact_label("some-old_code") == "some old code"
