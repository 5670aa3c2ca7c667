"""A developer's first hour: the README as printed, the example agent, and the snippets of the guide."""

import os
import re
import subprocess
import sys
from pathlib import Path

from consents.models import AgeStatement
from devices import actions as devices
from devices.models import Device, Report
from privacy.ledger.actors import SystemActor
from tests import factory
from tests.sdk.connector.served import ROOT
from tests.sdk.gateway.conftest import now

SDK = ROOT / "sdk" / "python"


def run(arguments: list[str], port: int, folder: Path, said: str = "") -> str:
    """Run a program as a developer does, with a portal and a token."""
    environ = {**os.environ, "PYTHONPATH": str(SDK), "PORTAL": f"http://127.0.0.1:{port}",
               "TOKEN": factory.make_token(at=now())}  # fmt: skip
    ran = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environ, input=said, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_readme_as_printed_ends_with_a_device_that_reports(portal: int, tmp_path: Path) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", (SDK / "README.md").read_text(), re.DOTALL)
    (tmp_path / "first.py").write_text(program)
    told = run(["first.py"], portal, tmp_path)
    assert told.splitlines()[-1] == "Delivered(stored=1, refused=0)"
    assert Report.objects.count() == 1


def test_the_example_agent_asks_reports_and_confirms(portal: int, tmp_path: Path) -> None:
    agent = str(SDK / "examples" / "agent.py")
    asked = run([agent, "home"], portal, tmp_path, "1.5.1990\n1990-05-01\n" + "y\n" * 20 + "unlock\n")
    assert "That is no day of the calendar." in asked
    assert not AgeStatement.objects.get().is_child
    assert asked.count("Agree? [y/n]") >= 3
    assert asked.index("Required:") < asked.index("Optional:")
    assert "Your consent code, shown once:" in asked
    assert asked.endswith("0 reports wait, 0 were refused\n")
    device = Device.objects.get()
    # Answers beyond the agreements were taken for uses; all of them arrived, with the status.
    sent = Report.objects.count()
    assert sent == 20 - asked.count("Agree? [y/n]") + 2
    challenge = devices.issue_challenge(device_id=device.id, case="K7-1", actor=SystemActor("tests"), at=now())
    again = run([agent, "home"], portal, tmp_path, f"challenge\n{challenge.shown}\n")
    assert "Agree?" not in again and "Answered: confirmed" in again
    assert Device.objects.count() == 1
    assert Report.objects.count() == sent + 1
