"""Which test survives which fault: ``python tools/faults.py write | check``.

``docs/faults.toml`` holds every fault; tests cite them with ``@pytest.mark.fault("FLT-07")``. ``write`` makes
``docs/faults.md`` of both; ``check`` fails when a fault has no test, a marker names no fault, or the page is stale.
"""

import argparse
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tools.clauses import ROOT, cited, links

FAULTS = ROOT / "docs" / "faults.toml"
PAGE = ROOT / "docs" / "faults.md"
HEAD = """# Faults that the portal survives

What breaks, what the portal does then, and the tests that break it on purpose. Made by `tools/faults.py write` from
`docs/faults.toml` and the tests' markers; `make check` fails when a fault has no test or this page is stale. What must
be so after every fault stands in `tests/faults/invariants.py`.

| fault | what breaks | what the portal does | tests |
| --- | --- | --- | --- |
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that breaks."""

    id: str
    breaks: str
    survives: str


def faults() -> list[Fault]:
    """Return every fault, in the order of their numbers."""
    return [Fault(**row) for row in tomllib.loads(FAULTS.read_text())["faults"]]


def page(held: list[Fault], tests: dict[str, list[str]]) -> str:
    """Return docs/faults.md."""
    return HEAD + "".join(
        f"| {one.id} | {one.breaks} | {one.survives} | {links(tests.get(one.id, [])) or '**none**'} |\n" for one in held
    )


def problems(held: list[Fault], tests: dict[str, list[str]]) -> list[str]:
    """Return what is wrong: faults without a test, markers without a fault, a stale page."""
    known = {one.id for one in held}
    found = [f"{one.id} has no test: {one.breaks}" for one in held if one.id not in tests]
    found += [f"{test} cites {fault}, which is no fault" for fault in set(tests) - known for test in tests[fault]]
    if not PAGE.exists() or PAGE.read_text() != page(held, tests):
        found.append("docs/faults.md is stale: run `python tools/faults.py write`")
    return found


def main() -> int:
    """Write the page, or say what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("write", "check"))
    held, tests = faults(), cited(mark="fault")
    if parser.parse_args().command == "write":
        PAGE.write_text(page(held, tests))
    found = problems(held, tests)
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
