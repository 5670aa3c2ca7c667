"""What of tools/mutation.py lives inside pytest: it notes which lines a test runs, or puts a mutant in place."""

import importlib.machinery
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest

ROOT = str(Path(__file__).resolve().parent.parent / "privacy") + "/"
TOOL = sys.monitoring.COVERAGE_ID
_lines: dict[str, set[int]] = defaultdict(set)


class MutantLoader(importlib.machinery.SourceFileLoader):
    """Loads a module from a changed source, under its own name and path."""

    def get_code(self, fullname: str) -> CodeType:
        return compile(Path(os.environ["MUTANT_SOURCE"]).read_text("utf-8"), self.path, "exec", dont_inherit=True)


class MutantFinder(importlib.machinery.PathFinder):
    """Finds what everybody finds, and the mutant in the place of its module."""

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        spec = super().find_spec(fullname, path, target)
        if spec is not None and spec.origin == os.environ["MUTANT"]:
            spec.loader = MutantLoader(fullname, spec.origin)
        return spec


def _note_line(code: CodeType, line: int) -> Any:
    if code.co_filename.startswith(ROOT):
        _lines[code.co_filename].add(line)
    return sys.monitoring.DISABLE  # once a test is enough


if "MUTANT" in os.environ:
    sys.meta_path.insert(0, MutantFinder)
if "MUTATION_MAP" in os.environ:
    sys.monitoring.use_tool_id(TOOL, "mutation")
    sys.monitoring.register_callback(TOOL, sys.monitoring.events.LINE, _note_line)
    sys.monitoring.set_events(TOOL, sys.monitoring.events.LINE)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    if "MUTATION_MAP" not in os.environ:
        return (yield)
    _lines.clear()
    sys.monitoring.restart_events()
    began = time.monotonic()
    done = yield
    base = str(item.config.rootpath) + "/"
    said = {file.removeprefix(base): sorted(lines) for file, lines in _lines.items()}
    line = json.dumps({"test": item.nodeid, "seconds": round(time.monotonic() - began, 3), "lines": said})
    with Path(os.environ["MUTATION_MAP"]).open("a", encoding="utf-8") as map_file:
        map_file.write(line + "\n")
    return done
