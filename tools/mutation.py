"""Change one thing of the code at a time and see whether a test notices: seeded mutants of what people rely on.

    python tools/mutation.py map                    # once, long: which test covers which line (build/mutation/)
    python tools/mutation.py map tests/privacy/vault
    python tools/mutation.py run --sample 400 --seed 7

A mutant runs against the tests that cover its line, the quickest first, until one fails. Survivors are listed with what
was changed; the run fails if more than one in ten survives. An import hook puts mutants in place: no file is touched.
"""

import argparse
import ast
import json
import os
import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "mutation"
AREAS = {
    "authorisation": ("privacy/ledger/authorization.py", "privacy/accounts/*.py", "privacy/accounts/actions/*.py"),
    "vault": ("privacy/vault/*.py", "privacy/vault/actions/*.py", "privacy/vault/keyservice/*.py"),
    "ledger": ("privacy/ledger/*.py", "privacy/ledger/actions/*.py", "privacy/ledger/entries/*.py",
               "privacy/ledger/integrity/*.py", "privacy/ledger/merkle/*.py", "privacy/ledger/checkpoints/*.py"),
    "retention": ("privacy/retention/*.py", "privacy/retention/actions/**/*.py", "privacy/retention/archive/*.py",
                  "privacy/retention/destruction/*.py", "privacy/retention/restore_gate/*.py",
                  "privacy/retention/schedule/*.py"),
    "duties": ("privacy/ledger/account_relations.py", "privacy/accounts/second_person.py",
               "privacy/accounts/access_requirements.py", "privacy/accounts/approval_signatures.py"),
}  # fmt: skip
# What only names, shows or declares: a change there is no change of what happens.
LEFT_OUT = ("admin.py", "forms.py", "views.py", "urls.py", "apps.py", "events.py", "checks.py", "protected_rows.py",
            "captured_writes.py", "annual_report.py", "register.py", "deadlines.py", "issued_documents.py")  # fmt: skip
MOST_TESTS, SECONDS = 40, 300
SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change: where, and what it reads like before and after."""

    area: str
    file: str
    line: int
    before: str
    after: str
    source: str


def main() -> int:
    """Map the tests, or run mutants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    does = parser.add_subparsers(dest="does", required=True)
    mapping = does.add_parser("map", help="see which test covers which line")
    mapping.add_argument("tests", nargs="*", default=["tests/privacy", "tests/devices", "tests/consents"])
    running = does.add_parser("run", help="run mutants")
    running.add_argument("--sample", type=int, default=400)
    running.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    running.add_argument("--area", choices=AREAS, nargs="*", default=list(AREAS))
    running.add_argument("--file", nargs="*", default=[], help="mutants of these files alone")
    options = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    if options.does == "map":
        return pytest("-p", "tools.mutation_plugin", *options.tests, MUTATION_MAP=str(BUILD / "map.jsonl"))
    return run(options)


def run(options: argparse.Namespace) -> int:
    """Run a sample, and say what survived."""
    covering = tests_by_line()
    known = [one for one in candidates(options.area) if not options.file or one.file in options.file]
    covered = [one for one in known if covering.get((one.file, one.line))]
    sample = random.Random(options.seed).sample(covered, min(options.sample, len(covered)))
    print(
        f"SEED={options.seed}: {len(sample)} of {len(covered)} mutants on covered lines ({len(known)} in all)",
        flush=True,
    )
    survivors = []
    for number, mutant in enumerate(sample, 1):
        killed = is_killed(mutant, covering[mutant.file, mutant.line])
        survivors += [] if killed else [mutant]
        verdict = "killed  " if killed else "SURVIVED"
        print(f"{number:4} {verdict} {mutant.file}:{mutant.line}  {mutant.before}  →  {mutant.after}", flush=True)
    said = [{name: value for name, value in asdict(one).items() if name != "source"} for one in survivors]
    (BUILD / "survivors.json").write_text(json.dumps(said, indent=1, ensure_ascii=False))
    share = 1 - len(survivors) / max(1, len(sample))
    print(f"{share:.1%} of {len(sample)} killed; {len(survivors)} survivors in {BUILD / 'survivors.json'}")
    return int(share < 0.9)


