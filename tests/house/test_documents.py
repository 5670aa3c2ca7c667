"""What the documents tell people to type: each command is run or says why not, and each command named exists."""

import re
import shlex

import pytest
from django.apps import apps
from django.core.management import get_commands, load_command_class

from tools import document_commands

TARGETS = set(re.findall(r"^([a-z-]+):", (document_commands.ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.truth("23")
def test_command_lines_stand_in_blocks_that_are_run() -> None:
    found = [
        f"{document.name}: {line.strip()}"
        for document in document_commands.documents()
        for line in document_commands.loose(document)
    ]
    assert not found


@pytest.mark.truth("23")
def test_a_block_that_is_not_run_says_why() -> None:
    for document in document_commands.documents():
        for block in document_commands.blocks(document):
            assert ("not-run" in block.info) == bool(block.not_run), str(block)


def problem_of(command: str) -> str:
    """Return what is wrong with a command that a text names; nothing where it would be understood."""
    words = shlex.split(command.replace("…", "x"))
    words = [word for word in words if "=" not in word or word.startswith("-")]
    if words[0] == "make":
        return "" if set(words[1:2]) <= TARGETS else "no such target"
    if words[0].endswith("python"):
        words = words[1:]
    if words[0].startswith("tools/"):
        path = document_commands.ROOT / words[0]
        known = set(re.findall(r'"(\w+)"', path.read_text())) if path.exists() else set()
        if words[1:2] == ["schema"]:
            known |= set(apps.app_configs)
        return (
            "" if path.exists() and {w for w in words[1:] if w.isalpha() and w.islower()} <= known else "no such tool"
        )
    name = words[1]
    if name not in get_commands():
        return "no such command"
    app = get_commands()[name]
    parser = (load_command_class(app, name) if isinstance(app, str) else app).create_parser("manage.py", name)
    options = {option for action in parser._actions for option in action.option_strings}
    unknown = [word for word in words[2:] if word.startswith("--") and word.split("=")[0] not in options]
    return f"no option {unknown}" if unknown else ""


@pytest.mark.truth("25")
def test_every_command_named_in_a_text_exists() -> None:
    found = [
        f"{document.relative_to(document_commands.ROOT)}: {command}: {wrong}"
        for document in document_commands.documents()
        for command in document_commands.inline(document)
        if (wrong := problem_of(command.split("|")[0].strip()))
    ]
    assert not found


@pytest.mark.truth("25")
@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("python tools/catalogue.py report", "no such tool"),
        ("make everything", "no such target"),
        ("manage.py seals", "no such command"),
        ("manage.py seal --twice", "no option ['--twice']"),
        ("manage.py seal --once", ""),
    ],
)
def test_a_command_that_does_not_exist_is_told(command: str, wrong: str) -> None:
    assert problem_of(command) == wrong
