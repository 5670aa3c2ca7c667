"""A docstring names only what there is: whatever is renamed is renamed where it is told of, too."""

import ast
import builtins
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("privacy", "consents", "devices", "config", "tools", "sdk")
# Of libraries, by the names under which they are known; "Django's DatabaseError" begins with the first.
OF_LIBRARIES = {
    "FieldDoesNotExist", "Django", "IntegrityError", "ImproperlyConfigured", "PermissionDenied", "ValidationError",
    "HttpError", "HttpResponse", "DatabaseError", "DoesNotExist", "Http404", "InvalidSignature", "Error",
    "CommandError", "OAuth2Error",
}  # fmt: skip
# Words in backticks that are no names of the code: of PostgreSQL, of pip, of a pattern.
NO_NAMES = {"codename", "cryptography", "immediate", "unnest"}
QUOTED = re.compile(r"``(?:[\w/]+/)?([A-Za-z][\w.]*?)(?:\.(?:py|html|txt|sql|typ))?(?:\(\))?``")
# The names that follow "Raises", joined by commas, "and" and "or".
NAMES = re.compile(r"\b[Rr]aises? ((?:`{0,2}[A-Z]\w+`{0,2}(?:, (?:and |or )?| and | or )?)+)")


def trees() -> Iterator[tuple[str, ast.Module]]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def raised(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the names of errors that the docstrings of a module tell of, each with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (text := ast.get_docstring(node)):
            for names in NAMES.findall(" ".join(text.split())):
                yield from ((getattr(node, "lineno", 1), name) for name in re.findall(r"[A-Z]\w+", names))


def test_every_error_that_a_docstring_names_is_there() -> None:
    known = {node.name for _file, tree in trees() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    known |= set(vars(builtins)) | OF_LIBRARIES
    told = [(file, line, name) for file, tree in trees() for line, name in raised(tree)]
    assert len(told) > 300, "the look finds too little to be believed"
    assert [f"{file}:{line} {name}" for file, line, name in told if name not in known] == []


def test_an_error_that_is_not_there_is_found() -> None:
    tree = ast.parse('def f():\n    """Do it. Raises NotPermitted, NotThere, and ``Gone`` for nothing."""')
    assert [name for _line, name in raised(tree)] == ["NotPermitted", "NotThere", "Gone"]


def names_of(tree: ast.AST) -> Iterator[str]:
    """Yield every name that a module gives or uses, and the words of its short texts, such as codes and columns."""
    for node in ast.walk(tree):
        match node:
            case ast.Name():
                yield node.id
            case ast.Attribute():
                yield node.attr
            case ast.FunctionDef() | ast.ClassDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.keyword() | ast.alias():
                yield from re.findall(r"\w+", (node.arg if isinstance(node, ast.keyword) else node.name) or "")
            case ast.Constant() if isinstance(node.value, str) and len(node.value) < 80 and "``" not in node.value:
                yield from re.findall(r"\w+", node.value)


def quoted(text: str) -> Iterator[tuple[int, str]]:
    """Yield the last part of each name that a module's docstrings and comments put in backticks, with its line."""
    for found in QUOTED.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, found[1].rpartition(".")[2]


@pytest.mark.truth("names-in-backticks")
def test_every_name_in_backticks_is_there() -> None:
    files = [file for file, _tree in trees()]
    known = {name for _file, tree in trees() for name in names_of(tree)} | NO_NAMES
    known |= {part for file in files for part in Path(file).with_suffix("").parts}
    known |= {path.stem for folder in ("templates", "tests") for path in (ROOT / folder).rglob("*.*")} | {
        "txt",
        "typ",
        "html",
        "sql",
    }
    told = [(file, *one) for file in files for one in quoted((ROOT / file).read_text(encoding="utf-8"))]
    assert len(told) > 900, "the look finds too little to be believed"
    assert [f"{file}:{line} {name}" for file, line, name in told if name not in known] == []


def test_a_name_that_is_not_there_is_found() -> None:
    assert list(quoted('"""See ``actions.gone``,\n``there()`` and ``deep/file.py``."""')) == [
        (1, "gone"), (2, "there"), (2, "file"),
    ]  # fmt: skip
