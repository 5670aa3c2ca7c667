"""What the office does about each rule of the law: ``python tools/law.py write | check``.

``docs/law.toml`` holds every rule with one verdict; tests cite rules with ``@pytest.mark.law("B-07")``. ``write`` makes
``docs/law.md`` of both; ``check`` fails when a rule has no verdict, or one that the code, the tests or the day belie.
"""

import argparse
import ast
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import groupby
from pathlib import Path

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.clauses import ROOT, cited

LAW = ROOT / "docs" / "law.toml"
PAGE = ROOT / "docs" / "law.md"
EDITIONS = (
    ROOT / "privacy" / "policies" / "editions" / "parameters.toml",
    ROOT / "privacy" / "workforce" / "editions" / "parameters.toml",
    ROOT / "privacy" / "processors" / "editions" / "parameters.toml",
    ROOT / "privacy" / "processors" / "editions" / "business_transfers.toml",
    ROOT / "privacy" / "safeguards" / "editions" / "thresholds.toml",
    ROOT / "privacy" / "safeguards" / "editions" / "reports.toml",
    ROOT / "privacy" / "safeguards" / "editions" / "use_notice.toml",
    ROOT / "privacy" / "safeguards" / "editions" / "source_notice.toml",
    ROOT / "privacy" / "disclosures" / "editions" / "reports.toml",
    ROOT / "privacy" / "disclosures" / "editions" / "documents.toml",
    ROOT / "privacy" / "rights" / "editions" / "source.toml",
    ROOT / "privacy" / "rights" / "editions" / "automated.toml",
    ROOT / "privacy" / "rights" / "editions" / "messages.toml",
)
PROBES = ROOT / "tests" / "house" / "test_parameters.py"
# What a verdict must say, and nothing else beside `id`, `says` and `source`.
NEEDS = {
    "implemented": {"code", "tests"},
    "parameter": {"parameters", "tests"},
    "not applicable": {"why", "decided_by", "again_on"},
    "announced": {"comes_into_force", "changes"},
    "open": {"missing"},
}
MAY = {
    "implemented": {"pages", "parameters", "note"},
    "parameter": {"code", "pages", "note"},
    "not applicable": {"note"},
    "announced": {"note", "code", "tests"},
    "open": {"code", "pages", "parameters", "tests", "note"},
}
HEAD = """# The law, rule by rule

Each rule that binds a Korean privacy office or that its policy promises, its source, and what the portal does about it.
Made by `tools/law.py write` from `docs/law.toml` and the tests' markers; `tools/law.py check` fails when a rule has no
verdict or its verdict isn't so. No legal advice.

Verdicts: **implemented** by the code and proven by the tests that are named; **parameter**, a dated number that a test
sees acting; **not applicable**, with the reason, who decided and when to look again; **announced**, not yet in force;
**open**, applicable and not or not wholly built.

"""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the law: what it says in our words, where it stands, and the verdict with what belongs to it."""

    id: str
    says: str
    source: str
    verdict: str
    told: dict[str, object]

    @property
    def chapter(self) -> str:
        return self.id.partition("-")[0]

    def many(self, key: str) -> list[str]:
        """Return a list that the verdict may have, or none."""
        held = self.told.get(key, [])
        return [str(one) for one in held] if isinstance(held, list) else [str(held)]


def read() -> dict[str, object]:
    """Return the file as it is."""
    return tomllib.loads(LAW.read_text())


def rules() -> list[Rule]:
    """Return every rule, in the order of the law's chapters."""
    held = read()["rules"]
    assert isinstance(held, list)
    return [_rule(dict(row)) for row in held]


def _rule(row: dict[str, object]) -> Rule:
    named = {key: str(row.pop(key, "")) for key in ("id", "says", "source", "verdict")}
    return Rule(**named, told=row)


def expected_ids() -> list[str]:
    """Return the ids that the list of rules has, in its order: those of chapters not yet judged are not asked for."""
    held = read()
    chapters, waiting = held["chapters"], held["not_yet_judged"]
    assert isinstance(chapters, dict) and isinstance(waiting, list)
    return [
        f"{chapter}-{number:0{told['digits']}d}"
        for chapter, told in chapters.items()
        if chapter not in waiting
        for number in range(1, told["rules"] + 1)
    ]


@cache
def _names(path: Path) -> frozenset[str]:
    """Return what a module defines, with methods and tests as ``Class::name``."""
    return frozenset(_defined(ast.parse(path.read_text()).body, ""))


