"""The tree: names that say something, modules of a readable size, a README in each app."""

from pathlib import Path

from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]
NOTHING_SAYING = {"utils", "helpers", "common", "misc", "constants", "exceptions", "services"}
LONGEST = 400


def our_files() -> list[Path]:
    return [
        path
        for folder in ("config", "privacy", "consents", "devices", "tests", "benchmarks", "tools", "sdk")
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts
    ]


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert not [str(p) for p in our_files() if p.stem in NOTHING_SAYING]


def test_modules_are_of_a_readable_size() -> None:
    sizes = {str(p.relative_to(ROOT)): len(p.read_text().splitlines()) for p in our_files()}
    assert sizes.pop("privacy/ledger/verify.py") <= 600, (
        "one file by its purpose, read from top to bottom (decision 0194)"
    )
    long = [f"{path} ({size})" for path, size in sizes.items() if size > LONGEST]
    assert not long, "Split along a noun: " + ", ".join(long)


def test_each_app_has_a_readme() -> None:
    ours = [a for a in apps.get_app_configs() if a.name.startswith("privacy.") or a.name in ("devices", "consents")]
    assert not [a.name for a in ours if not (Path(a.path) / "README.md").exists()]


def test_each_decision_stands_in_their_list() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text()
    assert not [path.name for path in folder.glob("0*.md") if f"({path.name})" not in listed]
