"""What a document, docstring, comment or message names is there: files by their names, functions by their modules'.

A decision tells of the code as it was then, and the changelog of what went, so these two are not read.
"""

import ast
import builtins
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("config", "consents", "devices", "privacy", "tools", "sdk")
CODE = (*PRODUCT, "tests", "benchmarks")
FOLDERS = (*CODE, "docs", "templates", "static", "locale", "deploy", ".ci")
ITSELF = "tests/house/test_named_files.py"
# Each is closed by its digest with the release (tests/releases).
RELEASED = re.compile(r"/migrations/|privacy/ledger/sql/")
HISTORY = ("docs/decisions/", "CHANGELOG.md")
# Made by programs, from texts that are read here.
GENERATED = ("docs/asvs.md", "docs/claims.md", "docs/clauses.md", "docs/faults.md", "docs/law.md")
KINDS = "py|md|html|txt|sql|toml|json|typ|css|js|po|mo|sh"
FILE = re.compile(rf"(?<![\w./<>…*{{}}:@-])((?:[\w.-]+/)*\w[\w.-]*\.(?:{KINDS}))(?![\w/(<*=])(?!\.\w)")
FOLDER = re.compile(r"`((?:[a-z_]+/)+)`")
CALL = re.compile(r"(?<![\w./'\"])([a-z]\w+)\.([a-z_]\w+)\(")
QUOTED = re.compile(r"`([a-z]\w+)\.([a-z_]\w+)`")
ALONE = re.compile(r"`([a-z]\w+)\(")
# Made while the portal or a program runs, by their last names.
MADE = {
    "answer.json",
    "call.json",
    "connector.toml",
    "content.json",
    "FILE.json",
    "logs.json",
    "openapi.json",
    "output.txt",
    "rows.json",
    "scoring.md",
    "secrets.toml",
    "state.json",
    "var",
    "VECTOR.json",
}
# Django's, and what a Python prompt or SQL knows by itself.
OF_OTHERS = {"mail.outbox"}


@cache
def files() -> frozenset[str]:
    """Return the files of the repository."""
    inside = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))
    every = [*ROOT.glob("*"), *ROOT.glob(".*"), *inside]
    return frozenset(str(path.relative_to(ROOT)) for path in every if "__pycache__" not in path.parts)


@cache
def files_by_last_name() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path in files():
        found[path.rpartition("/")[2]].append(path)
    return found


def is_there(name: str) -> bool:
    """Whether a file or folder ends in these parts; a bundle is the folder that the auditor unpacks."""
    name = re.sub(r"^((\.\./)+|ledger-bundle/)", "", name).rstrip("/")
    last = name.rpartition("/")[2]
    return last in MADE or any(path == name or path.endswith("/" + name) for path in files_by_last_name()[last])


@cache
def names_by_module() -> dict[str, set[str]]:
    """Return what stands in each module, and in each package as a whole, by the last part of its name."""
    names: dict[str, set[str]] = defaultdict(set)
    for folder in PRODUCT:
        for path in (ROOT / folder).rglob("*.py"):
            found = set(top_names(ast.parse(path.read_text(encoding="utf-8"))))
            inside = path.relative_to(ROOT)
            for part in {path.stem, *inside.parts[:-1]}:
                names[part] |= found | {path.stem, path.parent.name}
    return names


@cache
def every_name() -> frozenset[str]:
    return frozenset().union(*names_by_module().values())


