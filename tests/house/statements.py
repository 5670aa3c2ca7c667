"""What is put into a statement of SQL, or a pattern, but texts that stand there: the rules of ``test_secure_code``."""

import ast
import re
from collections.abc import Iterator

SQL = re.compile(r"\b(?:SELECT|INSERT INTO|UPDATE \w|DELETE FROM|ALTER|CREATE|DROP|SET ROLE|SET LOCAL|VACUUM|COPY)\b")
# Constants, names of models' tables, and what psycopg itself puts together of identifiers and literals.
NAMED = re.compile(r"(^|\.)_?[A-Z_]+$|_meta\.db_table$|^sql\.(?:SQL\('|Identifier|Literal)")
RUNS = (".execute", ".executemany", ".copy")


def parts_of(pattern: ast.expr) -> Iterator[ast.expr]:
    """Yield what a pattern is put together of, but texts that stand there."""
    match pattern:
        case ast.Constant():
            return
        case ast.JoinedStr(values=values):
            for one in values:
                yield from parts_of(one)
        case ast.FormattedValue(value=value):
            yield value
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            yield from parts_of(left)
            yield from parts_of(right)
        case _:
            yield pattern


def put_together(statement: ast.AST) -> Iterator[ast.expr]:
    """Yield what a statement of several parts is made of, but texts; nothing where it is one name or one call."""
    match statement:
        case ast.BinOp(op=ast.Mod(), left=left, right=right):
            yield from put_together(left)
            yield right
        case ast.BinOp() | ast.JoinedStr():
            yield from parts_of(statement)
        case ast.Call(func=ast.Attribute(value=ast.Constant() | ast.Name(), attr="format"), args=some, keywords=more):
            yield from [*some, *(one.value for one in more)]
        case ast.Call(func=ast.Attribute(value=ast.Constant(), attr="join"), args=some):
            yield from some


def _run_later(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield what is assigned, or added, to a name that a statement is run by in the same module."""
    run = {
        node.args[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Name)
        if ast.unparse(node.func).endswith(RUNS)
    }
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, ast.Assign | ast.AugAssign) and {getattr(one, "id", None) for one in targets} & run:
            yield node.value


def statements_with_values(source: str) -> list[str]:
    """A statement of SQL into whose text something is put but constants and names of models' tables."""
    found: list[str] = []
    seen: set[int] = set()
    tree = ast.parse(source)

    def look(statement: ast.AST, parts: Iterator[ast.expr]) -> None:
        if id(statement) not in seen:
            seen.update(map(id, ast.walk(statement)))
            found.extend(one for one in map(ast.unparse, parts) if not NAMED.search(one))

    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name, said = ast.unparse(node.func), node.args[0]
        if name.endswith(RUNS):
            look(said, put_together(said))
        elif name.endswith((".raw", "RawSQL", ".extra", "sql.SQL")):
            look(said, put_together(said) if isinstance(said, ast.JoinedStr) else parts_of(said))
    for value in _run_later(tree):
        look(value, put_together(value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and not node.args and ast.unparse(node.func).endswith(".extra"):
            found.append(ast.unparse(node))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
            texts = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
            if any(isinstance(one, str) and SQL.search(one) for one in texts):
                look(node, put_together(node))
        if isinstance(node, ast.JoinedStr):
            text = "".join(part.value for part in node.values if isinstance(part, ast.Constant))
            if SQL.search(text):
                look(node, parts_of(node))
    return found
