"""What a restore changes in `portal.toml`, as often as there is one."""

import re
import tomllib
from pathlib import Path

import pytest

from deploy.drill import documented
from deploy.installer import editing
from deploy.installer.configuration import Configuration
from deploy.installer.plan import Stopped

EXAMPLE = (Path(__file__).resolve().parents[2] / "deploy" / "portal.toml").read_text()
FIRST, SECOND = ["a+1+k=", "b+2+k="], ["c+3+k=", "d+4+k="]


def written(folder: Path, text: str) -> Path:
    path = folder / "portal.toml"
    path.write_text(text)
    path.chmod(0o640)
    return path


@pytest.mark.parametrize(
    "more",
    [
        "",
        '\n[notary]\nvkeys = ["v", "w"]\n',
        '\n[notary]\nearlier = [\n    "a+1+k=",  # the first\n    "b+2+k=",\n]\nvkeys = ["v"]\n\n[settings]\nA = "1"\n',
        '\n[notary]\n\n[settings.worker]\nearlier = "x"\n',
        "\n[notary]  # gone",
    ],
)
def test_a_second_restore_leaves_a_configuration_that_is_read(tmp_path: Path, more: str) -> None:
    path = written(tmp_path, EXAMPLE + more)
    before = tomllib.loads(path.read_text())
    for vkeys in (FIRST, SECOND, SECOND):
        editing.add_earlier(path, vkeys)
    assert Configuration(path).earlier_vkeys == FIRST + SECOND
    after = tomllib.loads(path.read_text())
    after["notary"].pop("earlier")
    before.setdefault("notary", {}).pop("earlier", None)
    assert after == before and path.stat().st_mode & 0o777 == 0o640
    assert "# Which of the processes this host runs" in path.read_text()


def test_what_can_not_be_changed_safely_is_left_and_said(tmp_path: Path) -> None:
    path = written(tmp_path, text := 'notary = { earlier = ["a"] }\n' + EXAMPLE)
    with pytest.raises(Stopped):
        editing.add_earlier(path, FIRST)
    assert path.read_text() == text


def test_the_runbook_of_a_restore_appends_no_section() -> None:
    block = documented.text("restore")
    assert "deploy/install --earlier $(" in block and not re.search(r">> */etc/portal/portal\.toml", block)
