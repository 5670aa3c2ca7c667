"""What waits for a system outside says so, so that it holds up nobody else's work (decision 0068)."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = {"mail.send", "webhooks.post"}


def undeclared(source: str) -> list[str]:
    """Return the deliverers of a module that reach a system outside and name no destination."""
    functions = {node.name: node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}

    def reaches(name: str, seen: frozenset[str] = frozenset()) -> bool:
        called = {ast.unparse(node.func) for node in ast.walk(functions[name]) if isinstance(node, ast.Call)}
        inner = (called & functions.keys()) - seen - {name}
        return bool(called & OUTSIDE) or any(reaches(one, seen | {name}) for one in inner)

    def names_none(function: ast.FunctionDef) -> bool:
        made = [one for one in function.decorator_list if isinstance(one, ast.Call)]
        routes = [one for one in made if ast.unparse(one.func) in {"outbox.deliverer", "deliverer"}]
        return any("destination" not in {word.arg for word in route.keywords} for route in routes)

    return [name for name, function in functions.items() if names_none(function) and reaches(name)]


@pytest.mark.truth("outbox-hanging-server")
def test_every_deliverer_that_sends_names_its_destination() -> None:
    found = {
        str(path.relative_to(ROOT)): names
        for folder in ("privacy", "consents", "devices")
        for path in sorted((ROOT / folder).rglob("tasks.py"))
        if (names := undeclared(path.read_text()))
    }
    assert not found


def test_one_that_sends_through_a_function_of_its_own_is_found() -> None:
    source = """
@outbox.deliverer("x")
def deliver(ids): _send(ids)
def _send(ids): mail.send(to=ids)
"""
    assert undeclared(source) == ["deliver"]
    assert not undeclared(source.replace('"x"', '"x", destination=outbox.MAIL'))
