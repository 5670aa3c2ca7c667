"""Ordinary tests hold the keys in their own process; those of the key service ask the real one, and are counted.

Nothing else holds keys in process; that the demo and ``check --deploy`` refuse it is tested in
``tests/privacy/vault/test_reading_policy.py`` and ``tests/config/test_deploy_checks.py``.
"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.attack("18.5")

ROOT = Path(__file__).resolve().parents[2]
# How a test starts the process, or asks where none answers.
STARTED = re.compile(r"\b(?:key_service|key_service_of_users|KeyService)\(|KEY_SERVICE=\"socket\"")
SUITES = ("tests/privacy/vault/", "tests/faults/")
# Who asks the real process, and how many tests at least: one that goes back to the mode of ordinary tests is missed.
ASK_THE_PROCESS = {
    "tests/faults/test_closing_races.py": 1,
    "tests/faults/test_key_service_kills.py": 1,
    "tests/faults/test_pages_without_keys.py": 1,
    "tests/privacy/vault/test_closing_races.py": 2,
    "tests/privacy/vault/test_key_service.py": 24,
    "tests/privacy/vault/test_key_service_ceilings.py": 6,
    "tests/privacy/vault/test_key_service_clock.py": 4,
    "tests/privacy/vault/test_key_service_flooded.py": 9,
    "tests/privacy/vault/test_parts.py": 3,
    "tests/privacy/vault/test_pkcs11_session.py": 15,
    "tests/privacy/vault/test_taken_over.py": 18,
    "tests/privacy/vault/test_without_the_key_service.py": 3,
}
# Where the mode of ordinary tests may be named: where it is chosen, kept and refused.
NAMED_IN = {
    "benchmarks/harness.py", "benchmarks/keyservice.py", "config/settings.py", "privacy/vault/keyservice/client.py",
    "tests/config/test_deploy_checks.py", "tests/settings.py",
}  # fmt: skip


@cache
def count_of_tests(path: Path) -> int:
    """Return how many tests a file defines."""
    tree = ast.parse(path.read_text())
    return sum(isinstance(one, ast.FunctionDef) and one.name.startswith("test") for one in ast.walk(tree))


def test_whoever_asks_the_real_process_is_counted() -> None:
    found = [path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]
    files = {str(path.relative_to(ROOT)): path for path in found}
    asking = {name: count_of_tests(path) for name, path in files.items() if STARTED.search(path.read_text())}
    everything = sum(map(count_of_tests, files.values()))
    print(f"{sum(asking.values())} tests ask the key service's process, {everything} in all")
    assert {name for name in asking if not name.startswith(SUITES)} == set(), "the process has suites of its own"
    lost = {name: asking.get(name) for name, count in ASK_THE_PROCESS.items() if asking.get(name, -1) < count}
    assert not lost, lost


def test_nothing_else_holds_keys_in_process() -> None:
    folders = ("config", "privacy", "consents", "devices", "benchmarks", "tests", "tools")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py") if path != Path(__file__)]
    naming = {str(path.relative_to(ROOT)) for path in files if "in-process" in path.read_text()}
    assert naming == NAMED_IN
