"""The task of an access record is told in words, in both languages."""

import importlib
import re
from pathlib import Path

import pytest
from django.utils.translation import override

from privacy.ledger.entries import task_labels
from privacy.lib.registries import registers

ROOT = Path(__file__).resolve().parents[3]
TASK = re.compile(r'(?i:\b(?:\w+_)?task)(?:, \w+)* ?= ?"([a-z]+(?:\.[a-z-]+)+)"')
# A task may be called by the event that it is: the word stands in the app's own events.
EVENT_TASK = re.compile(r"\btask=(?:str\()?(Event\.[A-Z_]+)")


def tasks_in(path: Path) -> list[str]:
    """Return the tasks that a file names, by their words or by an event."""
    text = path.read_text(encoding="utf-8")
    found = TASK.findall(text)
    for name in EVENT_TASK.findall(text):
        if name != "Event.DENIED":  # its task is a permission or a page, which is no task of a read
            module = ".".join(re.search(r"^from ([\w.]+\.events) import Event", text, re.MULTILINE)[1].split("."))
            found.append(str(getattr(importlib.import_module(module).Event, name.partition(".")[2])))
    return found


WRITTEN = sorted(
    {
        task
        for folder in ("privacy", "devices", "consents")
        for path in (ROOT / folder).rglob("*.py")
        for task in tasks_in(path)
    }
)


@pytest.mark.clause("P8.3")
@pytest.mark.parametrize("task", [*WRITTEN, "devices.device.listed", "consents.currentconsent.viewed"])
def test_every_task_in_the_code_has_words(task: str) -> None:
    with override("ko"):
        korean = task_labels.task_label(task)
    with override("en"):
        english = task_labels.task_label(task)
    assert task not in {korean, english}
    assert re.search("[가-힣]", korean)
    assert not re.search("[가-힣]", english)


def test_a_register_that_was_taken_out_is_called_by_what_it_lists() -> None:
    for register in registers.all_registers():
        with override("en"):
            assert task_labels.task_label(f"office.{register.code}.exported").endswith(" · exported")


def test_a_code_that_nobody_named_stays_as_it_is() -> None:
    for task in ("", "anything", "devices.device.pondered", "nowhere.nothing.viewed", "office.nothing.exported"):
        assert task_labels.task_label(task) == task
