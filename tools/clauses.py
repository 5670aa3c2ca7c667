"""Which test proves which clause of the policy: ``python tools/clauses.py write | check``.

``docs/clauses.toml`` holds every clause; tests cite them with ``@pytest.mark.clause("P1.5")``. ``write`` makes
``docs/clauses.md`` of both; ``check`` fails when a clause has no test, a marker names no clause, or the page is stale.
"""

import argparse
import ast
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLAUSES = ROOT / "docs" / "clauses.toml"
PAGE = ROOT / "docs" / "clauses.md"
HEAD = """# The policy, clause by clause

What the published policy says, where the portal does it, and the tests that prove it. Made by `tools/clauses.py write`
from `docs/clauses.toml` and the tests' markers; `make check` fails when a clause has no test or this page is stale.

| clause | the policy says | page | tests |
| --- | --- | --- | --- |
"""


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of the policy."""

    id: str
    says: str
    portal: str
    pages: tuple[str, ...]


def clauses() -> list[Clause]:
    """Return every clause, in the policy's order."""
    held = tomllib.loads(CLAUSES.read_text())["clauses"]
    return [Clause(row["id"], row["says"], row["portal"], tuple(row["pages"])) for row in held]


def cited(folder: Path = ROOT / "tests", mark: str = "clause") -> dict[str, list[str]]:
    """Return the named tests of each id, as ``path::name``: a class or a function that carries the marker with it."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.rglob("test_*.py")):
        for clause, name in markers(path.read_text(), mark):
            found[clause].append(
                f"{path.relative_to(folder.parent)}::{name}" if name else f"{path.relative_to(folder.parent)}"
            )
    return {clause: list(dict.fromkeys(names)) for clause, names in found.items()}


def markers(source: str, mark: str = "clause") -> Iterator[tuple[str, str]]:
    """Yield each id that a module cites by the marker, and the name of its test: none for the whole module."""
    tree = ast.parse(source)
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets):
            yield from ((clause, "") for clause in _ids(node.value, mark))
        yield from _of(node, "", mark)


def _of(node: ast.stmt, outer: str, mark: str) -> Iterator[tuple[str, str]]:
    if not isinstance(node, ast.ClassDef | ast.FunctionDef):
        return
    name = f"{outer}{node.name}"
    for decorator in node.decorator_list:
        yield from ((clause, name) for clause in _ids(decorator, mark))
    if isinstance(node, ast.ClassDef):
        for inner in node.body:
            yield from _of(inner, f"{name}::", mark)


def _ids(expression: ast.expr, mark: str) -> Iterator[str]:
    for node in ast.walk(expression):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == mark:
            for one in node.args:
                if not isinstance(one, ast.Constant):
                    raise SystemExit(
                        f"mark.{mark} in line {node.lineno}: write each id out, or nobody sees what is cited."
                    )
                if isinstance(one.value, str):
                    yield one.value


def page(held: list[Clause], tests: dict[str, list[str]]) -> str:
    """Return docs/clauses.md."""
    return HEAD + "".join(_line(clause, tests.get(clause.id, [])) for clause in held)


def links(tests: Iterable[str]) -> str:
    """Return tests by their files, as a cell of a page in docs/ shows them."""
    files: dict[str, list[str]] = defaultdict(list)
    for test in tests:
        path, _sep, name = test.partition("::")
        files[path].append(name.replace("::", "."))
    return "<br>".join(
        f"[{path.removeprefix('tests/')}](../{path})" + (f": {', '.join(filter(None, names))}" if any(names) else "")
        for path, names in files.items()
    )


def _line(clause: Clause, tests: list[str]) -> str:
    told = links(tests)
    pages = "<br>".join(f"`{one}`" for one in clause.pages)
    return f"| {clause.id} | {clause.says.replace('|', '/')} | {pages} | {told or '**none**'} |\n"


def problems() -> list[str]:
    """Return what is wrong: clauses without a test, markers without a clause, a stale page."""
    held, tests = clauses(), cited()
    known = {clause.id for clause in held}
    found = [f"{clause.id} has no test: {clause.says}" for clause in held if clause.id not in tests]
    found += [f"{test} cites {clause}, which is no clause" for clause in set(tests) - known for test in tests[clause]]
    if not PAGE.exists() or PAGE.read_text() != page(held, tests):
        found.append("docs/clauses.md is stale: run `python tools/clauses.py write`")
    return found


def main() -> int:
    """Write the page, or say what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("write", "check"))
    if parser.parse_args().command == "write":
        PAGE.write_text(page(clauses(), cited()))
    found = problems()
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
