"""The alerts that are shipped: one for each part that an operator is told of, each with a runbook, and each fires."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from config import operator_status

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy" / "prometheus" / "rules.yml"


@pytest.mark.truth("20.12")
def test_every_part_has_an_alert_and_every_alert_a_runbook() -> None:
    text = RULES.read_text()
    assert set(re.findall(r'part="(\w+)"', text)) == set(operator_status.PARTS)
    runbooks = (ROOT / "docs" / "operations.md").read_text().partition("## Runbooks\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"runbook: (\w+)", text)) == set(re.findall(r"^\*\*(\w+)\.\*\*", runbooks, re.MULTILINE))


def test_each_alert_fires_when_its_part_is_not_well_and_not_before() -> None:
    if shutil.which("promtool") is None:
        pytest.skip("this machine has no promtool (Debian: prometheus)")
    test = RULES.with_name("rules_test.yml")
    alerts = re.findall(r"alert: (\w+)", RULES.read_text())
    assert all(test.read_text().count(f"alertname: {alert}") == 2 for alert in alerts)
    run = subprocess.run(["promtool", "test", "rules", str(test)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
