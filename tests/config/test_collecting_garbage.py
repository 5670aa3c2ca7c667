"""A start looks for garbage rarely; what serves looks as often as Python does, once it has started."""

import os
import subprocess
import sys
from pathlib import Path

import manage

ROOT = Path(__file__).resolve().parent.parent.parent
SAYS = """
import gc, sys
from django.core import management
usual, management.execute_from_command_line = gc.get_threshold(), lambda arguments: print(gc.get_threshold() == usual)
import manage
for command in sys.argv[1:]:
    gc.set_threshold(*usual)
    sys.argv = ["manage.py", command]
    manage.main()
"""


def test_what_serves_collects_as_usual_and_a_short_command_does_not() -> None:
    commands = ["seal", "qcluster", "keyservice", "notary", "sweep", "migrate_all"]
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    run = subprocess.run(
        [sys.executable, "-c", SAYS, *commands], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    said = dict(zip(commands, run.stdout.split(), strict=True))
    assert said == {command: str(command in manage.SERVES) for command in commands}
    assert said["sweep"] == "False"
