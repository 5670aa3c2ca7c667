"""What becomes of each requirement of OWASP ASVS 5.0.0: ``python tools/asvs.py write | check``.

``docs/asvs.toml`` has a row for each of the 345 requirements: its id, a short title of ours, and one verdict. ``tests``
prove it and carry ``@pytest.mark.asvs("1.2.3")``; ``not_applicable`` says why; an ``exception`` has its ``risk``, the
day of its next ``review``, and the tests of what does hold. ``write`` makes ``docs/asvs.md``; ``check`` fails on a
requirement without a verdict, an id that is none, a test that isn't there or lacks its marker, a marker that no row
cites, an exception whose review is over, and a stale page.
"""

import argparse
import datetime
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # as a program it stands in tools/

from tools import clauses  # noqa: E402

ROWS = ROOT / "docs" / "asvs.toml"
PAGE = ROOT / "docs" / "asvs.md"
LONGEST_EXCEPTION = datetime.timedelta(days=366)
# The level of each requirement, section by section: "1.1": "22" are 1.1.1 and 1.1.2, both of level 2.
LEVELS = {
    "1.1": "22", "1.2": "1111122223", "1.3": "112222222223", "1.4": "222", "1.5": "123",
    "2.1": "122", "2.2": "112", "2.3": "12223", "2.4": "23",
    "3.1": "3", "3.2": "113", "3.3": "12223", "3.4": "11222233", "3.5": "11122333", "3.6": "3", "3.7": "22333",
    "4.1": "12233", "4.2": "23333", "4.3": "22", "4.4": "1222",
    "5.1": "2", "5.2": "112333", "5.3": "113", "5.4": "222",
    "6.1": "122", "6.2": "111111112222", "6.3": "11223333", "6.4": "112233", "6.5": "22222333", "6.6": "2223",
    "6.7": "33", "6.8": "2222",
    "7.1": "222", "7.2": "1111", "7.3": "22", "7.4": "11222", "7.5": "223", "7.6": "22",
    "8.1": "1233", "8.2": "1123", "8.3": "133", "8.4": "23",
    "9.1": "111", "9.2": "1222",
    "10.1": "22", "10.2": "223", "10.3": "22223", "10.4": "1111122222233333", "10.5": "22222", "10.6": "22",
    "10.7": "222",
    "11.1": "2233", "11.2": "22233", "11.3": "11233", "11.4": "1222", "11.5": "23", "11.6": "23", "11.7": "33",
    "12.1": "12233", "12.2": "11", "12.3": "22223",
    "13.1": "2333", "13.2": "222223", "13.3": "2233", "13.4": "1222233",
    "14.1": "22", "14.2": "12223333", "14.3": "122",
    "15.1": "12233", "15.2": "12233", "15.3": "1222222", "15.4": "3333",
    "16.1": "2", "16.2": "22222", "16.3": "2222", "16.4": "222", "16.5": "2223",
    "17.1": "23", "17.2": "22223333", "17.3": "22",
}  # fmt: skip
LEVEL = {f"{section}.{n}": int(level) for section, levels in LEVELS.items() for n, level in enumerate(levels, 1)}
CHAPTERS = (
    "Encoding and injection", "Validation and business rules", "The browser's side", "Interfaces and messages",
    "Files", "Signing in", "Sessions", "Who may do what", "Tokens that speak for themselves",
    "OAuth and OpenID Connect", "Cryptography", "Transport", "Configuration", "Protection of data",
    "Code and architecture", "Logs and errors", "WebRTC",
)  # fmt: skip
HEAD = """# OWASP ASVS 5.0.0, requirement by requirement

What becomes of each of its 345 requirements: the tests that prove it, why it does not apply, or an exception with its
reason, its risk and the day of its next review. Ids and levels are OWASP's (<https://github.com/OWASP/ASVS>), and
the titles are ours and shorter: read the requirement there. Made by `tools/asvs.py write` from `docs/asvs.toml`; the
build fails on a requirement without a verdict and on a test that is gone or lacks its marker, and `make reviews`, which
a release asks, on a review that is over.

"""


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one requirement. ``here`` says how it is meant in this portal, where the title alone does not."""

    id: str
    title: str
    here: str = ""
    tests: tuple[str, ...] = ()
    not_applicable: str = ""
    exception: str = ""
    risk: str = ""
    review: datetime.date | None = None

    @property
    def verdicts(self) -> list[str]:
        """The names of the verdicts that it has: one, where nothing is wrong. Tests of an exception prove a part."""
        proven = self.tests and not self.exception
        given = [("tests", proven), ("not_applicable", self.not_applicable), ("exception", self.exception)]
        return [name for name, value in given if value]


def rows() -> list[Row]:
    """Return every row, in the order of the file."""
    return [_row(held) for held in tomllib.loads(ROWS.read_text())["requirements"]]


def _row(held: dict[str, Any]) -> Row:
    unknown = set(held) - {field.name for field in fields(Row)}
    if unknown:
        raise ValueError(f"{held['id']} has fields that mean nothing: {', '.join(sorted(unknown))}")
    return Row(**{**held, "tests": tuple(held.get("tests", ()))})


def wrong(held: list[Row], cited: dict[str, list[str]], today: datetime.date) -> list[str]:
    """Return what is wrong with rows and markers; ``cited`` has the tests that carry each requirement's marker."""
    found = [f"{one} has {count} rows" for one, count in Counter(row.id for row in held).items() if count > 1]
    known = {row.id: row for row in held}
    found += [f"{one} has no row" for one in LEVEL if one not in known]
    found += [f"{one} is no requirement" for one in known if one not in LEVEL]
    for row in held:
        found += _wrong_verdict(row, today)
        found += [f"{row.id} cites {test}, which is not there or not marked" for test in row.tests
                  if test not in cited.get(row.id, [])]  # fmt: skip
    for one, tests in cited.items():
        named = known[one].tests if one in known else ()
        found += [f"{test} is marked {one}, and no row cites it so" for test in tests if test not in named]
    return found