def tests_by_line() -> dict[tuple[str, int], list[str]]:
    """Return the tests that cover a line, the quickest first."""
    path = BUILD / "map.jsonl"
    if not path.exists():
        sys.exit("First: python tools/mutation.py map")
    told = sorted((json.loads(line) for line in path.read_text().splitlines()), key=lambda one: one["seconds"])
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for one in told:
        for file, lines in one["lines"].items():
            for line in lines:
                found[file, line].append(one["test"])
    return found


def is_killed(mutant: Mutant, tests: list[str]) -> bool:
    """Whether one of these tests fails with the mutant in place, or never ends."""
    changed = BUILD / "mutant.py"
    changed.write_text(mutant.source, "utf-8")
    try:
        code = pytest(
            "-p", "tools.mutation_plugin", "-x", *dict.fromkeys(tests[:MOST_TESTS]),
            MUTANT=str(ROOT / mutant.file), MUTANT_SOURCE=str(changed), timeout=SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return True
    if code not in (0, 1, 2, 3, 4):
        sys.exit(f"pytest ended with {code}")
    return code != 0


def pytest(*arguments: str, timeout: float | None = None, **environ: str) -> int:
    """Run tests; what they print is kept beside the map."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-m",
        "not faults and not token",
        *arguments,
    ]
    with (BUILD / "output.txt").open("w") as output:
        run = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **environ}, stdout=output, stderr=output, check=False, timeout=timeout
        )
    return run.returncode


def candidates(areas: list[str]) -> list[Mutant]:
    """Return every mutant of these areas, each file once, in the same order on every machine."""
    found: list[Mutant] = []
    seen: set[Path] = set()
    for area in sorted(areas, key=lambda one: len(AREAS[one])):
        for path in sorted(path for pattern in AREAS[area] for path in ROOT.glob(pattern)):
            if path not in seen and path.name not in LEFT_OUT and path.name != "__init__.py":
                seen.add(path)
                found += mutants_of(area, path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))
    return found


def mutants_of(area: str, file: str, text: str) -> Iterator[Mutant]:
    """Yield the mutants of a file: its tree is changed in one place, and written out."""
    tree = ast.parse(text)
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            for place, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if not isinstance(node, ast.AST) or _is_said_only(parent, name, node):
                    continue
                for other in changes_of(node):
                    _put(parent, name, place, other)
                    before, after = ast.unparse(node), ast.unparse(other)
                    line = getattr(node, "lineno", getattr(parent, "lineno", 0))
                    yield Mutant(area, file, line, _short(before), _short(after), ast.unparse(tree))
                    _put(parent, name, place, node)


def changes_of(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand in a node's place."""
    match node:
        case ast.Compare(left=left, ops=[op], comparators=right) if type(op) in SWAPPED:
            yield ast.Compare(left, [SWAPPED[type(op)]()], right)  # type: ignore[list-item]
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(SWAPPED[type(op)](), values)  # type: ignore[arg-type]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in SWAPPED:
            yield ast.BinOp(left, SWAPPED[type(op)](), right)  # type: ignore[arg-type]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1)
        case ast.If(test=test, body=body, orelse=orelse):
            yield ast.If(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.Raise() | ast.Expr(value=ast.Call()):
            yield ast.Pass()
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield ast.Return(ast.Constant(None))


def _is_said_only(parent: ast.AST, name: str, node: ast.AST) -> bool:
    """Whether nothing happens by it: annotations, defaults of types, what a log says."""
    said = isinstance(node, ast.Expr) and ast.unparse(node).startswith(("log.", "logging."))
    return said or name in ("annotation", "returns", "decorator_list", "slice") or isinstance(parent, ast.ImportFrom)


def _put(parent: ast.AST, name: str, place: int | None, node: ast.AST) -> None:
    if place is None:
        setattr(parent, name, node)
    else:
        getattr(parent, name)[place] = node
    ast.fix_missing_locations(node)


def _short(text: str) -> str:
    first = text.split("\n", 1)[0]
    return first if len(first) <= 70 else f"{first[:69]}…"


if __name__ == "__main__":
    sys.exit(main())