def _defined(body: list[ast.stmt], outer: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield f"{outer}{node.name}"
            yield from _defined(node.body if isinstance(node, ast.ClassDef) else [], f"{outer}{node.name}::")
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (f"{outer}{target.id}" for target in targets if isinstance(target, ast.Name))


def is_there(reference: str) -> bool:
    """Whether ``path`` or ``path::name`` exists in the repository."""
    path, _sep, name = reference.partition("::")
    return (ROOT / path).exists() and (not name or name in _names(ROOT / path))


def numbers() -> dict[str, list[str]]:
    """Return each dated parameter with its values, as ``10 days from 2020-12-01``."""
    held: dict[str, list[str]] = {}
    for path in EDITIONS:
        for row in tomllib.loads(path.read_text())["parameters"]:
            held.setdefault(row["code"], []).append(f"{row['value']} {row['unit']} from {row['effective_on']}")
    return held


@cache
def probed() -> frozenset[str]:
    """Return the parameters of which a test sees that they act from their day on."""
    tree = ast.parse(PROBES.read_text())
    return frozenset(
        key.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
        for key in node.value.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    )


def _of_verdict(rule: Rule) -> Iterator[str]:
    if rule.verdict not in NEEDS:
        yield f"{rule.id} has no verdict"
        return
    for key in sorted(NEEDS[rule.verdict] - {key for key, value in rule.told.items() if value}):
        yield f"{rule.id} is {rule.verdict} and doesn't say: {key}"
    for key in sorted(set(rule.told) - NEEDS[rule.verdict] - MAY[rule.verdict]):
        yield f"{rule.id} is {rule.verdict} and can't say: {key}"
    if not (rule.says and rule.source):
        yield f"{rule.id} has no statement or no source"


def _of_references(rule: Rule, tests: dict[str, list[str]]) -> Iterator[str]:
    yield from (f"{rule.id}: there is no {one}" for one in rule.many("code") + rule.many("tests") if not is_there(one))
    for test in rule.many("tests"):
        if is_there(test) and test not in tests.get(rule.id, []):
            yield f"{rule.id}: {test} lacks its marker"
    for test in tests.get(rule.id, []):
        if test not in rule.many("tests"):
            yield f"{test} cites {rule.id}, whose row doesn't name it"


def _of_parameters(rule: Rule) -> Iterator[str]:
    known = numbers()
    for told in rule.many("parameters"):
        code, _sep, value = told.partition(" = ")
        if code not in known:
            yield f"{rule.id}: there is no parameter {code}"
        elif value not in known[code]:
            yield f"{rule.id}: {code} is {', '.join(known[code])}, not {value}"
        elif code not in probed():
            yield f"{rule.id}: no test sees {code} acting"


def _of_days(rule: Rule, on: date) -> Iterator[str]:
    again, comes = rule.told.get("again_on"), rule.told.get("comes_into_force")
    if isinstance(again, date) and again < on:
        yield f"{rule.id} was to be looked at again on {again}"
    if isinstance(comes, date) and comes <= on:
        yield f"{rule.id} is in force since {comes} and still announced"


def problems(on: date) -> list[str]:
    """Return what is wrong with the list, the verdicts, what they cite, and the page."""
    held, tests = rules(), cited(mark="law")
    ids = [rule.id for rule in held]
    wanted = expected_ids()
    found = [f"{one} is a rule without a row" for one in wanted if one not in ids]
    found += [f"{one} is no rule of the list" for one in ids if one not in wanted]
    found += [f"{one} has two rows" for one in sorted(set(ids)) if ids.count(one) > 1]
    found += [f"{test} cites {one}, which is no rule" for one in set(tests) - set(ids) for test in tests[one]]
    if not found and ids != wanted:
        found.append("the rows aren't in the order of the rules")
    for rule in held:
        for looked in (_of_verdict(rule), _of_references(rule, tests), _of_parameters(rule), _of_days(rule, on)):
            found += looked
    if not PAGE.exists() or PAGE.read_text() != page(held):
        found.append("docs/law.md is stale: run `python tools/law.py write`")
    return found


def page(held: list[Rule]) -> str:
    """Return docs/law.md."""
    chapters = read()["chapters"]
    assert isinstance(chapters, dict)
    counted = {verdict: sum(rule.verdict == verdict for rule in held) for verdict in NEEDS}
    told = HEAD + "; ".join(f"{verdict}: {number}" for verdict, number in counted.items()) + ".\n"
    for chapter, of_it in groupby(held, key=lambda rule: rule.chapter):
        told += f"\n## {chapters[chapter]['name']}\n\n| rule | it says | source | verdict | how |\n"
        told += "| --- | --- | --- | --- | --- |\n" + "".join(_line(rule) for rule in of_it)
    return told


def _line(rule: Rule) -> str:
    how = "<br>".join(part for key, tell in TOLD.items() if rule.told.get(key) for part in tell(rule, key))
    says, how = (text.replace("|", "/") for text in (rule.says, how))
    return f"| {rule.id} | {says} | {rule.source} | {rule.verdict} | {how} |\n"


def _sentence(label: str) -> Callable[[Rule, str], Iterator[str]]:
    def tell(rule: Rule, key: str) -> Iterator[str]:
        yield f"{label}{rule.told[key]}"

    return tell


def _list(label: str) -> Callable[[Rule, str], Iterator[str]]:
    def tell(rule: Rule, key: str) -> Iterator[str]:
        yield label + ", ".join(f"`{one}`" for one in rule.many(key))

    return tell


def _tests(rule: Rule, key: str) -> Iterator[str]:
    by_file = groupby(rule.many(key), key=lambda test: test.partition("::")[0])
    for path, tests in by_file:
        names = ", ".join(filter(None, (test.partition("::")[2].replace("::", ".") for test in tests)))
        yield f"[{path.removeprefix('tests/')}](../{path})" + (f": {names}" if names else "")


TOLD: dict[str, Callable[[Rule, str], Iterator[str]]] = {
    "missing": _sentence(""),
    "why": _sentence(""),
    "decided_by": _sentence("Decided by: "),
    "again_on": _sentence("Look again: "),
    "comes_into_force": _sentence("In force on "),
    "changes": _sentence("Changes: "),
    "note": _sentence(""),
    "parameters": _list("Parameter: "),
    "code": _list("Code: "),
    "pages": _list("Page: "),
    "tests": _tests,
}


def today() -> date:
    """Return the day in Korea."""
    return (datetime.now(UTC) + timedelta(hours=9)).date()  # noqa: TID251 - a program of its own, without Django


def main() -> int:
    """Write the page, or say what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("write", "check"))
    if parser.parse_args().command == "write":
        PAGE.write_text(page(rules()))
    found = problems(today())
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
