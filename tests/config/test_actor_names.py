"""What the portal does by itself is named by its work, in the language of whoever reads it."""

import re
from pathlib import Path

from django.utils.translation import override

from config.actor_names import JOBS, actor_name

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r'SystemActor\("([\w-]+)"\)')


def test_every_job_and_command_has_a_name_in_both_languages() -> None:
    files = [path for app in ("config", "consents", "devices", "privacy") for path in (ROOT / app).rglob("*.py")]
    assert {name for path in files for name in NAMED.findall(path.read_text("utf-8"))} == set(JOBS)
    for job in JOBS:
        with override("ko"):
            korean = actor_name(f"system:{job}", {})
        with override("en"):
            assert actor_name(f"system:{job}", {}) == f"the portal ({JOBS[job]})"
        assert not re.search("[A-Za-z]", korean), korean


def test_one_of_an_older_release_is_read_as_it_is_written() -> None:
    with override("en"):
        assert actor_name("system:old-job", {}) == "the portal (old job)"
    assert actor_name("U-1", {"U-1": "Odile"}) == "Odile"