def _wrong_verdict(row: Row, today: datetime.date) -> list[str]:
    if len(row.verdicts) != 1:
        return [f"{row.id} has {len(row.verdicts)} verdicts: one is needed"]
    if row.exception and not (row.risk and row.review):
        return [f"{row.id} is an exception without its risk or its day of review"]
    if row.review and row.review < today:
        return [f"{row.id} should have been reviewed by {row.review}"]
    if row.review and row.review > today + LONGEST_EXCEPTION:
        return [f"{row.id} is reviewed later than in a year"]
    return [] if row.title else [f"{row.id} has no title"]


def page(held: list[Row]) -> str:
    """Return docs/asvs.md."""
    order = list(LEVEL)
    held = sorted(held, key=lambda row: order.index(row.id))
    chapters = [
        f"\n## V{number} {name}\n\n| requirement | level | what is asked | verdict |\n| --- | --- | --- | --- |\n"
        + "".join(_line(row) for row in held if row.id.split(".")[0] == str(number))
        for number, name in enumerate(CHAPTERS, 1)
    ]
    return HEAD + _counts(held) + "".join(chapters)


def _counts(held: list[Row]) -> str:
    counted = Counter((LEVEL[row.id], row.verdicts[0]) for row in held if row.verdicts)
    kinds = ("tests", "exception", "not_applicable")
    lines = "".join(f"| {level} | {' | '.join(str(counted[level, kind]) for kind in kinds)} |\n" for level in (1, 2, 3))
    return f"| level | proven | exceptions | not applicable |\n| --- | --- | --- | --- |\n{lines}"


def _line(row: Row) -> str:
    asked = ": ".join(filter(None, (row.title, row.here)))
    return f"| {row.id} | {LEVEL[row.id]} | {asked.replace('|', '/')} | {_verdict(row).replace('|', '/')} |\n"


def _verdict(row: Row) -> str:
    if row.not_applicable:
        return f"Does not apply: {row.not_applicable}"
    if not row.exception:
        return clauses.links(row.tests)
    held = f"<br>What holds: {clauses.links(row.tests)}" if row.tests else ""
    return f"**Exception**: {row.exception} Risk: {row.risk} Review by {row.review}.{held}"


def problems(today: datetime.date) -> list[str]:
    """Return what is wrong: rows, markers, reviews, a stale page."""
    held = rows()
    found = wrong(held, clauses.cited(mark="asvs"), today)
    if not found and (not PAGE.exists() or PAGE.read_text() != page(held)):
        found.append("docs/asvs.md is stale: run `python tools/asvs.py write`")
    return found


def main() -> int:
    """Write the page, or say what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("write", "check"))
    if parser.parse_args().command == "write":
        PAGE.write_text(page(rows()))
    found = problems(datetime.datetime.now(datetime.UTC).date())  # noqa: TID251 - a program's own edge
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