def top_names(tree: ast.Module) -> Iterator[str]:
    """Yield what a module defines or imports, and the methods and fields of its classes."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.alias():
                yield (node.asname or node.name).rpartition(".")[2]
            case ast.Name(id=name, ctx=ast.Store()):
                yield name


@cache
def codes() -> frozenset[str]:
    """Return the dotted codes that are data: permissions, numbers of the rulebook, tables and functions of SQL."""
    code = [(ROOT / name).read_text(encoding="utf-8") for name in files() if name.startswith(("config/", "privacy/"))
            and name.endswith((".py", ".sql", ".toml"))]  # fmt: skip
    code += [(ROOT / name).read_text() for name in files() if re.match(r"(consents|devices)/.*\.py$", name)]
    inside = re.compile(r"(?:[\"']|\b(?:FROM|INTO|TABLE|FUNCTION|ON|EXISTS|EXECUTE) )([a-z]\w+\.[a-z_]\w+)\b")
    permissions = re.compile(r'^ *(?:permissions = \[)?\("(\w+)", _\(', re.MULTILINE)
    own = {name for text in code for name in permissions.findall(text)}
    return frozenset({name for text in code for name in inside.findall(text)} | own)


def texts() -> Iterator[tuple[str, int, str]]:
    """Yield what people read: each document, docstring, comment and message, with its file and line."""
    documents = [path for path in files() if path.endswith(".md")]
    for name in sorted(documents):
        if not name.startswith(HISTORY) and name not in GENERATED:
            yield from ((name, number, line) for number, line in enumerate(lines_of(name), 1))
    for name in sorted(name for name in files() - {ITSELF} if not RELEASED.search(name)):
        if name.endswith(".py") and name.startswith(CODE):
            yield from ((name, number, text) for number, text in spoken((ROOT / name).read_text(encoding="utf-8")))
        if name.endswith(".sql"):
            yield from ((name, number, line) for number, line in enumerate(lines_of(name), 1) if "--" in line)


def lines_of(name: str) -> list[str]:
    return (ROOT / name).read_text(encoding="utf-8").splitlines()


def spoken(source: str) -> Iterator[tuple[int, str]]:
    """Yield the comments of a module, its docstrings, and its messages: texts of several words in one line."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    docs: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            doc = node.body[0]
            assert isinstance(doc, ast.Expr)
            yield from enumerate((ast.get_docstring(node, clean=False) or "").split("\n"), doc.lineno)
            docs.add(id(doc.value))
        elif isinstance(node, ast.Constant) and isinstance(text := node.value, str) and id(node) not in docs:
            yield from [(node.lineno, text)] if "\n" not in text and len(text.split()) > 3 else []


def missing(text: str) -> Iterator[str]:
    """Yield each file, folder or function that a text names and that isn't there."""
    yield from (name for name in FILE.findall(text) if not is_there(name))
    for module, name in (*CALL.findall(text), *QUOTED.findall(text)):
        known = names_by_module().get(module)
        if known is None or name in known:
            continue
        if not (name in codes() or f"{module}.{name}" in codes() | OF_OTHERS or re.fullmatch(KINDS, name)):
            yield f"{module}.{name}"


def missing_of_document(line: str) -> Iterator[str]:
    """Yield also the folders and the functions without a module that a line of a document names."""
    yield from missing(line)
    yield from (name for name in FOLDER.findall(line) if not is_there(name))
    yield from (name for name in ALONE.findall(line) if name not in every_name() and not hasattr(builtins, name))


def look_of(file: str) -> Callable[[str], Iterator[str]]:
    return missing_of_document if file.endswith(".md") else missing


@pytest.mark.truth("claims")
def test_everything_that_a_text_names_is_there() -> None:
    read = list(texts())
    assert len(read) > 15_000, "the look finds too little to be believed"
    assert [f"{file}:{line} {name}" for file, line, text in read for name in look_of(file)(text)] == []


def test_what_is_not_there_is_found() -> None:
    wrong = {
        "see lifecycle.md, Restore": ["lifecycle.md"],
        "`privacy/vault/actions/nothing.py`": ["privacy/vault/actions/nothing.py"],
        "(perhaps by the portal, `looks/`)": ["looks/"],
        "use vault.seal() instead": ["vault.seal"],
        "`vault.thawed_rows` says which": ["vault.thawed_rows"],
        "`verbs_of(record)` names them": ["verbs_of"],
    }
    assert {text: list(missing_of_document(text)) for text in wrong} == wrong
    right = ("docs/vault.md", "`privacy/vault/`", "vault.encrypt(…)", "`outbox.enqueue`", "`…_data.py`", "manage.py")
    assert [name for text in right for name in missing_of_document(text)] == []
    module = '"""See doors.md."""\n# house.md, 2\nraise Error("Use names.py to seal it.")\n'
    assert [name for _line, text in spoken(module) for name in missing(text)] == ["house.md", "doors.md", "names.py"]
